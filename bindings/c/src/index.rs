//! Opening and closing an index, and its totals.
use std::{
    ffi::{CString, c_char, c_int, c_void},
    path::{Path, PathBuf},
    ptr,
    sync::Arc,
};

use refrain::Index;

use crate::{
    code::{Failure, RefrainCode, Result},
    guard::{guard, guard_or},
    input, output,
    sized::{self, Growing},
    strings::c_path,
};

/// An open index file. Any number of threads may use one handle at once: calls that read work on the last committed state
/// and wait for nothing, calls that write take turns. Any number of handles may be open on one file, also in other
/// processes.
pub struct RefrainIndex {
    /// Shared with listeners, which may outlive the handle.
    pub(crate) index: Arc<Index>,
    path: CString,
}

/// The compiler checks here what the header promises of the handle.
const _: fn() = || {
    fn for_any_thread<T: Send + Sync>() {}
    for_any_thread::<RefrainIndex>();
};

impl RefrainIndex {
    fn new(index: Index) -> Self {
        Self { path: c_path(index.path()), index: Arc::new(index) }
    }
}

/// The totals of an index, filled by refrain_info.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainInfo {
    /// sizeof (RefrainInfo), set by the caller.
    pub size: usize,
    /// Tracks.
    pub tracks: u64,
    /// Files of tracks.
    pub files: u64,
    /// How many of these files were missing at the last update.
    pub missing: u64,
    /// Files that gave no fingerprint.
    pub failures: u64,
    /// The length of all tracks in seconds.
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
    /// Lists of the neighbour index. 0 if there is none; a small library needs none.
    pub neighbour_lists: u32,
    /// Windows in them.
    pub neighbour_windows: u64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainInfo {
    const NAME: &'static str = "RefrainInfo";
}

/// Gets one path after the other. The path is valid until the callback returns. Return 0 for the next path; any other
/// value ends the call, which is no error.
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
        let (place, path) = unsafe { (output::place(index, "index")?, input::path(path, "path")?) };
        *place = Box::into_raw(Box::new(RefrainIndex::new(how(path)?)));
        Ok(())
    })
}

/// Opens an index for reading. Close `*index` with refrain_close. It is NULL after a failure.
///
/// REFRAIN_ERROR_MISSING if there is none, REFRAIN_ERROR_INDEX and REFRAIN_ERROR_DAMAGED if it cannot be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open(path: *const c_char, index: *mut *mut RefrainIndex) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { open(path, index, |path| Index::open(path)) }
}

/// Opens several index files for reading, as if they were one with the tracks of all: one file for each disk, or the shards of
/// a large library. `shard` of a match and of a play says which file has the track. Calls that write, and others that need a
/// single file, return REFRAIN_ERROR_INDEX. Otherwise like refrain_open.
///
/// REFRAIN_ERROR_ARGUMENT if `path_count` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open_all(
    paths: *const *const c_char,
    path_count: usize,
    index: *mut *mut RefrainIndex,
) -> RefrainCode {
    guard(|| {
        // SAFETY: as the header says.
        let (place, paths) = unsafe { (output::place(index, "index")?, input::paths(paths, path_count)?) };
        if paths.is_empty() {
            return Err(Failure::argument("paths cannot be empty"));
        }
        *place = Box::into_raw(Box::new(RefrainIndex::new(Index::open_all(paths)?)));
        Ok(())
    })
}

/// Opens an index for reading and writing. Creates it if there is none. Does not write to an existing file before the
/// first call that writes. Otherwise like refrain_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open_or_create(
    path: *const c_char,
    index: *mut *mut RefrainIndex,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { open(path, index, |path| Index::open_or_create(path)) }
}

/// Opens an existing index for reading and writing. Otherwise like refrain_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_open_to_write(
    path: *const c_char,
    index: *mut *mut RefrainIndex,
) -> RefrainCode {
    // SAFETY: as the header says.
    unsafe { open(path, index, |path| Index::open_to_write(path)) }
}

/// Closes an index and frees the handle, even if it returns an error. No other call may be using the handle. After
/// writing, one file is left, without a log beside it. Answers, analyses and listeners stay valid; a listener keeps the
/// file open until you free it. Does nothing if `index` is NULL.
///
/// REFRAIN_ERROR_DISK_FULL and others if the log could not be copied into the file. No data is lost: the next writer does
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_close(index: *mut RefrainIndex) -> RefrainCode {
    guard(|| {
        if index.is_null() {
            return Ok(());
        }
        // SAFETY: a handle that is not used again.
        let index = unsafe { Box::from_raw(index) };
        // A listener that still uses the index closes it when it is freed.
        Ok(Arc::into_inner(index.index).map_or(Ok(()), Index::close)?)
    })
}

/// Returns the path as it was opened. It is valid until the index is closed. NULL if `index` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_path(index: *const RefrainIndex) -> *const c_char {
    // SAFETY: a handle.
    guard_or(ptr::null(), || Ok(unsafe { input::handle(index, "index") }?.path.as_ptr()))
}

/// Fills `info` with the totals of the index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_info(index: *const RefrainIndex, info: *mut RefrainInfo) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, and a struct of the caller.
        let index = unsafe {
            sized::check(info)?;
            input::handle(index, "index")?
        };
        let found = index.index.info()?;
        let (lists, listed) = found.neighbours.unwrap_or_default();
        let value = RefrainInfo {
            size: 0,
            tracks: found.tracks,
            files: found.files,
            missing: found.missing,
            failures: found.failures,
            seconds: found.duration.0,
            frames: found.frames,
            windows: found.windows,
            bytes: found.bytes,
            format: found.format,
            parameter_set: found.parameter_set,
            neighbour_lists: lists,
            neighbour_windows: listed,
        };
        // SAFETY: a struct of the caller.
        unsafe { sized::write(info, &value) }
    })
}

/// Passes the folders that refrain_update scans to the callback.
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

/// Passes paths to a callback until it has enough.
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
