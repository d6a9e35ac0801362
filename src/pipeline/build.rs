//! Bringing an index up to date with the files: what is new, changed, moved, missing or there again.
use std::{collections::HashMap, path::PathBuf};

use super::{
    add::analyse_file,
    find::{self, FindOptions, Found, FoundFile},
    upkeep::is_gone,
    work::{self, Analyse, Job},
};
use crate::cancel::CancelToken;
use crate::{
    Error, Result, ann,
    decode::Warning,
    store::{Known, Root, Store},
    units::Seconds,
};

/// How to build.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BuildOptions {
    /// Which files to take.
    pub find: FindOptions,
    /// Files analysed at a time; `None` for as many as there are cores.
    pub threads: Option<usize>,
    /// When to build the neighbour index.
    pub neighbours: ann::Options,
}

impl BuildOptions {
    /// With another [`find`](Self::find).
    #[must_use]
    pub fn find(mut self, find: FindOptions) -> Self {
        self.find = find;
        self
    }

    /// With another [`threads`](Self::threads).
    #[must_use]
    pub fn threads(mut self, threads: Option<usize>) -> Self {
        self.threads = threads;
        self
    }

    /// With other [`neighbours`](Self::neighbours).
    #[must_use]
    pub fn neighbours(mut self, neighbours: ann::Options) -> Self {
        self.neighbours = neighbours;
        self
    }
}

/// What a build tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildEvent {
    /// The folders have been looked through.
    Found {
        /// Files that may be audio.
        files: usize,
        /// How many of them may be new or changed, and so will be read.
        new: usize,
        /// Bytes of those.
        new_bytes: u64,
    },
    /// A file's content is known; what became of it will be in the index with the next commit.
    Recognised {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A file that was missing lies elsewhere now.
    Moved {
        /// Where it was.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// A file is not there any more, and was marked as missing.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A folder that was indexed is not there; its files count as missing.
    Unavailable {
        /// The folder.
        path: PathBuf,
    },
    /// A file was analysed and will be in the index with the next commit.
    Added {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// How long it plays.
        duration: Seconds,
        /// What was wrong with it and could be got over.
        warnings: Vec<Warning>,
    },
    /// A file gave no fingerprint.
    Failed {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// Why.
        reason: String,
    },
    /// The neighbour index is being brought up to date.
    Neighbours,
}

/// What a build did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BuildSummary {
    /// Files that may be audio.
    pub found: usize,
    /// Files that are in the index and have not changed.
    pub unchanged: usize,
    /// Files that had given no fingerprint before and have not changed.
    pub still_bad: usize,
    /// Files analysed and added.
    pub added: usize,
    /// Of these, files whose track is the same with other tags.
    pub retagged: usize,
    /// Files that were known under another path, where they are no longer.
    pub moved: usize,
    /// Files of a content that is known under another path too.
    pub copies: usize,
    /// Files that were missing and are there again.
    pub returned: usize,
    /// Files that were found to be missing.
    pub missing: usize,
    /// Files that are missing still.
    pub still_missing: usize,
    /// How long the added ones play.
    pub added_duration: Seconds,
    /// Files and folders that could not be used, with the reason.
    pub failed: Vec<(PathBuf, String)>,
}

/// Brings `store` up to date with `roots` and remembers those that are folders.
///
/// What is new or changed is analysed and added, what has moved is recognised by its content, what is gone is marked as
/// missing and kept. The same files give the same content, however many threads there are. What was committed before an
/// interruption or an error stays, and the next build goes on from there.
///
/// # Errors
/// [`Error::Io`] for a root that does not exist, [`Error::Index`] where the index cannot be written,
/// [`Error::Interrupted`] once `cancel` is set. A bad file is no error: it is in the summary.
pub(super) fn build(
    store: &mut Store,
    roots: &[PathBuf],
    options: &BuildOptions,
    cancel: &CancelToken,
    on: impl FnMut(BuildEvent),
) -> Result<BuildSummary> {
    let params = *store.params();
    let analyse = |file: &FoundFile, stop: &CancelToken| analyse_file(file, &params, stop);
    build_with(&analyse, store, roots, options, cancel, on)
}

