//! A file with the name of what is playing, for programs that show it.
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// The file. It is replaced as a whole, so that a reader never sees half a name.
#[derive(Debug)]
pub struct NowPlaying {
    path: PathBuf,
    /// The plays that go on, with their names; the last one is shown.
    plays: Vec<(u64, String)>,
    written: Option<String>,
}

impl NowPlaying {
    /// Begins with an empty file.
    pub fn new(path: &Path) -> io::Result<Self> {
        // A link stays a link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut file = Self { path, plays: Vec::new(), written: None };
        file.write()?;
        Ok(file)
    }

    /// Shows a play.
    pub fn begins(&mut self, number: u64, name: String) -> io::Result<()> {
        self.plays.push((number, name));
        self.write()
    }

    /// Shows the play before it, if that goes on.
    pub fn ends(&mut self, number: u64) -> io::Result<()> {
        self.plays.retain(|(other, _)| *other != number);
        self.write()
    }

    /// Shows nothing.
    pub fn clear(&mut self) -> io::Result<()> {
        self.plays.clear();
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        let text = self.plays.last().map_or_else(String::new, |(_, name)| format!("{name}\n"));
        if self.written.as_ref() == Some(&text) {
            return Ok(());
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".refrain-");
        #[cfg(unix)]
        let builder = {
            use std::os::unix::fs::PermissionsExt;
            let usual = fs::Permissions::from_mode(0o666);
            // What the user allows takes the rest away.
            builder.permissions(fs::metadata(&self.path).map_or(usual, |there| there.permissions()))
        };
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.path).map_err(|failed| failed.error)?;
        self.written = Some(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_last_play_that_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("now.txt");
        let mut file = NowPlaying::new(&path).unwrap();
        let text = || fs::read_to_string(&path).unwrap();
        assert_eq!(text(), "");
        file.begins(1, "one".into()).unwrap();
        assert_eq!(text(), "one\n");
        file.begins(2, "two".into()).unwrap();
        assert_eq!(text(), "two\n");
        file.ends(1).unwrap();
        assert_eq!(text(), "two\n");
        file.begins(3, "three".into()).unwrap();
        file.ends(3).unwrap();
        assert_eq!(text(), "two\n");
        file.ends(2).unwrap();
        assert_eq!(text(), "");
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_the_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("now.txt"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        NowPlaying::new(&link).unwrap().begins(1, "one".into()).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
