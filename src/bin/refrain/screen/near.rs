//! Paths as people type them: relative to the working folder where they are below it.
use std::{
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::wording;

/// A path for people. Relative where it is below the working folder, else as it is.
pub fn near(path: &Path) -> String {
    static HERE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let here = HERE.get_or_init(|| env::current_dir().ok());
    wording::shown(here.as_deref().map_or(path, |here| below(path, here)))
}

fn below<'a>(path: &'a Path, here: &Path) -> &'a Path {
    // Below the root folder everything would be relative.
    if here.parent().is_none() {
        return path;
    }
    match path.strip_prefix(here) {
        Ok(inside) if !inside.as_os_str().is_empty() => inside,
        _ => path,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_is_relative() {
        for (path, here, shown) in [
            ("/m/a/b.mp3", "/m", "a/b.mp3"),
            ("/m/a/b.mp3", "/m/a", "b.mp3"),
            ("/m/a/b.mp3", "/m/aa", "/m/a/b.mp3"),
            ("/m/a", "/m/a", "/m/a"),
            ("/m/a", "/", "/m/a"),
            ("a.wav", "/m", "a.wav"),
        ] {
            assert_eq!(below(Path::new(path), Path::new(here)), Path::new(shown), "{path} from {here}");
        }
    }
}