/// As [`build`], by an analysis of the caller's.
pub(super) fn build_with(
    analyse: Analyse<'_>,
    store: &mut Store,
    roots: &[PathBuf],
    options: &BuildOptions,
    cancel: &CancelToken,
    on: impl FnMut(BuildEvent),
) -> Result<BuildSummary> {
    let found = find::find(roots, &options.find, cancel)?;
    let mut real = Vec::new();
    for root in roots {
        let io = |source| Error::Io { path: root.clone(), source };
        real.push(std::fs::canonicalize(root).map_err(io)?);
    }
    let folder = |path: &PathBuf| Root {
        path: path.clone(),
        follow_links: options.find.follow_links,
        hidden: options.find.hidden,
        max_depth: options.find.max_depth.map(|depth| u32::try_from(depth).unwrap_or(u32::MAX)),
    };
    let new_roots: Vec<Root> = real.iter().filter(|path| path.is_dir()).map(folder).collect();
    Run { analyse, store, options, cancel, on }.run(found, &new_roots, Some(&real))
}

/// Brings `store` up to date with the folders it remembers, and with every other file that it knows.
///
/// # Errors
/// As [`build`]; a folder that is not there is no error: its files are missing. Nor is one that cannot be read: it is in the
/// summary.
pub(super) fn update(
    store: &mut Store,
    options: &BuildOptions,
    cancel: &CancelToken,
    on: impl FnMut(BuildEvent),
) -> Result<BuildSummary> {
    let params = *store.params();
    let analyse = |file: &FoundFile, stop: &CancelToken| analyse_file(file, &params, stop);
    update_with(&analyse, store, options, cancel, on)
}

/// As [`update`], by an analysis of the caller's.
pub(super) fn update_with(
    analyse: Analyse<'_>,
    store: &mut Store,
    options: &BuildOptions,
    cancel: &CancelToken,
    mut on: impl FnMut(BuildEvent),
) -> Result<BuildSummary> {
    let mut found = Found::default();
    for root in store.roots()? {
        if is_gone(&root.path) {
            on(BuildEvent::Unavailable { path: root.path });
            continue;
        }
        let options = FindOptions {
            follow_links: root.follow_links,
            hidden: root.hidden,
            max_depth: root.max_depth.map(|depth| depth as usize),
        };
        match find::find(std::slice::from_ref(&root.path), &options, cancel) {
            Ok(below) => {
                found.files.extend(below.files);
                found.unreadable.extend(below.unreadable);
            }
            // One folder that cannot be entered holds up none of the others.
            Err(error @ Error::Io { .. }) => found.unreadable.push((root.path, reason(&error))),
            Err(error) => return Err(error),
        }
    }
    found.files.sort_unstable();
    found.files.dedup_by(|a, b| a.path == b.path);
    Run { analyse, store, options, cancel, on }.run(found, &[], None)
}

/// Tries the files again that gave no fingerprint.
///
/// # Errors
/// As [`build`].
pub(super) fn retry(
    store: &mut Store,
    options: &BuildOptions,
    cancel: &CancelToken,
    on: impl FnMut(BuildEvent),
) -> Result<BuildSummary> {
    let params = *store.params();
    let analyse = |file: &FoundFile, stop: &CancelToken| analyse_file(file, &params, stop);
    let (mut jobs, mut gone) = (Vec::new(), Vec::new());
    store.failures(|path, _| {
        match std::fs::metadata(&path) {
            Ok(metadata) => jobs.push(Job::new(find::describe(path, &metadata), false)),
            Err(_) if is_gone(&path) => gone.push(path),
            Err(_) => {}
        }
        Ok(())
    })?;
    if !gone.is_empty() {
        store.write(|batch| gone.iter().try_for_each(|path| batch.remove(path).map(|_| ())))?;
    }
    let summary = BuildSummary { found: jobs.len(), ..BuildSummary::default() };
    Run { analyse: &analyse, store, options, cancel, on }.finish(&jobs, summary)
}

/// What a build works with.
struct Run<'a, F> {
    analyse: Analyse<'a>,
    store: &'a mut Store,
    options: &'a BuildOptions,
    cancel: &'a CancelToken,
    on: F,
}

/// What is to be done before anything is read.
#[derive(Default)]
struct Changes {
    /// Roots that are new, or looked through otherwise than before.
    roots: Vec<Root>,
    /// Files that were missing and are there again.
    returned: Vec<PathBuf>,
    /// Files that are gone.
    gone: Vec<PathBuf>,
    /// The same, of files that had given no fingerprint: there is nothing to keep of them.
    forgotten: Vec<PathBuf>,
}

