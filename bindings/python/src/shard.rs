//! One shard of a library that many machines hold, for `refrain.cluster`.
use std::{path::PathBuf, sync::Arc};

use pyo3::{exceptions::PyIndexError, prelude::*, pybacked::PyBackedBytes, types::PyBytes};
use refrain::{Ask, Seconds, TimelineOptions, Waiting};

use crate::{
    audio::with_audio,
    errors,
    interrupt::{Caller, run},
    options::{self, Ask as Asked},
    records::{AnswerRecord, TimelineRecord},
};

/// The index file of a shard, opened for reading.
#[pyclass(frozen, module = "refrain._refrain")]
pub struct Shard(refrain::Shard);

/// A Python callable as the way to the other shards. It gets pairs of a shard's number and a request, and returns an object
/// whose method `replies()` returns their replies. An exception of either ends the query and is raised again.
struct Way {
    send: Arc<Py<PyAny>>,
    caller: Caller,
}

/// What the callable returned.
struct Sent<'w> {
    waiting: Py<PyAny>,
    caller: &'w Caller,
}

/// Why there are no replies, where the exception itself says more.
fn no_replies() -> String {
    "another shard was not asked".to_owned()
}

impl Ask for Way {
    fn send(&self, requests: Vec<(usize, Vec<u8>)>) -> Result<Box<dyn Waiting + '_>, String> {
        let send = Arc::clone(&self.send);
        let waiting = self.caller.ask(move |py| {
            let requests = requests.into_iter();
            let requests: Vec<_> =
                requests.map(|(shard, request)| (shard, PyBytes::new(py, &request))).collect();
            send.call1(py, (requests,))
        });
        let waiting = waiting.ok_or_else(no_replies)?;
        Ok(Box::new(Sent { waiting, caller: &self.caller }))
    }
}

impl Waiting for Sent<'_> {
    fn replies(self: Box<Self>) -> Result<Vec<Vec<u8>>, String> {
        let waiting = self.waiting;
        let replies = self.caller.ask(move |py| {
            let replies: Vec<PyBackedBytes> = waiting.call_method0(py, "replies")?.extract(py)?;
            Ok(replies.iter().map(|reply| reply.to_vec()).collect())
        });
        replies.ok_or_else(no_replies)
    }
}

#[pymethods]
impl Shard {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let shard = py.detach(|| refrain::Shard::open(path));
        shard.map(Self).map_err(|error| errors::of_library(py, &error))
    }

    /// What the other shards have to know of this one.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let facts = run(py, |_| self.0.facts())?.map_err(|error| errors::of_library(py, &error))?;
        Ok(PyBytes::new(py, &facts))
    }

    /// Tells it the facts of all shards, and its number among them.
    fn know(&self, py: Python<'_>, facts: Vec<PyBackedBytes>, me: usize) -> PyResult<()> {
        if me >= facts.len() {
            return Err(PyIndexError::new_err(format!("shard {me} of {}", facts.len())));
        }
        py.detach(|| self.0.know(&facts, me)).map_err(|error| errors::of_library(py, &error))
    }

    /// The reply to a request of another shard.
    fn reply<'py>(&self, py: Python<'py>, request: PyBackedBytes) -> PyResult<Bound<'py, PyBytes>> {
        let reply = py.detach(|| self.0.reply(&request)).map_err(|error| errors::of_library(py, &error))?;
        Ok(PyBytes::new(py, &reply))
    }

    /// Answers a clip out of all shards that are not in `left_out`.
    #[allow(clippy::too_many_arguments)]
    fn query<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: Option<PathBuf>,
        asked: Asked,
        send: Py<PyAny>,
        left_out: Vec<usize>,
    ) -> PyResult<AnswerRecord> {
        let send = Arc::new(send);
        let answer = with_audio(py, kind, source, sr, name, move |audio, caller| {
            let way = Way { send, caller: caller.clone() };
            self.0.query(audio.ffmpeg(&asked.ffmpeg()), &asked.options(caller), &way, &left_out)
        });
        answer.map(AnswerRecord::from)
    }

    /// Tells what was played when, out of all shards that are not in `left_out`.
    #[allow(clippy::too_many_arguments)]
    fn timeline<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        source: &Bound<'py, PyAny>,
        sr: u32,
        name: Option<PathBuf>,
        limits: (f64, f32),
        ffmpeg: Option<PathBuf>,
        send: Py<PyAny>,
        left_out: Vec<usize>,
    ) -> PyResult<TimelineRecord> {
        let send = Arc::new(send);
        let (min_length, min_score) = limits;
        let timeline = with_audio(py, kind, source, sr, name, move |audio, caller| {
            let options = TimelineOptions::default()
                .min_length(Seconds(min_length))
                .min_score(min_score)
                .cancel(caller.cancel());
            let way = Way { send, caller: caller.clone() };
            let audio = audio.ffmpeg(&options::ffmpeg(ffmpeg.as_deref()));
            self.0.timeline(audio, &options, &way, &left_out, |_| {})
        });
        timeline.map(TimelineRecord::from)
    }
}
