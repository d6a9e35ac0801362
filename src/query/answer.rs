//! Answers a query whose audio can be read.
use std::path::Path;

use super::{engine::Query, found::Found, search::CHUNK};
use crate::{
    decode::{BlockSource, Warning},
    error::Result,
    extract::chunks::chunks,
    report::{Answer, Status},
    tags::Tags,
    units::{SampleRate, Seconds},
};

/// A clip that is never louder is silent: three steps of 16 bits, so that dither counts as silence.
pub(super) const SILENT: f32 = 1e-4;

/// Audio, and how loud it was so far.
pub(super) struct Measured<'a> {
    pub source: &'a mut dyn BlockSource,
    pub loudest: f32,
}

impl BlockSource for Measured<'_> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        let rate = self.source.next_block(mono)?;
        if rate.is_some() {
            self.loudest = mono.iter().fold(self.loudest, |loudest, sample| loudest.max(sample.abs()));
        }
        Ok(rate)
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    fn tags(&self) -> Tags {
        self.source.tags()
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        self.source.spec()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.source.warnings()
    }
}

impl Query<'_> {
    /// Answers the query in `decoder`; the answer calls it `name`. Works chunk by chunk, so a recording of
    /// hours takes no more memory than one of a minute.
    pub(crate) fn answer(&mut self, name: &Path, decoder: &mut dyn BlockSource) -> Result<Answer> {
        let mut found = Found::default();
        let (params, library, cancel) = (self.params, self.library, self.options.cancel.clone());
        // Reading and comparing the lists of one chunk can take longer than a second.
        let _cancellable = library.cancellable(&cancel);
        let mut decoder = Measured { source: decoder, loudest: 0.0 };
        let mut last = None;
        let mut half_frames = 0;
        let duration = chunks(&mut decoder, &params, CHUNK, &cancel, |chunk| {
            // A build may replace a track after its windows were found and before its frames are read. The
            // snapshot prevents that. It ends with the chunk, because a writer may have to wait for it, and
            // hours may pass until the next chunk.
            let snapshot = library.hold()?;
            found.add(self.places(chunk)?, chunk.half_frames(&params));
            half_frames += chunk.half_frames(&params);
            self.options.tell(Seconds(half_frames as f64 * params.half_frame_seconds().0));
            if chunk.ends {
                last = Some(snapshot);
            }
            Ok(())
        })?;
        let mut answer = self.rank(name, found.into_places(), duration.0)?;
        answer.warnings = decoder.warnings().iter().map(ToString::to_string).collect();
        if decoder.loudest <= SILENT && answer.status == Status::NoMatch {
            answer.warnings.push("the clip is silent".into());
        }
        Ok(answer)
    }
}
