//! Keeps panics from reaching C, where they would be undefined behaviour: a panic becomes a failure with its own code.
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::code::{Failure, RefrainCode, Result};

/// Runs the body of a call and returns its code.
pub(crate) fn guard(call: impl FnOnce() -> Result<()>) -> RefrainCode {
    match contained(call) {
        Ok(()) => RefrainCode::RefrainOk,
        Err(failure) => failure.keep(),
    }
}

/// Runs the body of a call that returns a value instead of a code. Returns `or` after a failure.
pub(crate) fn guard_or<T>(or: T, call: impl FnOnce() -> Result<T>) -> T {
    contained(call).unwrap_or_else(|failure| {
        failure.keep();
        or
    })
}

fn contained<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    // This library contains its own copy of the Rust standard library, so the hook is not that of the program.
    refrain::silence_decoder_panics();
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
        let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (None, Some(text)) => text.clone(),
            (None, None) => "panic".to_owned(),
        };
        Err(Failure {
            code: RefrainCode::RefrainErrorInternal,
            message: format!("a fault in refrain: {text}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::code;

    #[test]
    fn a_panic_is_a_code_and_a_message() {
        assert_eq!(guard(|| Ok(())), RefrainCode::RefrainOk);
        assert_eq!(guard(|| panic!("on {}", "purpose")), RefrainCode::RefrainErrorInternal);
        // SAFETY: a text of this thread that is read before the next failure.
        let last = || unsafe { CStr::from_ptr(code::last()) }.to_str().unwrap();
        assert_eq!(last(), "a fault in refrain: on purpose");
        assert_eq!(guard_or(7, || panic!("again")), 7);
        assert_eq!(last(), "a fault in refrain: again");
    }
}
