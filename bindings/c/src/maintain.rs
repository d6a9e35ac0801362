//! Removing, moving, merging, and keeping the file in shape.
use std::ffi::{c_char, c_void};

use refrain::{Index, MaintainOptions};

use crate::{
    cancel::{self, RefrainCancel},
    code::{RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input, output,
    sized::{self, Growing},
};

/// Gets how many tracks or files are done, and how many there are, on the calling thread.
pub type RefrainProgressCallback =
    Option<unsafe extern "C" fn(done: u64, total: u64, user_data: *mut c_void)>;

/// Options of calls that read or rewrite much of an index. 0 and NULL stand for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainMaintainOptions {
    /// sizeof (RefrainMaintainOptions), set by the caller.
    pub size: usize,
    /// Ends the call early. The index stays valid.
    pub cancel: *const RefrainCancel,
    /// Gets the progress.
    pub callback: RefrainProgressCallback,
    /// Passed to the callback.
    pub user_data: *mut c_void,
}
// SAFETY: pointers throughout, the size first.
unsafe impl Growing for RefrainMaintainOptions {
    const NAME: &'static str = "RefrainMaintainOptions";
}

/// The outcome of refrain_merge.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainMergeSummary {
    /// sizeof (RefrainMergeSummary), set by the caller.
    pub size: usize,
    /// New tracks.
    pub added: u64,
    /// Tracks whose content the index had. They have more files now.
    pub known: u64,
    /// Tracks whose paths the index had already. They stay as they were.
    pub skipped: u64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainMergeSummary {
    const NAME: &'static str = "RefrainMergeSummary";
}

/// The options of a call that takes a flag alone.
fn with_cancel(cancel: *const RefrainCancel) -> RefrainMaintainOptions {
    let size = size_of::<RefrainMaintainOptions>();
    RefrainMaintainOptions { size, cancel, callback: None, user_data: std::ptr::null_mut() }
}

/// # Safety
/// `index` and `options` are as the header says.
unsafe fn with_options<T>(
    index: *const RefrainIndex,
    options: *const RefrainMaintainOptions,
    work: impl FnOnce(&Index, MaintainOptions<'_>) -> Result<T>,
) -> Result<T> {
    // SAFETY: a handle, a struct and a flag of the caller.
    let (index, o, token) = unsafe {
        let (index, o) = (input::handle(index, "index")?, sized::read(options)?);
        (index, o, cancel::token(o.cancel))
    };
    let mut options = MaintainOptions::default().cancel(&token);
    if let Some(callback) = o.callback {
        // SAFETY: the caller's function, called as it is declared.
        options = options.on_progress(move |at| unsafe { callback(at.done, at.total, o.user_data) });
    }
    work(&index.index, options)
}

/// Forgets files, and tracks that have no other file. `paths` are spelled as refrain_select and refrain_tracks return
/// them. Does not touch the files themselves. `*removed` is how many of them the index knew; `removed` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_remove(
    index: *mut RefrainIndex,
    paths: *const *const c_char,
    path_count: usize,
    removed: *mut u64,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_remove_with(index, paths, path_count, std::ptr::null(), removed) }
}

/// Like refrain_remove, with options, which may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it; files that it removed by then stay removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_remove_with(
    index: *mut RefrainIndex,
    paths: *const *const c_char,
    path_count: usize,
    options: *const RefrainMaintainOptions,
    removed: *mut u64,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| {
        // SAFETY: a list of the caller.
        Ok(index.remove_with(&unsafe { input::paths(paths, path_count) }?, options)?)
    };
    guard(|| {
        // SAFETY: as the header says.
        unsafe { output::put(removed, with_options(index, options, work)? as u64) };
        Ok(())
    })
}

/// Forgets missing files. Keeps files of a folder that is gone as a whole, such as an unplugged disk. `*removed` is how
/// many it forgot; `removed` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_prune(index: *mut RefrainIndex, removed: *mut u64) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_prune_with(index, std::ptr::null(), removed) }
}

/// Like refrain_prune, with options, which may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it; files that it removed by then stay removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_prune_with(
    index: *mut RefrainIndex,
    options: *const RefrainMaintainOptions,
    removed: *mut u64,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| {
        let gone = index.prunable()?;
        Ok(index.remove_with(&gone, options)?)
    };
    guard(|| {
        // SAFETY: as the header says.
        unsafe { output::put(removed, with_options(index, options, work)? as u64) };
        Ok(())
    })
}

/// Forgets that folders at or below `path` were indexed, so that refrain_update does not scan them. Their files stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_forget_roots(index: *mut RefrainIndex, path: *const c_char) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle and a text.
        let (index, path) = unsafe { (input::handle(index, "index")?, input::path(path, "path")?) };
        Ok(index.index.forget_roots(path)?)
    })
}

