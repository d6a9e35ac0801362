//! What the index stores about tracks, files and folders.
use std::path::PathBuf;

use super::ids::{ContentHash, TrackId};
use crate::{tags::Tags, units::Seconds};

/// What is known about a recording besides its fingerprint.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TrackRecord {
    /// One of its files.
    pub path: PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// When the file was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The hash of its content, by which it is recognised elsewhere.
    pub hash: Option<ContentHash>,
    /// How long it plays. NaN counts as 0.
    pub duration: Seconds,
    /// The tags of the file. Each text is cut at 4,096 bytes.
    pub tags: Tags,
    /// The sample rate of the file in Hz, as it is decoded.
    pub sample_rate: Option<u32>,
    /// The channels of the file.
    pub channels: Option<u16>,
    /// Whether an installed ffmpeg decoded it.
    pub through_ffmpeg: bool,
}

impl TrackRecord {
    /// A recording with one file and nothing else; set the other fields as needed. For programs that write to the
    /// store.
    #[doc(hidden)]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// A stored track.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Track {
    /// Its id.
    pub id: TrackId,
    /// Its tags and its first file. In order of paths, files that exist come before files that are missing.
    pub record: TrackRecord,
    /// Whether all of its files are missing.
    pub missing: bool,
    /// How many chroma frames it has.
    pub frames: u32,
    /// How many fingerprint windows it has.
    pub windows: u32,
}

/// What an index holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Totals {
    /// Tracks.
    pub tracks: u64,
    /// How long they play.
    pub duration: Seconds,
    /// Chroma frames.
    pub frames: u64,
    /// Fingerprint windows.
    pub windows: u64,
    /// Files that gave no fingerprint.
    pub failures: u64,
    /// Tracks that an installed ffmpeg decoded.
    pub through_ffmpeg: u64,
    /// Files of tracks.
    pub files: u64,
    /// Of these, files that are missing.
    pub missing: u64,
    /// Bytes of the file once its log is folded.
    pub bytes: u64,
}

/// What the index knows about a file, to see whether the file has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Bytes of the file.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Whether it gave no fingerprint.
    pub failed: bool,
    /// Whether it was missing when refrain last looked.
    pub missing: bool,
    /// Whether the hash of its content is known. It is unknown for files that gave no fingerprint, and for files that
    /// come from format 1.
    pub hashed: bool,
    /// What refused it, if it gave no fingerprint: a version of refrain, with or without ffmpeg. Unknown for files that
    /// come from an older format.
    pub refused_by: Option<String>,
}

impl Known {
    /// Whether it is a name for audio that came as a stream or as samples. There is no such file to look for.
    pub(crate) fn is_no_file(&self) -> bool {
        (self.size, self.mtime_ns, self.hashed, self.failed) == (0, 0, false, false)
    }
}

/// A file of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileEntry {
    /// Its path.
    pub path: PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Whether it was missing when refrain last looked.
    pub missing: bool,
}

/// What a file with known content turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// The same as before, under the same path.
    Same(TrackId),
    /// A file that was missing under this other path. The other path is forgotten.
    Moved(TrackId, PathBuf),
    /// One more file of its track.
    Copy(TrackId),
}

/// A folder that was indexed, and how to scan it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The folder.
    pub path: PathBuf,
    /// Whether links in it are followed.
    pub follow_links: bool,
    /// Whether hidden files are indexed, too.
    pub hidden: bool,
    /// How many folders deep to scan.
    pub max_depth: Option<u32>,
}
