//! Puts files back as they were.
use std::path::PathBuf;

use super::{
    action::Action,
    check, disk,
    journal::{Act, Intent, Journal, State},
    link,
    relocate::Relocation,
    trash::{self, Bin},
    why::{Outcome, Why},
};
use crate::screen::near::near;

/// What can be taken back.
#[derive(Debug, Default)]
pub struct Undoable {
    /// Acts, the last one first.
    pub acts: Vec<Act>,
    /// How many files were deleted after the first of these acts, or at all if there is none.
    pub deleted: u64,
}

/// The acts of the last run that can be taken back, or of all runs.
pub fn undoable(journal: &Journal, all: bool) -> Undoable {
    let is_open = |act: &&Act| matches!(act.state, State::Done | State::Undoing);
    let (deleted, mut acts): (Vec<&Act>, Vec<&Act>) =
        journal.acts().iter().filter(is_open).partition(|act| act.intent.action == Action::Delete);
    let last = acts.iter().map(|act| act.intent.run).max();
    acts.retain(|act| all || Some(act.intent.run) == last);
    let first = acts.iter().map(|act| act.intent.run).min().unwrap_or(0);
    let deleted = deleted.iter().filter(|act| act.intent.run >= first).count() as u64;
    Undoable { acts: acts.into_iter().rev().cloned().collect(), deleted }
}

/// Takes back one act. Returns the paths that the index must look at.
pub fn undo(journal: &mut Journal, act: &Act, bin: &mut Bin) -> Outcome<Vec<PathBuf>> {
    let intent = &act.intent;
    let again = act.state == State::Undoing;
    let step = prepared(intent, again, bin)?;
    journal.set(intent.act, State::Undoing).map_err(Why::Fatal)?;
    let state = match put_back(intent, again, step, bin) {
        Ok(()) => State::Undone,
        Err(why) => {
            journal.set(intent.act, State::Done).map_err(Why::Fatal)?;
            return Err(why);
        }
    };
    journal.set(intent.act, state).map_err(Why::Fatal)?;
    Ok(intent.paths().collect())
}

/// What remains to be done.
enum Step {
    /// The file is back already.
    Nothing,
    /// Out of the trash.
    Restore,
    /// Back from where it was moved to.
    Return(PathBuf),
    /// Into a file of its own.
    Separate,
}

/// Looks whether the file can be put back, and changes nothing.
fn prepared(intent: &Intent, again: bool, bin: &mut Bin) -> Outcome<Step> {
    let (path, hash) = (&intent.path.0, &intent.hash);
    if intent.action.links() {
        if !check::has_content(path, hash) {
            return Err(Why::Problem(
                "the file has changed since `refrain duplicates` replaced it".to_owned(),
            ));
        }
        return Ok(Step::Separate);
    }
    // An empty file may be one that an interrupted undo left.
    if disk::is_there(path) && !(again && disk::is_empty_file(path)) {
        if check::has_content(path, hash) {
            return Ok(Step::Nothing);
        }
        let place = match &intent.to {
            Some(to) => near(&to.0),
            None => "in the trash".to_owned(),
        };
        return Err(Why::Problem(format!(
            "another file is there now, and refrain did not replace that file; the earlier file is still {place}"
        )));
    }
    match (&intent.action, &intent.to) {
        (Action::Move, Some(to)) if !disk::is_there(&to.0) => {
            Err(Why::Problem(format!("the file is not at {} any more", near(&to.0))))
        }
        (Action::Move, Some(to)) if !check::has_content(&to.0, hash) => {
            Err(Why::Problem(format!("{} has changed since; refrain left the file there", near(&to.0))))
        }
        (Action::Move, Some(to)) => Ok(Step::Return(to.0.clone())),
        _ => match trash::find(bin.list()?, path, hash) {
            Some(_) => Ok(Step::Restore),
            None => Err(Why::Problem("the file is not in the trash any more".to_owned())),
        },
    }
}

fn put_back(intent: &Intent, again: bool, step: Step, bin: &mut Bin) -> Outcome<()> {
    let (path, hash) = (&intent.path.0, &intent.hash);
    let temporary = disk::temporary(path, intent.run, intent.act);
    match step {
        Step::Nothing => {
            if intent.action == Action::Trash && again {
                trash::forget(bin.list()?, path, hash);
            }
            if let (Some(to), true) = (&intent.to, again) {
                // It has both names, or both disks have it.
                let temporary = &temporary;
                Relocation { from: path, to: &to.0, temporary, hash, again }.take_back();
            }
            Ok(())
        }
        Step::Restore => {
            let Some(trashed) = trash::find(bin.list()?, path, hash) else {
                return Err(Why::Problem("the file is not in the trash any more".to_owned()));
            };
            trash::restore(trashed, path, &temporary, hash, again)
        }
        Step::Return(to) => Relocation { from: &to, to: path, temporary: &temporary, hash, again }.run(),
        Step::Separate => {
            link::tidy(path, &temporary)
                .map_err(|error| Why::system("cannot write into the folder of the file", &error))?;
            link::separate(path, &temporary, hash, intent.mode, intent.mtime_ns)
        }
    }
}
