//! Checks an index.
use super::{handle::Index, options::MaintainOptions};
use crate::{
    error::{Error, IndexError, Result},
    fingerprint::Fingerprinter,
    store::Store,
};

impl Index {
    /// Reads and checks everything: SQLite's own structures, rows against each other, every window against its
    /// frames, and the neighbour index against the windows. Cannot detect damage to names, tags, lengths and dates,
    /// or to frames that are in no window.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] with the first fault; [`IndexError::Neighbours`] if only the neighbour index is at
    /// fault, which [`Index::rebuild`] repairs.
    pub fn verify(&self) -> Result<()> {
        self.verify_with(MaintainOptions::default())
    }

    /// Like [`Index::verify`], with options.
    ///
    /// # Errors
    /// Those of [`Index::verify`]; [`Error::Interrupted`].
    pub fn verify_with(&self, mut options: MaintainOptions<'_>) -> Result<()> {
        options.cancel.check()?;
        let store = self.only()?.reader()?;
        let _snapshot = store.snapshot()?;
        let found = store.verify(&options.cancel);
        // A bad neighbour index loses nothing unless the windows are bad too, so those are checked as well.
        if matches!(found, Ok(()) | Err(Error::Index { reason: IndexError::Neighbours(_), .. })) {
            verify_windows(&store, &mut options)?;
        }
        found
    }
}

/// Computes all windows again and compares them.
fn verify_windows(store: &Store, options: &mut MaintainOptions<'_>) -> Result<()> {
    let (params, total) = (store.params(), store.totals()?.tracks);
    let (mut again, mut done) = (Fingerprinter::new(params), 0);
    store.tracks(|track| {
        options.step(done, total)?;
        done += 1;
        let kept = store.fingerprint(track.id)?;
        kept.frames.chunks_exact(params.frame_bytes()).for_each(|frame| again.push_packed(frame));
        // `Store::verify` has compared the sections.
        if again.finish_sound().is_same_sound(&kept) {
            return Ok(());
        }
        Err(store.damaged(format!("the windows of track {} are not those of its frames", track.id.0)))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::fingerprint::computed_here;

    #[test]
    fn sections_are_computed_once_for_each_track() {
        let songs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio/songs");
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
        for song in ["second-orbit.flac", "quiet-engines.wav"] {
            index.add(songs.join(song)).unwrap();
        }
        let before = computed_here();
        index.verify().unwrap();
        assert_eq!(computed_here() - before, 2);
    }
}
