//! What refuses files: a version of refrain, with an installed ffmpeg or without. Another one may accept them.
use crate::decode::Ffmpeg;

/// Its mark in the index.
pub(super) fn name(ffmpeg: &Ffmpeg) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match ffmpeg.program() {
        Some(_) => format!("{version} with ffmpeg"),
        None => version.to_owned(),
    }
}

/// Whether a file that `before` refused may be accepted now.
pub(super) fn may_accept(ffmpeg: &Ffmpeg, before: Option<&str>) -> bool {
    let now = name(ffmpeg);
    // What ffmpeg could not help with, refrain alone need not try.
    before.is_none_or(|before| before != now && before.strip_suffix(" with ffmpeg") != Some(&*now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_may_accept_a_file_and_ffmpeg_where_there_was_none() {
        let (alone, with) = (Ffmpeg::never(), Ffmpeg::at("ffmpeg"));
        let version = env!("CARGO_PKG_VERSION");
        let versions = [None, Some("0.0.1"), Some("0.0.1 with ffmpeg")];
        for ffmpeg in [&alone, &with] {
            assert!(versions.iter().all(|&before| may_accept(ffmpeg, before)));
            assert!(!may_accept(ffmpeg, Some(&name(ffmpeg))));
        }
        assert!(may_accept(&with, Some(version)));
        assert!(!may_accept(&alone, Some(&format!("{version} with ffmpeg"))));
    }
}
