//! Runs work on any thread and returns the results in order.
//!
//! [`Ordered`] hands closures to the threads of a pool and returns their results in the order in which they were
//! handed out. [`in_order`] does this for numbered jobs. Builds, queries of many clips, and the harmonic analysis of
//! files and of their blocks all work this way.
use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rayon::{Scope, Yield};

use crate::{
    cancel::CancelToken,
    error::{Error, Result},
};

/// How long [`in_order`] waits for a result before it calls [`Sink::tick`].
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// The payload of a panic in a piece of work.
type Panic = Box<dyn Any + Send>;

/// Holds numbered results and returns them in order.
struct Reorder<T> {
    /// Results that came before their turn.
    waiting: BTreeMap<usize, T>,
    /// How many results were returned.
    given: usize,
}

impl<T> Reorder<T> {
    fn new() -> Self {
        Self { waiting: BTreeMap::new(), given: 0 }
    }

    fn put(&mut self, (number, result): (usize, T)) {
        self.waiting.insert(number, result);
    }

    /// The next result in order, if it has come.
    fn next(&mut self) -> Option<T> {
        let result = self.waiting.remove(&self.given)?;
        self.given += 1;
        Some(result)
    }
}

/// Hands work to the threads of a rayon pool and returns the results in the order in which the work was handed out.
///
/// The caller limits how many pieces are under way, and so the memory. A thread of the pool that waits for a result
/// works on pieces meanwhile, so a pool of one thread does everything itself.
pub(crate) struct Ordered<'a, 'scope, T> {
    scope: &'a Scope<'scope>,
    sender: mpsc::Sender<(usize, Result<T, Panic>)>,
    receiver: mpsc::Receiver<(usize, Result<T, Panic>)>,
    results: Reorder<Result<T, Panic>>,
    handed: usize,
}

impl<'a, 'scope, T: Send + 'scope> Ordered<'a, 'scope, T> {
    /// Uses the threads of the pool that `scope` belongs to. The caller is one of them.
    pub fn new(scope: &'a Scope<'scope>) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { scope, sender, receiver, results: Reorder::new(), handed: 0 }
    }

    /// Hands out a piece of work.
    pub fn hand(&mut self, work: impl FnOnce() -> T + Send + 'scope) {
        let (number, sender) = (self.handed, self.sender.clone());
        self.handed += 1;
        self.scope.spawn(move |_| {
            let done = catch_unwind(AssertUnwindSafe(work));
            // If the receiver is gone, nobody needs the result.
            let _ = sender.send((number, done));
        });
    }

    /// Waits for the next result in order, if more than `max_pending` were not returned yet. The error is the payload
    /// of a panic in the work.
    pub fn take(&mut self, max_pending: usize) -> Option<Result<T, Panic>> {
        while self.handed - self.results.given > max_pending {
            if let Some(done) = self.results.next() {
                return Some(done);
            }
            let came = match self.receiver.try_recv() {
                Ok(came) => came,
                Err(_) if rayon::yield_local() == Some(Yield::Executed) => continue,
                // Everything that is not done runs on other threads, and none of them waits for this one.
                Err(_) => self.receiver.recv().expect("`self` keeps a sender"),
            };
            self.results.put(came);
        }
        None
    }
}

/// Receives the results of [`in_order`], on the caller's thread.
pub(crate) trait Sink<T> {
    /// Takes the result of job `number`. Jobs come in order, each once.
    ///
    /// # Errors
    /// Any error ends the work: jobs that have not begun are dropped, and the token of the others is cancelled.
    fn take(&mut self, number: usize, result: T) -> Result<()>;

    /// Called about every [`TICK`] while a result is awaited, and before each result.
    ///
    /// # Errors
    /// Like those of [`Sink::take`].
    fn tick(&mut self) -> Result<()>;
}

