//! Compares the files with the index and brings the index up to date.
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    events::{BuildEvent, BuildSummary, FailedFile},
    job::{Analyse, Job},
    options::BuildOptions,
    refuser, workers,
};
use crate::{
    ann,
    cancel::CancelToken,
    error::{Error, Result},
    extract::track,
    scan::{
        files::{self, Found, FoundFile, ScanOptions},
        presence::is_gone,
    },
    store::{Known, Root, Store},
};

/// Brings `store` up to date with `roots`, and remembers the roots that are folders.
///
/// Analyses and adds new and changed files, recognises moved files by their content, and marks missing files
/// but keeps them. The same files give the same content with any number of threads. After an interruption or
/// an error, what was committed stays, and the next build goes on from there.
///
/// # Errors
/// [`Error::Io`] if a root does not exist, [`Error::Index`] if the index cannot be written,
/// [`Error::Interrupted`] once the token is cancelled. A bad file is no error; the summary lists it.
pub(crate) fn build(store: &mut Store, roots: &[PathBuf], options: BuildOptions<'_>) -> Result<BuildSummary> {
    let (params, ffmpeg) = (*store.params(), options.ffmpeg.clone());
    let analyse = |file: &FoundFile, stop: &CancelToken| track::file(&file.path, &ffmpeg, &params, stop);
    build_with(&analyse, store, roots, options)
}

/// Like [`build`], with another analysis.
pub(crate) fn build_with(
    analyse: Analyse<'_>,
    store: &mut Store,
    roots: &[PathBuf],
    options: BuildOptions<'_>,
) -> Result<BuildSummary> {
    let found = files::find(roots, &options.scan, &options.cancel)?;
    let mut real = Vec::new();
    for root in roots {
        let io = |source| Error::Io { path: root.clone(), source };
        real.push(std::fs::canonicalize(root).map_err(io)?);
    }
    let folder = |path: &PathBuf| Root {
        path: path.clone(),
        follow_links: options.scan.follow_links,
        hidden: options.scan.hidden,
        max_depth: options.scan.max_depth.map(|depth| u32::try_from(depth).unwrap_or(u32::MAX)),
    };
    let new_roots: Vec<Root> = real.iter().filter(|path| path.is_dir()).map(folder).collect();
    Run { analyse, store, options }.run(found, &new_roots, Some(&real))
}

/// Brings `store` up to date with the folders it remembers and with every other file it knows.
///
/// # Errors
/// Those of [`build`]. A missing folder is no error: its files count as missing. A folder that cannot be read
/// is no error either: the summary lists it.
pub(crate) fn update(store: &mut Store, options: BuildOptions<'_>) -> Result<BuildSummary> {
    let (params, ffmpeg) = (*store.params(), options.ffmpeg.clone());
    let analyse = |file: &FoundFile, stop: &CancelToken| track::file(&file.path, &ffmpeg, &params, stop);
    update_with(&analyse, store, options)
}

/// Like [`update`], with another analysis.
pub(crate) fn update_with(
    analyse: Analyse<'_>,
    store: &mut Store,
    mut options: BuildOptions<'_>,
) -> Result<BuildSummary> {
    let mut found = Found::default();
    for root in store.roots()? {
        if is_gone(&root.path) {
            options.on_event.call(BuildEvent::Unavailable { path: root.path });
            continue;
        }
        let scan = ScanOptions {
            follow_links: root.follow_links,
            hidden: root.hidden,
            max_depth: root.max_depth.map(|depth| depth as usize),
        };
        match files::find(std::slice::from_ref(&root.path), &scan, &options.cancel) {
            Ok(below) => {
                found.files.extend(below.files);
                found.unreadable.extend(below.unreadable);
            }
            // A folder that cannot be read does not stop the others.
            Err(error @ Error::Io { .. }) => found.unreadable.push((root.path, error)),
            Err(error) => return Err(error),
        }
    }
    found.files.sort_unstable();
    found.files.dedup_by(|a, b| a.path == b.path);
    Run { analyse, store, options }.run(found, &[], None)
}

