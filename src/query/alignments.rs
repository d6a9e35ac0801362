//! Aligns the proposed places and keeps the best.
use std::{collections::BTreeMap, ops::Range};

use super::{
    engine::{Query, stretch},
    place::{Anchor, Origin, Place},
    variant_frames::VariantFrames,
    variants::{self, Variant},
};
use crate::{
    align::{
        Alignment, Candidate, Claim, Comparison, Curve, Line, Reference, Side, Traits, align, is_same_sound,
        parts,
    },
    error::Result,
    library::Stretch,
    params::ParameterSet,
    store::TrackId,
};

/// With how many of the best sounds every place is compared, to see whether it is the same.
const LEADERS: usize = 8;

/// How many of the best places may claim a part of a clip.
const CLAIMS: usize = 16;

/// Lines of one track that lie so near to each other, in half frames, may be one that drifts: a tenth of a minute.
const DRIFT: f64 = 64.0;

/// Of how many of the best sounds tempo, pitch and traits are measured. Others are no matches.
const MEASURED: usize = 6;

/// How many of the kept sounds may be in one track.
const MAX_KEPT_OF_TRACK: usize = 6;

/// A place of a track that a variant of the query was aligned with.
struct Aligned {
    variant: Variant,
    track: TrackId,
    /// The offset near which it was aligned.
    proposed: i32,
    alignment: Alignment,
    reference: Reference,
    /// The evidence of frames and windows; 0 until the windows are compared.
    whole: f32,
    /// Places with the same number hold the same sound.
    sound: usize,
}

impl Aligned {
    /// The evidence of the frames alone.
    fn evidence(&self) -> f32 {
        self.variant.for_each_of_query(self.alignment.evidence)
    }

    /// The line from the query to the track, in half frames.
    fn line(&self) -> Line {
        Line { at: 0.0, in_track: self.alignment.offset, tempo: self.variant.tempo }
    }

    /// The half frames of the query that agree.
    fn range(&self) -> Range<usize> {
        let [from, to] = [self.alignment.from, self.alignment.to]
            .map(|h| (h as f64 / self.variant.tempo).round() as usize);
        from..to.max(from + 1)
    }

    /// Whether the two hold the same sound where both agree with the query.
    fn is_same_sound(&self, other: &Self, params: &ParameterSet) -> bool {
        let (one, two) = (self.range(), other.range());
        let shared = one.start.max(two.start)..one.end.min(two.end);
        if 2 * shared.len() <= one.len().min(two.len()) {
            return false;
        }
        let bins = other.variant.shift - self.variant.shift;
        let semitones = (f64::from(bins) / params.bins_per_semitone() as f64).round() as i32;
        let side = |a| -> Side<'_> {
            let a: &Aligned = a;
            Side { reference: &a.reference, line: a.line() }
        };
        is_same_sound(&side(self), &side(other), params.frame_values(), shared, semitones)
    }
}

/// Groups places, best first, by their sound: gives each the number of the first place that sounds the same. A track's
/// own places stay apart, because each shows what the track reaches there.
fn sounds(mut aligned: Vec<Aligned>, params: &ParameterSet) -> Vec<Aligned> {
    let mut leaders: Vec<usize> = Vec::new();
    for at in 0..aligned.len() {
        let place = &aligned[at];
        let same = leaders.iter().find(|&&leader| {
            aligned[leader].track != place.track && aligned[leader].is_same_sound(place, params)
        });
        aligned[at].sound = *same.unwrap_or(&at);
        if same.is_none() && leaders.len() < LEADERS {
            leaders.push(at);
        }
    }
    aligned
}

