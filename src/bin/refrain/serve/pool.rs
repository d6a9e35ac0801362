//! Where the work is done: on threads of its own, a few at a time, behind a queue with an end.
//!
//! The threads of the network never touch audio, so they always have time. A request takes a place in a queue first; if there is
//! none, it is refused before its body is read. Then it waits for its lane. A query begins in the quick lane. If it has no match
//! by then, it goes on in the slow one, so that clips that are not in the library hold up only each other. A query that waits
//! there keeps what it has found, so only a few may wait.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use axum::http::StatusCode;
use refrain::CancelToken;
use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot, watch},
    time::timeout,
};

use super::{failure::Failure, limits::Limits};

/// How many timelines and searches for duplicates run at a time.
const LONG: usize = 1;

/// How many more of them may wait.
const LONG_QUEUE: usize = 4;

/// How many queries may wait for the slow lane in the midst of their work. Each keeps a connection and what it has found, some
/// 12 MB.
const MIDWAY: usize = 8;

/// What work waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What takes a moment: a query that finds its match, a list, one track.
    Quick,
    /// A deeper look, variants, versions, a harmonic analysis.
    Slow,
    /// A timeline, duplicates.
    Long,
}

/// The lanes and their queues.
pub struct Pool {
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    long: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    midway: Arc<Semaphore>,
    long_queue: Arc<Semaphore>,
    time: Duration,
    long_time: Duration,
    sizes: [usize; 4],
    /// Whether everything that runs must end.
    ending: watch::Sender<bool>,
}

/// A place in the queue. It is free again once the work is done.
pub struct Place {
    lane: Lane,
    _permit: OwnedSemaphorePermit,
}

/// Work at hand.
pub struct Job {
    pub cancel: CancelToken,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    is_slow: AtomicBool,
    is_refused: AtomicBool,
    slow: Arc<Semaphore>,
    midway: Arc<Semaphore>,
    ended: Arc<Notify>,
    runtime: Handle,
}

impl Job {
    /// Goes on in the slow lane, as soon as there is room. Other work takes its place in the quick one. The work ends if too much
    /// other work waits.
    pub fn slow_down(&self) {
        if self.is_slow.swap(true, Ordering::Relaxed) {
            return;
        }
        drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
        let permit = Arc::clone(&self.slow).try_acquire_owned().ok().or_else(|| self.wait_midway());
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }

    /// Waits for the slow lane. `None` if nobody waits for the work any more, or if it is refused.
    fn wait_midway(&self) -> Option<OwnedSemaphorePermit> {
        let Ok(_waiting) = self.midway.try_acquire() else {
            self.is_refused.store(true, Ordering::Relaxed);
            self.cancel.cancel();
            return None;
        };
        let slow = Arc::clone(&self.slow).acquire_owned();
        self.runtime.block_on(async {
            tokio::select! {
                permit = slow => permit.ok(),
                () = self.ended.notified() => None,
            }
        })
    }

    /// Runs a future of the network from the thread of the work.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// Ends the work if nobody waits for it any more.
pub struct Watcher {
    cancel: CancelToken,
    ended: Arc<Notify>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.ended.notify_one();
    }
}

impl Pool {
    pub fn new(limits: &Limits) -> Self {
        let Limits { quick, slow, queue, time, long_time, .. } = *limits;
        let lane = |n: usize| Arc::new(Semaphore::new(n));
        Self {
            quick: lane(quick),
            slow: lane(slow),
            long: lane(LONG),
            queue: lane(quick + slow + queue),
            midway: lane(queue.min(MIDWAY)),
            long_queue: lane(LONG + LONG_QUEUE),
            time,
            long_time,
            sizes: [quick, slow, quick + slow + queue, queue.min(MIDWAY)],
            ending: watch::Sender::new(false),
        }
    }

    /// Takes a place in the queue of a lane, or refuses.
    pub fn place(&self, lane: Lane) -> Result<Place, Failure> {
        let queue = if lane == Lane::Long { &self.long_queue } else { &self.queue };
        let permit = Arc::clone(queue).try_acquire_owned().map_err(|_| Failure::busy())?;
        Ok(Place { lane, _permit: permit })
    }

