//! Structs that the caller allocates and whose first field the caller sets to their size. Later versions can add fields
//! at the end without breaking compiled programs.
use std::{
    mem::{MaybeUninit, size_of},
    ptr,
};

use crate::code::{Failure, Result};

/// No struct will ever be larger. A greater size means that the caller did not set it.
const MOST: usize = 4096;

/// A struct whose first field is its size in bytes, as the caller compiled it.
///
/// # Safety
/// It is `repr(C)`, begins with a `usize`, and all zeros are a valid value.
pub(crate) unsafe trait Growing: Copy {
    /// What C calls it.
    const NAME: &'static str;
}

/// # Safety
/// `at` points to at least as many readable bytes as its size field says, if the caller set that right.
unsafe fn size_of_struct<T: Growing>(at: *const T) -> Result<usize> {
    if !at.is_aligned() {
        return Err(Failure::argument(format!("a {} is not aligned", T::NAME)));
    }
    // SAFETY: its first field.
    let size = unsafe { at.cast::<usize>().read() };
    if (2 * size_of::<usize>()..=MOST).contains(&size) {
        return Ok(size);
    }
    Err(Failure::argument(format!("the size of a {} is {size}; set it to sizeof ({0})", T::NAME)))
}

/// Reads what the caller has set. Returns zeros for NULL, and for fields that the caller does not know.
///
/// # Safety
/// As [`size_of_struct`], or NULL.
pub(crate) unsafe fn read<T: Growing>(from: *const T) -> Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    if !from.is_null() {
        // SAFETY: as promised; copies only what both sides have.
        unsafe {
            let size = size_of_struct(from)?;
            let known = size.min(size_of::<T>());
            ptr::copy_nonoverlapping(from.cast::<u8>(), value.as_mut_ptr().cast(), known);
            if (known..size).any(|i| from.cast::<u8>().add(i).read() != 0) {
                let message = format!("a {} has fields that this version of refrain does not know", T::NAME);
                return Err(Failure::argument(message));
            }
        }
    }
    // SAFETY: zeros are a valid value, and so is what the caller has set.
    Ok(unsafe { value.assume_init() })
}

/// Checks before the work that [`write()`] will succeed.
///
/// # Safety
/// As [`size_of_struct`], or NULL.
pub(crate) unsafe fn check<T: Growing>(to: *const T) -> Result<()> {
    if to.is_null() {
        return Err(Failure::argument(format!("the {} to be filled is NULL", T::NAME)));
    }
    // SAFETY: as promised.
    unsafe { size_of_struct(to) }.map(|_| ())
}

/// Writes the fields that the caller knows, and zeros to fields that this version does not know. The size stays.
///
/// # Safety
/// As [`size_of_struct`], or NULL.
pub(crate) unsafe fn write<T: Growing>(to: *mut T, value: &T) -> Result<()> {
    // SAFETY: as promised; copies only what both sides have.
    unsafe {
        check(to)?;
        let size = size_of_struct(to)?;
        let known = size.min(size_of::<T>());
        ptr::copy_nonoverlapping(ptr::from_ref(value).cast::<u8>(), to.cast(), known);
        to.cast::<u8>().add(known).write_bytes(0, size - known);
        to.cast::<usize>().write(size);
    }
    Ok(())
}

/// Returns the value of an option, or its default if it is 0.
pub(crate) fn or<T: Default + PartialEq>(value: T, default: T) -> T {
    if value == T::default() { default } else { value }
}

/// Sets an option by its setter, unless its value is 0, which leaves the default.
pub(crate) fn given<O, T: Default + PartialEq>(options: O, value: T, set: fn(O, T) -> O) -> O {
    if value == T::default() { options } else { set(options, value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    struct Now {
        size: usize,
        a: u64,
        b: f64,
    }
    unsafe impl Growing for Now {
        const NAME: &'static str = "Now";
    }

    const FULL: usize = size_of::<Now>();

    #[test]
    fn programs_of_before_give_and_get_what_they_know() {
        let before = [16_u64, 5];
        let read_now = unsafe { read(before.as_ptr().cast::<Now>()) }.unwrap();
        assert_eq!((read_now.a, read_now.b), (5, 0.0));
        let mut before = [16_u64, 0, u64::MAX];
        unsafe { write(before.as_mut_ptr().cast(), &Now { size: FULL, a: 7, b: 1.0 }) }.unwrap();
        assert_eq!(before, [16, 7, u64::MAX]);
    }

    #[test]
    fn programs_of_later_give_what_is_known_and_get_zeros() {
        let mut later = [FULL as u64 + 8, 5, 0, 0];
        assert_eq!(unsafe { read(later.as_ptr().cast::<Now>()) }.unwrap().a, 5);
        later[3] = 1;
        assert!(
            unsafe { read(later.as_ptr().cast::<Now>()) }.unwrap_err().message.contains("Now has fields")
        );
        unsafe { write(later.as_mut_ptr().cast(), &Now { size: FULL, a: 7, b: 0.0 }) }.unwrap();
        assert_eq!(later, [FULL as u64 + 8, 7, 0, 0]);
    }

    #[test]
    fn a_size_that_was_not_set_is_noticed() {
        for size in [0, 8, 5000, u64::MAX] {
            let wrong = [size, 0, 0];
            let message = unsafe { read(wrong.as_ptr().cast::<Now>()) }.unwrap_err().message;
            assert_eq!(message, format!("the size of a Now is {size}; set it to sizeof (Now)"));
        }
        assert_eq!(unsafe { read(ptr::null::<Now>()) }.unwrap(), Now { size: 0, a: 0, b: 0.0 });
        assert!(unsafe { write(ptr::null_mut(), &Now { size: 0, a: 0, b: 0.0 }) }.is_err());
    }
}
