//! What can be wrong with a packet.

/// Why a packet cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage(pub &'static str);

pub(super) type Result<T> = std::result::Result<T, Damage>;

/// Fails with `what` unless `holds`.
pub(super) fn ensure(holds: bool, what: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Damage(what)) }
}