/// Runs the jobs `0..count` with `work` on `threads` threads. At most `ahead` jobs run beyond the one that `sink`
/// waits for.
///
/// These are not rayon threads. A rayon thread that waits starts another task of its pool. If that task calls
/// something that the caller has locked, both wait for ever.
///
/// `work` gets a token that is cancelled once `sink` fails, so that a thread drops even a file of hours. A panic of
/// `work` continues in the caller.
///
/// # Errors
/// Errors of `sink`.
pub(crate) fn in_order<T: Send>(
    (threads, name): (usize, &str),
    count: usize,
    ahead: usize,
    work: impl Fn(usize, &CancelToken) -> T + Sync,
    sink: &mut impl Sink<T>,
) -> Result<()> {
    let (stop, work) = (CancelToken::new(), &work);
    let (job_sender, jobs) = mpsc::channel::<usize>();
    let (sender, receiver) = mpsc::channel();
    let jobs = Mutex::new(jobs);
    thread::scope(|scope| {
        // Ends the threads, even if `sink` panics: no more jobs start, and the token of running jobs is cancelled.
        let (job_sender, _stopping) = (job_sender, Stopping(&stop));
        for n in 0..threads.clamp(1, count.max(1)) {
            let (sender, jobs, stop) = (sender.clone(), &jobs, &stop);
            let serve = move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(number) = job else { break };
                    if stop.is_cancelled() {
                        break;
                    }
                    let done = catch_unwind(AssertUnwindSafe(|| work(number, stop)));
                    if sender.send((number, done)).is_err() {
                        break;
                    }
                }
            };
            let thread = thread::Builder::new().name(format!("{name}-{n}"));
            let io = |source| Error::Io { path: PathBuf::from("threads"), source };
            thread.spawn_scoped(scope, serve).map_err(io)?;
        }
        let (mut results, mut handed) = (Reorder::new(), 0);
        while results.given < count {
            while handed < count && handed - results.given < ahead.max(1) {
                job_sender.send(handed).expect("`jobs` is kept");
                handed += 1;
            }
            sink.tick()?;
            let number = results.given;
            match results.next() {
                Some(Ok(result)) => sink.take(number, result)?,
                Some(Err(panic)) => resume_unwind(panic),
                None => match receiver.recv_timeout(TICK) {
                    Ok(came) => results.put(came),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => unreachable!("`sender` is kept"),
                },
            }
        }
        Ok(())
    })
}

/// Cancels the work of all threads when dropped.
struct Stopping<'a>(&'a CancelToken);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_with_any_number_of_threads_and_panics_are_kept() {
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for max_pending in [0, 1, 7] {
                let mut got = Vec::new();
                pool.install(|| {
                    rayon::scope(|scope| {
                        let mut ordered = Ordered::new(scope);
                        for n in 0..50u64 {
                            ordered.hand(move || {
                                std::thread::yield_now();
                                assert!(n != 13, "thirteen");
                                n * n
                            });
                            while let Some(done) = ordered.take(max_pending) {
                                got.push(done.ok());
                            }
                            assert!(got.len() + max_pending > n as usize);
                        }
                        while let Some(done) = ordered.take(0) {
                            got.push(done.ok());
                        }
                    });
                });
                assert_eq!(got, (0..50).map(|n| (n != 13).then_some(n * n)).collect::<Vec<_>>());
            }
        }
    }

    /// Collects results until it has enough.
    struct Collect {
        got: Vec<usize>,
        enough: usize,
    }

    impl Sink<usize> for Collect {
        fn take(&mut self, number: usize, result: usize) -> Result<()> {
            assert_eq!(number, result);
            self.got.push(result);
            if self.got.len() == self.enough { Err(Error::Interrupted) } else { Ok(()) }
        }

        fn tick(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn numbered_jobs_come_in_order_and_stay_within_the_limit_ahead() {
        for (threads, ahead) in [(1, 1), (3, 2), (2, 8)] {
            let begun = AtomicUsize::new(0);
            let work = |number: usize, _: &CancelToken| {
                begun.fetch_add(1, Ordering::SeqCst);
                if number.is_multiple_of(3) {
                    std::thread::yield_now();
                }
                number
            };
            let mut all = Collect { got: Vec::new(), enough: usize::MAX };
            in_order((threads, "test"), 40, ahead, work, &mut all).unwrap();
            assert_eq!(all.got, (0..40).collect::<Vec<_>>());
            begun.store(0, Ordering::SeqCst);
            let mut some = Collect { got: Vec::new(), enough: 5 };
            assert!(matches!(
                in_order((threads, "test"), 40, ahead, work, &mut some),
                Err(Error::Interrupted)
            ));
            assert_eq!(some.got, [0, 1, 2, 3, 4]);
            assert!(begun.load(Ordering::SeqCst) <= 5 + ahead);
        }
    }

    #[test]
    fn who_is_at_work_is_told_to_stop_where_the_sink_ends_early() {
        let work = |number: usize, stop: &CancelToken| {
            // All jobs but the first run until they are cancelled.
            while number > 0 && !stop.is_cancelled() {
                std::thread::yield_now();
            }
            number
        };
        let mut one = Collect { got: Vec::new(), enough: 1 };
        assert!(in_order((2, "test"), 10, 4, work, &mut one).is_err());
        assert_eq!(one.got, [0]);
    }

    #[test]
    fn a_panic_of_the_work_is_the_callers() {
        let mut all = Collect { got: Vec::new(), enough: usize::MAX };
        let work = |number: usize, _: &CancelToken| if number == 3 { panic!("three") } else { number };
        let panicked = catch_unwind(AssertUnwindSafe(|| in_order((2, "test"), 9, 2, work, &mut all)));
        assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"three"));
        assert_eq!(all.got, [0, 1, 2]);
    }
}