/// Brings `store` up to date with these absolute paths alone. Adds a file that it does not know only if a scan of the folders
/// that it remembers would find it.
///
/// # Errors
/// Those of [`build`].
pub(crate) fn files(store: &mut Store, paths: &[PathBuf], options: BuildOptions<'_>) -> Result<BuildSummary> {
    let (params, ffmpeg) = (*store.params(), options.ffmpeg.clone());
    let analyse = |file: &FoundFile, stop: &CancelToken| track::file(&file.path, &ffmpeg, &params, stop);
    let roots = store.roots()?;
    let mut found = Found::default();
    for path in paths {
        options.cancel.check()?;
        let is_known = store.known(path)?.is_some();
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
        if let Some(metadata) = metadata.filter(|_| is_known || roots.iter().any(|root| covers(root, path))) {
            found.files.push(files::describe(path.clone(), &metadata));
        }
    }
    found.files.sort_unstable();
    found.files.dedup_by(|a, b| a.path == b.path);
    Run { analyse: &analyse, store, options }.run(found, &[], Some(paths))
}

/// Whether a scan of `root` comes to a file at `path`.
fn covers(root: &Root, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(&root.path) else { return false };
    let names: Vec<&[u8]> = inside.iter().map(std::ffi::OsStr::as_encoded_bytes).collect();
    let is_hidden = names.iter().any(|name| name.first() == Some(&b'.'));
    let is_too_deep = root.max_depth.is_some_and(|depth| names.len() > depth as usize);
    !is_too_deep && (root.hidden || !is_hidden)
}

/// Tries the files again that gave no fingerprint.
///
/// # Errors
/// Those of [`build`].
pub(crate) fn retry(store: &mut Store, options: BuildOptions<'_>) -> Result<BuildSummary> {
    let (params, ffmpeg) = (*store.params(), options.ffmpeg.clone());
    let analyse = |file: &FoundFile, stop: &CancelToken| track::file(&file.path, &ffmpeg, &params, stop);
    let (mut jobs, mut gone) = (Vec::new(), Vec::new());
    let absent = Absent::of(&store.roots()?);
    store.failures(|path, _| {
        options.cancel.check()?;
        match std::fs::metadata(&path) {
            Ok(metadata) => jobs.push(Job::new(files::describe(path, &metadata), false)),
            Err(_) if is_gone(&path) && !absent.has(&path) => gone.push(path),
            Err(_) => {}
        }
        Ok(())
    })?;
    if !gone.is_empty() {
        store.write(|batch| gone.iter().try_for_each(|path| batch.remove(path).map(|_| ())))?;
    }
    let summary = BuildSummary { found: jobs.len(), ..BuildSummary::default() };
    Run { analyse: &analyse, store, options }.finish(&jobs, summary, &[])
}

/// Indexed folders that are gone, such as those on an unplugged disk. Nothing in them is forgotten.
struct Absent(Vec<PathBuf>);

impl Absent {
    fn of(roots: &[Root]) -> Self {
        Self(roots.iter().map(|root| root.path.clone()).filter(|path| is_gone(path)).collect())
    }

    fn has(&self, path: &Path) -> bool {
        self.0.iter().any(|folder| path.starts_with(folder))
    }
}

/// The parts that a build works with.
struct Run<'a, 'o> {
    analyse: Analyse<'a>,
    store: &'a mut Store,
    options: BuildOptions<'o>,
}

/// Changes that are made before any file is read.
#[derive(Default)]
struct Changes {
    /// Roots that are new, or scanned with other options than before.
    roots: Vec<Root>,
    /// Files that were missing and are back.
    returned: Vec<PathBuf>,
    /// Files that are gone.
    gone: Vec<PathBuf>,
    /// Files that are gone and had given no fingerprint. Nothing is kept of them.
    forgotten: Vec<PathBuf>,
}

