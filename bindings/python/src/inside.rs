//! Calls that Python code makes from within a call on the same index: from a callback, a file object's `read()` or a signal
//! handler. Some would wait for the end of the very call that they are made from, and are refused.
use std::cell::RefCell;

thread_local! {
    /// The indexes whose calls this thread has begun, and whether each call writes.
    static CALLS: RefCell<Vec<(usize, bool)>> = const { RefCell::new(Vec::new()) };
}

/// A call that has begun on this thread. It ends on the same thread, when this is dropped.
pub struct Inside {
    index: usize,
    writes: bool,
}

impl Inside {
    /// Begins a call on the index at this address.
    pub fn new(index: usize, writes: bool) -> Self {
        CALLS.with_borrow_mut(|calls| calls.push((index, writes)));
        Self { index, writes }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        CALLS.with_borrow_mut(|calls| {
            if let Some(at) = calls.iter().rposition(|call| *call == (self.index, self.writes)) {
                calls.remove(at);
            }
        });
    }
}

/// Whether this thread is in a call on the index.
pub fn is_in_call(index: usize) -> bool {
    CALLS.with_borrow(|calls| calls.iter().any(|call| call.0 == index))
}

/// Whether this thread is in a call that writes to the index.
pub fn is_writing(index: usize) -> bool {
    CALLS.with_borrow(|calls| calls.contains(&(index, true)))
}