/// Keeps the places of the first `max` sounds, and returns the others. At most `of_track` of the kept sounds have the same
/// track as their first one. `aligned` is best first.
fn keep_sounds(aligned: &mut Vec<Aligned>, max: usize, of_track: usize) -> Vec<Aligned> {
    let mut kept: BTreeMap<usize, bool> = BTreeMap::new();
    let mut tracks: BTreeMap<u32, usize> = BTreeMap::new();
    let (mut count, mut others) = (0, Vec::new());
    for place in std::mem::take(aligned) {
        let keep = match kept.get(&place.sound) {
            Some(&keep) => keep,
            None => {
                // A track that repeats itself must not crowd out the others, because they show what chance reaches.
                let places = tracks.entry(place.track.0).or_default();
                *places += 1;
                if *places > of_track {
                    continue;
                }
                count += 1;
                kept.insert(place.sound, count <= max);
                count <= max
            }
        };
        if keep { aligned.push(place) } else { others.push(place) }
    }
    others
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
        let soon: Vec<Stretch> = proposed
            .iter()
            .map(|(variant, candidate)| {
                let around = self.around(candidate.track, candidate.offset, variants.count(variant) as i32);
                // A variant is moved and stretched a little later.
                if *variant == Variant::PLAIN { around } else { around.widened() }
            })
            .collect();
        self.library.expect(&soon)?;
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
        let mut aligned = sounds(aligned, &self.params);
        keep_sounds(&mut aligned, self.effort.compared, usize::MAX);
        aligned.sort_by(|a, b| a.variant.order(&b.variant));
        for of_variant in aligned.chunk_by_mut(|a, b| a.variant == b.variant) {
            let frames = variants.frames(&of_variant[0].variant);
            for aligned in of_variant {
                aligned.whole = self.whole_evidence(&frames, aligned);
            }
        }
        aligned.sort_by(|a, b| b.whole.total_cmp(&a.whole));
        self.part(variants, &mut aligned);
        aligned.sort_by(|a, b| b.whole.total_cmp(&a.whole));
        let dropped = keep_sounds(&mut aligned, self.effort.kept, MAX_KEPT_OF_TRACK);
        let left = dropped.iter().find(|a| aligned.iter().all(|kept| kept.track != a.track));
        let left = left.map_or(0.0, |a| a.whole);
        let best = aligned.first().map(|a| a.sound);
        for (n, place) in aligned.iter_mut().enumerate() {
            // Of the best sound every copy counts, of others the best place.
            if n < self.effort.kept || Some(place.sound) == best {
                self.refine(variants, place)?;
            }
        }
        aligned.sort_by(|a, b| b.whole.total_cmp(&a.whole));
        let mut measured: Vec<usize> = Vec::new();
        let places = aligned.into_iter().map(|aligned| {
            if !measured.contains(&aligned.sound) && measured.len() < MEASURED {
                measured.push(aligned.sound);
            }
            let is_measured = measured.contains(&aligned.sound);
            self.place(variants, aligned, is_measured)
        });
        Ok((places.collect(), left))
    }

    /// Cuts the places of a clip with several songs to their own parts. A clip with one song stays as it is.
    fn part(&mut self, variants: &VariantFrames<'_>, aligned: &mut [Aligned]) {
        let values = self.params.frame_values();
        let curve = |a: &Aligned| {
            let curve = Curve::new(&variants.frames(&a.variant), &a.reference, values, &a.alignment)?;
            Some(Claim { curve, scale: 1.0 / a.variant.tempo })
        };
        // One claim for each sound, and for a track at another speed, which lies on several lines near to each other.
        let mut claiming: Vec<&Aligned> = Vec::new();
        for place in aligned.iter() {
            if claiming.len() == CLAIMS {
                break;
            }
            let is_one = |other: &&Aligned| {
                other.sound == place.sound
                    || other.track == place.track
                        && (other.line().in_track - place.line().in_track).abs() <= DRIFT
            };
            if !claiming.iter().any(is_one) {
                claiming.push(place);
            }
        }
        let claims = claiming.iter().filter_map(|place| Some((place.sound, curve(place)?)));
        let (sounds, claims): (Vec<usize>, Vec<Claim>) = claims.unzip();
        let Some(parts) = parts(&claims, variants.half_frames()) else { return };
        let of_sound: BTreeMap<usize, Range<usize>> =
            sounds.into_iter().zip(parts).filter_map(|(sound, part)| Some((sound, part?))).collect();
        for place in aligned.iter_mut() {
            let Some(claim) = curve(place) else { continue };
            // Of the part of its sound, each place has what it agrees with: a jingle may be all that it shares.
            let own = of_sound.get(&place.sound).map(|part| claim.best_within(part));
            // What is no part of its own shows what chance reaches in the part where it has most.
            let best = own.or_else(|| {
                let within = of_sound.values().map(|part| claim.best_within(part));
                within.max_by(|a, b| a.evidence.total_cmp(&b.evidence))
            });
            if let Some(best) = best.filter(|best| best.from < best.to) {
                place.alignment = Alignment { offset: place.alignment.offset, ..best };
                place.whole = self.whole_evidence(&variants.frames(&place.variant), place);
            }
        }
    }

    /// The evidence of an alignment's frames and windows together.
    fn whole_evidence(&mut self, frames: &[f32], aligned: &Aligned) -> f32 {
        let windows = self.window_evidence.evidence(frames, &aligned.reference, &aligned.alignment);
        aligned.evidence() + aligned.variant.for_each_of_query(windows)
    }

    /// Moves a place of a variant to the best of the variants around it.
    fn refine(&mut self, variants: &VariantFrames<'_>, aligned: &mut Aligned) -> Result<()> {
        if aligned.variant == Variant::PLAIN {
            return Ok(());
        }
        let (track, sound, mut has_moved) = (aligned.track, aligned.sound, false);
        for step in variants::REFINEMENTS {
            let (variant, alignment) = (aligned.variant, aligned.alignment);
            let centre = (alignment.from + alignment.to) as f64 / 2.0;
            let (in_query, in_track) = (centre / variant.tempo, centre + alignment.offset);
            for near in variant.neighbours(step, self.params.max_shift()) {
                let offset = (in_track - in_query * near.tempo).round() as i32;
                let moved = self.align(variants, (near, &variants.frames(&near)), track, offset)?;
                if let Some(moved) = moved.filter(|moved| moved.evidence() > aligned.evidence()) {
                    (*aligned, has_moved) = (Aligned { sound, ..moved }, true);
                }
            }
        }
        if has_moved {
            aligned.whole = self.whole_evidence(&variants.frames(&aligned.variant), aligned);
        }
        Ok(())
    }

    /// Describes an alignment in the query's own time. Unless it is to be measured, it has its variant's tempo and pitch, and
    /// no traits.
    fn place(&self, variants: &VariantFrames<'_>, aligned: Aligned, is_measured: bool) -> Place {
        let values = self.params.frame_values();
        let Aligned { variant, track, proposed, alignment, reference, whole, sound } = aligned;
        let centre = (alignment.from + alignment.to) as f64 / 2.0;
        let start =
            Line { at: centre / variant.tempo, in_track: centre + alignment.offset, tempo: variant.tempo };
        let [from, to] = [alignment.from, alignment.to].map(|h| (h as f64 / variant.tempo).round() as usize);
        let Range { start: from, end: to } = variants.without_silence(from..to.max(from + 1));
        let read = |shift: i32| variants.transposed(shift);
        let level = read(variant.shift);
        let comparison = Comparison::new(&level, &reference, values, &start, from..to);
        let (line, bins) = if !is_measured {
            (start, f64::from(variant.shift))
        } else if variants.can_be_transposed() {
            comparison.tempo_and_pitch(start, (variant.shift, self.params.bins_per_octave), read)
        } else {
            (comparison.best_line(start, None), 0.0)
        };
        let anchor = Anchor { at: line.at, offset: line.in_track - line.at };
        let traits = is_measured.then(|| {
            let level = read(bins.round() as i32);
            let comparison = comparison.with_query(&level);
            Traits::new(
                &comparison.on(&line),
                comparison.stored(),
                values,
                (variants.magnitudes(from..to), self.params.bins(0)),
            )
        });
        Place {
            track,
            first: anchor,
            last: anchor,
            from,
            to,
            evidence: whole,
            similarity: alignment.similarity,
            traits,
            pairs: ((to - from) as f64 + 1.0) / 2.0,
            tempo: line.tempo,
            pitch: bins,
            // A variant beside the query as it is may be read as the query as it is. All the same its evidence is the best of
            // many tries.
            variants: if variant == Variant::PLAIN {
                1
            } else {
                self.options.range.variants(&self.params).len() as u32
            },
            runner_up: 0.0,
            sound,
            repeats: Vec::new(),
            origin: Some(Origin { variant, proposed, alignment }),
            is_backwards: false,
        }
    }

    /// The frames of a track that are compared with `count` half frames of a query at an offset.
    fn around(&self, track: TrackId, offset: i32, count: i32) -> Stretch {
        /// Half frames of the track that are read on either side: room to move the query, and the reach of
        /// the moving mean.
        const MARGIN: i32 = 20;
        let first = ((offset - MARGIN) / 2).max(0);
        let last = ((offset + count + MARGIN) / 2).max(first);
        stretch(track, i64::from(first), i64::from(last))
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
        self.options.cancel.check()?;
        let reference = self.reference(variants, (variant, frames), track, offset)?;
        let alignment = align(frames, &reference, self.params.frame_values(), offset);
        let proposed = offset;
        Ok(alignment.map(|alignment| Aligned {
            variant,
            track,
            proposed,
            alignment,
            reference,
            whole: 0.0,
            sound: 0,
        }))
    }

    /// The stored frames of a track that a variant of the query meets near an offset.
    pub(super) fn reference(
        &self,
        variants: &VariantFrames<'_>,
        (variant, frames): (Variant, &[f32]),
        track: TrackId,
        offset: i32,
    ) -> Result<Reference> {
        let values = self.params.frame_values();
        let count = (frames.len() / values) as i32;
        let around = self.around(track, offset, count);
        let mut reference =
            self.stored(track, i64::from(around.frames.start.0), i64::from(around.frames.end.0))?;
        let (heard, half) = variants.heard(&variant, count, offset);
        reference.correct_edges(values, heard, half);
        Ok(reference)
    }
}
