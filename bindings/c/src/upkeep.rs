//! What is done to an index besides building it.
use std::ffi::c_char;

use crate::{
    cancel::RefrainCancel,
    code::RefrainCode,
    guard::guard,
    index::RefrainIndex,
    input,
    sized::{self, Growing},
};

/// What refrain_merge did.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainMergeSummary {
    /// sizeof (RefrainMergeSummary), set by the caller.
    pub size: usize,
    /// Tracks that are new.
    pub added: u64,
    /// Tracks whose content was known, and which have more files now.
    pub known: u64,
    /// Tracks all of whose paths were known, which stay as they were.
    pub skipped: u64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainMergeSummary {
    const NAME: &'static str = "RefrainMergeSummary";
}

/// Forgets files, by the very paths that refrain_select and refrain_tracks show, and tracks that have no other file. The
/// files themselves are not touched. `removed`, which may be NULL, is how many were known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_remove(
    index: *mut RefrainIndex,
    paths: *const *const c_char,
    path_count: usize,
    removed: *mut u64,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, a list of the caller, and room for a number.
        unsafe {
            let index = input::handle(index, "index")?;
            let known = index.index.remove(&input::paths(paths, path_count)?)?;
            input::put(removed, known as u64);
        }
        Ok(())
    })
}

/// Forgets files that are missing, unless a folder that was built from is not there as a whole, as on a disk that is not
/// plugged in. `removed`, which may be NULL, is how many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_prune(index: *mut RefrainIndex, removed: *mut u64) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let index = unsafe { input::handle(index, "index") }?;
        let known = index.index.remove(&index.index.prunable()?)?;
        // SAFETY: room for a number.
        unsafe { input::put(removed, known as u64) };
        Ok(())
    })
}

/// Forgets that folders at or below `path` were indexed, so that refrain_update does not look into them. Their files stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_forget_roots(index: *mut RefrainIndex, path: *const c_char) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle and a text.
        let (index, path) = unsafe { (input::handle(index, "index")?, input::path(path, "path")?) };
        Ok(index.index.forget_roots(path)?)
    })
}

/// Moves the paths of all files and folders at or below `from` to below `to`, as after a folder was renamed. `files` and
/// `roots`, which may be NULL, are how many.
///
/// REFRAIN_ERROR_INDEX where a file would come to where another is known; nothing is changed then.
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
            input::put(files, moved.files);
            input::put(roots, moved.roots);
        }
        Ok(())
    })
}

/// Takes in the tracks of `other`. What both have is one track, by its content; a path that both have stays what it is
/// here. `cancel` and `summary` may be NULL. What was merged before a failure stays so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_merge(
    index: *mut RefrainIndex,
    other: *const RefrainIndex,
    cancel: *const RefrainCancel,
    summary: *mut RefrainMergeSummary,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, a flag and a struct of the caller.
        unsafe {
            if !summary.is_null() {
                sized::check(summary)?;
            }
            let (index, other) = (input::handle(index, "index")?, input::handle(other, "other")?);
            let done = index.index.merge(&other.index, &input::cancel(cancel))?;
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

/// Reads and checks everything.
///
/// REFRAIN_ERROR_DAMAGED with the first thing that is wrong, REFRAIN_ERROR_NEIGHBOURS where refrain_rebuild mends it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_verify(index: *const RefrainIndex) -> RefrainCode {
    // SAFETY: a handle.
    guard(|| Ok(unsafe { input::handle(index, "index") }?.index.verify()?))
}

/// Makes the neighbour index again out of the fingerprints, where the library is large enough for one. `cancel` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_rebuild(
    index: *mut RefrainIndex,
    cancel: *const RefrainCancel,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, and a flag of the caller.
        let (index, cancel) = unsafe { (input::handle(index, "index")?, input::cancel(cancel)) };
        index.index.rebuild(&refrain::NeighbourOptions::default(), &cancel)?;
        Ok(())
    })
}

/// Gives the room of what was removed back to the disk. `bytes`, which may be NULL, is how much.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_compact(index: *mut RefrainIndex, bytes: *mut u64) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let freed = unsafe { input::handle(index, "index") }?.index.compact()?;
        // SAFETY: room for a number.
        unsafe { input::put(bytes, freed) };
        Ok(())
    })
}

/// Writes the index as it is now to a new file, without gaps and without a log beside it.
///
/// REFRAIN_ERROR_IO where there is a file already, or none can be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_export(index: *const RefrainIndex, to: *const c_char) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle and a text.
        let (index, to) = unsafe { (input::handle(index, "index")?, input::path(to, "to")?) };
        Ok(index.index.export(to)?)
    })
}
