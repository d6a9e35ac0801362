//! Work space of transforms, kept for the next call: new pages of memory cost more than some transforms.
use std::sync::{Mutex, PoisonError};

/// Work space grows with the signal. That of longer signals is not kept.
const LONGEST: usize = 1 << 22;

/// How many work spaces of a kind are kept.
const MOST_IDLE: usize = 8;

/// Work spaces of a kind, for any number of threads.
pub struct Pool<T>(Mutex<Vec<T>>);

impl<T: Default> Pool<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Calls `work` with a work space, for a signal of `samples` samples.
    pub fn with<R>(&self, samples: usize, work: impl FnOnce(&mut T) -> R) -> R {
        // Nothing panics while the lock is held.
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut scratch = taken.unwrap_or_default();
        let result = work(&mut scratch);
        if samples <= LONGEST {
            let mut idle = idle();
            if idle.len() < MOST_IDLE {
                idle.push(scratch);
            }
        }
        result
    }
}
