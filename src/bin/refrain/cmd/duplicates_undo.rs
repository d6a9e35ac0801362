//! `refrain duplicates undo`
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use refrain::{BuildOptions, Index};
use serde_json::json;

use super::duplicates_act::update;
use crate::{
    acts::{
        journal::{Act, Journal},
        settle,
        trash::Bin,
        undo::{undo, undoable},
        why::Why,
    },
    args::UndoArgs,
    ask, db, messages,
    screen::near::near,
    stop, wording,
};

/// Puts files back. Exit 1 if there is nothing to put back, 2 if a file could not be put back.
pub fn run(args: &UndoArgs) -> anyhow::Result<ExitCode> {
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let Some(mut journal) = Journal::open_if_there(&path)? else { return Ok(nothing()) };
    settle::settle(&mut journal)?;
    // Fails if the index cannot be written.
    index.update_files(&journal.last_paths(), BuildOptions::default())?;
    let found = undoable(&journal, args.all);
    if found.deleted > 0 {
        let files = wording::count(found.deleted, "file");
        messages::say(&format!("{files} deleted by refrain cannot be put back"));
    }
    if found.acts.is_empty() {
        return Ok(nothing());
    }
    let stop = stop::token();
    if !args.yes {
        let files = wording::count(found.acts.len() as u64, "file");
        if !ask::can() {
            anyhow::bail!(
                "nothing was done: refrain asks a question first, but there is no terminal; add --yes to put {files} back"
            );
        }
        if !ask::yes(&format!("put {files} back?"), &stop) {
            messages::say("nothing was done");
            return Ok(ExitCode::from(1));
        }
    }
    let (mut back, mut problems, mut interrupted) = (0, 0, false);
    let mut touched: Vec<PathBuf> = Vec::new();
    let mut bin = Bin::default();
    let mut ended = Ok(());
    for act in &found.acts {
        if stop.is_cancelled() {
            interrupted = true;
            break;
        }
        match undo(&mut journal, act, &mut bin) {
            Ok(paths) => {
                back += 1;
                touched.extend(paths);
                tell(args.json, act).context("cannot print what refrain has done")?;
            }
            Err(Why::Interrupted) => interrupted = true,
            Err(Why::Fatal(error)) => {
                touched.push(act.intent.path.0.clone());
                ended = Err(error);
                break;
            }
            Err(Why::Problem(why) | Why::Needless(why)) => {
                problems += 1;
                messages::problem(&format!("cannot put {} back: {why}", near(&act.intent.path.0)));
            }
        }
    }
    let updated = update(&index, &touched);
    messages::say(&format!("{} put back{}", wording::count(back, "file"), wording::errors(problems)));
    ended?;
    updated?;
    index.close()?;
    journal.forget_what_is_over()?;
    if interrupted {
        anyhow::bail!("interrupted; run the same command again to continue");
    }
    Ok(if problems > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

fn nothing() -> ExitCode {
    messages::say("nothing to undo");
    ExitCode::from(1)
}

fn tell(json: bool, act: &Act) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let path = &act.intent.path.0;
    if json {
        let document = json!({
            "action": "undo",
            "undone": act.intent.action.name(),
            "path": path.to_string_lossy(),
            "bytes": act.intent.size,
        });
        return writeln!(out, "{document}");
    }
    writeln!(out, "put back {}", near(path))
}