impl<F: FnMut(BuildEvent)> Run<'_, F> {
    /// Compares what was found with what is known below the paths `within`, or of all files where there are none.
    fn run(mut self, found: Found, roots: &[Root], within: Option<&[PathBuf]>) -> Result<BuildSummary> {
        let mut known: HashMap<PathBuf, Known> = HashMap::new();
        let mut insert = |path, k| {
            known.insert(path, k);
            Ok(())
        };
        let cancellable = self.store.cancellable(self.cancel);
        match within {
            Some(paths) => paths.iter().try_for_each(|path| self.store.known_below(path, &mut insert))?,
            None => self.store.all_known(insert)?,
        }
        let mut summary =
            BuildSummary { found: found.files.len(), failed: found.unreadable, ..Default::default() };
        let mut changes = Changes::default();
        let before = self.store.roots()?;
        // What is written from here on stays, however the build ends.
        drop(cancellable);
        changes.roots.extend(roots.iter().filter(|root| !before.contains(root)).cloned());
        let mut files = found.files;
        for (path, k) in &known {
            if files.binary_search_by(|file| file.path.cmp(path)).is_ok() {
                continue;
            }
            if is_gone(path) && !k.is_no_file() {
                match k {
                    Known { failed: true, .. } => changes.forgotten.push(path.clone()),
                    Known { missing: true, .. } => summary.still_missing += 1,
                    _ => changes.gone.push(path.clone()),
                }
            }
        }
        // Those that are there all the same: hidden, too deep, named themselves, or beyond a folder that cannot be read.
        let beyond: Vec<FoundFile> = known
            .iter()
            .filter(|(_, k)| !k.is_no_file())
            .map(|(path, _)| path)
            .filter(|path| files.binary_search_by(|file| file.path.cmp(path)).is_err())
            .filter_map(|path| Some((path, std::fs::metadata(path).ok().filter(|m| m.is_file())?)))
            .map(|(path, metadata)| find::describe(path.clone(), &metadata))
            .collect();
        files.extend(beyond);
        files.sort_unstable();
        let mut jobs: Vec<Job> = Vec::new();
        for file in files {
            let Some(k) = known.get(&file.path) else {
                jobs.push(Job::new(file, false));
                continue;
            };
            let same = (k.size, k.mtime_ns) == (file.size, file.mtime_ns);
            if same && k.failed {
                summary.still_bad += 1;
                continue;
            }
            if same && k.missing {
                changes.returned.push(file.path.clone());
            }
            if same && k.hashed {
                summary.unchanged += 1;
            } else {
                jobs.push(Job { only_complete: same, ..Job::new(file, !k.failed) });
            }
        }
        changes.gone.sort_unstable();
        changes.forgotten.sort_unstable();
        (summary.returned, summary.missing) = (changes.returned.len(), changes.gone.len());
        self.apply(&changes)?;
        for path in changes.gone {
            (self.on)(BuildEvent::Missing { path });
        }
        self.finish(&jobs, summary)
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

    fn finish(mut self, jobs: &[Job], mut summary: BuildSummary) -> Result<BuildSummary> {
        (self.on)(BuildEvent::Found {
            files: summary.found,
            new: jobs.len(),
            new_bytes: jobs.iter().map(|job| job.file.size).sum(),
        });
        let Self { analyse, store, options, cancel, mut on } = self;
        work::run(store, jobs, options.threads, analyse, cancel, &mut summary, &mut on)?;
        // Whose file has other content now, and whose own content did not turn up anywhere else.
        store.write(|batch| batch.drop_orphans())?;
        on(BuildEvent::Neighbours);
        ann::build(store, &options.neighbours, cancel)?;
        Ok(summary)
    }
}

impl Job {
    fn new(file: FoundFile, in_index: bool) -> Self {
        Self { file, in_index, only_complete: false }
    }
}

/// The reason without the path, which is told beside it.
pub(super) fn reason(error: &Error) -> String {
    match error {
        Error::Io { source, .. } => source.to_string(),
        Error::Audio { reason, .. } => reason.to_string(),
        other => other.to_string(),
    }
}
