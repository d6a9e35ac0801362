//! What C gives: looked at before it is used.
use std::{
    ffi::{CStr, c_char},
    path::{Path, PathBuf},
    ptr, slice,
};

use refrain::{Audio, CancelToken, Tags};

use crate::{
    cancel::RefrainCancel,
    code::{Failure, RefrainCode, Result},
    guard::guard_or,
};

/// What a handle stands for.
///
/// # Safety
/// `handle` is NULL or was made by the call for its kind, and is not freed meanwhile.
pub(crate) unsafe fn handle<'a, T>(handle: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: as promised.
    unsafe { handle.as_ref() }.ok_or_else(|| Failure::argument(format!("{name} is NULL")))
}

/// Where a handle is to be put; NULL is there until then.
///
/// # Safety
/// `place` is NULL or can be written.
pub(crate) unsafe fn place<'a, T>(place: *mut *mut T, name: &str) -> Result<&'a mut *mut T> {
    // SAFETY: as promised; what was there before is not looked at.
    unsafe {
        if place.is_null() {
            return Err(Failure::argument(format!("{name} is NULL")));
        }
        place.write(ptr::null_mut());
        Ok(&mut *place)
    }
}

/// Puts a value where C wants one.
///
/// # Safety
/// `to` is NULL or can be written.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: as promised.
        unsafe { to.write(value) }
    }
}

/// Frees what a handle stands for; a panic stays here.
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

/// A path. On Unix any bytes will do.
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

/// A path, or none for NULL.
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

/// A text, or none for NULL and for an empty one.
///
/// # Safety
/// `text` is NULL or ends with a NUL.
unsafe fn optional_text(text: *const c_char, name: &str) -> Result<Option<String>> {
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
/// `values` has so many, or is NULL.
pub(crate) unsafe fn values<'a, T>(values: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check_values(values, count, name)?;
    // SAFETY: as promised.
    Ok(unsafe { slice::from_raw_parts(values, count) })
}

/// Room for `count` values.
///
/// # Safety
/// `values` has so much, which nobody else uses meanwhile, or is NULL. It need not be initialised: nothing is read.
pub(crate) unsafe fn room<'a, T>(values: *mut T, count: usize, name: &str) -> Result<&'a mut [T]> {
    if count == 0 {
        return Ok(&mut []);
    }
    check_values(values, count, name)?;
    // SAFETY: as promised; `T` is a number throughout.
    Ok(unsafe { slice::from_raw_parts_mut(values, count) })
}

fn check_values<T>(values: *const T, count: usize, name: &str) -> Result<()> {
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
/// `list` has so many, each as in [`path`], or is NULL.
pub(crate) unsafe fn paths(list: *const *const c_char, count: usize) -> Result<Vec<PathBuf>> {
    // SAFETY: as promised.
    let list = unsafe { values(list, count, "paths") }?;
    // SAFETY: as promised.
    let each = list.iter().enumerate().map(|(i, &at)| unsafe { path(at, &format!("paths[{i}]")) });
    each.map(|path| path.map(Path::to_owned)).collect()
}

/// A callback that must be there.
pub(crate) fn callback<F>(callback: Option<F>) -> Result<F> {
    callback.ok_or_else(|| Failure::argument("callback is NULL"))
}

/// The flag that ends a call, if there is one.
///
/// # Safety
/// As [`handle`].
pub(crate) unsafe fn cancel(cancel: *const RefrainCancel) -> CancelToken {
    // SAFETY: as promised.
    unsafe { cancel.as_ref() }.map_or_else(CancelToken::new, RefrainCancel::token)
}

/// Samples in memory; `frames` of each channel.
///
/// # Safety
/// As [`values`], and [`path`].
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
/// As [`values`], and [`path`].
pub(crate) unsafe fn memory<'a>(bytes: *const u8, count: usize, name: *const c_char) -> Result<Audio<'a>> {
    // SAFETY: as promised.
    let (bytes, name) = unsafe { (values(bytes, count, "bytes")?, optional_path(name, "name")?) };
    Ok(Audio::reader(bytes).named(name.unwrap_or_else(|| "memory".into())))
}

/// The tags that a caller gives.
///
/// # Safety
/// Each text is NULL or ends with a NUL.
pub(crate) unsafe fn tags(from: &crate::add::RefrainTags) -> Result<Tags> {
    let mut tags = Tags::default();
    // SAFETY: as promised.
    unsafe {
        tags.title = optional_text(from.title, "title")?;
        tags.artist = optional_text(from.artist, "artist")?;
        tags.album = optional_text(from.album, "album")?;
        tags.recording_mbid = optional_text(from.recording_mbid, "recording_mbid")?;
        tags.release_mbid = optional_text(from.release_mbid, "release_mbid")?;
        tags.acoustid = optional_text(from.acoustid, "acoustid")?;
    }
    tags.track_number = Some(from.track_number).filter(|&n| n > 0);
    tags.disc_number = Some(from.disc_number).filter(|&n| n > 0);
    Ok(tags)
}
