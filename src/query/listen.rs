//! Audio that is pushed in as it comes: live sound, or a recording of hours whose matches are wanted as soon as they
//! end.
use std::path::{Path, PathBuf};

use super::{engine::Query, found::Found, options::QueryOptions, place::Place, search::CHUNK};
use crate::{
    decode::Audio,
    error::Result,
    extract::{
        chunks::{Chunk, Chunker},
        samples::{Feed, FeedError},
    },
    library::Library,
    params::ParameterSet,
    report::Match,
    units::SampleRate,
};

/// The state of a query by pushed audio. It holds no connection; each call borrows one.
pub(crate) struct Hearing {
    params: ParameterSet,
    options: QueryOptions,
    feed: Feed,
    chunker: Chunker,
    found: Found,
    half_frames: usize,
    name: PathBuf,
}

impl Hearing {
    /// Starts for an index with these parameters. Errors show `name`.
    pub fn new(params: &ParameterSet, options: &QueryOptions, name: &Path) -> Self {
        Self {
            params: *params,
            options: options.clone(),
            feed: Feed::new(params.sample_rate),
            chunker: Chunker::new(params, CHUNK),
            found: Found::default(),
            half_frames: 0,
            name: name.to_owned(),
        }
    }

    /// Takes the next mono samples, looks up the chunks they complete, and returns the matches that no later sound
    /// can change.
    pub fn push(&mut self, library: &dyn Library, samples: &[f32], rate: SampleRate) -> Result<Vec<Match>> {
        let Self { params, options, feed, chunker, found, half_frames, name } = self;
        options.cancel.check()?;
        let _cancellable = library.cancellable(&options.cancel);
        let mut query: Option<Query<'_>> = None;
        let mut matches = Vec::new();
        let mut each = |chunk: &Chunk| {
            let query = match &mut query {
                Some(query) => query,
                none => none.insert(Query::new(library, options)?),
            };
            let _snapshot = library.hold()?;
            found.add(query.places(chunk)?, chunk.half_frames(params));
            *half_frames += chunk.half_frames(params);
            matches.extend(matched(query, found.take_final(), seconds(params, *half_frames))?);
            Ok(())
        };
        let mut audio = Audio::samples(samples, rate.0).named(name.clone()).for_fingerprint()?;
        let mut block = Vec::new();
        while let Some(rate) = audio.next_block(&mut block)? {
            options.cancel.check()?;
            feed.push(&block, rate, |samples| chunker.push(samples, &mut each).map_err(FeedError::Sink))
                .map_err(|error| error.of(name))?;
        }
        Ok(matches)
    }

    /// Ends the sound and returns the matches that were not returned before.
    pub fn finish(mut self, library: &dyn Library) -> Result<Vec<Match>> {
        let _cancellable = library.cancellable(&self.options.cancel);
        let mut query = Query::new(library, &self.options)?;
        let _snapshot = library.hold()?;
        let (params, found) = (self.params, &mut self.found);
        let mut each = |chunk: &Chunk| {
            found.add(query.places(chunk)?, chunk.half_frames(&params));
            Ok(())
        };
        let chunker = &mut self.chunker;
        let samples = self
            .feed
            .finish(|samples| chunker.push(samples, &mut each).map_err(FeedError::Sink))
            .map_err(|error| error.of(&self.name))?;
        chunker.finish(&mut each)?;
        let duration = samples.at(params.sample_rate).0;
        matched(&query, self.found.into_places(), duration)
    }
}

/// The places that count as matches, ordered by their position in the query.
fn matched(query: &Query<'_>, places: Vec<Place>, duration: f64) -> Result<Vec<Match>> {
    let mut matches = query.matches(places, duration)?;
    matches.sort_by(|a, b| a.query_start.0.total_cmp(&b.query_start.0));
    Ok(matches)
}

/// The time after `half_frames` half frames, in seconds.
fn seconds(params: &ParameterSet, half_frames: usize) -> f64 {
    half_frames as f64 * params.half_frame_seconds().0
}
