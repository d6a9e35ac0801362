//! Identifying sound as it comes.
use std::{
    ffi::c_void,
    mem,
    sync::{Arc, Mutex, MutexGuard},
};

use refrain::{Index, Listener, Match};

use crate::{
    answer::{RefrainMatch, plain},
    code::{Failure, RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input, output,
    query::RefrainQueryOptions,
    sized,
    strings::Strings,
};

/// A query whose sound comes bit by bit: live sound, or a recording of hours whose matches you want as they end. It stays
/// valid after its index is closed, and keeps the file open until you free it. Threads may share one; their calls take
/// turns.
pub struct RefrainListener(Mutex<Hearing>);

/// The compiler checks here what the header promises of the handle.
const _: fn() = || {
    fn for_any_thread<T: Send + Sync>() {}
    for_any_thread::<RefrainListener>();
};

/// The fields are dropped in this order: the listener before the index that it borrows.
struct Hearing {
    /// `None` once the sound has ended. Borrows from `_index`; see [`refrain_listen`].
    listener: Option<Listener<'static>>,
    _index: Arc<Index>,
}

/// Gets one match after the other, on the calling thread. The match and its texts are valid until the callback returns.
/// Their times count from the first sample.
pub type RefrainMatchCallback =
    Option<unsafe extern "C" fn(found: *const RefrainMatch, user_data: *mut c_void)>;

impl RefrainListener {
    fn lock(&self) -> Result<MutexGuard<'_, Hearing>> {
        self.0.lock().map_err(|_| Failure {
            code: RefrainCode::RefrainErrorInternal,
            message: "a fault in refrain ended this listener".to_owned(),
        })
    }
}

fn ended() -> Failure {
    Failure::argument("the sound has ended: refrain_listener_finish was called")
}

/// Begins to listen. `options` may be NULL; the number of matches is not limited. Free `*listener` with
/// refrain_listener_free. It is NULL after a failure. The cancel of the options ends later calls with this listener, so
/// keep it until they return.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_listen(
    index: *const RefrainIndex,
    options: *const RefrainQueryOptions,
    listener: *mut *mut RefrainListener,
) -> RefrainCode {
    guard(|| {
        // SAFETY: handles, a struct and a flag of the caller.
        let (index, place, options) = unsafe {
            let place = output::place(listener, "listener")?;
            (input::handle(index, "index")?, place, sized::read(options)?.understood()?)
        };
        let index = Arc::clone(&index.index);
        let listener = index.listen(&options)?;
        // SAFETY: the listener borrows the index inside the `Arc`, which does not move. `Hearing` keeps an `Arc` of it,
        // drops the listener first, and never hands the listener out.
        let listener = unsafe { mem::transmute::<Listener<'_>, Listener<'static>>(listener) };
        let hearing = Hearing { listener: Some(listener), _index: index };
        *place = Box::into_raw(Box::new(RefrainListener(Mutex::new(hearing))));
        Ok(())
    })
}

/// Takes the next `count` samples of one channel, `rate` a second, full scale -1 to 1, and passes the matches to
/// `callback` that later sound cannot change. The library looks into the index after each minute or so of sound. A match
/// comes out once 6 s have gone by without it.
///
/// REFRAIN_ERROR_AUDIO if `rate` is not 1,000 to 768,000 or a week of sound has gone by, REFRAIN_ERROR_ARGUMENT after
/// refrain_listener_finish, REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_listener_push(
    listener: *mut RefrainListener,
    samples: *const f32,
    count: usize,
    rate: u32,
    callback: RefrainMatchCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle and samples of the caller.
        let (listener, samples) =
            unsafe { (input::handle(listener, "listener")?, input::values(samples, count, "samples")?) };
        let callback = input::callback(callback)?;
        // The lock ends here: the callback may push more sound.
        let matches = listener.lock()?.listener.as_mut().ok_or_else(ended)?.push(samples, rate)?;
        // SAFETY: the caller's function, called as it is declared.
        show(&matches, |found| unsafe { callback(found, user_data) });
        Ok(())
    })
}

/// Ends the sound and passes the remaining matches to `callback`. The listener takes no more sound, even after a failure.
///
/// Errors are those of refrain_listener_push.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_listener_finish(
    listener: *mut RefrainListener,
    callback: RefrainMatchCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle.
        let listener = unsafe { input::handle(listener, "listener") }?;
        let callback = input::callback(callback)?;
        let matches = listener.lock()?.listener.take().ok_or_else(ended)?.finish()?;
        // SAFETY: the caller's function, called as it is declared.
        show(&matches, |found| unsafe { callback(found, user_data) });
        Ok(())
    })
}

/// Frees a listener. Does nothing if `listener` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_listener_free(listener: *mut RefrainListener) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(listener) }
}

/// Passes matches to a callback.
fn show(matches: &[Match], callback: impl Fn(*const RefrainMatch)) {
    for found in matches {
        let mut strings = Strings::default();
        callback(&RefrainMatch { size: size_of::<RefrainMatch>(), ..plain(found, &mut strings) });
    }
}
