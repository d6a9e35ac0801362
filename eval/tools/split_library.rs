//! Splits an index into shards with common centroids, to measure answers over several files.
//!
//! `cargo run --release --features unstable --example split_library -- FROM OUT SHARDS` writes OUT/one.refrain, with all
//! tracks of FROM in their order, and OUT/SHARDS-0.refrain and so on, each with a stretch of them. All are given the same
//! centroids: those that are trained on FROM. `one.refrain` is written once, so that several numbers of shards can be made
//! of it.
use std::{path::Path, process::ExitCode};

use refrain::{
    CancelToken, Centroids, Index, MaintainOptions, Result,
    store::{Store, TrackId},
};

/// Tracks that are written in one transaction.
const TOGETHER: usize = 64;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [from, out, shards] = args.as_slice() else {
        eprintln!("usage: split_library FROM OUT SHARDS");
        return ExitCode::from(2);
    };
    match split(from.as_ref(), out.as_ref(), shards.parse().unwrap_or(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn split(from: &Path, out: &Path, shards: usize) -> Result<()> {
    std::fs::create_dir_all(out).map_err(|source| refrain::Error::Io { path: out.into(), source })?;
    let source = Store::open_read(from)?;
    let mut ids = Vec::new();
    source.tracks(|track| {
        ids.push(track.id);
        Ok(())
    })?;
    let one = out.join("one.refrain");
    if !one.exists() {
        copy(&source, &ids, &one)?;
        let index = Index::open_to_write(&one)?;
        let total = index.info()?.windows;
        let sample = index.sample_windows(0, total, MaintainOptions::default())?;
        if let Some(centroids) = Centroids::train(&sample, total, &CancelToken::new())? {
            index.set_centroids(&centroids, MaintainOptions::default())?;
        }
        index.close()?;
    }
    let centroids = Index::open(&one)?.centroids()?;
    for shard in 0..shards {
        let path = out.join(format!("{shards}-{shard}.refrain"));
        copy(&source, &ids[shard * ids.len() / shards..(shard + 1) * ids.len() / shards], &path)?;
        let index = Index::open_to_write(&path)?;
        if let Some(centroids) = &centroids {
            index.set_centroids(centroids, MaintainOptions::default())?;
        }
        index.close()?;
        println!("{}", path.display());
    }
    Ok(())
}

fn copy(source: &Store, ids: &[TrackId], to: &Path) -> Result<()> {
    let mut store = Store::open_write(to)?;
    for together in ids.chunks(TOGETHER) {
        store.write(|batch| {
            for &id in together {
                if let Some(track) = source.track(id)? {
                    batch.add_track(&track.record, &source.fingerprint(id)?)?;
                }
            }
            Ok(())
        })?;
    }
    store.close()
}
