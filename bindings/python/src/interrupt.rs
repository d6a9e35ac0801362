//! Long work that Ctrl-C ends: it runs on a thread of its own while the caller's looks at Python's signals, which only the
//! main thread of the interpreter is told of, and hands events to callbacks.
use std::{
    panic::resume_unwind,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use pyo3::prelude::*;
use refrain::CancelToken;

/// How often signals are looked at.
const OFTEN: Duration = Duration::from_millis(50);

/// Events that may wait for the callback before the work does.
const WAITING: usize = 256;

/// Runs `work` with a sender whose events are given to `on`, on the caller's thread. Where `on` or a signal handler raises,
/// `cancel` is set, and its exception is the result once the work has ended.
pub fn with_events<E: Send, T: Send>(
    py: Python<'_>,
    cancel: &CancelToken,
    work: impl FnOnce(&SyncSender<E>) -> T + Send,
    mut on: impl FnMut(Python<'_>, E) -> PyResult<()> + Send,
) -> PyResult<T> {
    py.detach(|| {
        let (sender, receiver) = sync_channel(WAITING);
        let mut raised = None;
        let done = thread::scope(|scope| {
            // The sender is dropped when the work is done, also where it panics.
            let worker = scope.spawn(move || work(&sender));
            loop {
                let told = match receiver.recv_timeout(OFTEN) {
                    Ok(_) if raised.is_some() => Ok(()),
                    Ok(event) => Python::attach(|py| on(py, event)),
                    Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals()),
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                if let Err(error) = told {
                    cancel.cancel();
                    raised.get_or_insert(error);
                }
            }
            worker.join()
        });
        match (raised, done) {
            (_, Err(panic)) => resume_unwind(panic),
            (Some(error), Ok(_)) => Err(error),
            (None, Ok(result)) => Ok(result),
        }
    })
}

/// Runs `work`, which ends when `cancel` is set. On other threads than the main one there are no signals to look at.
pub fn interruptible<T: Send>(
    py: Python<'_>,
    cancel: &CancelToken,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    if on_main_thread(py)? {
        with_events(py, cancel, |_: &SyncSender<()>| work(), |_, ()| Ok(()))
    } else {
        Ok(py.detach(work))
    }
}

fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    main.eq(threading.call_method0("get_ident")?)
}
