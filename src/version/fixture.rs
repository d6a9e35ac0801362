//! Music for tests: tunes over chords, as frames of an index.
use std::path::Path;

use crate::{
    fingerprint::{Fingerprint, Fingerprinter},
    params::CURRENT,
    store::{Store, TrackId, TrackRecord},
};

const VALUES: usize = CURRENT.frame_values();

/// How a tune is performed.
#[derive(Clone, Copy)]
pub struct Performance {
    /// Whose chords and sound it has.
    pub seed: u64,
    /// By how many semitones it is higher.
    pub semitones: usize,
    /// How many frames a note takes.
    pub note: f64,
}

/// A tune of `notes` notes, in a performance.
pub fn performed(tune: u64, notes: usize, as_played: Performance) -> Fingerprint {
    let mut random = fastrand::Rng::with_seed(tune);
    let pitches: Vec<usize> = (0..notes).map(|_| [0, 2, 4, 5, 7, 9, 11][random.usize(..7)]).collect();
    let mut random = fastrand::Rng::with_seed(as_played.seed + 1000);
    let mut fingerprinter = Fingerprinter::new(&CURRENT);
    for n in 0..(notes as f64 * as_played.note) as usize {
        let note = pitches[(n as f64 / as_played.note) as usize];
        let mut frame = [-0.05; VALUES];
        for value in &mut frame {
            *value += 0.08 * random.f32();
        }
        // The tune in the fourth octave, a chord in the second.
        frame[36 + (note + as_played.semitones) % 12] = 0.5;
        frame[12 + (random.usize(..3) * 4 + as_played.semitones) % 12] = 0.4;
        fingerprinter.push(&frame);
    }
    fingerprinter.finish()
}

/// A library in a folder of its own.
pub struct Library {
    pub store: Store,
    _folder: tempfile::TempDir,
}

impl Library {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        Self { store, _folder: folder }
    }

    pub fn put(&mut self, path: impl AsRef<Path>, print: &Fingerprint) -> TrackId {
        let record = TrackRecord::new(path.as_ref());
        self.store.write(|batch| batch.add_track(&record, print)).unwrap()
    }
}
