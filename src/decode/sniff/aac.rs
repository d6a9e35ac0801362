//! The kinds of AAC by name.
/// The name of AAC with this audio object type, if it is not LC.
pub(super) fn aac_profile(object_type: u32) -> Option<&'static str> {
    Some(match object_type {
        1 => "AAC Main profile",
        3 => "AAC SSR profile",
        4 => "AAC LTP profile",
        5 => "HE-AAC",
        29 => "HE-AAC v2",
        23 => "AAC-LD",
        39 => "AAC-ELD",
        42 => "xHE-AAC",
        _ => return None,
    })
}

/// The name of AAC with this configuration, as MP4 and Matroska state it.
pub(crate) fn aac_name(config: &[u8]) -> &'static str {
    let object_type = match config {
        // Types above 30 are escaped.
        &[a, b, ..] if a >> 3 == 31 => Some(32 + (u32::from(a & 7) << 3 | u32::from(b) >> 5)),
        &[a, ..] => Some(u32::from(a) >> 3),
        [] => None,
    };
    object_type.and_then(aac_profile).unwrap_or("AAC of this kind")
}