impl Run<'_, '_> {
    /// Compares the found files with the known files in the paths `within`, or with all known files if that
    /// is `None`.
    fn run(mut self, found: Found, roots: &[Root], within: Option<&[PathBuf]>) -> Result<BuildSummary> {
        let mut known: HashMap<PathBuf, Known> = HashMap::new();
        let mut insert = |path, k| {
            known.insert(path, k);
            Ok(())
        };
        let cancellable = self.store.cancellable(&self.options.cancel);
        match within {
            Some(paths) => paths.iter().try_for_each(|path| self.store.known_below(path, &mut insert))?,
            None => self.store.all_known(insert)?,
        }
        let unreadable = found.unreadable.into_iter();
        let failed = unreadable.map(|(path, error)| FailedFile { path, error: Arc::new(error) }).collect();
        let mut summary = BuildSummary { found: found.files.len(), failed, ..Default::default() };
        let mut changes = Changes::default();
        let before = self.store.roots()?;
        let absent = Absent::of(&before);
        // Everything that is written from here on stays, however the build ends.
        drop(cancellable);
        changes.roots.extend(roots.iter().filter(|root| !before.contains(root)).cloned());
        let mut files = found.files;
        for (path, k) in &known {
            // A look at the disk for each of perhaps 100,000 files takes seconds on a network drive.
            self.options.cancel.check()?;
            if files.binary_search_by(|file| file.path.cmp(path)).is_ok() {
                continue;
            }
            if is_gone(path) && !k.is_no_file() {
                match k {
                    Known { failed: true, .. } if absent.has(path) => {}
                    Known { failed: true, .. } => changes.forgotten.push(path.clone()),
                    Known { missing: true, .. } => summary.still_missing += 1,
                    _ => changes.gone.push(path.clone()),
                }
            }
        }
        // Known files that the scan did not return but that still exist: hidden, too deep, or in a folder
        // that cannot be read.
        let beyond: Vec<FoundFile> = known
            .iter()
            .filter(|(_, k)| !k.is_no_file())
            .map(|(path, _)| path)
            .filter(|path| files.binary_search_by(|file| file.path.cmp(path)).is_err())
            .take_while(|_| !self.options.cancel.is_cancelled())
            .filter_map(|path| Some((path, std::fs::metadata(path).ok().filter(|m| m.is_file())?)))
            .map(|(path, metadata)| files::describe(path.clone(), &metadata))
            .collect();
        self.options.cancel.check()?;
        files.extend(beyond);
        files.sort_unstable();
        let mut jobs: Vec<Job> = Vec::new();
        for file in files {
            let Some(k) = known.get(&file.path) else {
                jobs.push(Job::new(file, false));
                continue;
            };
            let same = (k.size, k.mtime_ns) == (file.size, file.mtime_ns);
            if same && k.failed && !refuser::may_accept(&self.options.ffmpeg, k.refused_by.as_deref()) {
                summary.still_bad += 1;
                continue;
            }
            if same && k.missing {
                changes.returned.push(file.path.clone());
            }
            if same && k.hashed && !k.failed {
                summary.unchanged += 1;
            } else {
                jobs.push(Job { only_complete: same && !k.failed, ..Job::new(file, !k.failed) });
            }
        }
        changes.gone.sort_unstable();
        changes.forgotten.sort_unstable();
        (summary.returned, summary.missing) = (changes.returned.len(), changes.gone.len());
        self.apply(&changes)?;
        for path in &changes.gone {
            self.options.on_event.call(BuildEvent::Missing { path: path.clone() });
        }
        self.finish(&jobs, summary, &changes.gone)
    }

    fn apply(&mut self, changes: &Changes) -> Result<()> {
        let Changes { roots, returned, gone, forgotten } = changes;
        if roots.len() + returned.len() + gone.len() + forgotten.len() == 0 {
            return Ok(());
        }
        self.store.write(|batch| {
            roots.iter().try_for_each(|root| batch.put_root(root))?;
            returned.iter().try_for_each(|path| batch.set_missing(path, false).map(|_| ()))?;
            gone.iter().try_for_each(|path| batch.set_missing(path, true).map(|_| ()))?;
            forgotten.iter().try_for_each(|path| batch.remove(path).map(|_| ()))
        })
    }

    fn finish(mut self, jobs: &[Job], mut summary: BuildSummary, gone: &[PathBuf]) -> Result<BuildSummary> {
        self.options.on_event.call(BuildEvent::Found {
            files: summary.found,
            new: jobs.len(),
            new_bytes: jobs.iter().map(|job| job.file.size).sum(),
        });
        let Self { analyse, store, mut options } = self;
        workers::run(store, jobs, analyse, &mut options, &mut summary)?;
        // Drops tracks whose file has other content now and whose own content did not appear anywhere else.
        store.write(|batch| batch.drop_orphans())?;
        // What was found under another name is not missing.
        for path in gone {
            let is_missing = store.known(path)?.is_some_and(|known| known.missing);
            summary.missing -= usize::from(!is_missing);
        }
        options.on_event.call(BuildEvent::Neighbours);
        ann::maintain(store, &options.neighbours, &options.cancel)?;
        Ok(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode::Decoder, scan::content_hash};

    #[test]
    fn a_file_that_grows_during_its_analysis_is_right_after_the_next_update() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav");
        let whole = std::fs::read(song).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        let params = *store.params();
        let analyse = |file: &FoundFile, stop: &CancelToken| {
            // Its second half is written after it was hashed.
            std::fs::write(&file.path, &whole).unwrap();
            track::track(&mut Decoder::open(&file.path)?, &params, stop)
        };
        let roots = [folder.path().to_owned()];
        let built = build_with(&analyse, &mut store, &roots, BuildOptions::default()).unwrap();
        assert_eq!(built.added, 1);
        let updated = update_with(&analyse, &mut store, BuildOptions::default()).unwrap();
        assert_eq!((updated.added, updated.retagged), (1, 1), "the sound was that of the whole file already");
        let hash = content_hash::hash(&path, &CancelToken::new()).unwrap();
        assert!(store.track_with(&hash).unwrap().is_some());
        let again = update_with(&analyse, &mut store, BuildOptions::default()).unwrap();
        // Only the analysis wrote to the file, and it does not run again.
        assert_eq!((again.unchanged, again.added), (1, 0));
        store.verify(&CancelToken::new()).unwrap();
    }

