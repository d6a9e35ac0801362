//! What is found in a container of plain samples.
use super::samples::{Extent, Samples};
use crate::decode::found_tags::FoundTags;
use crate::error::AudioError;

/// Longer ID3v2 tags, which contain pictures, are ignored.
pub(super) const MAX_ID3V2: u64 = 16 << 20;

/// What is in a container of plain samples.
#[derive(Debug)]
pub(crate) struct PcmFile {
    pub content: Content,
    pub tags: FoundTags,
}

/// The audio of a container.
#[derive(Debug)]
pub(crate) enum Content {
    /// Blocks of one size.
    Blocks(Samples, Extent),
    /// MPEG audio from this offset on, which shows itself how it is to be read.
    Mpeg(u64),
}

/// What was found at the beginning of a file: none of the containers, one that cannot be used, or one that can.
pub(super) type Found = Option<Result<PcmFile, AudioError>>;
