//! Which planted mutant is switched on.
use std::sync::LazyLock;

static CHOSEN: LazyLock<u32> = LazyLock::new(|| {
    std::env::var("REFRAIN_MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0)
});

/// Whether it is this one.
#[inline]
pub(crate) fn on(number: u32) -> bool {
    *CHOSEN == number
}
