//! How long to wait before a lost stream is tried again: longer each time, and less again once it has played for a while.
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// A stream that has played for so long is a good one.
const GOOD: Duration = Duration::from_secs(10);

/// The waits so far.
#[derive(Debug)]
pub struct Retry {
    next: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Retry {
    /// How long to wait after a connection that gave so much sound.
    pub fn wait(&mut self, sound: Duration) -> Duration {
        if sound >= GOOD {
            self.next = FIRST;
        }
        let wait = self.next;
        self.next = (2 * wait).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_until_there_is_sound() {
        let mut retry = Retry::default();
        let none = Duration::ZERO;
        assert_eq!((retry.wait(none), retry.wait(none), retry.wait(none)), (FIRST, 2 * FIRST, 4 * FIRST));
        for _ in 0..10 {
            retry.wait(none);
        }
        assert_eq!(retry.wait(none), LONGEST);
        assert_eq!(retry.wait(GOOD), FIRST);
        assert_eq!(retry.wait(none), 2 * FIRST);
    }
}