    #[test]
    fn a_cancelled_build_ends_and_the_next_one_reads_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav");
        std::fs::copy(song, folder.path().join("a.wav")).unwrap();
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        let params = *store.params();
        let analyse = |file: &FoundFile, stop: &CancelToken| {
            track::track(&mut Decoder::open(&file.path)?, &params, stop)
        };
        let (roots, token) = ([folder.path().to_owned()], CancelToken::new());
        token.cancel();
        let options = BuildOptions::default().cancel(&token);
        assert!(matches!(build_with(&analyse, &mut store, &roots, options), Err(Error::Interrupted)));
        assert_eq!(store.totals().unwrap().tracks, 0);
        let built = build_with(&analyse, &mut store, &roots, BuildOptions::default()).unwrap();
        assert_eq!(built.added, 1);
    }

    #[test]
    fn an_update_looks_through_all_folders() {
        let folder = tempfile::tempdir().unwrap();
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav");
        let roots = ["one", "two"].map(|name| folder.path().join(name));
        roots.iter().for_each(|root| std::fs::create_dir(root).unwrap());
        let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        let params = *store.params();
        let analyse = |file: &FoundFile, stop: &CancelToken| {
            track::track(&mut Decoder::open(&file.path)?, &params, stop)
        };
        build_with(&analyse, &mut store, &roots, BuildOptions::default()).unwrap();
        for root in &roots {
            std::fs::copy(song, root.join("a.wav")).unwrap();
            let updated = update_with(&analyse, &mut store, BuildOptions::default()).unwrap();
            // The second one is a copy of the first.
            assert_eq!(updated.added + updated.copies, 1, "{updated:?}");
        }
    }

    #[test]
    fn only_what_a_scan_of_the_folder_finds_is_covered() {
        let root = |hidden, max_depth| Root { path: "/m".into(), follow_links: true, hidden, max_depth };
        for (root, path, is_covered) in [
            (root(false, None), "/m/a/b.wav", true),
            (root(false, None), "/mm/b.wav", false),
            (root(false, None), "/m/.a/b.wav", false),
            (root(true, None), "/m/.a/b.wav", true),
            (root(false, Some(1)), "/m/b.wav", true),
            (root(false, Some(1)), "/m/a/b.wav", false),
        ] {
            assert_eq!(covers(&root, Path::new(path)), is_covered, "{path} {root:?}");
        }
    }

    #[test]
    fn a_file_whose_hash_is_not_known_yet_gets_it_and_counts_as_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let (path, index) = (folder.path().join("a.wav"), folder.path().join("i.refrain"));
        std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/quiet-engines.wav"), &path)
            .unwrap();
        let mut store = Store::open_write(&index).unwrap();
        let params = *store.params();
        let roots = [folder.path().to_owned()];
        let analyse = |file: &FoundFile, stop: &CancelToken| {
            track::track(&mut Decoder::open(&file.path)?, &params, stop)
        };
        build_with(&analyse, &mut store, &roots, BuildOptions::default()).unwrap();
        // As in an index of format 1.
        let other = rusqlite::Connection::open(&index).unwrap();
        assert_eq!(other.execute("UPDATE track SET hash = NULL", []).unwrap(), 1);
        let never = |_: &FoundFile, _: &CancelToken| unreachable!("its sound is known");
        for _ in 0..2 {
            let updated = update_with(&never, &mut store, BuildOptions::default()).unwrap();
            assert_eq!((updated.unchanged, updated.added, updated.retagged), (1, 0, 0));
            let hash = content_hash::hash(&path, &CancelToken::new()).unwrap();
            assert!(store.track_with(&hash).unwrap().is_some());
        }
    }
}