    /// Waits for the lane, and starts `work` on a thread. The work ends when the watcher is dropped, or when it takes too long.
    async fn start<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Arc<Job>) -> T + Send + 'static,
    ) -> Result<(Watcher, oneshot::Receiver<Result<T, Failure>>), Failure> {
        let lane = match place.lane {
            Lane::Quick => &self.quick,
            Lane::Slow => &self.slow,
            Lane::Long => &self.long,
        };
        let mut ending = self.ending.subscribe();
        let permit = tokio::select! {
            permit = Arc::clone(lane).acquire_owned() => permit.map_err(|_| Failure::ending())?,
            _ = ending.wait_for(|ending| *ending) => return Err(Failure::ending()),
        };
        let (cancel, ended) = (CancelToken::new(), Arc::new(Notify::new()));
        let job = Arc::new(Job {
            cancel: cancel.clone(),
            permit: Mutex::new(Some(permit)),
            is_slow: AtomicBool::new(place.lane != Lane::Quick),
            is_refused: AtomicBool::new(false),
            slow: Arc::clone(&self.slow),
            midway: Arc::clone(&self.midway),
            ended: Arc::clone(&ended),
            runtime: Handle::current(),
        });
        let (told, outcome) = oneshot::channel();
        let run = move || {
            // The panic hook reports a panic.
            let done = catch_unwind(AssertUnwindSafe(|| work(&job)));
            let is_refused = job.is_refused.load(Ordering::Relaxed);
            drop((job, place));
            let done = if is_refused { Err(Failure::crowded()) } else { done.map_err(|_| Failure::fault()) };
            let _ = told.send(done);
        };
        let thread = thread::Builder::new().name("refrain-work".to_owned()).spawn(run);
        thread.map_err(|_| Failure::busy())?;
        Ok((Watcher { cancel, ended }, outcome))
    }

    /// Does work and returns what it returns.
    pub async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Arc<Job>) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let time = if place.lane == Lane::Long { self.long_time } else { self.time };
        let mut ending = self.ending.subscribe();
        let all = async {
            let (_watcher, outcome) = self.start(place, work).await?;
            outcome.await.unwrap_or_else(|_| Err(Failure::fault()))
        };
        tokio::select! {
            done = timeout(time, all) => done.unwrap_or_else(|_| Err(too_slow(time))),
            _ = ending.wait_for(|ending| *ending) => Err(Failure::ending()),
        }
    }

    /// Starts work whose outcome nobody returns, because it speaks for itself. Whoever listens keeps the watcher.
    pub async fn stream(
        &self,
        place: Place,
        work: impl FnOnce(&Arc<Job>) + Send + 'static,
    ) -> Result<Watcher, Failure> {
        let time = self.long_time;
        let started = timeout(time, self.start(place, work)).await;
        let (watcher, outcome) = started.unwrap_or_else(|_| Err(too_slow(time)))?;
        let (cancel, mut ending) = (watcher.cancel.clone(), self.ending.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                _ = timeout(time, outcome) => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
            cancel.cancel();
        });
        Ok(watcher)
    }

    /// Ends everything that runs or waits.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// How many requests run in the quick and in the slow lane, how many have a place in the queue, and how many of these wait for
    /// the slow lane midway.
    pub fn counts(&self) -> [usize; 4] {
        let lanes = [&self.quick, &self.slow, &self.queue, &self.midway];
        let free = lanes.map(|lane| lane.available_permits());
        [0, 1, 2, 3].map(|n| self.sizes[n].saturating_sub(free[n]))
    }
}

fn too_slow(time: Duration) -> Failure {
    let text = format!(
        "the request took longer than {} s; try a shorter clip, or fewer requests at a time",
        time.as_secs()
    );
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, text)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{channel, sync_channel};

    use axum::response::IntoResponse;
    use refrain::Seconds;
    use tokio::{runtime::Builder, task::JoinSet};

    use super::*;

    /// Says in the end whether it was cancelled.
    type Work = Box<dyn FnOnce(&Arc<Job>) -> bool + Send>;

    fn limits() -> Limits {
        Limits {
            upload: 1,
            clip: Seconds(1.0),
            recording: Seconds(1.0),
            channels: 1,
            time: Duration::from_secs(60),
            long_time: Duration::from_secs(60),
            quick: 2,
            slow: 1,
            queue: 20,
            connections: 8,
        }
    }

    #[test]
    fn only_a_few_wait_for_the_slow_lane_midway() {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = Arc::new(Pool::new(&limits()));
            let start = |work: Work| {
                let pool = Arc::clone(&pool);
                async move { pool.run(pool.place(Lane::Quick).unwrap(), work).await }
            };
            let mut all = JoinSet::new();
            let (inside, is_inside) = sync_channel(1);
            let (release, released) = channel::<()>();
            let released = Mutex::new(released);
            all.spawn(start(Box::new(move |job| {
                job.slow_down();
                inside.send(()).unwrap();
                released.lock().unwrap().recv().unwrap();
                job.cancel.is_cancelled()
            })));
            tokio::task::spawn_blocking(move || is_inside.recv().unwrap()).await.unwrap();
            // The lane itself is taken, and one finds no place.
            for _ in 0..=MIDWAY {
                all.spawn(start(Box::new(|job| {
                    job.slow_down();
                    job.cancel.is_cancelled()
                })));
            }
            let refused = all.join_next().await.unwrap().unwrap().unwrap_err();
            assert_eq!(refused.into_response().status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(pool.counts()[1..], [1, MIDWAY + 1, MIDWAY]);
            release.send(()).unwrap();
            while let Some(done) = all.join_next().await {
                assert!(!done.unwrap().unwrap(), "the work goes on");
            }
            assert_eq!(pool.counts(), [0; 4]);
        });
    }
}
