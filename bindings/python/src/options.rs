//! What Python says of how a call works.
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pyo3::prelude::*;
use refrain::{BuildOptions, Ffmpeg, MaintainOptions, QueryOptions, Range, ScanOptions, Tags};

use crate::{interrupt::Caller, records::EventRecord};

/// Which files a build takes, and how.
#[derive(FromPyObject)]
pub struct Take {
    threads: Option<usize>,
    follow_links: bool,
    hidden: bool,
    max_depth: Option<usize>,
    ffmpeg: Option<PathBuf>,
}

impl Take {
    pub(crate) fn scan(&self) -> ScanOptions {
        ScanOptions::default().follow_links(self.follow_links).hidden(self.hidden).max_depth(self.max_depth)
    }

    /// With the events passed to `callback`.
    pub(crate) fn options<'a>(
        &self,
        caller: &'a Caller,
        callback: Option<Arc<Py<PyAny>>>,
    ) -> BuildOptions<'a> {
        let ffmpeg = ffmpeg(self.ffmpeg.as_deref());
        let options = BuildOptions::default().scan(self.scan()).threads(self.threads).ffmpeg(&ffmpeg);
        let options = options.cancel(caller.cancel());
        let Some(callback) = callback else { return options };
        options.on_event(move |event| {
            if let Some(event) = EventRecord::of(event) {
                let callback = Arc::clone(&callback);
                caller.tell(move |py| callback.call1(py, (event,)).map(|_| ()));
            }
        })
    }
}

/// Which ffmpeg may decode what refrain cannot: the one in `PATH` for "auto".
pub(crate) fn ffmpeg(program: Option<&Path>) -> Ffmpeg {
    match program {
        None => Ffmpeg::never(),
        Some(auto) if auto == Path::new("auto") => Ffmpeg::auto(),
        Some(program) => Ffmpeg::at(program),
    }
}

/// How a query is made.
#[derive(FromPyObject)]
pub struct Ask {
    top: usize,
    min_score: f32,
    explain: bool,
    exact: bool,
    semitones: f64,
    slowest: f64,
    fastest: f64,
    ffmpeg: Option<PathBuf>,
}

impl Ask {
    pub(crate) fn ffmpeg(&self) -> Ffmpeg {
        ffmpeg(self.ffmpeg.as_deref())
    }

    pub(crate) fn options(&self, caller: &Caller) -> QueryOptions {
        let range = Range::default().semitones(self.semitones).slowest(self.slowest).fastest(self.fastest);
        QueryOptions::default()
            .top(self.top)
            .min_score(self.min_score)
            .exact(self.exact)
            .explain(self.explain)
            .range(range)
            .cancel(caller.cancel())
    }
}

/// What audio is called.
#[derive(FromPyObject)]
pub struct Names {
    title: Option<String>,
    artist: Option<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
}

impl From<Names> for Tags {
    fn from(names: Names) -> Self {
        let mut tags = Self::default();
        (tags.title, tags.artist, tags.album) = (names.title, names.artist, names.album);
        (tags.track_number, tags.disc_number) = (names.track_number, names.disc_number);
        (tags.recording_mbid, tags.release_mbid) = (names.recording_mbid, names.release_mbid);
        tags.acoustid = names.acoustid;
        tags
    }
}

/// Passes how far a call has come, of how much, to `callback`.
pub(crate) fn maintain(caller: &Caller, callback: Option<Arc<Py<PyAny>>>) -> MaintainOptions<'_> {
    let options = MaintainOptions::default().cancel(caller.cancel());
    let Some(callback) = callback else { return options };
    options.on_progress(move |progress| {
        let callback = Arc::clone(&callback);
        caller.tell(move |py| callback.call1(py, (progress.done, progress.total)).map(|_| ()));
    })
}
