//! The library as a program embeds it: one handle for all threads, audio from any source, cancelled calls.
use std::{
    fs::{self, File},
    io::{Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use refrain::{
    AddOptions, Answer, Audio, BuildEvent, BuildOptions, CancelToken, Error, Index, QueryOptions, Selector,
    Status, Tags, acoustid, decode::Decoder, error::IndexError,
};

use crate::run::fixture;

fn built(folder: &Path) -> Index {
    let index = Index::open_or_create(folder.join("i.refrain")).unwrap();
    index.build_with([fixture("audio/songs")], BuildOptions::default()).unwrap();
    index
}

fn samples(path: &Path) -> (Vec<f32>, u32) {
    let mut decoder = Decoder::open(path).unwrap();
    let (mut all, mut block, mut rate) = (Vec::new(), Vec::new(), 0);
    while let Some(r) = decoder.next_block(&mut block).unwrap() {
        rate = r.0;
        all.append(&mut block);
    }
    (all, rate)
}

/// The content of an answer, without the name of the clip.
fn told(answer: &Answer) -> Vec<(PathBuf, f64, f64)> {
    answer.matches.iter().map(|m| (m.path.clone(), m.score, m.ref_start.0)).collect()
}

#[test]
fn eight_threads_query_one_handle_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let index = Arc::new(built(folder.path()));
    let clips: Vec<PathBuf> = ["clean.wav", "noisy.mp3", "stranger.ogg", "hum.flac"]
        .iter()
        .map(|name| fixture("audio/clips").join(name))
        .collect();
    let options = QueryOptions::default();
    let alone: Vec<_> = clips.iter().map(|clip| told(&index.query_with(clip, &options).unwrap())).collect();
    assert!(alone.iter().any(|answer| !answer.is_empty()));
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let (index, clips, options) = (Arc::clone(&index), clips.clone(), options.clone());
            thread::spawn(move || {
                let order = (0..clips.len()).map(|i| (i + n) % clips.len());
                order.map(|i| (i, told(&index.query_with(&clips[i], &options).unwrap()))).collect::<Vec<_>>()
            })
        })
        .collect();
    // Other tracks come and go meanwhile. The tracks of the clips stay.
    let song = fixture("audio/songs/quiet-engines.wav");
    let other = folder.path().join("other.wav");
    let mut bytes = fs::read(song).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&other, bytes).unwrap();
    for _ in 0..3 {
        index.add(&other).unwrap();
        assert_eq!(index.remove(std::slice::from_ref(&other)).unwrap(), 1);
    }
    for thread in threads {
        for (i, answer) in thread.join().unwrap() {
            assert_eq!(answer, alone[i]);
        }
    }
    Arc::into_inner(index).unwrap().close().unwrap();
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_file_a_stream_and_samples_have_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    let index = built(folder.path());
    let (clip, options) = (fixture("audio/clips/clean.wav"), QueryOptions::default());
    let expected = index.query_with(&clip, &options).unwrap();
    assert_eq!(expected.status, Status::Match);
    let stream =
        index.query_with(Audio::reader(File::open(&clip).unwrap()).named("radio"), &options).unwrap();
    assert_eq!((stream.query.as_path(), told(&stream)), (Path::new("radio"), told(&expected)));
    let bytes = index.query_with(Audio::reader(Cursor::new(fs::read(&clip).unwrap())), &options).unwrap();
    assert_eq!((bytes.query.as_path(), told(&bytes)), (Path::new("-"), told(&expected)));
    let (samples, rate) = samples(&clip);
    let mono = index.query_with(Audio::samples(&samples, rate), &options).unwrap();
    assert_eq!((mono.query.as_path(), told(&mono)), (Path::new("samples"), told(&expected)));
    let stereo: Vec<f32> = samples.iter().flat_map(|&x| [x + 0.25, x - 0.25]).collect();
    let stereo = index.query_with(Audio::interleaved(&stereo, 2, rate), &options).unwrap();
    assert_eq!(stereo.matches[0].path, expected.matches[0].path);
    let refused = index.query_with(Audio::samples(&samples, 10).named("slow"), &options);
    assert_eq!(refused.unwrap_err().to_string(), "slow: a sample rate of 10 Hz is outside 1000 to 768000 Hz");
}

