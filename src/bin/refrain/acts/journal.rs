//! The journal beside the index: what was begun, and what was done. Each step is on the disk before the next one begins, so
//! that after a kill or a power cut it is known what may have happened.
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{action::Action, disk, stored_path::StoredPath};
use crate::wording;

/// An act that is about to begin, with all that is needed to take it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// Its number in the journal.
    pub act: u64,
    /// The run that it belongs to: when that began, in microseconds since 1970.
    pub run: u64,
    /// What is done.
    pub action: Action,
    /// With which file, as the index names it.
    pub path: StoredPath,
    /// The file that stays.
    pub kept: StoredPath,
    /// Where it goes, if it is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<StoredPath>,
    /// The hash of its content.
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Its permissions, on Unix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// The number of the file on its disk, on Unix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
}

impl Intent {
    /// Where the file is, before and after.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        [Some(&self.path), self.to.as_ref()].into_iter().flatten().map(|path| path.0.clone())
    }
}

/// How far an act is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It may have happened, or a part of it.
    Begun,
    /// It has happened.
    Done,
    /// It has not happened.
    Failed,
    /// It may have been taken back, or a part of it.
    Undoing,
    /// It was taken back.
    Undone,
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Begun(Intent),
    Now { act: u64, state: State },
}

/// An act and how far it is.
#[derive(Clone, Debug)]
pub struct Act {
    /// What was meant.
    pub intent: Intent,
    /// How far it is.
    pub state: State,
}

/// The open journal. No other process can open it meanwhile.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    acts: Vec<Act>,
    run: u64,
}

impl Journal {
    /// Where the journal of an index is. Its name is none that SQLite uses.
    pub fn path_of(index: &Path) -> PathBuf {
        let index = fs::canonicalize(index).unwrap_or_else(|_| index.to_owned());
        let mut name = index.into_os_string();
        name.push(".undo");
        name.into()
    }

    /// Opens the journal of an index, or makes it.
    pub fn open(index: &Path) -> anyhow::Result<Self> {
        let path = Self::path_of(index);
        let problem = || format!("cannot write {}, the journal of what is done", wording::shown(&path));
        let is_new = !path.exists();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).with_context(problem)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another refrain process is working on the duplicates of this index; try again when that process has finished"
            ),
            // A disk without locks has one user at most times.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(problem)?;
        if text.last().is_some_and(|&byte| byte != b'\n') {
            // The last line was cut by a kill or a full disk. It is skipped, and must not run into the next one.
            file.write_all(b"\n").and_then(|()| file.sync_data()).with_context(problem)?;
        }
        if is_new {
            disk::sync_folder(&path);
        }
        let acts = read(&text);
        let last = acts.iter().map(|act| act.intent.run).max().unwrap_or(0);
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros() as u64);
        Ok(Self { file, acts, run: now.max(last + 1), path })
    }

    /// Opens the journal of an index, if there is one.
    pub fn open_if_there(index: &Path) -> anyhow::Result<Option<Self>> {
        if Self::path_of(index).exists() { Self::open(index).map(Some) } else { Ok(None) }
    }

    /// The number of this run.
    pub fn run(&self) -> u64 {
        self.run
    }

    /// The number that the next act gets.
    pub fn next(&self) -> u64 {
        self.acts.iter().map(|act| act.intent.act + 1).max().unwrap_or(1)
    }

    /// All acts, in the order in which they began.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// The paths of the last run. If it was killed, the index may not know what became of them.
    pub fn last_paths(&self) -> Vec<PathBuf> {
        let last = self.acts.iter().map(|act| act.intent.run).max();
        let acts = self.acts.iter().filter(|act| Some(act.intent.run) == last);
        // An undo that was killed may have left an empty file, which is no new file of the library.
        let is_whole = |act: &&Act| act.state != State::Undoing || !disk::is_empty_file(&act.intent.path.0);
        acts.filter(is_whole).flat_map(|act| act.intent.paths()).collect()
    }

    /// Writes that an act begins. It may begin once this returns.
    pub fn begin(&mut self, intent: Intent) -> anyhow::Result<()> {
        self.append(&Line::Begun(intent.clone()))?;
        self.acts.push(Act { intent, state: State::Begun });
        refrain::failpoint("act-begun");
        Ok(())
    }

    /// Writes how far an act is.
    pub fn set(&mut self, act: u64, state: State) -> anyhow::Result<()> {
        self.append(&Line::Now { act, state })?;
        self.acts.iter_mut().filter(|known| known.intent.act == act).for_each(|known| known.state = state);
        refrain::failpoint(match state {
            State::Undoing => "undo-begun",
            State::Undone => "undo-done",
            _ => "act-done",
        });
        Ok(())
    }

    /// Forgets all if nothing is left that could be taken back or must be told.
    pub fn forget_what_is_over(&mut self) -> anyhow::Result<()> {
        if self.acts.iter().all(|act| matches!(act.state, State::Failed | State::Undone)) {
            self.file.set_len(0).and_then(|()| self.file.sync_all()).with_context(|| self.problem())?;
            self.acts.clear();
        }
        Ok(())
    }

    fn append(&mut self, line: &Line) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text).and_then(|()| self.file.sync_data()).with_context(|| self.problem())
    }

    fn problem(&self) -> String {
        format!("cannot write {}", wording::shown(&self.path))
    }
}

/// Reads the lines. One that was cut says nothing.
fn read(text: &[u8]) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Line::Begun(intent)) => acts.push(Act { intent, state: State::Begun }),
            Ok(Line::Now { act, state }) => {
                acts.iter_mut().filter(|known| known.intent.act == act).for_each(|known| known.state = state);
            }
            Err(_) => {}
        }
    }
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(act: u64) -> Intent {
        Intent {
            act,
            run: 1,
            action: Action::Move,
            path: StoredPath("/m/a".into()),
            kept: StoredPath("/m/b".into()),
            to: None,
            hash: "00".to_owned(),
            size: 1,
            mtime_ns: -5,
            mode: None,
            inode: Some(u64::MAX),
        }
    }

    fn states(journal: &Journal) -> Vec<(u64, State)> {
        journal.acts().iter().map(|act| (act.intent.act, act.state)).collect()
    }

    #[test]
    fn what_was_written_is_read_again_and_a_cut_line_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("i.refrain");
        let mut journal = Journal::open(&index).unwrap();
        assert_eq!(journal.next(), 1);
        journal.begin(intent(1)).unwrap();
        journal.set(1, State::Done).unwrap();
        assert!(Journal::open(&index).unwrap_err().to_string().contains("another refrain"));
        drop(journal);
        let path = Journal::path_of(&index);
        let mut text = fs::read(&path).unwrap();
        text.extend(b"{\"act\":1,\"sta");
        fs::write(&path, &text).unwrap();
        let mut journal = Journal::open(&index).unwrap();
        assert_eq!(states(&journal), [(1, State::Done)]);
        journal.begin(intent(journal.next())).unwrap();
        drop(journal);
        let mut journal = Journal::open_if_there(&index).unwrap().unwrap();
        assert_eq!(states(&journal), [(1, State::Done), (2, State::Begun)]);
        assert_eq!(journal.acts()[1].intent.inode, Some(u64::MAX));
        journal.set(2, State::Failed).unwrap();
        journal.forget_what_is_over().unwrap();
        assert_eq!(journal.acts().len(), 2);
        journal.set(1, State::Undone).unwrap();
        journal.forget_what_is_over().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
