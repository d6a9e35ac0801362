//! Ending calls early.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use refrain::CancelToken;

use crate::{guard::guard_or, input};

/// A flag that ends calls early. You may set it from any thread, callback or signal handler. One flag may serve any
/// number of calls.
#[derive(Debug, Default)]
pub struct RefrainCancel(Arc<AtomicBool>);

/// The token of a flag. The token of NULL is never cancelled.
///
/// # Safety
/// As [`input::handle`].
pub(crate) unsafe fn token(cancel: *const RefrainCancel) -> CancelToken {
    // SAFETY: as promised.
    let cancel = unsafe { cancel.as_ref() };
    cancel.map_or_else(CancelToken::new, |cancel| Arc::clone(&cancel.0).into())
}

/// Makes a flag that is not set. Free it with refrain_cancel_free once all calls that use it have returned.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_cancel_new() -> *mut RefrainCancel {
    guard_or(std::ptr::null_mut(), || Ok(Box::into_raw(Box::default())))
}

/// Sets the flag. Calls that use it end within a fraction of a second with REFRAIN_ERROR_INTERRUPTED. Data that they
/// committed before stays. Does nothing if `cancel` is NULL. Safe in a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cancel_set(cancel: *const RefrainCancel) {
    // SAFETY: a handle, as the header says.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        cancel.0.store(true, Ordering::Relaxed);
    }
}

/// Clears the flag, so that other calls can use it. Does nothing if `cancel` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cancel_reset(cancel: *const RefrainCancel) {
    // SAFETY: a handle, as the header says.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        cancel.0.store(false, Ordering::Relaxed);
    }
}

/// Frees the flag. No call may use it any more. Does nothing if `cancel` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cancel_free(cancel: *mut RefrainCancel) {
    // SAFETY: a handle, as the header says.
    unsafe { input::free(cancel) }
}
