//! Bringing an index up to date with folders.
use std::{
    ffi::{c_char, c_int, c_void},
    path::PathBuf,
    ptr,
};

use refrain::{BuildEvent, BuildOptions, BuildSummary, CancelToken, FindOptions, Index};

use crate::{
    cancel::RefrainCancel,
    code::RefrainCode,
    guard::guard,
    index::RefrainIndex,
    input,
    sized::{self, Growing},
    strings::Strings,
};

/// What a RefrainBuildEvent is about. Kinds may be added; pass over those that you do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum RefrainBuildEventKind {
    /// The folders have been looked through: files, new_files, bytes.
    Found = 1,
    /// A file's content is known: path, bytes.
    Recognised = 2,
    /// A file that was missing lies elsewhere now: path is where it was, to is where it is.
    Moved = 3,
    /// A file is not there any more: path.
    Missing = 4,
    /// A folder that was indexed is not there: path.
    Unavailable = 5,
    /// A file was analysed and will be in the index with the next commit: path, bytes, seconds; message says what was wrong
    /// with it and could be got over, or is NULL.
    Added = 6,
    /// A file cannot be used: path, bytes, message.
    Failed = 7,
    /// The neighbour index is being brought up to date.
    Neighbours = 8,
}

/// What a build tells while it goes on. Fields that its kind does not name are 0 or NULL. Fields may be added at the end.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainBuildEvent {
    /// What it is about.
    pub kind: RefrainBuildEventKind,
    /// The file or folder.
    pub path: *const c_char,
    /// Where a file is now.
    pub to: *const c_char,
    /// Why, for people; UTF-8.
    pub message: *const c_char,
    /// Bytes of the file, or of all new ones.
    pub bytes: u64,
    /// How long the file plays.
    pub seconds: f64,
    /// Files that may be audio.
    pub files: u64,
    /// How many of them may be new or changed, and so will be read.
    pub new_files: u64,
}

/// A callback that is told how a build goes, on the thread that called for the build. The event and its texts are there
/// until it returns. It may read the index, and set a RefrainCancel to end the build; it may not write to the index.
pub type RefrainBuildCallback =
    Option<unsafe extern "C" fn(event: *const RefrainBuildEvent, user_data: *mut c_void)>;

/// How to build. What is 0 or NULL is as if it were not there.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainBuildOptions {
    /// sizeof (RefrainBuildOptions), set by the caller.
    pub size: usize,
    /// Files analysed at a time; 0 for as many as there are cores.
    pub threads: usize,
    /// How many folders deep to go, 1 for the files of a folder alone; 0 for any depth.
    pub max_depth: usize,
    /// Not 0: do not follow symbolic links.
    pub no_follow: c_int,
    /// Not 0: take hidden files and folders too.
    pub hidden: c_int,
    /// Is told how it goes.
    pub callback: RefrainBuildCallback,
    /// Given to the callback.
    pub user_data: *mut c_void,
    /// Ends it early; what was committed stays.
    pub cancel: *const RefrainCancel,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainBuildOptions {
    const NAME: &'static str = "RefrainBuildOptions";
}

/// What a build did.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainBuildSummary {
    /// sizeof (RefrainBuildSummary), set by the caller.
    pub size: usize,
    /// Files that may be audio.
    pub found: u64,
    /// Files that are in the index and have not changed.
    pub unchanged: u64,
    /// Files that had given no fingerprint before and have not changed.
    pub still_bad: u64,
    /// Files analysed and added.
    pub added: u64,
    /// Of these, files whose track is the same with other tags.
    pub retagged: u64,
    /// Files that were known under another path, where they are no longer.
    pub moved: u64,
    /// Files of a content that is known under another path too.
    pub copies: u64,
    /// Files that were missing and are there again.
    pub returned: u64,
    /// Files that were found to be missing.
    pub missing: u64,
    /// Files that are missing still.
    pub still_missing: u64,
    /// Files and folders that could not be used; the callback is told which, refrain_failures lists the files.
    pub failed: u64,
    /// How long the added ones play.
    pub added_seconds: f64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainBuildSummary {
    const NAME: &'static str = "RefrainBuildSummary";
}

/// Brings the index up to date with folders and files, in parallel: what is new or changed is added, what has moved is
/// recognised, what is gone is marked as missing. Folders are remembered for refrain_update. `options` may be NULL, and so
/// may `summary`.
///
/// A file that is no audio or damaged is no error, it counts as failed. REFRAIN_ERROR_IO for a path that does not exist,
/// REFRAIN_ERROR_INTERRUPTED; what was committed by then stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_build(
    index: *mut RefrainIndex,
    paths: *const *const c_char,
    path_count: usize,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
) -> RefrainCode {
    let build =
        |index: &Index, options: &BuildOptions, cancel: &CancelToken, on: &mut dyn FnMut(BuildEvent)| {
            // SAFETY: a list of the caller.
            let roots = unsafe { input::paths(paths, path_count) }?;
            Ok(index.build(&roots, options, cancel, on)?)
        };
    // SAFETY: as the header says.
    unsafe { run(index, options, summary, build) }
}

