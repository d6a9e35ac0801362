//! Bringing an index up to date with folders.
use std::{
    ffi::{c_char, c_int, c_void},
    path::PathBuf,
    ptr,
};

use refrain::{BuildEvent, BuildOptions, BuildSummary, Index};

use crate::{
    cancel::{self, RefrainCancel},
    code::{RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input,
    sized::{self, Growing},
    strings::Strings,
};

/// The kind of a RefrainBuildEvent, and the fields that it fills. Later versions may add kinds; ignore those you do not
/// know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum RefrainBuildEventKind {
    /// The folders were scanned: files, new_files, bytes.
    Found = 1,
    /// The index knows the content of a file: path, bytes.
    Recognised = 2,
    /// A file has moved: path is the old path, to the new one.
    Moved = 3,
    /// A file is gone, and was marked as missing: path.
    Missing = 4,
    /// A folder that was indexed is gone: path.
    Unavailable = 5,
    /// A file was analysed; the next commit stores it: path, bytes, seconds. message has warnings about the file, or is
    /// NULL.
    Added = 6,
    /// A file cannot be used: path, bytes, message.
    Failed = 7,
    /// The neighbour index is being brought up to date.
    Neighbours = 8,
}

/// Progress of a build. Fields that the kind does not name are 0 or NULL. Later versions may add fields at the end.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainBuildEvent {
    /// The kind of event.
    pub kind: RefrainBuildEventKind,
    /// The file or folder.
    pub path: *const c_char,
    /// The new path of a moved file.
    pub to: *const c_char,
    /// The reason or the warnings, for people; UTF-8.
    pub message: *const c_char,
    /// Bytes of the file, or of all new files.
    pub bytes: u64,
    /// The length of the audio.
    pub seconds: f64,
    /// Files that may be audio.
    pub files: u64,
    /// How many of them are new or may have changed. The build reads these.
    pub new_files: u64,
}

/// Gets the events of a build, on the thread that called it. The event and its texts are valid until the callback
/// returns. The callback may read the index, and set a RefrainCancel to end the build. It must not write to the index.
pub type RefrainBuildCallback =
    Option<unsafe extern "C" fn(event: *const RefrainBuildEvent, user_data: *mut c_void)>;

/// How to build. 0 and NULL stand for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainBuildOptions {
    /// sizeof (RefrainBuildOptions), set by the caller.
    pub size: usize,
    /// Files to analyse at a time; 0 for one per core.
    pub threads: usize,
    /// How many folders deep to go; 1 takes only the files of the folder itself, 0 any depth.
    pub max_depth: usize,
    /// Not 0: do not follow symbolic links.
    pub no_follow: c_int,
    /// Not 0: take hidden files and folders too.
    pub hidden: c_int,
    /// Gets the events.
    pub callback: RefrainBuildCallback,
    /// Passed to the callback.
    pub user_data: *mut c_void,
    /// Ends the build early. Committed data stays.
    pub cancel: *const RefrainCancel,
    /// Whether an installed ffmpeg decodes files that refrain cannot: NULL for never, "auto" for the one in PATH if there is
    /// one, or the path of the program.
    pub ffmpeg: *const c_char,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainBuildOptions {
    const NAME: &'static str = "RefrainBuildOptions";
}

/// The outcome of a build.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainBuildSummary {
    /// sizeof (RefrainBuildSummary), set by the caller.
    pub size: usize,
    /// Files that may be audio.
    pub found: u64,
    /// Unchanged files that are in the index.
    pub unchanged: u64,
    /// Unchanged files that gave no fingerprint before.
    pub still_bad: u64,
    /// Files analysed and added.
    pub added: u64,
    /// How many of the added files keep their track, with new tags.
    pub retagged: u64,
    /// Files that have moved.
    pub moved: u64,
    /// Copies of files that the index has under another path too.
    pub copies: u64,
    /// Missing files that are back.
    pub returned: u64,
    /// Files that are newly missing.
    pub missing: u64,
    /// Files that are still missing.
    pub still_missing: u64,
    /// Files and folders that could not be used. The callback gets each; refrain_failures lists the files.
    pub failed: u64,
    /// The length of the added files in seconds.
    pub added_seconds: f64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainBuildSummary {
    const NAME: &'static str = "RefrainBuildSummary";
}