#[test]
fn audio_without_a_file_is_added_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    let (song, rate) = samples(&fixture("audio/songs/second-orbit.flac"));
    let mut tags = Tags::default();
    tags.title = Some("Orbit".into());
    for _ in 0..2 {
        index
            .add_audio_with(
                Audio::samples(&song, rate),
                "archive:17",
                &AddOptions::default().tags(tags.clone()),
            )
            .unwrap();
        assert_eq!(index.info().unwrap().tracks, 1);
    }
    index.verify().unwrap();
    // There is no file that could be missing.
    let updated = index.update().unwrap();
    assert_eq!((updated.missing, updated.still_missing), (0, 0));
    assert_eq!(index.prunable().unwrap(), Vec::<PathBuf>::new());
    let found = index.query(fixture("audio/clips/clean.wav")).unwrap();
    let best = &found.matches[0];
    assert_eq!((best.path.as_path(), best.tags.title.as_deref()), (Path::new("archive:17"), Some("Orbit")));
    let silence = vec![0.0; 44_100 * 5];
    let refused = index.add_audio(Audio::samples(&silence, 44_100), "silence");
    assert!(refused.unwrap_err().to_string().starts_with("silence: nothing to fingerprint"));
    assert!(index.add_audio(Audio::samples(&song, rate), "").is_err());
    // A name that was chosen is found as it is, although it is not an absolute path.
    let chosen = index.select(&Selector::from("archive:17".as_ref())).unwrap();
    assert_eq!(chosen, [Path::new("archive:17")]);
    assert_eq!(index.remove(&chosen).unwrap(), 1);
    assert!(!index.has_tracks().unwrap());
}

#[test]
fn a_cancelled_token_ends_a_query() {
    let folder = tempfile::tempdir().unwrap();
    let index = built(folder.path());
    let cancel = CancelToken::new();
    cancel.cancel();
    let ended = index.query_with(fixture("audio/clips/clean.wav"), &QueryOptions::default().cancel(&cancel));
    assert!(matches!(ended, Err(Error::Interrupted)));
    let cancel = CancelToken::new();
    let answer = index.query_with(fixture("audio/clips/clean.wav"), &QueryOptions::default().cancel(&cancel));
    assert_eq!(answer.unwrap().status, Status::Match);
}

#[test]
fn a_stream_that_waits_blocks_no_writer_and_no_reader() {
    let folder = tempfile::tempdir().unwrap();
    let index = built(folder.path());
    let (song, clip) = (fixture("audio/songs/second-orbit.flac"), fixture("audio/clips/clean.wav"));
    let mut bytes = Cursor::new(fs::read(&song).unwrap());
    let mut worked = false;
    // While the stream is read, the same handle adds and answers on this thread.
    let reader = Slow(|out: &mut [u8]| {
        if !worked {
            worked = true;
            index.add(&song).unwrap();
            assert_eq!(index.query(&clip).unwrap().status, Status::Match);
        }
        bytes.read(out)
    });
    index.add_audio(Audio::reader(reader), "radio").unwrap();
    assert_eq!(index.info().unwrap().files, 11);
}

struct Slow<F>(F);

impl<F: FnMut(&mut [u8]) -> std::io::Result<usize>> Read for Slow<F> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0(out)
    }
}

#[test]
fn a_callback_reads_and_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    let (mut refused, mut read) = (0, 0);
    let options = BuildOptions::default().threads(2).on_event(|event| {
        if let BuildEvent::Added { path, .. } = event {
            read += usize::from(index.info().is_ok());
            let again = index.add(path);
            refused += usize::from(matches!(again, Err(Error::Index { reason: IndexError::AtWork, .. })));
        }
    });
    index.build_with([fixture("audio/songs")], options).unwrap();
    assert_eq!((refused, read), (10, 10));
}

#[test]
fn samples_have_the_chromaprint_of_their_file() {
    let clip = fixture("audio/clips/clean.wav");
    let (samples, rate) = samples(&clip);
    let words = |audio: Audio<'_>| {
        let mut words = Vec::new();
        let options = acoustid::ChromaprintOptions::default();
        let each = |part: acoustid::ChromaprintPart| {
            words = part.words;
            Ok(())
        };
        acoustid::chromaprint(audio, &options, each).unwrap();
        words
    };
    let (file, mono) = (words(Audio::file(clip)), words(Audio::samples(&samples, rate)));
    let off: u32 = file.iter().zip(&mono).map(|(a, b)| (a ^ b).count_ones()).sum();
    // Integers and floats are rounded at different places on their way.
    assert!(file.len() > 20 && file.len() == mono.len() && off < file.len() as u32 / 8, "{off}");
    let options = acoustid::ChromaprintOptions::default();
    for refused in [Audio::interleaved(&samples, 0, rate), Audio::samples(&samples, 7)] {
        assert!(acoustid::chromaprint(refused, &options, |_| Ok(())).is_err());
    }
}
