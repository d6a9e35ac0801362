//! A timeline of sound that comes bit by bit, and never ends by itself.
use std::path::PathBuf;

use super::{
    early::Early,
    monitor::{self, HOP, Monitor},
    options::TimelineOptions,
    told::Told,
};
use crate::{
    decode::Audio,
    error::Result,
    extract::{
        chunks::Chunker,
        samples::{Feed, FeedError},
    },
    library::Library,
    params::ParameterSet,
    report::LivePlay,
    units::{SampleRate, Samples, Seconds},
};

/// The state of a timeline of pushed audio. It holds no connection; each call borrows one, so tracks that were added to the
/// index meanwhile are found too.
pub(crate) struct Live {
    params: ParameterSet,
    options: TimelineOptions,
    feed: Feed,
    chunker: Chunker,
    following: Following,
    name: PathBuf,
}

/// What follows the sound.
struct Following {
    monitor: Monitor,
    early: Early,
    told: Told,
    /// Samples so far, at the analysed rate.
    samples: u64,
}

impl Live {
    /// Starts for an index with these parameters.
    pub fn new(params: &ParameterSet, options: &TimelineOptions) -> Self {
        let (monitor, samples) = (Monitor::new(params, options), 0);
        Self {
            params: *params,
            options: options.clone(),
            feed: Feed::endless(params.sample_rate),
            chunker: Chunker::new(params, HOP),
            following: Following { monitor, early: Early::default(), told: Told::default(), samples },
            name: "samples".into(),
        }
    }

    /// How much sound was taken.
    pub fn position(&self) -> Seconds {
        Samples(self.following.samples).at(self.params.sample_rate)
    }

    /// Takes the next samples, all channels of one frame after the other. Returns what is to be told.
    pub fn push(
        &mut self,
        library: &dyn Library,
        samples: &[f32],
        (channels, rate): (u16, SampleRate),
    ) -> Result<Vec<LivePlay>> {
        let Self { params, options, feed, chunker, following, name } = self;
        options.cancel.check()?;
        let _cancellable = library.cancellable(&options.cancel);
        let mut out = Vec::new();
        let mut audio = Audio::interleaved(samples, channels, rate.0).named(&*name).for_fingerprint()?;
        let mut block = Vec::new();
        while let Some(rate) = audio.next_block(&mut block)? {
            let sink = |samples: &[f32]| {
                following.samples += samples.len() as u64;
                chunker.push_ahead(samples, |chunk, ahead| {
                    options.cancel.check()?;
                    let Following { monitor, early, told, samples } = &mut *following;
                    let mut query = monitor::query(library, options)?;
                    let _snapshot = library.hold()?;
                    let finals = monitor.push(&mut query, chunk)?;
                    monitor.forget_silence();
                    let now = monitor.recent().with_ahead(ahead);
                    early.look(&mut query, options, (monitor, &now))?;
                    let at = Samples(*samples).at(params.sample_rate);
                    out.extend(told.update((&query, options), (monitor, early), finals, at)?);
                    Ok(())
                })?;
                Ok(())
            };
            feed.push(&block, rate, sink).map_err(|error: FeedError| error.of(name))?;
        }
        Ok(out)
    }

    /// Ends the sound. Returns what is still to be told: the ends of all plays.
    pub fn finish(mut self, library: &dyn Library) -> Result<Vec<LivePlay>> {
        let _cancellable = library.cancellable(&self.options.cancel);
        let _snapshot = library.hold()?;
        let mut query = monitor::query(library, &self.options)?;
        let Following { monitor, early, told, samples } = &mut self.following;
        let mut finals = Vec::new();
        let chunker = &mut self.chunker;
        let mut each = |chunk: &_| {
            finals.extend(monitor.push(&mut query, chunk)?);
            Ok(())
        };
        let total = self.feed.finish(|samples| Ok(chunker.push(samples, &mut each)?));
        *samples = total.map_err(|error| error.of(&self.name))?.0;
        chunker.finish(&mut each)?;
        finals.extend(monitor.finish(&query)?);
        early.finish(monitor);
        let at = Samples(*samples).at(self.params.sample_rate);
        let mut out = told.update((&query, &self.options), (monitor, early), finals, at)?;
        // The last frame reaches beyond the end.
        out.iter_mut().for_each(|told| told.play.end = Seconds(told.play.end.0.min(at.0)));
        Ok(out)
    }
}
