//! Answers a query whose audio can be read.
use std::path::Path;

use super::{engine::Query, found::Found, search::CHUNK};
use crate::{decode::BlockSource, error::Result, extract::chunks::chunks, report::Answer, units::Seconds};

impl Query<'_> {
    /// Answers the query in `decoder`; the answer calls it `name`. Works chunk by chunk, so a recording of
    /// hours takes no more memory than one of a minute.
    pub(crate) fn answer(&mut self, name: &Path, decoder: &mut dyn BlockSource) -> Result<Answer> {
        let mut found = Found::default();
        let (params, store, cancel) = (self.params, self.store, self.options.cancel.clone());
        // Reading and comparing the lists of one chunk can take longer than a second.
        let _cancellable = store.cancellable(&cancel);
        let mut last = None;
        let mut half_frames = 0;
        let duration = chunks(decoder, &params, CHUNK, &cancel, |chunk| {
            // A build may replace a track after its windows were found and before its frames are read. The
            // snapshot prevents that. It ends with the chunk, because a writer may have to wait for it, and
            // hours may pass until the next chunk.
            let snapshot = store.snapshot()?;
            found.add(self.places(chunk)?, chunk.half_frames(&params));
            half_frames += chunk.half_frames(&params);
            self.options.tell(Seconds(half_frames as f64 * params.half_frame_seconds().0));
            if chunk.ends {
                last = Some(snapshot);
            }
            Ok(())
        })?;
        self.rank(name, found.into_places(), duration.0)
    }
}
