//! The places of a query that were found so far.
use super::place::{GAP, Place, join};

/// The places found in the chunks so far, in half frames of the whole query.
#[derive(Debug, Default)]
pub(super) struct Found {
    places: Vec<Place>,
    /// Half frames of the query that were looked up.
    done: usize,
}

impl Found {
    /// Adds the places of the next chunk. They are counted from the beginning of the chunk, which has
    /// `half_frames` half frames.
    pub fn add(&mut self, places: Vec<Place>, half_frames: usize) {
        let done = self.done;
        for mut place in places {
            place.from += done;
            place.to += done;
            place.first.at += done as f64;
            place.first.offset -= done as f64;
            place.last = place.first;
            join(&mut self.places, place, done);
        }
        self.done += half_frames;
    }

    /// Removes and returns the places that no later chunk can continue.
    pub fn take_final(&mut self) -> Vec<Place> {
        let done = self.done;
        self.places.extract_if(.., |place| place.to + GAP < done).collect()
    }

    /// All places so far.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// All places.
    pub fn into_places(self) -> Vec<Place> {
        self.places
    }
}