/// Changes the paths of all files and folders at or below `from` to below `to`, as after a folder was renamed. `*files`
/// and `*roots` are how many; both may be NULL.
///
/// REFRAIN_ERROR_INDEX if the index knows another file at a new path. It changes nothing then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_relocate(
    index: *mut RefrainIndex,
    from: *const c_char,
    to: *const c_char,
    files: *mut u64,
    roots: *mut u64,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, texts, and room for numbers.
        unsafe {
            let index = input::handle(index, "index")?;
            let moved = index.index.relocate(input::path(from, "from")?, input::path(to, "to")?)?;
            output::put(files, moved.files);
            output::put(roots, moved.roots);
        }
        Ok(())
    })
}

/// Adds the tracks of `other`. Tracks with the same content become one. A path that both have keeps its track in `index`.
/// `cancel` and `summary` may be NULL. Tracks that were merged before a failure stay merged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_merge(
    index: *mut RefrainIndex,
    other: *const RefrainIndex,
    cancel: *const RefrainCancel,
    summary: *mut RefrainMergeSummary,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_merge_with(index, other, &with_cancel(cancel), summary) }
}

/// Like refrain_merge, with options, which may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_merge_with(
    index: *mut RefrainIndex,
    other: *const RefrainIndex,
    options: *const RefrainMaintainOptions,
    summary: *mut RefrainMergeSummary,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| {
        // SAFETY: a handle.
        let other = unsafe { input::handle(other, "other") }?;
        Ok(index.merge_with(&other.index, options)?)
    };
    guard(|| {
        // SAFETY: handles, structs and a flag of the caller.
        unsafe {
            if !summary.is_null() {
                sized::check(summary)?;
            }
            let done = with_options(index, options, work)?;
            let value = RefrainMergeSummary {
                size: 0,
                added: done.added as u64,
                known: done.known as u64,
                skipped: done.skipped as u64,
            };
            if summary.is_null() { Ok(()) } else { sized::write(summary, &value) }
        }
    })
}

/// Reads and checks the whole index.
///
/// REFRAIN_ERROR_DAMAGED with the first problem that it finds, REFRAIN_ERROR_NEIGHBOURS if refrain_rebuild repairs it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_verify(index: *const RefrainIndex) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_verify_with(index, std::ptr::null()) }
}

/// Like refrain_verify, with options, which may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_verify_with(
    index: *const RefrainIndex,
    options: *const RefrainMaintainOptions,
) -> RefrainCode {
    // SAFETY: as the header says.
    guard(|| unsafe { with_options(index, options, |index, options| Ok(index.verify_with(options)?)) })
}

/// Makes the neighbour index again from the fingerprints, if the library is large enough for one. `cancel` may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if `cancel` ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_rebuild(
    index: *mut RefrainIndex,
    cancel: *const RefrainCancel,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| Ok(index.rebuild_with(options).map(|_| ())?);
    // SAFETY: as the header says.
    guard(|| unsafe { with_options(index, &with_cancel(cancel), work) })
}

/// Updates the neighbour index if it has fallen behind, as after many removals or a merge. `cancel` may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if `cancel` ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_refresh(
    index: *mut RefrainIndex,
    cancel: *const RefrainCancel,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| Ok(index.refresh_with(options).map(|_| ())?);
    // SAFETY: as the header says.
    guard(|| unsafe { with_options(index, &with_cancel(cancel), work) })
}

/// Returns the space of removed tracks to the disk. `*bytes` is how much; `bytes` may be NULL. Needs twice the size of the
/// index in free space meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_compact(index: *mut RefrainIndex, bytes: *mut u64) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_compact_with(index, std::ptr::null(), bytes) }
}

/// Like refrain_compact, with options, which may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it. The content of the index stays the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_compact_with(
    index: *mut RefrainIndex,
    options: *const RefrainMaintainOptions,
    bytes: *mut u64,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| Ok(index.compact_with(options)?);
    guard(|| {
        // SAFETY: as the header says.
        unsafe { output::put(bytes, with_options(index, options, work)?) };
        Ok(())
    })
}

/// Writes the current state of the index to a new file, without gaps and without a log beside it.
///
/// REFRAIN_ERROR_IO if the file exists or cannot be created.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_export(index: *const RefrainIndex, to: *const c_char) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { refrain_export_with(index, to, std::ptr::null()) }
}

/// Like refrain_export, with options, which may be NULL.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it; it leaves no file behind then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_export_with(
    index: *const RefrainIndex,
    to: *const c_char,
    options: *const RefrainMaintainOptions,
) -> RefrainCode {
    let work = |index: &Index, options: MaintainOptions<'_>| {
        // SAFETY: a text of the caller.
        Ok(index.export_with(unsafe { input::path(to, "to") }?, options)?)
    };
    // SAFETY: as the header says.
    guard(|| unsafe { with_options(index, options, work) })
}
