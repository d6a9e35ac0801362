//! Measures how good the files of groups sound.
use std::collections::BTreeMap;

use super::{handle::Index, options::Progress};
use crate::{
    callback::Callback,
    cancel::CancelToken,
    decode::Ffmpeg,
    error::{Error, Result},
    ordered::{Sink, in_order},
    quality::{Quality, measure_with},
    scan::files,
    store::{FileEntry, Store, StoredQuality, TrackId},
};

/// How many files may be measured beyond the one that is waited for.
const AHEAD: usize = 64;

/// How good tracks sound, each by one of its files. Measures what the index does not remember, on several threads, and lets it
/// remember that. Leaves out what cannot be decoded, or has changed since it was indexed.
///
/// # Errors
/// [`Error::Interrupted`]; [`Error::Io`] if no thread can be started; [`Error::Index`].
pub(super) fn qualities(
    index: &Index,
    wanted: Vec<(TrackId, FileEntry)>,
    ffmpeg: &Ffmpeg,
    cancel: &CancelToken,
    on_progress: Callback<'_, Progress>,
) -> Result<BTreeMap<TrackId, Quality>> {
    let mut qualities = BTreeMap::new();
    let mut unknown = Vec::new();
    let store = index.only()?.reader()?;
    for (track, file) in wanted {
        match store.quality(track)? {
            Some(stored) => drop(qualities.insert(track, read(stored))),
            None => unknown.push((track, file)),
        }
    }
    drop(store);
    let mut found = Found { wanted: &unknown, cancel, on_progress, done: 0, qualities: BTreeMap::new() };
    let measured = measured(&mut found, ffmpeg);
    // Also what was measured before the call was cancelled.
    let found = found.qualities;
    if !found.is_empty() && index.only()?.may_write().is_ok() {
        index.remember(|store| remember(store, &found))?;
    }
    measured?;
    qualities.extend(found);
    Ok(qualities)
}

fn remember(store: &mut Store, found: &BTreeMap<TrackId, Quality>) -> Result<()> {
    let mut there = Vec::new();
    for (&track, quality) in found {
        if store.track(track)?.is_some() {
            there.push((track, written(*quality)));
        }
    }
    store.write(|batch| there.iter().try_for_each(|(track, quality)| batch.set_quality(*track, quality)))
}

fn read(stored: StoredQuality) -> Quality {
    let StoredQuality { bandwidth, cut, peak, clipped } = stored;
    Quality { bandwidth, cut, peak: peak as f32, clipped: clipped as f32 }
}

fn written(quality: Quality) -> StoredQuality {
    let Quality { bandwidth, cut, peak, clipped } = quality;
    StoredQuality { bandwidth, cut, peak: peak.into(), clipped: clipped.into() }
}

/// Measures all that `found` wants.
fn measured(found: &mut Found<'_>, ffmpeg: &Ffmpeg) -> Result<()> {
    let wanted = found.wanted;
    if wanted.is_empty() {
        return Ok(());
    }
    let work = |number: usize, stop: &CancelToken| {
        let (_, file) = &wanted[number];
        if has_changed(file) {
            return Ok(None);
        }
        match measure_with(&file.path, ffmpeg, stop) {
            Ok(quality) => Ok(Some(quality)),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) => Ok(None),
        }
    };
    in_order((rayon::current_num_threads(), "measure"), wanted.len(), AHEAD, work, found)
}

fn has_changed(file: &FileEntry) -> bool {
    !files::one(&file.path).is_ok_and(|now| (now.size, now.mtime_ns) == (file.size, file.mtime_ns))
}

/// What was measured so far.
struct Found<'a> {
    wanted: &'a [(TrackId, FileEntry)],
    cancel: &'a CancelToken,
    on_progress: Callback<'a, Progress>,
    done: u64,
    qualities: BTreeMap<TrackId, Quality>,
}

impl Sink<Result<Option<Quality>>> for Found<'_> {
    fn take(&mut self, number: usize, result: Result<Option<Quality>>) -> Result<()> {
        if let Some(quality) = result? {
            self.qualities.insert(self.wanted[number].0, quality);
        }
        self.done += 1;
        self.on_progress.call(Progress { done: self.done, total: self.wanted.len() as u64 });
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        self.cancel.check()
    }
}