/// Brings the index up to date with the folders that were built from before, and with every other file that it knows. A
/// folder that is not there is no error: its files are marked as missing. Else as refrain_build.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_update(
    index: *mut RefrainIndex,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe {
        run(index, options, summary, |index, options, cancel, on| Ok(index.update(options, cancel, on)?))
    }
}

/// Tries the files again that gave no fingerprint; those that are gone are forgotten. Else as refrain_build.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_retry(
    index: *mut RefrainIndex,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe {
        run(index, options, summary, |index, options, cancel, on| Ok(index.retry(options, cancel, on)?))
    }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn run(
    index: *mut RefrainIndex,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
    work: impl FnOnce(
        &Index,
        &BuildOptions,
        &CancelToken,
        &mut dyn FnMut(BuildEvent),
    ) -> crate::code::Result<BuildSummary>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, structs of the caller, and its flag.
        let (index, options, cancel) = unsafe {
            let index = input::handle(index, "index")?;
            let options = sized::read(options)?;
            if !summary.is_null() {
                sized::check(summary)?;
            }
            (index, options, input::cancel(options.cancel))
        };
        let find = FindOptions {
            follow_links: options.no_follow == 0,
            hidden: options.hidden != 0,
            max_depth: Some(options.max_depth).filter(|&depth| depth > 0),
        };
        let threads = Some(options.threads).filter(|&threads| threads > 0);
        let build = BuildOptions::default().find(find).threads(threads);
        let done = work(&index.index, &build, &cancel, &mut |event| {
            if let Some(callback) = options.callback {
                // SAFETY: the caller's function, called as it is declared.
                tell(event, |event| unsafe { callback(event, options.user_data) });
            }
        })?;
        if summary.is_null() {
            return Ok(());
        }
        // SAFETY: a struct of the caller.
        unsafe { sized::write(summary, &summary_of(&done)) }
    })
}

fn tell(event: BuildEvent, callback: impl FnOnce(*const RefrainBuildEvent)) {
    use RefrainBuildEventKind as Kind;
    let mut strings = Strings::default();
    let mut path = |path: PathBuf| strings.path(&path);
    let null = ptr::null();
    let none = RefrainBuildEvent {
        kind: Kind::Found,
        path: null,
        to: null,
        message: null,
        bytes: 0,
        seconds: 0.0,
        files: 0,
        new_files: 0,
    };
    let told = match event {
        BuildEvent::Found { files, new, new_bytes } => {
            RefrainBuildEvent { files: files as u64, new_files: new as u64, bytes: new_bytes, ..none }
        }
        BuildEvent::Recognised { path: at, bytes } => {
            RefrainBuildEvent { kind: Kind::Recognised, path: path(at), bytes, ..none }
        }
        BuildEvent::Moved { from, to } => {
            RefrainBuildEvent { kind: Kind::Moved, path: path(from), to: path(to), ..none }
        }
        BuildEvent::Missing { path: at } => RefrainBuildEvent { kind: Kind::Missing, path: path(at), ..none },
        BuildEvent::Unavailable { path: at } => {
            RefrainBuildEvent { kind: Kind::Unavailable, path: path(at), ..none }
        }
        BuildEvent::Added { path: at, bytes, duration, warnings } => {
            let path = path(at);
            let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
            let message = if warnings.is_empty() { null } else { strings.text(&warnings.join("; ")) };
            RefrainBuildEvent { kind: Kind::Added, path, bytes, seconds: duration.0, message, ..none }
        }
        BuildEvent::Failed { path: at, bytes, reason } => {
            let path = path(at);
            RefrainBuildEvent { kind: Kind::Failed, path, bytes, message: strings.text(&reason), ..none }
        }
        BuildEvent::Neighbours => RefrainBuildEvent { kind: Kind::Neighbours, ..none },
        // Kinds that are added to the library later.
        _ => return,
    };
    callback(&told);
}

fn summary_of(done: &BuildSummary) -> RefrainBuildSummary {
    RefrainBuildSummary {
        size: 0,
        found: done.found as u64,
        unchanged: done.unchanged as u64,
        still_bad: done.still_bad as u64,
        added: done.added as u64,
        retagged: done.retagged as u64,
        moved: done.moved as u64,
        copies: done.copies as u64,
        returned: done.returned as u64,
        missing: done.missing as u64,
        still_missing: done.still_missing as u64,
        failed: done.failed.len() as u64,
        added_seconds: done.added_duration.0,
    }
}
