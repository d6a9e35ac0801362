//! Aligns the proposed places and keeps the best.
use std::collections::BTreeMap;

use super::{
    engine::Query,
    place::{Anchor, Place},
    variant_frames::VariantFrames,
    variants::{self, Variant},
};
use crate::{
    align::{Alignment, Candidate, Comparison, Line, Reference, align},
    error::Result,
    store::TrackId,
};

/// How many alignments of a chunk have their windows compared: those with the best frames.
const COMPARED: usize = 64;

/// How many alignments of a chunk are kept, best first.
pub(crate) const KEPT: usize = 16;

/// How many of the kept alignments may be in one track.
const MAX_KEPT_OF_TRACK: usize = 6;

/// A place of a track that a variant of the query was aligned with.
struct Aligned {
    variant: Variant,
    track: TrackId,
    alignment: Alignment,
    reference: Reference,
}

impl Aligned {
    /// The evidence of the frames alone.
    fn evidence(&self) -> f32 {
        self.variant.for_each_of_query(self.alignment.evidence)
    }
}

impl Query<'_> {
    /// Aligns the proposed places, keeps the best and refines them. Also returns the most evidence of a track
    /// that has no kept place, or 0.
    pub(crate) fn best(
        &mut self,
        variants: &VariantFrames<'_>,
        mut proposed: Vec<(Variant, Candidate)>,
    ) -> Result<(Vec<Place>, f32)> {
        proposed.sort_by(|a, b| a.0.order(&b.0));
        let mut aligned: Vec<Aligned> = Vec::new();
        for of_variant in proposed.chunk_by(|a, b| a.0 == b.0) {
            let variant = of_variant[0].0;
            let frames = variants.frames(&variant);
            for (_, candidate) in of_variant {
                aligned.extend(self.align(
                    variants,
                    (variant, &frames),
                    candidate.track,
                    candidate.offset,
                )?);
            }
        }
        aligned.sort_by(|a, b| b.evidence().total_cmp(&a.evidence()));
        aligned.truncate(COMPARED);
        aligned.sort_by(|a, b| a.variant.order(&b.variant));
        let mut compared = Vec::with_capacity(aligned.len());
        for of_variant in aligned.chunk_by(|a, b| a.variant == b.variant) {
            let frames = variants.frames(&of_variant[0].variant);
            compared.extend(of_variant.iter().map(|a| self.whole_evidence(&frames, a)));
        }
        let mut aligned: Vec<(f32, Aligned)> = compared.into_iter().zip(aligned).collect();
        aligned.sort_by(|a, b| b.0.total_cmp(&a.0));
        // A track that repeats itself must not crowd out the others, because they show what chance reaches.
        let mut of_track: BTreeMap<u32, usize> = BTreeMap::new();
        aligned.retain(|(_, a)| {
            let places = of_track.entry(a.track.0).or_default();
            *places += 1;
            *places <= MAX_KEPT_OF_TRACK
        });
        let dropped = aligned.split_off(KEPT.min(aligned.len()));
        let left = dropped.iter().find(|(_, a)| aligned.iter().all(|(_, kept)| kept.track != a.track));
        let left = left.map_or(0.0, |(evidence, _)| *evidence);
        let places = aligned.into_iter().map(|found| self.place(variants, found)).collect::<Result<_>>()?;
        Ok((places, left))
    }

    /// The evidence of an alignment's frames and windows together.
    fn whole_evidence(&mut self, frames: &[f32], aligned: &Aligned) -> f32 {
        let windows = self.window_evidence.evidence(frames, &aligned.reference, &aligned.alignment);
        aligned.evidence() + aligned.variant.for_each_of_query(windows)
    }

    /// Refines the tempo and transposition of an alignment, and describes it in the query's own time.
    fn place(&mut self, variants: &VariantFrames<'_>, (whole, mut aligned): (f32, Aligned)) -> Result<Place> {
        // The evidence so far; `None` once the alignment has moved and its windows must be compared again.
        let mut evidence = Some(whole);
        let values = self.params.frame_values();
        let track = aligned.track;
        if aligned.variant != Variant::PLAIN {
            for step in variants::REFINEMENTS {
                let (variant, alignment) = (aligned.variant, aligned.alignment);
                let centre = (alignment.from + alignment.to) as f64 / 2.0;
                let (in_query, in_track) = (centre / variant.tempo, centre + alignment.offset);
                for near in variant.neighbours(step, self.params.max_shift()) {
                    let offset = (in_track - in_query * near.tempo).round() as i32;
                    let moved = self.align(variants, (near, &variants.frames(&near)), track, offset)?;
                    if let Some(moved) = moved.filter(|moved| moved.evidence() > aligned.evidence()) {
                        (aligned, evidence) = (moved, None);
                    }
                }
            }
        }
        let evidence =
            evidence.unwrap_or_else(|| self.whole_evidence(&variants.frames(&aligned.variant), &aligned));
        let Aligned { variant, alignment, reference, .. } = aligned;
        let centre = (alignment.from + alignment.to) as f64 / 2.0;
        let start =
            Line { at: centre / variant.tempo, in_track: centre + alignment.offset, tempo: variant.tempo };
        let [from, to] = [alignment.from, alignment.to].map(|h| (h as f64 / variant.tempo).round() as usize);
        let to = to.max(from + 1);
        let read = |shift: i32| variants.transposed(shift);
        let level = read(variant.shift);
        let comparison = Comparison::new(&level, &reference, values, &start, from..to);
        let mut line = comparison.best_line(start, None);
        let bins = if variants.can_be_transposed() {
            comparison.transposition(&line, variant.shift, read)
        } else {
            0.0
        };
        if bins != 0.0 {
            // Music that is played faster is higher by as much. So the pitch suggests a tempo, and measures
            // it better.
            let faster = f64::powf(2.0, bins / self.params.bins_per_octave as f64);
            line = comparison.with_query(&read(bins.round() as i32)).best_line(line, Some(faster));
        }
        let anchor = Anchor { at: line.at, offset: line.in_track - line.at };
        Ok(Place {
            track,
            first: anchor,
            last: anchor,
            from,
            to,
            evidence,
            similarity: alignment.similarity,
            pairs: ((to - from) as f64 + 1.0) / 2.0,
            tempo: line.tempo,
            pitch: bins,
            // If a variant led to the query as it is, the place could have been found without any variant.
            variants: if line.tempo == 1.0 && bins == 0.0 || variant == Variant::PLAIN {
                1
            } else {
                self.options.range.variants(&self.params).len() as u32
            },
            runner_up: 0.0,
            repeats: Vec::new(),
        })
    }

    /// Aligns a variant of the query, whose frames are `frames`, with the stored frames of a track near an
    /// offset.
    fn align(
        &self,
        variants: &VariantFrames<'_>,
        (variant, frames): (Variant, &[f32]),
        track: TrackId,
        offset: i32,
    ) -> Result<Option<Aligned>> {
        /// Half frames of the track that are read on either side: room to move the query, and the reach of
        /// the moving mean.
        const MARGIN: i32 = 20;
        self.options.cancel.check()?;
        let values = self.params.frame_values();
        let count = (frames.len() / values) as i32;
        let first = ((offset - MARGIN) / 2).max(0);
        let last = ((offset + count + MARGIN) / 2).max(first);
        let mut reference = self.stored(track, i64::from(first), i64::from(last))?;
        let (heard, half) = variants.heard(&variant, count, offset);
        reference.correct_edges(values, heard, half);
        let alignment = align(frames, &reference, values, offset);
        Ok(alignment.map(|alignment| Aligned { variant, track, alignment, reference }))
    }
}
