//! Arguments of the caller, checked before they are used.
use std::{
    ffi::{CStr, c_char, c_int},
    path::{Path, PathBuf},
    slice,
};

use refrain::{Audio, Ffmpeg, ScanOptions};

use crate::{
    code::{Failure, RefrainCode, Result},
    guard::guard_or,
};

/// The value behind a handle.
///
/// # Safety
/// `handle` is NULL or was made by the call for its kind, and nobody frees it meanwhile.
pub(crate) unsafe fn handle<'a, T>(handle: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: as promised.
    unsafe { handle.as_ref() }.ok_or_else(|| Failure::argument(format!("{name} is NULL")))
}

/// Frees a handle and contains a panic.
///
/// # Safety
/// `handle` is NULL or was made by `Box::into_raw`, and is not used again.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        guard_or((), || {
            // SAFETY: as promised.
            drop(unsafe { Box::from_raw(handle) });
            Ok(())
        });
    }
}

/// A path. On Unix it may be any bytes.
///
/// # Safety
/// `path` is NULL or ends with a NUL.
pub(crate) unsafe fn path<'a>(path: *const c_char, name: &str) -> Result<&'a Path> {
    if path.is_null() {
        return Err(Failure::argument(format!("{name} is NULL")));
    }
    // SAFETY: as promised.
    let path = unsafe { CStr::from_ptr(path) };
    #[cfg(unix)]
    {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        Ok(Path::new(OsStr::from_bytes(path.to_bytes())))
    }
    #[cfg(not(unix))]
    {
        utf8(path, name).map(Path::new)
    }
}

fn utf8<'a>(text: &'a CStr, name: &str) -> Result<&'a str> {
    text.to_str().map_err(|error| {
        let message = format!("{name} is not UTF-8: byte {} begins no character", error.valid_up_to());
        Failure { code: RefrainCode::RefrainErrorUtf8, message }
    })
}

/// A path, or `None` for NULL.
///
/// # Safety
/// As [`path`].
pub(crate) unsafe fn optional_path(at: *const c_char, name: &str) -> Result<Option<PathBuf>> {
    if at.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised.
    unsafe { path(at, name) }.map(|path| Some(path.to_owned()))
}

/// A text, or `None` for NULL and for an empty text.
///
/// # Safety
/// `text` is NULL or ends with a NUL.
pub(crate) unsafe fn optional_text(text: *const c_char, name: &str) -> Result<Option<String>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised.
    let text = utf8(unsafe { CStr::from_ptr(text) }, name)?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// `count` values.
///
/// # Safety
/// `values` is NULL or has that many, all initialised.
pub(crate) unsafe fn values<'a, T>(values: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check_values(values, count, name)?;
    // SAFETY: as promised.
    Ok(unsafe { slice::from_raw_parts(values, count) })
}

/// Checks that there can be `count` values there.
pub(crate) fn check_values<T>(values: *const T, count: usize, name: &str) -> Result<()> {
    if values.is_null() {
        return Err(Failure::argument(format!("{name} is NULL")));
    }
    if !values.is_aligned() {
        return Err(Failure::argument(format!("{name} is not aligned")));
    }
    match count.checked_mul(size_of::<T>()) {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(()),
        _ => Err(Failure::argument(format!("{name} cannot have {count} values"))),
    }
}

/// A list of paths.
///
/// # Safety
/// `list` is NULL or has that many, each as in [`path`].
pub(crate) unsafe fn paths(list: *const *const c_char, count: usize) -> Result<Vec<PathBuf>> {
    // SAFETY: as promised.
    let list = unsafe { values(list, count, "paths") }?;
    // SAFETY: as promised.
    let each = list.iter().enumerate().map(|(i, &at)| unsafe { path(at, &format!("paths[{i}]")) });
    each.map(|path| path.map(Path::to_owned)).collect()
}

/// A list of texts. NULL and empty ones are left out.
///
/// # Safety
/// `list` is NULL or has that many, each as in [`optional_text`].
pub(crate) unsafe fn texts(list: *const *const c_char, count: usize, name: &str) -> Result<Vec<String>> {
    // SAFETY: as promised.
    let list = unsafe { values(list, count, name) }?;
    // SAFETY: as promised.
    let each = list.iter().enumerate().map(|(i, &at)| unsafe { optional_text(at, &format!("{name}[{i}]")) });
    each.filter_map(Result::transpose).collect()
}

/// Which ffmpeg may decode what refrain cannot: none for NULL, the one in `PATH` for "auto".
///
/// # Safety
/// As [`optional_path`].
pub(crate) unsafe fn ffmpeg(at: *const c_char) -> Result<Ffmpeg> {
    // SAFETY: as promised.
    Ok(match unsafe { optional_path(at, "ffmpeg") }? {
        None => Ffmpeg::never(),
        Some(auto) if auto == Path::new("auto") => Ffmpeg::auto(),
        Some(program) => Ffmpeg::at(program),
    })
}

/// A callback that must not be NULL.
pub(crate) fn callback<F>(callback: Option<F>) -> Result<F> {
    callback.ok_or_else(|| Failure::argument("callback is NULL"))
}

/// A number of the options. 0 stands for the default.
pub(crate) fn within(name: &str, value: f64, min: f64, max: f64) -> Result<f64> {
    if value == 0.0 || (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(Failure::argument(format!("{name} is {value}, not {min} to {max}")))
}

/// Samples in memory; `frames` of each channel.
///
/// # Safety
/// As [`values`] and [`path`].
pub(crate) unsafe fn samples<'a>(
    samples: *const f32,
    frames: usize,
    channels: u32,
    rate: u32,
    name: *const c_char,
) -> Result<Audio<'a>> {
    let few = u16::try_from(channels).ok().filter(|&channels| channels > 0);
    let channels =
        few.ok_or_else(|| Failure::argument(format!("channels is {channels}, not 1 to 65,535")))?;
    let count = frames.checked_mul(usize::from(channels));
    let count = count.ok_or_else(|| Failure::argument(format!("samples cannot have {frames} frames")))?;
    // SAFETY: as promised.
    let (samples, name) = unsafe { (values(samples, count, "samples")?, optional_path(name, "name")?) };
    let audio = Audio::interleaved(samples, channels, rate);
    Ok(match name {
        Some(name) => audio.named(name),
        None => audio,
    })
}

/// An audio file in memory.
///
/// # Safety
/// As [`values`] and [`path`].
pub(crate) unsafe fn memory<'a>(bytes: *const u8, count: usize, name: *const c_char) -> Result<Audio<'a>> {
    // SAFETY: as promised.
    let (bytes, name) = unsafe { (values(bytes, count, "bytes")?, optional_path(name, "name")?) };
    Ok(Audio::reader(bytes).named(name.unwrap_or_else(|| "memory".into())))
}

/// Which files of a folder to take.
pub(crate) fn scan(no_follow: c_int, hidden: c_int, max_depth: usize) -> ScanOptions {
    ScanOptions::default()
        .follow_links(no_follow == 0)
        .hidden(hidden != 0)
        .max_depth(Some(max_depth).filter(|&depth| depth > 0))
}
