//! No panic passes into C, where it would be undefined: it is a failure with a code of its own.
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::code::{Failure, RefrainCode, Result};

/// Runs what a call does and gives its code.
pub(crate) fn guard(call: impl FnOnce() -> Result<()>) -> RefrainCode {
    match contained(call) {
        Ok(()) => RefrainCode::RefrainOk,
        Err(failure) => failure.keep(),
    }
}

/// Runs what a call does that has no code to give; `or` stands for a failure.
pub(crate) fn guard_or<T>(or: T, call: impl FnOnce() -> Result<T>) -> T {
    contained(call).unwrap_or_else(|failure| {
        failure.keep();
        or
    })
}

fn contained<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    // The hook is that of this library's own copy of Rust's standard library, not of another program's.
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
    use crate::code::refrain_last_error;

    #[test]
    fn a_panic_is_a_code_and_a_message() {
        assert_eq!(guard(|| Ok(())), RefrainCode::RefrainOk);
        assert_eq!(guard(|| panic!("on {}", "purpose")), RefrainCode::RefrainErrorInternal);
        let last = || unsafe { CStr::from_ptr(refrain_last_error()) }.to_str().unwrap();
        assert_eq!(last(), "a fault in refrain: on purpose");
        assert_eq!(guard_or(7, || panic!("again")), 7);
        assert_eq!(last(), "a fault in refrain: again");
    }
}
