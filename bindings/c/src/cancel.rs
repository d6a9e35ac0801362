//! Ending a call from another thread.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use refrain::CancelToken;

use crate::{guard::guard_or, input};

/// A flag that ends calls early. It may be set from any thread, from a callback, and from a signal handler; any number of
/// calls may look at it.
#[derive(Debug, Default)]
pub struct RefrainCancel(Arc<AtomicBool>);

impl RefrainCancel {
    pub(crate) fn token(&self) -> CancelToken {
        Arc::clone(&self.0).into()
    }
}

/// A flag that is not set, to be freed with refrain_cancel_free once no call looks at it any more.
#[unsafe(no_mangle)]
pub extern "C" fn refrain_cancel_new() -> *mut RefrainCancel {
    guard_or(std::ptr::null_mut(), || Ok(Box::into_raw(Box::default())))
}

/// Sets the flag: calls that look at it end soon, with REFRAIN_ERROR_INTERRUPTED; what they had committed stays. Of NULL
/// it does nothing. Safe in a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cancel_set(cancel: *const RefrainCancel) {
    // SAFETY: a handle, as the header says.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        cancel.0.store(true, Ordering::Relaxed);
    }
}

/// Takes it back, so that the flag can be used for other calls. Of NULL it does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cancel_reset(cancel: *const RefrainCancel) {
    // SAFETY: a handle, as the header says.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        cancel.0.store(false, Ordering::Relaxed);
    }
}

/// Frees the flag; no call may look at it any more. Of NULL it does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cancel_free(cancel: *mut RefrainCancel) {
    // SAFETY: a handle, as the header says.
    unsafe { input::free(cancel) }
}
