//! Calls of an index that run beside each other.
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::mpsc,
    time::Duration,
};

use super::handle::Index;
use crate::{
    build::{events::BuildEvent, options::BuildOptions},
    cancel::CancelToken,
    decode::Decoder,
    error::Error,
    extract::track,
    report::Status,
    store::{Store, TrackRecord},
};

const SONGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs");
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/clips/clean.wav");

#[test]
fn a_file_can_be_added_and_a_folder_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    assert!(matches!(index.add(SONGS), Err(Error::Io { .. })));
    assert_eq!(index.info().unwrap().tracks, 0);
    for _ in 0..2 {
        index.add(Path::new(SONGS).join("second-orbit.flac")).unwrap();
        assert_eq!(index.info().unwrap().tracks, 1);
    }
}

#[test]
fn adding_a_file_again_replaces_its_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    let file = |name: &str| folder.path().join(name);
    for (song, name) in [("second-orbit.flac", "a"), ("quiet-engines.wav", "b"), ("quiet-engines.wav", "a")] {
        fs::copy(Path::new(SONGS).join(song), file(name)).unwrap();
        index.add(file(name)).unwrap();
    }
    let info = index.info().unwrap();
    assert_eq!((info.tracks, info.files), (1, 2));
    index.verify().unwrap();
}

#[test]
fn replacing_a_track_during_a_query_is_not_taken_for_damage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    let mut store = Store::open_write(&file).unwrap();
    let song = Path::new(SONGS).join("second-orbit.flac");
    let go_on = CancelToken::new();
    let analysis = track::track(&mut Decoder::open(&song).unwrap(), store.params(), &go_on).unwrap();
    let record = TrackRecord { path: song, duration: analysis.duration, ..TrackRecord::default() };
    store.write(|batch| batch.add_track(&record, &analysis.fingerprint)).unwrap();
    let done = CancelToken::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The same length and another content each time, so that each is another track.
            let mut other = analysis.fingerprint.clone();
            other.frames[0] ^= 1;
            for n in 0_usize.. {
                if done.is_cancelled() {
                    break;
                }
                let print = if n % 2 == 0 { &other } else { &analysis.fingerprint };
                store.write(|batch| batch.add_track(&record, print)).unwrap();
            }
        });
        let index = Index::open(&file).unwrap();
        let answers: Vec<_> = (0..10).map(|_| index.query(CLIP)).collect();
        done.cancel();
        for answer in answers {
            assert_eq!(answer.unwrap().status, Status::Match);
        }
    });
}

#[test]
fn a_callback_that_panics_ends_the_build() {
    let folder = tempfile::tempdir().unwrap();
    // The second thread runs ahead of the first file as far as it may, and waits there.
    fs::copy(Path::new(SONGS).join("quiet-engines.wav"), folder.path().join("a.wav")).unwrap();
    for n in 0..100 {
        fs::write(folder.path().join(format!("b{n}.wav")), b"text").unwrap();
    }
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
        let built = catch_unwind(AssertUnwindSafe(|| {
            let options = BuildOptions::default().threads(2).on_event(|event| {
                assert!(!matches!(event, BuildEvent::Added { .. }), "on purpose");
            });
            index.build_with([folder.path()], options)
        }));
        sender.send(built.is_err()).unwrap();
    });
    assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Ok(true));
}
