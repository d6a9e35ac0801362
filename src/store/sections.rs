//! Which tracks have sections. Tracks that an older refrain added have none until a rebuild.
use super::{batch::Batch, database::Store, ids::TrackId};
use crate::{error::Result, fingerprint::frames_of_a_section};

/// Tracks that are long enough for sections and have none.
const WITHOUT: &str =
    "frame_count >= ?1 AND NOT EXISTS (SELECT 1 FROM section_block AS s WHERE s.id = t.id << 20)";
/// Tracks that have some.
const WITH: &str = "frame_count >= ?1 AND EXISTS (SELECT 1 FROM section_block AS s WHERE s.id = t.id << 20)";

impl Store {
    /// Whether some tracks that are long enough for sections have none. Does not look at the tracks if `meta` says that all
    /// have some: then this stays so, because every track gets its sections when it is added.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn lacks_sections(&self) -> Result<bool> {
        Ok(!self.says_all_have_sections()? && self.has_track_without_sections()?)
    }

    pub(super) fn says_all_have_sections(&self) -> Result<bool> {
        self.exists("SELECT 1 FROM meta WHERE key = 'sections'", [])
    }

    pub(super) fn has_track_without_sections(&self) -> Result<bool> {
        self.exists(
            &format!("SELECT 1 FROM track AS t WHERE {WITHOUT} LIMIT 1"),
            [self.frames_of_a_section() as i64],
        )
    }

    /// The tracks that are long enough for sections: those that have some, or those that have none.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn tracks_for_sections(&self, have_some: bool) -> Result<Vec<TrackId>> {
        let which = if have_some { WITH } else { WITHOUT };
        let mut tracks = Vec::new();
        self.each_row(
            &format!("SELECT id FROM track AS t WHERE {which} ORDER BY id"),
            [self.frames_of_a_section() as i64],
            |row| {
                tracks.push(TrackId(self.value(row, 0)?));
                Ok(())
            },
        )?;
        Ok(tracks)
    }

    /// The frames of the shortest track with a section.
    pub(super) fn frames_of_a_section(&self) -> usize {
        frames_of_a_section(self.params())
    }
}

impl Batch<'_> {
    /// Stores that all tracks that are long enough have sections, if that is so.
    ///
    /// # Errors
    /// What SQLite reports.
    pub(crate) fn note_sections(&self) -> Result<()> {
        if self.store.has_track_without_sections()? {
            return Ok(());
        }
        self.run("INSERT OR IGNORE INTO meta (key, value) VALUES ('sections', 1)", []).map(|_| ())
    }

    /// Stores that a track may have none.
    pub(super) fn note_lack_of_sections(&self) -> Result<()> {
        self.run("DELETE FROM meta WHERE key = 'sections'", []).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cancel::CancelToken,
        error::{Error, IndexError},
        fingerprint::{Fingerprint, Fingerprinter},
        params::CURRENT,
        store::{TrackRecord, step_limit::EVERY},
    };

    /// 13 s of sound.
    fn print() -> Fingerprint {
        let mut random = fastrand::Rng::with_seed(1);
        let mut fingerprinter = Fingerprinter::new(&CURRENT);
        for _ in 0..70 {
            let frame: Vec<f32> = (0..CURRENT.frame_values()).map(|_| random.f32() - 0.5).collect();
            fingerprinter.push(&frame);
        }
        fingerprinter.finish()
    }

    #[test]
    fn to_ask_whether_sections_lack_costs_little_however_many_tracks_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        let print = print();
        let without = Fingerprint { sections: Vec::new(), ..print.clone() };
        let put = |store: &mut Store, n: usize, print: &Fingerprint| {
            store.write(|batch| batch.add_track(&TrackRecord::new(format!("/{n}")), print)).unwrap()
        };
        store
            .write(|batch| {
                (0..500)
                    .try_for_each(|n| batch.add_track(&TrackRecord::new(format!("/{n}")), &print).map(|_| ()))
            })
            .unwrap();
        let steps = |store: &Store, lacks: bool| {
            let before = store.limit.test().taken();
            (0..20).for_each(|_| assert_eq!(store.lacks_sections().unwrap(), lacks));
            (store.limit.test().taken() - before) / 20
        };
        assert!(steps(&store, false) < EVERY);
        // What has no sections after all is found.
        let id = put(&mut store, 500, &without);
        assert!(store.lacks_sections().unwrap());
        store.write(|batch| batch.note_sections()).unwrap();
        assert!(store.lacks_sections().unwrap(), "there is still one");
        store.write(|batch| batch.put_sections(id, &print.sections)).unwrap();
        assert!(!store.lacks_sections().unwrap());
        assert!(steps(&store, false) > EVERY, "nothing says so");
        store.write(|batch| batch.note_sections()).unwrap();
        assert!(steps(&store, false) < EVERY);
        store.verify(&CancelToken::new()).unwrap();
        // A file that says so and lacks some is at fault, which a rebuild repairs.
        store.write(|batch| batch.run("DELETE FROM section_block WHERE id >> 20 = 7", [])).unwrap();
        let found = store.verify(&CancelToken::new());
        assert!(matches!(found, Err(Error::Index { reason: IndexError::Neighbours(_), .. })), "{found:?}");
    }
}
