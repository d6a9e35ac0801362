//! Moves a file to another path, also on another disk, and never over a file that exists.
use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind},
    path::Path,
};

use super::{
    check, disk,
    why::{Outcome, Why},
};

/// A move that a kill may interrupt at any step.
#[derive(Clone, Copy, Debug)]
pub struct Relocation<'a> {
    /// Where the file is.
    pub from: &'a Path,
    /// Where it goes. The folder is made.
    pub to: &'a Path,
    /// A name beside `to` that only this move uses.
    pub temporary: &'a Path,
    /// The hash of its content.
    pub hash: &'a str,
    /// Whether the same move was interrupted before, and may have left an empty file at `to`.
    pub again: bool,
}

impl Relocation<'_> {
    /// Moves the file. After an error it is where it was.
    pub fn run(&self) -> Outcome<()> {
        let Self { from, to, .. } = *self;
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| Why::system("cannot make the folder for the file", &error))?;
        }
        self.tidy();
        match fs::hard_link(from, to) {
            Ok(()) => self.leave()?,
            Err(error) if error.kind() == ErrorKind::CrossesDevices => self.across()?,
            Err(error) if error.kind() != ErrorKind::AlreadyExists => self.rename(from)?,
            Err(_) if self.again && disk::is_same_file(from, to) => self.leave()?,
            Err(_) if self.again && disk::is_empty_file(to) => self.rename(from)?,
            Err(_) => return Err(taken()),
        }
        refrain::failpoint("move-moved");
        disk::sync_folder(to);
        disk::sync_folder(from);
        Ok(())
    }

    /// Removes the old name of a file that has the new one, too.
    fn leave(&self) -> Outcome<()> {
        refrain::failpoint("move-linked");
        disk::sync_folder(self.to);
        fs::remove_file(self.from).map_err(|error| {
            let _ = fs::remove_file(self.to);
            Why::system("cannot move the file", &error)
        })
    }

    /// Renames `file` to the new path, on a disk without hard links. An empty file takes the name first, because renaming
    /// replaces whatever has it.
    fn rename(&self, file: &Path) -> Outcome<()> {
        let cannot = |error: io::Error| Why::system("cannot move the file", &error);
        match OpenOptions::new().write(true).create_new(true).open(self.to) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if !(self.again && disk::is_empty_file(self.to)) {
                    return Err(taken());
                }
            }
            Err(error) => return Err(cannot(error)),
        }
        let renamed = match fs::rename(file, self.to) {
            // There are disks that know no hard links and do not say that this is another disk.
            Err(error) if error.kind() == ErrorKind::CrossesDevices && file == self.from => {
                let again = Self { again: true, ..*self };
                again.across()
            }
            other => other.map_err(cannot),
        };
        if renamed.is_err() && disk::is_empty_file(self.to) {
            let _ = fs::remove_file(self.to);
        }
        renamed
    }

    /// Moves the file to another disk: a copy that is read again before the file is removed.
    fn across(&self) -> Outcome<()> {
        let Self { from, to, temporary, .. } = *self;
        let cannot = |error: io::Error| Why::system("cannot copy the file to the other disk", &error);
        if disk::is_there(to) && !(self.again && disk::is_empty_file(to)) {
            return Err(taken());
        }
        let copied = (|| {
            let before = disk::look(from).map_err(cannot)?;
            disk::copy(from, temporary).map_err(cannot)?;
            disk::dress(temporary, before.mode, before.mtime_ns).map_err(cannot)?;
            if !check::has_content(temporary, self.hash) {
                return Err(Why::Problem("the copy on the other disk differs from the file".to_owned()));
            }
            refrain::failpoint("move-copied");
            match fs::hard_link(temporary, to) {
                Ok(()) => fs::remove_file(temporary).map_err(cannot)?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists && !self.again => return Err(taken()),
                Err(_) => self.rename(temporary)?,
            }
            disk::sync_folder(to);
            refrain::failpoint("move-placed-copy");
            let is_unchanged = disk::look(from).is_ok_and(|now| before.is_still(&now));
            let removed = if is_unchanged {
                fs::remove_file(from).map_err(|error| Why::system("cannot remove the file", &error))
            } else {
                Err(Why::Problem("the file changed while refrain copied it".to_owned()))
            };
            // The copy at `to` is ours.
            removed.inspect_err(|_| drop(fs::remove_file(to)))
        })();
        copied.inspect_err(|_| self.tidy())
    }

    /// Removes what a move that was interrupted before left at the other name.
    fn tidy(&self) {
        let _ = fs::remove_file(self.temporary);
    }

    /// Takes back what an interrupted move left at `to`, beside a file that is still where it was.
    pub fn take_back(&self) {
        self.tidy();
        if disk::is_empty_file(self.to) || self.is_double() {
            let _ = fs::remove_file(self.to);
        }
    }

    /// Whether the file is at both paths, which are not one path by two names.
    fn is_double(&self) -> bool {
        let (from, to) = (self.from.canonicalize(), self.to.canonicalize());
        let are_two = matches!((from, to), (Ok(from), Ok(to)) if from != to);
        are_two
            && (disk::is_same_file(self.from, self.to)
                || (check::has_content(self.from, self.hash) && check::has_content(self.to, self.hash)))
    }
}

