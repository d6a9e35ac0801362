//! A query whose samples are pushed in as they come.
use std::sync::{Arc, Mutex, PoisonError, Weak};

use numpy::PyReadonlyArray1;
use pyo3::{exceptions::PyValueError, prelude::*};
use refrain::{CancelToken, Match, QueryOptions};

use crate::{
    errors,
    inside::Inside,
    interrupt::{Caller, run_until},
    records::MatchRecord,
};

/// A listener of the library, and the index that it looks into.
pub struct Open {
    /// Declared before the index, so that it is dropped before the index.
    listener: refrain::Listener<'static>,
    index: Arc<refrain::Index>,
    cancel: CancelToken,
}

impl Open {
    fn new(
        index: Arc<refrain::Index>,
        options: impl FnOnce(&Caller) -> QueryOptions,
    ) -> refrain::Result<Self> {
        let cancel = CancelToken::new();
        let options = options(&Caller::in_place(cancel.clone()));
        // SAFETY: the index stays at its address until the last Arc is dropped. `Open` holds one, and drops it after the
        // listener that has the reference; `finish` does the same. Nobody gets the reference out of the listener.
        let lent: &'static refrain::Index = unsafe { &*Arc::as_ptr(&index) };
        Ok(Self { listener: lent.listen(&options)?, index, cancel })
    }

    fn finish(self) -> refrain::Result<Vec<Match>> {
        let Self { listener, index, .. } = self;
        let matches = listener.finish();
        drop(index);
        matches
    }
}

/// Whether there is anything to push samples into.
pub enum State {
    Ready(Box<Open>),
    /// A call has taken it.
    Busy,
    Ended,
}

/// Ends a listener. One that a call has taken ends with the call.
pub fn end(state: &Mutex<State>) {
    drop(replace(state, State::Ended));
}

fn replace(state: &Mutex<State>, new: State) -> State {
    // Nothing panics while it is locked, and what was in it is dropped later.
    std::mem::replace(&mut *state.lock().unwrap_or_else(PoisonError::into_inner), new)
}

#[pyclass(frozen, module = "refrain._refrain")]
pub struct Listener {
    state: Arc<Mutex<State>>,
    index: usize,
}

impl Listener {
    /// Begins to listen on the index at this address.
    pub fn new(
        py: Python<'_>,
        open: Arc<refrain::Index>,
        index: usize,
        options: impl FnOnce(&Caller) -> QueryOptions + Send,
    ) -> PyResult<Self> {
        let open = py.detach(|| Open::new(open, options)).map_err(|error| errors::of_library(py, &error))?;
        Ok(Self { state: Arc::new(Mutex::new(State::Ready(Box::new(open)))), index })
    }

    /// For the index, which ends its listeners when it is closed.
    pub fn downgrade(&self) -> Weak<Mutex<State>> {
        Arc::downgrade(&self.state)
    }

    /// Takes what there is to work with, for one call.
    fn take(&self, py: Python<'_>) -> PyResult<Box<Open>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Busy) {
            State::Ready(open) => Ok(open),
            State::Busy => Err(errors::busy(py, "another call is using the listener")),
            State::Ended => {
                *state = State::Ended;
                Err(PyValueError::new_err("the listener has ended"))
            }
        }
    }

    /// Gives it back, unless the listener was ended meanwhile.
    fn give_back(&self, open: Box<Open>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Busy) {
            *state = State::Ready(open);
        }
    }
}

fn records(matches: Vec<Match>) -> Vec<MatchRecord> {
    matches.into_iter().map(MatchRecord::from).collect()
}

#[pymethods]
impl Listener {
    /// Takes samples and returns the matches that no later sound can change. An interruption ends the listener.
    fn push(
        &self,
        py: Python<'_>,
        samples: PyReadonlyArray1<'_, f32>,
        sr: u32,
    ) -> PyResult<Vec<MatchRecord>> {
        let samples = samples.as_slice().map_err(|_| errors::parameter(py, "samples must be contiguous"))?;
        let mut open = self.take(py)?;
        let _inside = Inside::new(self.index, false);
        let cancel = open.cancel.clone();
        let matches = run_until(py, cancel.clone(), |_| open.listener.push(samples, sr));
        if cancel.is_cancelled() {
            self.end();
        } else {
            self.give_back(open);
        }
        matches?.map(records).map_err(|error| errors::of_library(py, &error))
    }

    /// Ends the sound and returns the other matches.
    fn finish(&self, py: Python<'_>) -> PyResult<Vec<MatchRecord>> {
        let open = self.take(py)?;
        let _inside = Inside::new(self.index, false);
        let cancel = open.cancel.clone();
        let matches = run_until(py, cancel, |_| open.finish());
        self.end();
        matches?.map(records).map_err(|error| errors::of_library(py, &error))
    }

    fn is_open(&self) -> bool {
        !matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Ended)
    }

    /// Ends it without the rest of its matches.
    pub fn end(&self) {
        end(&self.state);
    }
}
