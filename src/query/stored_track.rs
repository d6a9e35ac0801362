//! Looks up a track of the index by its stored fingerprint, without audio.
use std::path::Path;

use super::{engine::Query, found::Found, search::CHUNK, variants::stretched};
use crate::{error::Result, extract::chunks::Chunk, report::Answer, store::TrackId};

impl Query<'_> {
    /// Finds which other tracks sound like track `id`, and where. Leaves out the track itself. Returns `None`
    /// if there is no such track.
    ///
    /// Stored frames come half as often as those of a query, so the frames between them are interpolated. A
    /// stored track cannot be transposed, so it is looked up as it is.
    pub(crate) fn stored_track(&mut self, id: TrackId) -> Result<Option<Answer>> {
        let library = self.library;
        let _cancellable = library.cancellable(&self.options.cancel);
        let _snapshot = library.hold()?;
        let Some(held) = library.track(id)? else { return Ok(None) };
        let record = held.track.record;
        self.options.range = super::variants::Range::PLAIN;
        let values = self.params.frame_values();
        let per_chunk = CHUNK as i64 / 2;
        let mut found = Found::default();
        for first in (0..).step_by(CHUNK / 2) {
            self.options.cancel.check()?;
            // One more frame, to interpolate up to the next chunk.
            let frames = self.stored(id, first, first + per_chunk + 1)?.frames;
            let ends = frames.len() / values <= per_chunk as usize;
            let mut chroma = stretched(&frames, values, 2.0);
            if !ends {
                chroma.truncate(CHUNK * values);
            }
            if chroma.is_empty() {
                break;
            }
            let chunk = Chunk { chroma, magnitudes: Vec::new(), begins: first == 0, ends };
            found.add(self.places(&chunk)?, chunk.half_frames(&self.params));
            if ends {
                break;
            }
        }
        let name: &Path = &record.path;
        self.rank(name, found.into_places(), record.duration.0).map(Some)
    }
}
