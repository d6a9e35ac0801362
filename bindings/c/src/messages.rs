//! What a program can ask about errors, and the version.
use std::ffi::{CStr, c_char};

use crate::{
    code::{self, NAMES},
    guard::guard_or,
};

/// Returns why the last failed call on this thread failed: UTF-8 for people, with the path or argument at fault. Empty
/// before the first failure. A call that succeeds does not change it. Never NULL.
///
/// The library owns the text. It is valid until the next call on this thread fails or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_last_error() -> *const c_char {
    guard_or(c"".as_ptr(), || Ok(code::last()))
}

/// Returns the name of a code, such as "REFRAIN_ERROR_IO", or "unknown". The text stays valid.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_code_name(code: i32) -> *const c_char {
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or(c"unknown", |name| *name).as_ptr()
}

/// Returns the version of the library, such as "0.1.0". The text stays valid.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => panic!("a version has no NUL"),
        };
    VERSION.as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::{Failure, RefrainCode};

    fn last() -> String {
        // SAFETY: a text of the library that is read before the next failure.
        unsafe { CStr::from_ptr(refrain_last_error()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn each_thread_has_its_own_message() {
        assert_eq!(last(), "");
        assert_eq!(Failure::argument("one\0two").keep(), RefrainCode::RefrainErrorArgument);
        assert_eq!(last(), "one\u{fffd}two");
        std::thread::spawn(|| assert_eq!(last(), "")).join().unwrap();
    }

    #[test]
    fn names_are_those_of_the_codes() {
        // SAFETY: the names are constants.
        let name = |code| unsafe { CStr::from_ptr(refrain_code_name(code)) }.to_str().unwrap();
        assert_eq!(name(RefrainCode::RefrainErrorAtWork as i32), "REFRAIN_ERROR_AT_WORK");
        assert_eq!(name(RefrainCode::RefrainErrorInternal as i32), "REFRAIN_ERROR_INTERNAL");
        assert_eq!((name(-1), name(16)), ("unknown", "unknown"));
    }
}
