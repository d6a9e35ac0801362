//! Libraries of made-up windows, for tests.
use std::path::{Path, PathBuf};

use super::{hit::Hit, options::Options};
use crate::{
    cancel::CancelToken,
    fingerprint::Fingerprint,
    params::CURRENT,
    store::{Store, TrackId, TrackRecord},
    units::Frames,
};

pub const DIMS: usize = CURRENT.window_dims;

/// A folder with an index file in it. Fields are dropped in order: the file is closed before its folder goes.
pub struct Library {
    pub store: Store,
    pub file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Library {
    /// Tracks `/0`, `/1`, … of so many windows each.
    pub fn new(tracks: u64, windows: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let mut library = Self { store: Store::open_write(&file).unwrap(), file, _folder: folder };
        library.add(0..tracks, windows);
        library
    }

    pub fn add(&mut self, tracks: std::ops::Range<u64>, windows: u32) {
        for track in tracks {
            self.put(&format!("/{track}"), &fingerprint(windows, track));
        }
    }

    pub fn put(&mut self, path: &str, print: &Fingerprint) {
        let record = TrackRecord { path: path.into(), ..TrackRecord::default() };
        self.store.write(|batch| batch.add_track(&record, print)).unwrap();
    }

    pub fn remove(&mut self, path: &str) {
        self.store.write(|batch| batch.remove(Path::new(path))).unwrap();
    }

    /// All windows in order, as hits without a dot product, and their vectors.
    pub fn windows(&self) -> Vec<(Hit, Vec<i8>)> {
        let mut windows = Vec::new();
        self.store
            .windows(Store::ALL_TRACKS, |track, block| {
                let vectors = block.vectors().chunks_exact(DIMS).enumerate();
                windows.extend(
                    vectors.map(|(i, v)| (Hit::new(track, Frames(block.position(i)), 0), v.to_vec())),
                );
                Ok(())
            })
            .unwrap();
        windows
    }

    /// The `k` nearest windows of the tracks that count, without any of the fast code.
    pub fn plain(&self, queries: &[i8], k: usize, counts: impl Fn(TrackId) -> bool) -> Vec<Vec<Hit>> {
        let windows = self.windows();
        let nearest = |query| {
            let windows = windows.iter().filter(|(at, _)| counts(at.track));
            let mut hits: Vec<Hit> =
                windows.map(|(at, v)| Hit::new(at.track, at.position, dot(query, v))).collect();
            hits.sort_by_key(|hit| (-hit.dot, hit.track, hit.position));
            hits.truncate(k);
            hits
        };
        queries.chunks_exact(DIMS).map(nearest).collect()
    }
}

pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// Windows near a few themes that all seeds share.
pub fn fingerprint(windows: u32, seed: u64) -> Fingerprint {
    const THEMES: usize = 40;
    let mut random = fastrand::Rng::with_seed(99);
    let themes: Vec<i8> = (0..THEMES * DIMS).map(|_| random.i8(-50..=50)).collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut print = Fingerprint {
        frames: vec![0; windows as usize * 4 * CURRENT.frame_bytes()],
        positions: (0..windows).map(|w| 4 * w).collect(),
        ..Fingerprint::default()
    };
    for _ in 0..windows {
        let theme = random.usize(..THEMES) * DIMS;
        print.windows.extend(themes[theme..theme + DIMS].iter().map(|v| v + random.i8(-30..=30)));
    }
    print
}

/// An index of so many centroids, however few windows there are.
pub fn options(centroids: usize) -> Options {
    Options::default().min_windows(1).centroids(Some(centroids))
}

pub fn go_on() -> CancelToken {
    CancelToken::new()
}
