//! Moves, links or deletes one file. Checks it and the file that stays, and records the intent and the result in the journal.
use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use refrain::{CancelToken, Index, TrackId};

use super::{
    action::Action,
    check::{self, Indexed},
    disk::{self, Seen},
    journal::{Intent, Journal, State},
    link,
    plan::Planned,
    relocate::Relocation,
    stored_path::StoredPath,
    trash,
    why::{Outcome, Why},
};

/// What acts need.
pub struct Acting<'a> {
    /// What is done.
    pub action: Action,
    /// Where files are moved to.
    pub target: Option<PathBuf>,
    /// Nothing in these folders is touched.
    pub preferred: Vec<PathBuf>,
    /// The index.
    pub index: &'a Index,
    /// Its journal.
    pub journal: Journal,
    /// Ends everything between two files.
    pub stop: &'a CancelToken,
    /// Files that stay, as they were when they were read.
    checked: BTreeMap<PathBuf, Seen>,
}

impl<'a> Acting<'a> {
    /// Begins a run.
    pub fn new(action: Action, index: &'a Index, journal: Journal, stop: &'a CancelToken) -> Self {
        Self { action, target: None, preferred: Vec::new(), index, journal, stop, checked: BTreeMap::new() }
    }

    /// Moves, links or deletes one file. Returns where it is now, if it was moved.
    pub fn on(&mut self, planned: &Planned) -> Outcome<Option<PathBuf>> {
        let Planned { path, kept, .. } = planned;
        if self.stop.is_cancelled() {
            return Err(Why::Interrupted);
        }
        self.is_its_own_file(planned)?;
        self.check_kept(planned)?;
        let indexed = self.indexed(planned.id, path)?;
        let seen = check::as_indexed(path, &indexed, self.stop)?;
        if seen.names > 1 {
            let names =
                "the file has several names (hard links); removing one name frees no space".to_owned();
            return Err(Why::Needless(names));
        }
        if self.action.links() {
            let same = disk::has_same_bytes(path, kept);
            if planned.id != planned.kept_id
                || !same.map_err(|error| Why::system("cannot read the file", &error))?
            {
                return Err(Why::Problem("the file and the kept file have different bytes".to_owned()));
            }
        }
        let to = self.place(path)?;
        let intent = Intent {
            act: self.journal.next(),
            run: self.journal.run(),
            action: self.action,
            path: StoredPath(path.clone()),
            kept: StoredPath(kept.clone()),
            to: to.clone().map(StoredPath),
            hash: indexed.hash.map(|hash| hash.to_string()).unwrap_or_default(),
            size: seen.size,
            mtime_ns: seen.mtime_ns,
            mode: seen.mode,
            inode: seen.identity.map(|(_, inode)| inode),
        };
        if cfg!(not(unix))
            && [Some(path), Some(kept), to.as_ref()].into_iter().flatten().any(|p| p.to_str().is_none())
        {
            return Err(Why::Problem(
                "the journal (the list of changes) cannot hold the name of the file, because the name is not Unicode".to_owned(),
            ));
        }
        self.journal.begin(intent.clone()).map_err(Why::Fatal)?;
        // As late as possible.
        let unchanged =
            self.is_unchanged(path, &seen).and_then(|()| self.is_unchanged(kept, &self.checked[kept]));
        let done = unchanged.and_then(|()| act(&intent, &seen));
        let state = if done.is_ok() { State::Done } else { State::Failed };
        self.journal.set(intent.act, state).map_err(Why::Fatal)?;
        done.map(|()| to)
    }

