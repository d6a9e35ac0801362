//! Whether a clip fits a track better when it is played backwards.
//!
//! Long chords sound alike forwards and backwards, so a clip that is played backwards agrees a little with its own track. It
//! agrees better once it is turned round.
use super::{
    engine::Query,
    place::Place,
    variant_frames::{VariantFrames, turned_round},
    variants::Variant,
};
use crate::{align::align, error::Result};

/// A clip that is more similar to the track is not played backwards.
const SIMILAR: f64 = 0.75;

/// Half frames of the clip that are turned round: 12 s.
const PART: usize = 128;

/// How far from the place the turned part is looked for, in half frames: three minutes.
const FAR: i32 = 2000;

/// Offsets that [`align`] tries together.
const TOGETHER: usize = 5;

/// How many times as much evidence shows that a clip is played backwards.
const BETTER: f32 = 1.1;

impl Query<'_> {
    /// Whether the clip at `place` fits the track better when it is turned round.
    pub(super) fn is_backwards(&self, variants: &VariantFrames<'_>, place: &Place) -> Result<bool> {
        let is_similar = place.traits.is_some_and(|traits| traits.similarity >= SIMILAR);
        if is_similar || place.pairs < self.params.rendering.min_pairs {
            return Ok(false);
        }
        let values = self.params.frame_values();
        let shift = (place.pitch.round() as i32).clamp(-self.params.max_shift(), self.params.max_shift());
        let variant = Variant { shift, tempo: place.tempo };
        let frames = variants.frames(&variant);
        let in_variant = |half: usize| (half as f64 * variant.tempo).round() as usize;
        let middle = in_variant(usize::midpoint(place.from, place.to));
        let count = (in_variant(place.to) - in_variant(place.from)).min(PART);
        let from = middle.saturating_sub(count / 2);
        let part = frames.get(from * values..(from + count) * values).unwrap_or(&[]);
        if part.is_empty() {
            return Ok(false);
        }
        let offset = place.in_track(from as f64 / variant.tempo).round() as i32;
        let (first, last) = ((offset - FAR).max(0), offset + FAR);
        let stored = self.stored(place.track, i64::from(first / 2), i64::from(last / 2))?;
        let evidence =
            |part: &[f32], offset: i32| align(part, &stored, values, offset).map_or(0.0, |a| a.evidence);
        let forwards = evidence(part, offset);
        let turned = turned_round(part, values);
        for offset in (first - count as i32 / 2..last).step_by(TOGETHER) {
            self.options.cancel.check()?;
            if evidence(&turned, offset) > BETTER * forwards {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::{f64::consts::TAU, sync::Arc};

    use super::*;
    use crate::{
        Index,
        decode::Audio,
        extract::chunks::Chunk,
        library::Files,
        params::CURRENT,
        query::{options::QueryOptions, place::Anchor},
        store::{Store, TrackId},
    };

    const RATE: u32 = CURRENT.sample_rate.0;

    /// Chords of two seconds, whose lowest note goes on into the next one.
    fn chords(seed: u64, seconds: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        let notes: Vec<f64> =
            (0..seconds).map(|_| 220.0 * (random.i32(0..24) as f64 / 12.0).exp2()).collect();
        let sound = |i: usize| {
            let time = i as f64 / f64::from(RATE);
            let chord = (time / 2.0) as usize;
            let tone = |n: usize| (time * TAU * notes[n % notes.len()]).sin();
            (0.2 * (tone(chord) + tone(chord + 1) + tone(chord + 2))) as f32
        };
        (0..seconds * RATE as usize).map(sound).collect()
    }

    fn chunk(samples: &[f32]) -> Chunk {
        let mut whole = Chunk::default();
        crate::extract::chunks::chunks(
            &mut *Audio::samples(samples, RATE).open().unwrap(),
            &CURRENT,
            640,
            &crate::CancelToken::new(),
            |chunk| {
                whole = chunk.clone();
                Ok(())
            },
        )
        .unwrap();
        whole
    }

    #[test]
    fn a_clip_that_is_turned_round_fits_its_track_better_backwards() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let track = chords(3, 60);
        let index = Index::open_or_create(&file).unwrap();
        index.add_audio(Audio::samples(&track, RATE), "track").unwrap();
        drop(index);
        let store = Store::open_write(&file).unwrap();
        let library = Files::one(&store, &Arc::default());
        let query = Query::new(&library, &QueryOptions::default()).unwrap();
        let clip = &track[20 * RATE as usize..30 * RATE as usize];
        let turned: Vec<f32> = clip.iter().rev().copied().collect();
        let half = |seconds: f64| seconds / CURRENT.half_frame_seconds().0;
        let is_backwards = |clip: &[f32], offset: f64, similarity: f64| {
            let chunk = chunk(clip);
            let variants = VariantFrames::new(&chunk, &CURRENT);
            let anchor = Anchor { at: 50.0, offset };
            let to = variants.half_frames();
            let traits = Some(crate::align::Traits { similarity, ..crate::align::Traits::SAME });
            let place = Place { traits, ..Place::for_test(TrackId(1), anchor, 0..to) };
            query.is_backwards(&variants, &place).unwrap()
        };
        assert!(is_backwards(&turned, half(20.0), 0.5));
        assert!(is_backwards(&turned, half(26.0), 0.5), "at another chord");
        assert!(!is_backwards(clip, half(20.0), 0.5));
        assert!(!is_backwards(&turned, half(20.0), 0.9), "as similar as only the recording itself is");
    }
}
