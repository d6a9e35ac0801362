//! The library without any feature: it adds and finds samples. Also run with `cargo test --no-default-features --test
//! bare`.
#![allow(missing_docs)]
use std::{f32::consts::TAU, fs};

use refrain::{
    AddOptions, Audio, Error, Index, MaintainOptions, NeighbourOptions, Status, Tags, error::AudioError,
};

const RATE: u32 = 22_050;

/// A tune of plucked notes, another one for each `seed`.
fn tune(seed: u32, seconds: u32) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed.into());
    let length = RATE as usize / 4;
    let mut samples = Vec::new();
    for _ in 0..seconds * 4 {
        let chord: Vec<f32> =
            (0..3).map(|_| 110.0 * 2f32.powf(f32::from(random.u8(0..37)) / 12.0) / RATE as f32).collect();
        samples.extend((0..length).map(|i| {
            let decay = (-3.0 * i as f32 / length as f32).exp();
            chord
                .iter()
                .map(|f| (TAU * f * i as f32).sin() + 0.4 * (2.0 * TAU * f * i as f32).sin())
                .sum::<f32>()
                * 0.15
                * decay
        }));
    }
    samples
}

fn library(folder: &tempfile::TempDir) -> Index {
    let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
    for seed in 1..=8 {
        let mut tags = Tags::default();
        tags.title = Some(format!("tune {seed}"));
        let options = AddOptions::default().tags(tags);
        index
            .add_audio_with(Audio::samples(&tune(seed, 40), RATE), format!("tune-{seed}"), &options)
            .unwrap();
    }
    index
}

#[test]
fn samples_are_added_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let index = library(&folder);
    let song = tune(5, 40);
    let clip = &song[12 * RATE as usize..22 * RATE as usize];
    let answer = index.query(Audio::samples(clip, RATE)).unwrap();
    let best = &answer.matches[0];
    assert_eq!((best.path.to_str(), best.tags.title.as_deref()), (Some("tune-5"), Some("tune 5")));
    assert!(((best.ref_start - best.query_start).0 - 12.0).abs() < 0.1, "{best:?}");
    let stranger = tune(99, 10);
    let answer = index.query(Audio::samples(&stranger, RATE)).unwrap();
    assert_eq!(answer.status, Status::NoMatch);
    let silence = vec![0.0; RATE as usize];
    let refused = index.add_audio(Audio::samples(&silence, RATE), "silence");
    assert!(matches!(refused, Err(Error::Audio { reason: AudioError::NoFingerprint, .. })));
    index.verify().unwrap();
    index.close().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_neighbour_index_is_made_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let index = library(&folder);
    let options = NeighbourOptions::default().min_windows(1).centroids(Some(16));
    index.rebuild_with(MaintainOptions::default().neighbours(options)).unwrap();
    assert_eq!(index.info().unwrap().neighbours.map(|(centroids, _)| centroids), Some(16));
    index.verify().unwrap();
    let song = tune(3, 40);
    let answer = index.query(Audio::samples(&song[..10 * RATE as usize], RATE)).unwrap();
    assert_eq!(answer.matches[0].path.to_str(), Some("tune-3"));
}

#[test]
fn an_index_of_another_program_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("i.refrain");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/index/format_1.refrain"), &file).unwrap();
    let index = Index::open(&file).unwrap();
    index.verify().unwrap();
    let mut tracks = 0;
    index
        .tracks(|_, files| {
            tracks += usize::from(!files.is_empty());
            Ok(())
        })
        .unwrap();
    assert_eq!(tracks as u64, index.info().unwrap().tracks);
    assert!(tracks > 0);
}