    /// Whether the file is one that frees room, and no name of a file that stays.
    fn is_its_own_file(&self, planned: &Planned) -> Outcome<()> {
        let path = &planned.path;
        if fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink()) {
            return Err(Why::Needless("the file is a symbolic link and takes no space".to_owned()));
        }
        if planned.all_kept.iter().any(|kept| disk::is_same_file(path, kept)) {
            return Err(Why::Needless("the file is the kept file under another name".to_owned()));
        }
        let real = disk::real(path);
        if self.preferred.iter().any(|folder| real.starts_with(folder)) {
            return Err(Why::Needless("the file is in a preferred folder".to_owned()));
        }
        Ok(())
    }

    /// Reads the file that stays, once for all files that go because of it.
    fn check_kept(&mut self, planned: &Planned) -> Outcome<()> {
        let kept = &planned.kept;
        let of_kept = |why| match why {
            Why::Problem(text) => {
                Why::Problem(format!("the kept file {}: {text}", crate::screen::near::near(kept)))
            }
            other => other,
        };
        if !self.checked.contains_key(kept) {
            let indexed = self.indexed(planned.kept_id, kept).map_err(of_kept)?;
            let seen = check::as_indexed(kept, &indexed, self.stop).map_err(of_kept)?;
            self.checked.insert(kept.clone(), seen);
        }
        self.is_unchanged(kept, &self.checked[kept]).map_err(of_kept)
    }

    fn is_unchanged(&self, path: &Path, before: &Seen) -> Outcome<()> {
        match disk::look(path) {
            Ok(now) if before.is_still(&now) => Ok(()),
            _ => Err(Why::Problem("the file has changed since refrain read it".to_owned())),
        }
    }

    /// What the index says of a file.
    fn indexed(&self, id: TrackId, path: &Path) -> Outcome<Indexed> {
        let read = || -> refrain::Result<Option<Indexed>> {
            let hash = self.index.track(id)?.and_then(|track| track.record.hash);
            let files = self.index.files(id)?;
            let file = files.into_iter().find(|file| file.path == path);
            Ok(file.map(|file| Indexed { size: file.size, mtime_ns: file.mtime_ns, hash }))
        };
        let found = read().map_err(|error| Why::Fatal(error.into()))?;
        found.ok_or_else(|| Why::Problem("the file is not in the index any more".to_owned()))
    }

    /// Where a file is moved to: its whole path below the target.
    fn place(&self, path: &Path) -> Outcome<Option<PathBuf>> {
        let Some(target) = &self.target else { return Ok(None) };
        let to = below(target, path);
        if disk::is_there(&to) {
            let there = crate::screen::near::near(&to);
            return Err(Why::Problem(format!("{there} exists already; refrain did not replace the file")));
        }
        Ok(Some(to))
    }
}

/// The path of a file below a folder.
fn below(folder: &Path, path: &Path) -> PathBuf {
    let mut to = folder.to_owned();
    for part in path.components() {
        match part {
            Component::Normal(name) => to.push(name),
            // `C:` is no name of a folder.
            Component::Prefix(disk) => {
                let disk = disk.as_os_str().to_string_lossy();
                to.push(disk.replace(|c: char| !c.is_alphanumeric(), ""));
            }
            _ => {}
        }
    }
    to
}

fn act(intent: &Intent, seen: &Seen) -> Outcome<()> {
    let (path, kept) = (&intent.path.0, &intent.kept.0);
    let temporary = disk::temporary(intent.to.as_ref().map_or(path, |to| &to.0), intent.run, intent.act);
    match intent.action {
        Action::Trash => {
            trash::put(path)?;
            refrain::failpoint("trash-moved");
            disk::sync_folder(path);
            Ok(())
        }
        Action::Move => {
            let to = intent.to.as_ref().map_or(path.as_path(), |to| &to.0);
            Relocation { from: path, to, temporary: &temporary, hash: &intent.hash, again: false }.run()
        }
        Action::Hardlink => link::hard(kept, path, &temporary),
        Action::Reflink => link::shared(kept, path, &temporary, &intent.hash, seen),
        Action::Delete => {
            fs::remove_file(path).map_err(|error| Why::system("cannot delete the file", &error))?;
            refrain::failpoint("delete-removed");
            disk::sync_folder(path);
            Ok(())
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_moved_file_keeps_its_whole_path() {
        assert_eq!(below(Path::new("/spare"), Path::new("/m/a/b.wav")), Path::new("/spare/m/a/b.wav"));
    }
}
