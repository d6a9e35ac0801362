//! `refrain duplicates` with `--trash`, `--move`, `--hardlink`, `--reflink` or `--delete`.
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{BuildOptions, CancelToken, DuplicateGroup, Index};
use serde_json::json;

use crate::{
    acts::{
        action::Action,
        journal::Journal,
        perform::Acting,
        plan::{Planned, plan},
        playlists, settle,
        why::Why,
    },
    args::DuplicatesArgs,
    ask,
    bar::Steps,
    db, folders, messages,
    screen::near::near,
    wording,
};

/// The chosen action, if there is one.
pub fn action(args: &DuplicatesArgs) -> Option<Action> {
    let act = &args.act;
    [
        (act.trash, Action::Trash),
        (act.move_to.is_some(), Action::Move),
        (act.hardlink, Action::Hardlink),
        (act.reflink, Action::Reflink),
        (act.delete, Action::Delete),
    ]
    .into_iter()
    .find_map(|(is_chosen, action)| is_chosen.then_some(action))
}

/// Opens what an action changes, before anything is compared: an action that cannot be written down is not begun.
pub fn open(index: &Index, args: &DuplicatesArgs) -> anyhow::Result<Journal> {
    if !args.act.yes && !ask::can() {
        anyhow::bail!(
            "nothing was done: refrain asks a question first, but there is no terminal; add --yes to skip the question"
        );
    }
    let mut journal = Journal::open(index.path())?;
    settle::settle(&mut journal)?;
    // Fails if the index cannot be written.
    index.update_files(&journal.last_paths(), BuildOptions::default())?;
    Ok(journal)
}

/// How a run ended.
#[derive(Default)]
struct Tally {
    done: u64,
    bytes: u64,
    problems: u64,
    needless: u64,
    /// Files that the index has to look at.
    touched: Vec<PathBuf>,
    /// Files that are not where they were.
    gone: Vec<PathBuf>,
    interrupted: bool,
}

/// Moves, links or deletes all files that are not kept. Exit 1 if there is nothing to do, 2 if a file was left alone because of an error.
pub fn run(
    args: &DuplicatesArgs,
    action: Action,
    groups: &[DuplicateGroup],
    preferred: Vec<PathBuf>,
    (index, journal): (Index, Journal),
    stop: &CancelToken,
) -> anyhow::Result<ExitCode> {
    let target = args.act.move_to.as_deref().map(whole).transpose()?;
    let relations: Vec<_> = args.relation.iter().copied().map(Into::into).collect();
    let (planned, longer) = plan(action, groups, &relations, target.as_deref());
    for path in &longer {
        messages::say(&format!("left alone {}: the file is longer than the kept file", near(path)));
    }
    if planned.is_empty() {
        messages::say(if groups.is_empty() {
            "no recording is in the library more than once"
        } else {
            "nothing to do: refrain keeps all files"
        });
        return Ok(ExitCode::from(1));
    }
    if !args.act.yes && !is_wanted(action, &planned, target.as_deref(), stop) {
        messages::say("nothing was done");
        return Ok(ExitCode::from(1));
    }
    let mut acting = Acting::new(action, &index, journal, stop);
    (acting.target, acting.preferred) = (target, preferred);
    let mut tally = Tally::default();
    let ended = act(args, &planned, &mut acting, &mut tally);
    let forgotten = acting.journal.forget_what_is_over();
    refrain::failpoint("acts-ended");
    let updated = update(&index, &tally.touched);
    let roots = index.info().map(|info| info.roots).unwrap_or_default();
    for (list, file) in playlists::naming(&tally.gone, &roots) {
        messages::say(&format!("{} still names {}", near(&list), near(&file)));
    }
    messages::say(&summary(action, &tally));
    ended?;
    updated?;
    forgotten?;
    index.close()?;
    if tally.interrupted {
        anyhow::bail!("interrupted; run the same command again to continue");
    }
    Ok(ExitCode::from(match tally {
        Tally { problems: 1.., .. } => 2,
        Tally { done: 0, .. } => 1,
        _ => 0,
    }))
}

