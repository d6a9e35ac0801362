//! Results in memory of the caller, which may be uninitialised.
use std::{mem::MaybeUninit, ptr, slice};

use crate::{
    code::{Failure, RefrainCode, Result},
    input::check_values,
};

/// Where a handle goes. Holds NULL until then.
///
/// # Safety
/// `place` is NULL or can be written.
pub(crate) unsafe fn place<'a, T>(place: *mut *mut T, name: &str) -> Result<&'a mut *mut T> {
    // SAFETY: as promised; it is written before a reference to it exists, and never read before.
    unsafe {
        if place.is_null() {
            return Err(Failure::argument(format!("{name} is NULL")));
        }
        place.write(ptr::null_mut());
        Ok(&mut *place)
    }
}

/// Writes a value unless the caller passed NULL.
///
/// # Safety
/// `to` is NULL or can be written.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: as promised.
        unsafe { to.write(value) }
    }
}

/// Room for `count` values.
///
/// # Safety
/// `values` is NULL or has that much room, and nobody else uses it meanwhile.
pub(crate) unsafe fn room<'a, T>(
    values: *mut T,
    count: usize,
    name: &str,
) -> Result<&'a mut [MaybeUninit<T>]> {
    if count == 0 {
        return Ok(&mut []);
    }
    check_values(values, count, name)?;
    // SAFETY: as promised; aligned, not NULL and not too long, as was just checked. Uninitialised bytes are a valid
    // `MaybeUninit<T>`, so the memory need not have been written before.
    Ok(unsafe { slice::from_raw_parts_mut(values.cast::<MaybeUninit<T>>(), count) })
}

/// Copies results into the caller's buffer.
///
/// # Safety
/// As [`room`], for `capacity` values.
pub(crate) unsafe fn fill<T: Copy>(values: &[T], out: *mut T, capacity: usize, name: &str) -> Result<()> {
    enough(values.len(), capacity, name)?;
    // SAFETY: as promised; writes only as many values as there is room for.
    let room = unsafe { room(out, values.len(), name) }?;
    for (to, value) in room.iter_mut().zip(values) {
        to.write(*value);
    }
    Ok(())
}

/// Checks the size of a buffer before the work.
pub(crate) fn enough(needed: usize, capacity: usize, name: &str) -> Result<()> {
    if needed <= capacity {
        return Ok(());
    }
    let message = format!("{name} has room for {capacity} values, {needed} are needed");
    Err(Failure { code: RefrainCode::RefrainErrorBuffer, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Miri fails here if the buffer is read, or taken for initialised.
    #[test]
    fn a_buffer_that_was_never_written_is_filled() {
        let mut buffer: Vec<f32> = Vec::with_capacity(4);
        // SAFETY: a vector's own room.
        unsafe { fill(&[1.0, 2.0, 3.0], buffer.as_mut_ptr(), 4, "out") }.unwrap();
        // SAFETY: three values were just written.
        unsafe { buffer.set_len(3) };
        assert_eq!(buffer, [1.0, 2.0, 3.0]);
        // SAFETY: the same room; one value stays as it is.
        let room = unsafe { room(buffer.as_mut_ptr(), 4, "out") }.unwrap();
        room[1].write(7.0);
        assert_eq!(buffer, [1.0, 7.0, 3.0]);
        let mut place = MaybeUninit::<*mut u8>::uninit();
        // SAFETY: room for a pointer.
        assert!(unsafe { super::place(place.as_mut_ptr(), "handle") }.unwrap().is_null());
    }

    #[test]
    fn what_cannot_be_a_buffer_is_refused() {
        let mut value = 0_u32;
        let at = &raw mut value;
        // SAFETY: each is refused before anything is written.
        unsafe {
            let message = |result: Result<()>| result.unwrap_err().message;
            assert_eq!(message(fill(&[1], ptr::null_mut(), 1, "out")), "out is NULL");
            assert_eq!(message(fill(&[1, 2], at, 1, "out")), "out has room for 1 values, 2 are needed");
            assert_eq!(message(fill(&[1], at.byte_add(1), 1, "out")), "out is not aligned");
            assert_eq!(
                message(room(at, usize::MAX / 2, "out").map(|_| ())),
                format!("out cannot have {} values", usize::MAX / 2)
            );
            assert!(room::<u32>(ptr::null_mut(), 0, "out").unwrap().is_empty());
        }
        assert_eq!(value, 0);
    }
}
