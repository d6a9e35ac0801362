//! Cancels calls that can take long: before they begin, in the middle, and from another thread. Counts SQLite's steps,
//! not time.
use std::{fs, path::Path};

use crate::{
    cancel::CancelToken,
    error::{Error, Result},
    fingerprint::Fingerprint,
    params::CURRENT,
    store::{Store, TrackRecord, step_limit::EVERY},
};

const TRACKS: usize = 12;

fn print(seed: u8) -> Fingerprint {
    let frames = 20_000;
    let positions: Vec<u32> = (0..frames).step_by(4).collect();
    let mut random = fastrand::Rng::with_seed(seed.into());
    let windows: Vec<i8> =
        std::iter::repeat_with(|| random.i8(..)).take(positions.len() * CURRENT.window_dims).collect();
    let frames = vec![seed; frames as usize * CURRENT.frame_bytes()];
    Fingerprint { frames, windows, positions, ..Fingerprint::default() }
}

fn make(file: &Path) -> Store {
    let mut store = Store::open_write(file).unwrap();
    for n in 0..TRACKS {
        store.write(|batch| batch.add_track(&TrackRecord::new(format!("/{n}")), &print(n as u8))).unwrap();
    }
    store
}

fn interrupted<T>(done: Result<T>) -> bool {
    matches!(done, Err(Error::Interrupted))
}

type Call = fn(&mut Store, &Path, &CancelToken) -> Result<()>;

const CALLS: [(&str, Call); 6] = [
    ("verify", |store, _, cancel| store.verify(cancel)),
    ("compact", |store, _, cancel| store.compact(cancel)),
    ("export", |store, to, cancel| store.export(to, cancel)),
    ("windows", |store, _, cancel| {
        let _cancellable = store.cancellable(cancel);
        store.windows(Store::ALL_TRACKS, |_, _| Ok(()))
    }),
    ("the list of tracks", |store, _, cancel| {
        let _cancellable = store.cancellable(cancel);
        (0..500).try_for_each(|_| store.tracks(|_| Ok(())))
    }),
    ("removal", |store, _, cancel| {
        let _cancellable = store.cancellable(cancel);
        let removed = store.write(|batch| {
            (0..TRACKS).try_for_each(|n| batch.remove(Path::new(&format!("/{n}"))).map(|_| ()))
        });
        // A removal that was not cancelled has removed every track.
        assert!(removed.is_err() || cancel.is_cancelled() || store.totals()?.tracks == 0);
        removed
    }),
];

#[test]
fn what_is_cancelled_before_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (file, to) = (folder.path().join("i.refrain"), folder.path().join("copy"));
    let mut store = make(&file);
    let cancelled = CancelToken::new();
    cancelled.cancel();
    for (what, call) in CALLS {
        let before = store.limit.test().taken();
        assert!(interrupted(call(&mut store, &to, &cancelled)), "{what}");
        assert!(store.limit.test().taken() - before <= EVERY, "{what}");
    }
    assert!(!to.exists());
    assert_eq!(store.totals().unwrap().tracks, TRACKS as u64, "the guards are gone");
    store.verify(&CancelToken::new()).unwrap();
}

#[test]
fn what_is_cancelled_in_the_middle_ends_at_once_and_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.refrain");
    make(&whole).close().unwrap();
    for (what, call) in CALLS {
        let (file, to) = (folder.path().join("i.refrain"), folder.path().join("copy"));
        let steps = |cancel_after: Option<u64>| {
            fs::copy(&whole, &file).unwrap();
            let mut store = Store::open_write(&file).unwrap();
            if let Some(steps) = cancel_after {
                store.limit.test().cancel_after(steps);
            }
            let before = store.limit.test().taken();
            let done = call(&mut store, &to, &CancelToken::new());
            let taken = store.limit.test().taken() - before;
            store.limit.test().cancel_after(u64::MAX);
            assert_eq!(interrupted(done), cancel_after.is_some(), "{what}");
            if cancel_after.is_some() {
                assert!(!to.exists(), "{what}");
                assert_eq!(store.totals().unwrap().tracks, TRACKS as u64, "{what}");
                store.verify(&CancelToken::new()).unwrap();
                store.close().unwrap();
            }
            let _ = fs::remove_file(&to);
            taken
        };
        let all = steps(None);
        assert!(all >= 4 * EVERY, "{what} takes {all} steps: too few to tell");
        for part in [1, 2, 3] {
            let after = all * part / 4;
            let taken = steps(Some(after));
            assert!(taken <= after + 2 * EVERY, "{what}: {taken} steps, cancelled after {after} of {all}");
        }
    }
}

#[test]
fn another_thread_cancels() {
    let folder = tempfile::tempdir().unwrap();
    let store = make(&folder.path().join("i.refrain"));
    let (token, counter) = (CancelToken::new(), store.limit.test());
    let other = std::thread::spawn({
        let token = token.clone();
        move || {
            while counter.taken() < 10 * EVERY {
                std::thread::yield_now();
            }
            token.cancel();
        }
    });
    // Repeats until the other thread has had its turn.
    let ended = loop {
        match store.verify(&token) {
            Ok(()) => {}
            other => break other,
        }
    };
    assert!(interrupted(ended));
    other.join().unwrap();
    store.verify(&CancelToken::new()).unwrap();
}

#[test]
fn who_waits_for_another_writer_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut store = make(&file);
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let token = CancelToken::new();
    let _cancellable = store.cancellable(&token);
    let canceller = token.clone();
    crate::failpoint::test::on("waiting", move || canceller.cancel());
    assert!(interrupted(store.write(|_| Ok(()))));
    assert!(!crate::failpoint::test::is_waiting());
}
