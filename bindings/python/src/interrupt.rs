//! Long calls. Ctrl-C ends them, and what Python code does for them, such as callbacks, runs on the thread that called.
//!
//! Python handles signals on the main thread of the interpreter only. There the work runs on a thread of its own, and the
//! calling thread looks at signals and runs the jobs that the work asks for. On any other thread the work runs in place.
use std::{
    panic::resume_unwind,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use pyo3::prelude::*;
use refrain::CancelToken;

/// How often the calling thread looks at signals.
const OFTEN: Duration = Duration::from_millis(25);

/// Jobs that may wait for the calling thread before the work waits too.
const WAITING: usize = 256;

/// Python code to run for the work.
type Job = Box<dyn FnOnce(Python<'_>) -> PyResult<()> + Send>;

enum Message {
    Job(Job),
    /// The work has ended.
    Done,
}

/// The thread that called. Python code that the work needs runs on this thread. Its token tells the work to end.
#[derive(Clone)]
pub struct Caller(Arc<Line>);

struct Line {
    /// Leads to the calling thread. None where the work runs on that thread.
    sender: Option<SyncSender<Message>>,
    cancel: CancelToken,
    /// The first exception of a job or of a signal handler.
    raised: Mutex<Option<PyErr>>,
}

impl Caller {
    fn new(cancel: CancelToken, sender: Option<SyncSender<Message>>) -> Self {
        Self(Arc::new(Line { sender, cancel, raised: Mutex::default() }))
    }

    /// Whatever thread runs the work is the one that called.
    pub fn in_place(cancel: CancelToken) -> Self {
        Self::new(cancel, None)
    }

    /// Is cancelled once a job or a signal handler has raised.
    pub fn cancel(&self) -> &CancelToken {
        &self.0.cancel
    }

    /// Has `job` run without waiting for it. Once one has raised, no other job runs.
    pub fn tell(&self, job: impl FnOnce(Python<'_>) -> PyResult<()> + Send + 'static) {
        match &self.0.sender {
            // The receiver lives for as long as the work does.
            Some(sender) => drop(sender.send(Message::Job(Box::new(job)))),
            None => self.run(job),
        }
    }

    /// Has `job` run and waits for what it returns. None where it raised, or another job had.
    pub fn ask<R: Send + 'static>(
        &self,
        job: impl FnOnce(Python<'_>) -> PyResult<R> + Send + 'static,
    ) -> Option<R> {
        let (sender, receiver) = sync_channel(1);
        self.tell(move |py| {
            drop(sender.send(job(py)?));
            Ok(())
        });
        receiver.recv().ok()
    }

    fn run(&self, job: impl FnOnce(Python<'_>) -> PyResult<()>) {
        let raised = self.raised().is_some();
        if !raised && let Err(error) = Python::attach(job) {
            self.raise(error);
        }
    }

    /// Ends the work with an exception.
    fn raise(&self, error: PyErr) {
        self.0.cancel.cancel();
        self.raised().get_or_insert(error);
    }

    /// What the work returned, unless a job or a signal handler has raised.
    fn outcome<T>(&self, result: T) -> PyResult<T> {
        self.raised().take().map_or(Ok(result), Err)
    }

    fn raised(&self) -> MutexGuard<'_, Option<PyErr>> {
        // Nothing panics while it is held.
        self.0.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the work has ended, also where it panics.
struct SayDone<'a>(&'a Caller);

impl Drop for SayDone<'_> {
    fn drop(&mut self) {
        if let Some(sender) = &self.0.0.sender {
            drop(sender.send(Message::Done));
        }
    }
}

/// Runs `work` detached from the interpreter. An exception of a job or of a signal handler is the result, whatever the work
/// made of being cancelled.
pub fn run<T: Send>(py: Python<'_>, work: impl FnOnce(&Caller) -> T + Send) -> PyResult<T> {
    run_until(py, CancelToken::new(), work)
}

/// As [`run`], with the token that ends the work.
pub fn run_until<T: Send>(
    py: Python<'_>,
    cancel: CancelToken,
    work: impl FnOnce(&Caller) -> T + Send,
) -> PyResult<T> {
    if on_main_thread(py)? {
        return py.detach(|| watched(cancel, work));
    }
    let caller = Caller::in_place(cancel);
    let result = py.detach(|| work(&caller));
    caller.outcome(result)
}

/// As [`run`], always on another thread: for work that uses threads of its own and has jobs run from them.
pub fn run_apart<T: Send>(py: Python<'_>, work: impl FnOnce(&Caller) -> T + Send) -> PyResult<T> {
    py.detach(|| watched(CancelToken::new(), work))
}

/// Runs `work` on another thread, and its jobs on this one.
fn watched<T: Send>(cancel: CancelToken, work: impl FnOnce(&Caller) -> T + Send) -> PyResult<T> {
    let (sender, receiver) = sync_channel(WAITING);
    let caller = Caller::new(cancel, Some(sender));
    let done = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _done = SayDone(&caller);
            work(&caller)
        });
        loop {
            match receiver.recv_timeout(OFTEN) {
                Ok(Message::Job(job)) => caller.run(job),
                Ok(Message::Done) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = Python::attach(|py| py.check_signals()) {
                        caller.raise(error);
                    }
                }
            }
        }
        worker.join()
    });
    match done {
        Ok(result) => caller.outcome(result),
        Err(panic) => resume_unwind(panic),
    }
}

fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    main.eq(threading.call_method0("get_ident")?)
}
