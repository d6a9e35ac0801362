//! Whether an installed ffmpeg may help.
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether an installed ffmpeg decodes files that refrain's own decoders do not know: WMA, WavPack, AC-3 and others.
///
/// refrain's own decoders always come first. ffmpeg is used for files only, never for streams or bytes. It is told which
/// format to read, and cannot open another file or an address. The default is [`Ffmpeg::never`].
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
/// use refrain::{BuildOptions, Ffmpeg, Index};
///
/// let index = Index::open_or_create("music.refrain")?;
/// index.build_with(["music"], BuildOptions::default().ffmpeg(&Ffmpeg::auto()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ffmpeg {
    allowed: bool,
    program: Option<Arc<Path>>,
}

impl Ffmpeg {
    /// Files that only ffmpeg decodes are refused.
    pub fn never() -> Self {
        Self::default()
    }

    /// Uses the program `ffmpeg` of the folders in `PATH`, if there is one now.
    pub fn auto() -> Self {
        let name = format!("ffmpeg{}", env::consts::EXE_SUFFIX);
        let folders = env::var_os("PATH").unwrap_or_default();
        // A relative folder would let the files of the working folder decide which program runs.
        let mut programs =
            env::split_paths(&folders).filter(|folder| folder.is_absolute()).map(|f| f.join(&name));
        Self { allowed: true, program: programs.find(|program| is_program(program)).map(Arc::from) }
    }

    /// Uses the program at `path`. Files that need it give an error if it cannot be started.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { allowed: true, program: Some(Arc::from(path.into())) }
    }

    /// The program that is used, if there is one.
    pub fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Whether a program may be used, installed or not.
    pub(crate) fn is_allowed(&self) -> bool {
        self.allowed
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_the_default_and_a_named_program_is_used_as_it_is() {
        assert_eq!(Ffmpeg::default(), Ffmpeg::never());
        assert!(!Ffmpeg::never().is_allowed() && Ffmpeg::never().program().is_none());
        let at = Ffmpeg::at("/opt/ffmpeg");
        assert!(at.is_allowed());
        assert_eq!(at.program(), Some(Path::new("/opt/ffmpeg")));
        assert!(Ffmpeg::auto().is_allowed());
    }
}