/// The folder that files are moved to. It is made.
fn whole(folder: &Path) -> anyhow::Result<PathBuf> {
    folders::made(folder)?;
    folder.canonicalize().with_context(|| format!("cannot find {}", wording::shown(folder)))
}

fn is_wanted(action: Action, planned: &[Planned], target: Option<&Path>, stop: &CancelToken) -> bool {
    let bytes: u64 = planned.iter().map(|planned| planned.size).sum();
    let files = format!("{} ({})", wording::count(planned.len() as u64, "file"), wording::size(bytes));
    match (action, target) {
        (Action::Trash, _) => ask::yes(&format!("move {files} to the trash?"), stop),
        (Action::Move, target) => {
            let folder = target.map_or_else(String::new, near);
            ask::yes(&format!("move {files} to {folder}?"), stop)
        }
        (Action::Hardlink, _) => ask::yes(&format!("replace {files} by hard links?"), stop),
        (Action::Reflink, _) => ask::yes(&format!("replace {files} by reflinks?"), stop),
        (Action::Delete, _) => {
            let question = format!("delete {files}? This cannot be undone. Type the word delete: ");
            ask::line(&question, stop).is_some_and(|answer| answer == "delete")
        }
    }
}

/// Handles one file after the other, and prints the result of each.
fn act(
    args: &DuplicatesArgs,
    planned: &[Planned],
    acting: &mut Acting<'_>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let action = acting.action;
    let (mut steps, total) = (Steps::new("file"), planned.len() as u64);
    for (n, planned) in planned.iter().enumerate() {
        steps.at(n as u64, total);
        let outcome = acting.on(planned);
        let left = |why: &str| format!("left alone {}: {why}", near(&planned.path));
        match outcome {
            Ok(to) => {
                tally.done += 1;
                tally.bytes += planned.size;
                tally.touched.push(planned.path.clone());
                tally.touched.extend(to.clone());
                if !action.links() {
                    tally.gone.push(planned.path.clone());
                }
                tell(args.json, action, planned, to.as_deref())
                    .context("cannot print what refrain has done")?;
            }
            Err(Why::Needless(why)) => {
                tally.needless += 1;
                messages::say(&left(&why));
            }
            Err(Why::Problem(why)) => {
                tally.problems += 1;
                messages::problem(&left(&why));
            }
            Err(Why::Interrupted) => {
                tally.interrupted = true;
                break;
            }
            Err(Why::Fatal(error)) => {
                // What became of this file is not known here.
                tally.touched.push(planned.path.clone());
                return Err(error);
            }
        }
    }
    steps.end();
    Ok(())
}

/// Prints what was done with a file.
fn tell(json: bool, action: Action, planned: &Planned, to: Option<&Path>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let document = json!({
            "action": action.name(),
            "path": planned.path.to_string_lossy(),
            "to": to.map(Path::to_string_lossy),
            "kept": planned.kept.to_string_lossy(),
            "relation": planned.relation,
            "bytes": planned.size,
        });
        return writeln!(out, "{document}");
    }
    let place = to.map_or_else(String::new, |to| format!(" to {}", near(to)));
    writeln!(out, "{} {}{place}", action.done(), near(&planned.path))
}

/// Brings the index up to date with files that were touched.
pub fn update(index: &Index, touched: &[PathBuf]) -> anyhow::Result<()> {
    let updated = index.update_files(touched, BuildOptions::default());
    updated.map(|_| ()).with_context(|| {
        format!(
            "refrain changed the files as printed above, but the index is not up to date; run {}",
            db::hint("update")
        )
    })
}

fn summary(action: Action, tally: &Tally) -> String {
    let files = wording::count(tally.done, "file");
    let size = wording::size(tally.bytes);
    let mut text = format!("{files} {}", action.done());
    if tally.done > 0 {
        text += &match action {
            Action::Trash => format!("; {size} are free once you empty the trash"),
            Action::Move => format!(", {size}"),
            _ => format!("; {size} are free"),
        };
        if action != Action::Delete {
            text += &format!("; {} undoes this", db::hint("duplicates undo"));
        }
    }
    for (n, why) in [(tally.needless, ""), (tally.problems, " because of an error")] {
        if n > 0 {
            text += &format!("; left {} alone{why}", wording::count(n, "file"));
        }
    }
    text
}
