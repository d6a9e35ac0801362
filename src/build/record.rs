//! The rows that the index keeps of a file.
use std::path::{Path, PathBuf};

use crate::{
    error::Result,
    extract::track::Analysis,
    scan::{files::FoundFile, presence::is_gone},
    store::{ContentHash, Store, TrackRecord},
    units::SampleRate,
};

/// The record of a file that was analysed.
pub(crate) fn record(file: &FoundFile, hash: ContentHash, analysis: &Analysis) -> TrackRecord {
    TrackRecord {
        duration: analysis.duration,
        tags: analysis.tags.clone(),
        through_ffmpeg: analysis.through_ffmpeg,
        ..described(file, hash, analysis.spec)
    }
}

/// The record of a file without an analysis.
pub(super) fn described(file: &FoundFile, hash: ContentHash, spec: Option<(SampleRate, u16)>) -> TrackRecord {
    TrackRecord {
        path: file.path.clone(),
        size: file.size,
        mtime_ns: file.mtime_ns,
        hash: Some(hash),
        sample_rate: spec.map(|(rate, _)| rate.0),
        channels: spec.map(|(_, channels)| channels),
        ..TrackRecord::default()
    }
}

/// Files of the track with this content that are gone but not marked missing. They may be outside the folders
/// of this run.
pub(crate) fn gone_files(store: &Store, hash: &ContentHash, except: &Path) -> Result<Vec<PathBuf>> {
    let Some(id) = store.track_with(hash)? else { return Ok(Vec::new()) };
    let others = store.files(id)?.into_iter().filter(|file| !file.missing && file.path != except);
    Ok(others.map(|file| file.path).filter(|path| is_gone(path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Fingerprint;

    #[test]
    fn all_files_that_are_gone_are_found_but_for_the_one_at_hand() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        let [there, one, other, new] =
            ["there", "gone", "gone too", "new"].map(|name| folder.path().join(name));
        std::fs::write(&there, "").unwrap();
        let hash = ContentHash([1; 32]);
        for path in [&there, &one, &other, &new] {
            let record = TrackRecord { hash: Some(hash), ..TrackRecord::new(path) };
            store.write(|batch| batch.add_track(&record, &Fingerprint::default())).unwrap();
        }
        assert_eq!(gone_files(&store, &hash, &new).unwrap(), [one.clone(), other]);
        store.write(|batch| batch.set_missing(&one, true)).unwrap();
        assert_eq!(gone_files(&store, &hash, &new).unwrap().len(), 1, "one is marked already");
        assert!(gone_files(&store, &ContentHash([2; 32]), &new).unwrap().is_empty());
    }
}