/// What is said if the new path has a file.
fn taken() -> Why {
    Why::Problem("the new path already has a file, and refrain did not replace that file".to_owned())
}

#[cfg(test)]
mod tests {
    use refrain::{CancelToken, content_hash};

    use super::*;

    #[test]
    fn a_file_is_moved_once_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), b"content").unwrap();
        fs::write(at("other"), b"").unwrap();
        let hash = content_hash(&at("a"), &CancelToken::new()).unwrap().to_string();
        let (from, to, temporary) = (at("a"), at("b/c/a"), at("b/c/tmp"));
        let taken =
            Relocation { from: &from, to: &at("other"), temporary: &temporary, hash: &hash, again: false };
        assert!(matches!(taken.run(), Err(Why::Problem(_))));
        let relocation = Relocation { to: &to, ..taken };
        relocation.run().unwrap();
        assert_eq!((fs::read(&to).unwrap().as_slice(), from.exists()), (b"content".as_slice(), false));
        assert!(matches!(relocation.run(), Err(Why::Problem(_))), "there is nothing to move");
        assert_eq!(fs::read(&to).unwrap(), b"content");
        let back = Relocation { from: &to, to: &from, temporary: &temporary, ..relocation };
        // As a kill leaves it: an empty file, or both names.
        fs::write(&from, b"").unwrap();
        assert!(back.run().is_err());
        Relocation { again: true, ..back }.run().unwrap();
        assert_eq!((fs::read(&from).unwrap().as_slice(), to.exists()), (b"content".as_slice(), false));
        fs::hard_link(&from, &to).unwrap();
        assert!(back.run().is_err());
        Relocation { again: true, ..back }.run().unwrap();
        assert_eq!((fs::read(&from).unwrap().as_slice(), to.exists()), (b"content".as_slice(), false));
    }

    /// A disk without hard links.
    #[test]
    fn a_file_is_renamed_once_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), b"content").unwrap();
        fs::write(at("other"), b"").unwrap();
        let (from, to) = (at("a"), at("b"));
        let free = Relocation { from: &from, to: &to, temporary: &at("tmp"), hash: "", again: false };
        assert!(Relocation { to: &at("other"), ..free }.rename(&from).is_err());
        assert!(free.rename(&at("gone")).is_err() && !to.exists(), "no empty file is left");
        free.rename(&from).unwrap();
        assert_eq!((fs::read(&to).unwrap().as_slice(), from.exists()), (b"content".as_slice(), false));
    }

    #[test]
    fn what_an_interrupted_move_left_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), b"content").unwrap();
        let hash = content_hash(&at("a"), &CancelToken::new()).unwrap().to_string();
        let (from, to, temporary) = (at("a"), at("b"), at("tmp"));
        let stopped = Relocation { from: &from, to: &to, temporary: &temporary, hash: &hash, again: true };
        for (content, stays) in [(b"".as_slice(), false), (b"content", false), (b"other", true)] {
            fs::write(&to, content).unwrap();
            fs::write(&temporary, b"half").unwrap();
            stopped.take_back();
            assert_eq!((to.exists(), temporary.exists()), (stays, false), "{content:?}");
            assert_eq!(fs::read(&from).unwrap(), b"content");
        }
        Relocation { to: &from, ..stopped }.take_back();
        assert_eq!(fs::read(&from).unwrap(), b"content", "one path");
    }

    #[test]
    fn a_copy_to_another_disk_is_read_again_before_the_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (from, to, temporary) = (at("a"), at("b"), at("tmp"));
        fs::write(&from, b"content").unwrap();
        let hash = content_hash(&from, &CancelToken::new()).unwrap().to_string();
        let good = Relocation { from: &from, to: &to, temporary: &temporary, hash: &hash, again: false };
        assert!(Relocation { hash: "other", ..good }.across().is_err());
        assert!(from.exists() && !temporary.exists() && !to.exists());
        let date = disk::look(&from).unwrap().mtime_ns;
        good.across().unwrap();
        assert_eq!((fs::read(&to).unwrap().as_slice(), from.exists()), (b"content".as_slice(), false));
        assert_eq!(disk::look(&to).unwrap().mtime_ns, date);
    }
}
