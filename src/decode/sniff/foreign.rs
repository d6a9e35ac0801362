//! A format that refrain does not decode.
use std::borrow::Cow;

use crate::error::AudioError;

/// A healthy file that refrain's own decoders do not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The name that people know the format by.
    pub name: Cow<'static, str>,
    /// Who can decode it.
    pub use_of: Helper,
}

/// Who can decode a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    /// ffmpeg's demuxer of this name.
    Demuxer(&'static str),
    /// Nobody that refrain knows.
    Nobody,
    /// Nobody who has no key.
    Protected,
}

impl Foreign {
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, use_of: Helper) -> Self {
        Foreign { name: name.into(), use_of }
    }

    /// Why it is refused where ffmpeg has no part.
    pub(crate) fn refusal(self) -> AudioError {
        match self.use_of {
            Helper::Protected => AudioError::Protected,
            Helper::Demuxer(_) | Helper::Nobody => AudioError::Unsupported(self.name.into_owned()),
        }
    }
}

/// A short text out of a file, safe to print.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { '?' } else { c }).collect()
}
