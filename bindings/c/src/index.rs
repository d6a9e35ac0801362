//! Opening and closing an index, and what it holds.
use std::{
    ffi::{CString, c_char, c_int, c_void},
    path::{Path, PathBuf},
    ptr,
};

use refrain::Index;

use crate::{
    code::{RefrainCode, Result},
    guard::{guard, guard_or},
    input,
    sized::{self, Growing},
    strings::c_path,
};

/// An index file that is open. Any number of threads may use one at once: calls that read work on the last committed state
/// and wait for nothing, calls that write take turns. Any number may be open on one file, also in other processes.
pub struct RefrainIndex {
    pub(crate) index: Index,
    path: CString,
}

/// What is promised of the handle, held by the compiler.
const _: fn() = || {
    fn for_any_thread<T: Send + Sync>() {}
    for_any_thread::<RefrainIndex>();
};

impl RefrainIndex {
    fn new(index: Index) -> Self {
        Self { path: c_path(index.path()), index }
    }
}

/// What an index holds, for refrain_info.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainInfo {
    /// sizeof (RefrainInfo), set by the caller.
    pub size: usize,
    /// Tracks.
    pub tracks: u64,
    /// Files of tracks.
    pub files: u64,
    /// Of these, files that were not there when they were last looked for.
    pub missing: u64,
    /// Files that gave no fingerprint.
    pub failures: u64,
    /// How long all tracks play.
    pub seconds: f64,
    /// Chroma frames.
    pub frames: u64,
    /// Fingerprint windows.
    pub windows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The version of the file's format.
    pub format: u32,
    /// The number of the parameters of its fingerprints.
    pub parameter_set: u32,
    /// Lists of the neighbour index; 0 where there is none, as of a small library.
    pub neighbour_lists: u32,
    /// Windows in them.
    pub neighbour_windows: u64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainInfo {
    const NAME: &'static str = "RefrainInfo";
}

/// A callback that is shown paths. The path is there until it returns; 0 asks for the next one, anything else ends the
/// call, which is no error.
pub type RefrainPathCallback =
    Option<unsafe extern "C" fn(path: *const c_char, user_data: *mut c_void) -> c_int>;

/// # Safety
/// As of the arguments in the header.
unsafe fn open(
    path: *const c_char,
    index: *mut *mut RefrainIndex,
    how: impl FnOnce(&Path) -> refrain::Result<Index>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: as promised.
        let (place, path) = unsafe { (input::place(index, "index")?, input::path(path, "path")?) };
        *place = Box::into_raw(Box::new(RefrainIndex::new(how(path)?)));
        Ok(())
    })
}

/// Opens an index for reading. `*index` is to be closed with refrain_close; it is NULL after a failure.
///
/// REFRAIN_ERROR_MISSING where there is none, REFRAIN_ERROR_INDEX and REFRAIN_ERROR_DAMAGED where it cannot be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open(path: *const c_char, index: *mut *mut RefrainIndex) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { open(path, index, |path| Index::open(path)) }
}

/// Opens an index for reading and writing, and makes it where there is none. A file that is there is not written to before
/// the first call that writes. Else as refrain_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open_or_create(
    path: *const c_char,
    index: *mut *mut RefrainIndex,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { open(path, index, |path| Index::open_or_create(path)) }
}

/// Opens an index for reading and writing that is there already. Else as refrain_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open_to_write(
    path: *const c_char,
    index: *mut *mut RefrainIndex,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { open(path, index, |path| Index::open_to_write(path)) }
}

/// Closes an index and frees the handle, also where it fails; no other call may be using it. After writing it leaves one
/// file behind, without a log beside it. Answers and analyses stay. NULL is nothing to be closed.
///
/// REFRAIN_ERROR_DISK_FULL and the like where what was committed could not be brought from the log into the file: nothing is
/// lost then, the next writer does it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_close(index: *mut RefrainIndex) -> RefrainCode {
    guard(|| {
        if index.is_null() {
            return Ok(());
        }
        // SAFETY: a handle that is not used again.
        let index = unsafe { Box::from_raw(index) };
        Ok(index.index.close()?)
    })
}

/// The path as it was opened, which is there until the index is closed. NULL of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_path(index: *const RefrainIndex) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(index, "index") }?.path.as_ptr()))
}

/// Fills `info`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_info(index: *const RefrainIndex, info: *mut RefrainInfo) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, and a struct of the caller.
        let index = unsafe {
            sized::check(info)?;
            input::handle(index, "index")?
        };
        let told = index.index.info()?;
        let (lists, listed) = told.neighbours.unwrap_or_default();
        let value = RefrainInfo {
            size: 0,
            tracks: told.totals.tracks,
            files: told.totals.files,
            missing: told.totals.missing,
            failures: told.totals.failures,
            seconds: told.totals.duration.0,
            frames: told.totals.frames,
            windows: told.totals.windows,
            bytes: told.totals.bytes,
            format: told.format,
            parameter_set: told.params.id,
            neighbour_lists: lists,
            neighbour_windows: listed,
        };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(info, &value) }
    })
}

/// Shows the folders that refrain_update looks into.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_roots(
    index: *const RefrainIndex,
    callback: RefrainPathCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let index = unsafe { input::handle(index, "index") }?;
        show(index.index.info()?.roots, callback, user_data)
    })
}

/// Shows paths to a callback until it has enough.
pub(crate) fn show(paths: Vec<PathBuf>, callback: RefrainPathCallback, user_data: *mut c_void) -> Result<()> {
    let callback = input::callback(callback)?;
    for path in paths {
        let path = c_path(&path);
        // SAFETY: the caller's function, called as it is declared.
        if unsafe { callback(path.as_ptr(), user_data) } != 0 {
            break;
        }
    }
    Ok(())
}
