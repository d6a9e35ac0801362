//! Files that play everywhere though they break a rule of their format on which the demuxer insists. Each is shown to the
//! demuxer as it should be; the file itself stays as it is.
mod flac;
mod mov;
mod ogg;

use std::fs::File;
use std::io;

use super::source::Patch;

/// How a file is shown to the demuxer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Where it begins.
    pub base: u64,
    /// Bytes that seem to stand before the base.
    pub before: Vec<u8>,
    /// Bytes that seem to stand behind the end.
    pub after: Vec<u8>,
    /// Bytes that are read instead of the file's.
    pub patches: Vec<Patch>,
    /// Whether it is MP4 though it does not begin so.
    pub mp4: bool,
}

/// The view of a file that needs one. `base` is where its format begins, behind an ID3v2 tag.
pub(super) fn view(file: &mut File, base: u64) -> io::Result<Option<View>> {
    if let Some(patches) = flac::patches(file, base)? {
        return Ok(Some(View { base, patches, ..View::default() }));
    }
    if let Some(view) = mov::view(file, base)? {
        return Ok(Some(view));
    }
    match ogg::without_cover(file, base) {
        Ok(Some((audio, before))) => Ok(Some(View { base: audio, before, ..View::default() })),
        // What is cut off is left to the demuxer.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(None),
    }
}
