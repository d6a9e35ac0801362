//! Builds an index of a folder and looks up a clip in it. `cargo run --release --example index_and_query` uses the
//! songs and a clip that come with the source; `… -- FOLDER CLIP` uses yours.
use std::path::PathBuf;

use refrain::{BuildEvent, BuildOptions, CancelToken, Index};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio");
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = args.next().unwrap_or_else(|| fixtures.join("songs"));
    let clip = args.next().unwrap_or_else(|| fixtures.join("clips/clean.wav"));

    // A real program keeps its index: the next build then reads only new and changed files.
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("music.refrain");
    let index = Index::open_or_create(&file)?;
    // Another thread or a signal handler can cancel this to end the build early; added files stay.
    let token = CancelToken::new();
    let options = BuildOptions::default().cancel(&token).on_event(|event| {
        if let BuildEvent::Added { path, duration, .. } = event {
            println!("added {} ({duration})", path.display());
        }
    });
    let summary = index.build_with([folder], options)?;
    // An unusable file does not end the build.
    for failed in &summary.failed {
        eprintln!("cannot use {}: {}", failed.path.display(), failed.error.reason());
    }
    index.close()?;

    let index = Index::open(&file)?;
    let answer = index.query(&clip)?;
    println!("{}: {:?}", clip.display(), answer.status);
    for found in &answer.matches {
        println!(
            "  score {:.3}, {} - {} of the clip is {} - {} of {}",
            found.score,
            found.query_start,
            found.query_end,
            found.ref_start,
            found.ref_end,
            found.path.display(),
        );
    }
    Ok(())
}