/// Brings the index up to date with folders and files, in parallel. Adds new and changed files, recognises moved files,
/// and marks files that are gone as missing. refrain_update remembers the folders. `options` and `summary` may be NULL.
///
/// REFRAIN_ERROR_IO if a path does not exist, REFRAIN_ERROR_INTERRUPTED if its cancel ended it; committed data stays. A
/// damaged file is no error: it counts as failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_build(
    index: *mut RefrainIndex,
    paths: *const *const c_char,
    path_count: usize,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
) -> RefrainCode {
    let build = |index: &Index, options: BuildOptions<'_>| {
        // SAFETY: a list of the caller.
        let roots = unsafe { input::paths(paths, path_count) }?;
        Ok(index.build_with(roots, options)?)
    };
    // SAFETY: as the header says.
    unsafe { run(index, options, summary, build) }
}

/// Brings the index up to date with the folders of earlier builds, and with every other file that it knows. A folder that
/// is gone is no error: its files are marked as missing. Otherwise like refrain_build.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_update(
    index: *mut RefrainIndex,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { run(index, options, summary, |index, options| Ok(index.update_with(options)?)) }
}

/// Tries the files again that gave no fingerprint, and forgets those that are gone. Otherwise like refrain_build.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_retry(
    index: *mut RefrainIndex,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { run(index, options, summary, |index, options| Ok(index.retry_with(options)?)) }
}

/// # Safety
/// As of the arguments in the header.
unsafe fn run(
    index: *mut RefrainIndex,
    options: *const RefrainBuildOptions,
    summary: *mut RefrainBuildSummary,
    work: impl FnOnce(&Index, BuildOptions<'_>) -> Result<BuildSummary>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, structs of the caller, and a flag.
        let (index, o, token, ffmpeg) = unsafe {
            let index = input::handle(index, "index")?;
            let o = sized::read(options)?;
            if !summary.is_null() {
                sized::check(summary)?;
            }
            (index, o, cancel::token(o.cancel), input::ffmpeg(o.ffmpeg)?)
        };
        let mut options = BuildOptions::default()
            .scan(input::scan(o.no_follow, o.hidden, o.max_depth))
            .threads(Some(o.threads).filter(|&threads| threads > 0))
            .ffmpeg(&ffmpeg)
            .cancel(&token);
        if let Some(callback) = o.callback {
            // SAFETY: the caller's function, called as it is declared.
            let call = move |event: *const RefrainBuildEvent| unsafe { callback(event, o.user_data) };
            options = options.on_event(move |event| tell(event, call));
        }
        let done = work(&index.index, options)?;
        if summary.is_null() {
            return Ok(());
        }
        // SAFETY: a struct of the caller.
        unsafe { sized::write(summary, &summary_of(&done)) }
    })
}

/// Passes an event to the callback.
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
    let plain = match event {
        BuildEvent::Found { files, new, new_bytes, .. } => {
            RefrainBuildEvent { files: files as u64, new_files: new as u64, bytes: new_bytes, ..none }
        }
        BuildEvent::Recognised { path: at, bytes, .. } => {
            RefrainBuildEvent { kind: Kind::Recognised, path: path(at), bytes, ..none }
        }
        BuildEvent::Moved { from, to, .. } => {
            RefrainBuildEvent { kind: Kind::Moved, path: path(from), to: path(to), ..none }
        }
        BuildEvent::Missing { path: at, .. } => {
            RefrainBuildEvent { kind: Kind::Missing, path: path(at), ..none }
        }
        BuildEvent::Unavailable { path: at, .. } => {
            RefrainBuildEvent { kind: Kind::Unavailable, path: path(at), ..none }
        }
        BuildEvent::Added { path: at, bytes, duration, warnings, .. } => {
            let path = path(at);
            let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
            let message = if warnings.is_empty() { null } else { strings.text(&warnings.join("; ")) };
            RefrainBuildEvent { kind: Kind::Added, path, bytes, seconds: duration.0, message, ..none }
        }
        BuildEvent::Failed { path: at, bytes, error, .. } => {
            let path = path(at);
            RefrainBuildEvent {
                kind: Kind::Failed,
                path,
                bytes,
                message: strings.text(&error.reason()),
                ..none
            }
        }
        BuildEvent::Neighbours => RefrainBuildEvent { kind: Kind::Neighbours, ..none },
        // Kinds that the library adds later.
        _ => return,
    };
    callback(&plain);
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
