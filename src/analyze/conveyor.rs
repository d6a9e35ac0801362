//! Work that any thread does and whose results come in order.
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
};

use rayon::{Scope, Yield};

/// A part of the work that panicked: a fault of refrain's own.
#[derive(Debug)]
pub struct Fault;

/// Hands work to the threads of a pool and collects its results in the order in which it was handed out.
///
/// At most so many parts are under way, which bounds the memory. A thread that waits for a result does waiting work of its
/// own meanwhile, so that a pool of one thread does all by itself.
pub struct Conveyor<'a, 'scope, T> {
    scope: &'a Scope<'scope>,
    sender: mpsc::Sender<(usize, Result<T, Fault>)>,
    receiver: mpsc::Receiver<(usize, Result<T, Fault>)>,
    waiting: BTreeMap<usize, Result<T, Fault>>,
    handed: usize,
    /// Results that were given on.
    given: usize,
}

impl<'a, 'scope, T: Send + 'scope> Conveyor<'a, 'scope, T> {
    /// For the threads of the pool that `scope` belongs to; to be used by one of them.
    pub fn new(scope: &'a Scope<'scope>) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { scope, sender, receiver, waiting: BTreeMap::new(), handed: 0, given: 0 }
    }

    /// Hands out work.
    pub fn hand(&mut self, work: impl FnOnce() -> T + Send + 'scope) {
        let (number, sender) = (self.handed, self.sender.clone());
        self.handed += 1;
        self.scope.spawn(move |_| {
            let done = catch_unwind(AssertUnwindSafe(work)).map_err(|_| Fault);
            // Where nobody waits any more, nobody misses it.
            let _ = sender.send((number, done));
        });
    }

    /// The next result in order, as long as more than `most` parts have not been given: waits for it if need be.
    pub fn take(&mut self, most: usize) -> Option<Result<T, Fault>> {
        while self.handed - self.given > most {
            if let Some(done) = self.waiting.remove(&self.given) {
                self.given += 1;
                return Some(done);
            }
            let came = match self.receiver.try_recv() {
                Ok(came) => came,
                Err(_) if rayon::yield_local() == Some(Yield::Executed) => continue,
                // All that is not done is in the hands of other threads, none of which waits for this one.
                Err(_) => self.receiver.recv().expect("a sender is kept"),
            };
            self.waiting.insert(came.0, came.1);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_with_any_number_of_threads_and_faults_are_told() {
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for most in [0, 1, 7] {
                let mut got = Vec::new();
                pool.install(|| {
                    rayon::scope(|scope| {
                        let mut conveyor = Conveyor::new(scope);
                        for n in 0..50u64 {
                            conveyor.hand(move || {
                                std::thread::yield_now();
                                assert!(n != 13, "thirteen");
                                n * n
                            });
                            while let Some(done) = conveyor.take(most) {
                                got.push(done.ok());
                            }
                            assert!(got.len() + most > n as usize);
                        }
                        while let Some(done) = conveyor.take(0) {
                            got.push(done.ok());
                        }
                    });
                });
                assert_eq!(got, (0..50).map(|n| (n != 13).then_some(n * n)).collect::<Vec<_>>());
            }
        }
    }
}
