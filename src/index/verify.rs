//! Checking an index.
use super::{handle::Index, options::MaintainOptions};
use crate::{
    error::{Error, IndexError, Result},
    fingerprint::Fingerprinter,
    store::Store,
};

impl Index {
    /// Reads and checks everything: the file as SQLite has it, what rows say of each other, every window against the frames
    /// that it was made of, and the neighbour index against the windows. Damage to names, tags, lengths, dates and to frames
    /// that no window was made of leaves no trace.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] with the first thing that is wrong; [`IndexError::Neighbours`] where [`Index::rebuild`]
    /// mends it.
    pub fn verify(&self) -> Result<()> {
        self.verify_with(MaintainOptions::default())
    }

    /// As [`Index::verify`], with options.
    ///
    /// # Errors
    /// As [`Index::verify`]; [`Error::Interrupted`].
    pub fn verify_with(&self, mut options: MaintainOptions<'_>) -> Result<()> {
        options.cancel.check()?;
        let store = self.connections.reader()?;
        let _snapshot = store.snapshot()?;
        let found = store.verify(&options.cancel);
        // Nothing is lost with a neighbour index, but for what it is made of.
        if matches!(found, Ok(()) | Err(Error::Index { reason: IndexError::Neighbours(_), .. })) {
            verify_windows(&store, &mut options)?;
        }
        found
    }
}

/// Makes all windows again and compares them.
fn verify_windows(store: &Store, options: &mut MaintainOptions<'_>) -> Result<()> {
    let (params, total) = (store.params(), store.totals()?.tracks);
    let (mut again, mut done) = (Fingerprinter::new(params), 0);
    store.tracks(|track| {
        options.step(done, total)?;
        done += 1;
        let kept = store.fingerprint(track.id)?;
        kept.frames.chunks_exact(params.frame_bytes()).for_each(|frame| again.push_packed(frame));
        if again.finish() == kept {
            return Ok(());
        }
        Err(store.damaged(format!("the windows of track {} are not those of its frames", track.id.0)))
    })
}
