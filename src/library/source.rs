//! What a library is.
use std::{ops::Range, path::PathBuf};

use crate::{
    ann::{Hit, Searcher},
    cancel::CancelToken,
    error::Result,
    params::ParameterSet,
    store::{Cancellable, FileEntry, Snapshot, Track, TrackId},
    units::Frames,
};

/// A track, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The track. Its id is the one in its file.
    pub track: Track,
    /// All its files: those that exist first, each in order of paths.
    pub files: Vec<FileEntry>,
    /// The index file that holds it, if there are several.
    pub shard: Option<PathBuf>,
}

impl Held {
    /// Orders the files as one index does, and names the first one. Two indexes may name the same path.
    pub fn settle(&mut self) {
        let key = |file: &FileEntry| (file.missing, file.path.as_os_str().as_encoded_bytes().to_vec());
        self.files.sort_by_key(key);
        self.files.dedup_by(|a, b| a.path == b.path);
        if let Some(first) = self.files.first() {
            (self.track.record.path, self.track.missing) = (first.path.clone(), first.missing);
        }
    }

    /// The existing files after the first one.
    pub fn other_paths(&self) -> Vec<PathBuf> {
        let others = self.files.iter().skip(1).filter(|file| !file.missing);
        others.map(|file| file.path.clone()).collect()
    }
}

/// Frames of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The track.
    pub track: TrackId,
    /// Which frames. Those that do not exist are left out.
    pub frames: Range<Frames>,
}

impl Stretch {
    /// All frames of a track that has `count` frames; nothing of a track that is too long to be read as a whole.
    pub fn whole(track: TrackId, count: u32) -> Option<Self> {
        /// 25 minutes.
        const LONG: u32 = 8192;
        (count <= LONG).then_some(Self { track, frames: Frames(0)..Frames(count) })
    }

    /// A little more at either end.
    pub fn widened(&self) -> Self {
        let (start, end) = (self.frames.start.0, self.frames.end.0);
        let more = 8 + end.saturating_sub(start) / 16;
        Self {
            track: self.track,
            frames: Frames(start.saturating_sub(more))..Frames(end.saturating_add(more)),
        }
    }
}

/// Tracks that can be searched and read. A track's id is its number among all of them.
pub(crate) trait Library {
    /// The parameters of all fingerprints.
    fn params(&self) -> &ParameterSet;

    /// Finds nearest windows.
    fn searcher(&self, exact: bool) -> Box<dyn Search + '_>;

    /// The number of windows, or `max` if there are more.
    fn windows_up_to(&self, max: u64) -> Result<u64>;

    /// Whether there are any tracks.
    fn has_tracks(&self) -> Result<bool> {
        Ok(self.windows_up_to(1)? > 0)
    }

    /// Reads frames as they are stored. Clears `packed` first.
    fn frames(&self, stretch: &Stretch, packed: &mut Vec<u8>) -> Result<()>;

    /// Says which frames will be read soon, so that those that are far away come together.
    fn expect(&self, _soon: &[Stretch]) -> Result<()> {
        Ok(())
    }

    /// A track, or `None` if there is none or it has no file.
    fn track(&self, track: TrackId) -> Result<Option<Held>>;

    /// Holds the present state until all of these are dropped.
    fn hold(&self) -> Result<Vec<Snapshot<'_>>>;

    /// Lets `cancel` interrupt all work until all of these are dropped.
    fn cancellable(&self, cancel: &CancelToken) -> Vec<Cancellable>;
}

/// Finds the nearest windows of a library.
pub(crate) trait Search {
    /// The `k` nearest windows of each of `queries`, in as many lists as there is time for, or in the `nprobe` nearest.
    fn nearest(&mut self, queries: &[i8], k: usize, nprobe: Option<usize>) -> Result<Vec<Vec<Hit>>>;

    /// Searches on for the queries of the last call without `nprobe`, which returned `hits`. `None` if there is nothing more.
    fn deeper(&mut self, queries: &[i8], k: usize, hits: Vec<Vec<Hit>>) -> Result<Option<Vec<Vec<Hit>>>>;

    /// Leaves out a track from now on.
    fn exclude(&mut self, track: TrackId);
}

impl Search for Searcher<'_> {
    fn nearest(&mut self, queries: &[i8], k: usize, nprobe: Option<usize>) -> Result<Vec<Vec<Hit>>> {
        match nprobe {
            Some(nprobe) => self.nearest_probing(queries, k, nprobe),
            None => Searcher::nearest(self, queries, k),
        }
    }

    fn deeper(&mut self, queries: &[i8], k: usize, hits: Vec<Vec<Hit>>) -> Result<Option<Vec<Vec<Hit>>>> {
        Searcher::deeper(self, queries, k, hits)
    }

    fn exclude(&mut self, track: TrackId) {
        self.set_excluded(track);
    }
}
