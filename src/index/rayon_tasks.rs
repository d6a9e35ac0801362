//! Calls that write and run as tasks of the program's own rayon threads. A rayon thread that waits starts another
//! task. So no call may wait for rayon while it holds the index, or the other task would wait for that index for
//! ever.
use std::{
    fs,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{handle::Index, options::MaintainOptions};
use crate::{
    ann::Options,
    build::options::BuildOptions,
    cancel::CancelToken,
    decode::Audio,
    fingerprint::Fingerprint,
    params::CURRENT,
    store::{Store, TrackRecord},
};

const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/clips/clean.wav");

/// Random windows, enough for k-means to use several threads.
fn fingerprint(windows: u32, seed: u64) -> Fingerprint {
    let mut random = fastrand::Rng::with_seed(seed);
    Fingerprint {
        frames: vec![0; windows as usize * 4 * CURRENT.frame_bytes()],
        positions: (0..windows).map(|w| 4 * w).collect(),
        windows: (0..windows as usize * CURRENT.window_dims).map(|_| random.i8(-90..=90)).collect(),
        ..Fingerprint::default()
    }
}

#[test]
fn calls_that_write_as_rayon_tasks_do_not_wait_for_each_other() {
    let (finished, watchdog) = mpsc::channel();
    thread::spawn(move || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let mut store = Store::open_write(&file).unwrap();
        for n in 0..8 {
            let record = TrackRecord { path: format!("/{n}").into(), ..TrackRecord::default() };
            store.write(|batch| batch.add_track(&record, &fingerprint(200, n))).unwrap();
        }
        store.close().unwrap();
        let index = Arc::new(Index::open_to_write(&file).unwrap());
        let options = Options::default().min_windows(1).centroids(Some(16));
        let clip = fs::read(CLIP).unwrap();
        let (folder, shared) = (Arc::new(folder), index.clone());
        let below = folder.clone();
        let work = move |n: usize| match n % 12 {
            0 => shared.rebuild_with(MaintainOptions::default().neighbours(options)).map(drop),
            3 => shared.refresh_with(MaintainOptions::default().neighbours(options.force(true))).map(drop),
            6 => {
                let samples: Vec<f32> =
                    clip[44..40_000].iter().map(|&b| f32::from(b as i8) / 128.0).collect();
                shared.add_audio(Audio::samples(&samples, 8_000), format!("{n}")).map(drop)
            }
            9 => {
                let file = below.path().join(format!("{n}.wav"));
                let mut other = clip.clone();
                other[1000] ^= n as u8;
                fs::write(&file, other).unwrap();
                let options = BuildOptions::default().neighbours(options.force(true));
                shared.build_with([file], options).map(drop)
            }
            // Short tasks in between. Without them all threads but one wait for the index, and none helps with
            // k-means.
            _ => {
                thread::sleep(Duration::from_millis(1));
                Ok(())
            }
        };
        let work = Arc::new(work);
        let host = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let (sender, done) = mpsc::channel();
        // Started from outside of the pool, so that its threads help each other before they start the next task.
        for n in 0..48 {
            let (work, sender) = (work.clone(), sender.clone());
            host.spawn(move || sender.send(work(n)).unwrap());
        }
        drop(sender);
        // A waiting thread may not start another of these calls itself, because that call would be refused like one
        // from a callback.
        let failed: Vec<String> = done.iter().filter_map(|done| Some(done.err()?.to_string())).collect();
        assert_eq!(failed, [""; 0]);
        drop((host, work));
        // The pool drops its last task a moment after the task has ended.
        while Arc::strong_count(&index) > 1 {
            thread::yield_now();
        }
        // The pool drops its last task a moment after the task has ended.
        while Arc::strong_count(&index) > 1 {
            thread::yield_now();
        }
        let index = Arc::into_inner(index).unwrap();
        index.close().unwrap();
        Store::open_read(&file).unwrap().verify(&CancelToken::new()).unwrap();
        finished.send(()).unwrap();
    });
    let done = watchdog.recv_timeout(Duration::from_secs(300));
    assert_eq!(done, Ok(()), "the calls wait for each other, or one of them failed");
}
