//! Groups of files that hold the same recording.
use std::path::PathBuf;

use serde::Serialize;

use super::document::{lossy, lossy_or_none};
use crate::{duplicates::Relation, quality::Quality, store::TrackId, tags::Tags, units::Seconds};

/// Files that hold the same recording, as [`Index::duplicates`](crate::Index::duplicates) finds them. Serialises as the
/// document that `refrain duplicates --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DuplicateGroup {
    /// The files. The others are compared with the first one, the reference.
    pub files: Vec<DuplicateFile>,
    /// How many bytes are free if only the files to keep are left. Names of a file that has other names free nothing.
    pub bytes: u64,
}

/// A file of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DuplicateFile {
    /// The file, as an absolute path.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// What it is to the reference.
    pub relation: Relation,
    /// The file before it in the group that has the same bytes, if there is one. One of the two is enough, whatever both are
    /// to the reference.
    #[serde(serialize_with = "lossy_or_none")]
    pub same_bytes_as: Option<PathBuf>,
    /// Whether to keep it.
    pub keep: bool,
    /// Why, in words.
    pub why: String,
    /// How similar it is to the reference where both agree, 0..=1.
    pub score: f64,
    /// The parts that agree with the reference: start and end in this file, and the start in the reference.
    pub agrees: Vec<[Seconds; 3]>,
    /// Its speed, that of the reference being 1.
    pub speed: f64,
    /// Its track.
    pub id: TrackId,
    /// Its length.
    pub duration: Seconds,
    /// Its size in bytes.
    pub size: u64,
    /// Its sample rate in hertz, if known.
    pub sample_rate: Option<u32>,
    /// Its channels, if known.
    pub channels: Option<u16>,
    /// How good it sounds, if that was measured.
    pub quality: Option<Quality>,
    /// Its tags.
    #[serde(flatten)]
    pub tags: Tags,
}
