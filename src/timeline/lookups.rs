//! What the neighbour index returned for the last part of a recording.
//!
//! Looks overlap. Each window is looked up once, when the first look needs it, and its hits are kept for the next ones.
use std::{collections::VecDeque, ops::Range};

use super::recent::Recent;
use crate::{
    align::WindowHits,
    error::Result,
    query::{
        Query,
        variant_places::{self, VariantHits},
        variants::{Group, stretched},
    },
};

/// How many nearest library windows each window asks for, and how many places of a look are aligned.
pub(super) const NEAREST: usize = 32;
const PLACES: usize = 125;

/// The hits of the last part of a recording, hop by hop.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    hops: VecDeque<Hop>,
}

/// The windows that end within one part of the recording.
#[derive(Debug)]
struct Hop {
    /// The half frames at which the windows begin.
    starts: Range<i32>,
    /// The hits of the recording as it is, and how many places to align; `None` until a look needs them.
    plain: Option<(Vec<WindowHits>, usize)>,
    /// The hits of each group of variants.
    variants: Option<Vec<Vec<VariantHits>>>,
}

impl Lookups {
    /// Takes in the part that `recent` holds from half frame `from` on, and forgets windows that begin before half frame
    /// `oldest`.
    pub fn push(&mut self, query: &Query<'_>, recent: &Recent, from: usize, oldest: usize) {
        let window = query.params.window_frames as i32;
        // A window may reach beyond either end of the recording by half its length, with silence for what is missing.
        let ends_before = |half: usize| half as i32 - 2 * (window - 1);
        let first = if from == 0 { -window } else { ends_before(from).max(-window) };
        let beyond = if recent.is_complete() { window } else { 0 };
        let starts = first..(ends_before(recent.end()) + beyond).max(first);
        self.hops.push_back(Hop { starts, plain: None, variants: None });
        while self.hops.front().is_some_and(|hop| hop.starts.end <= oldest as i32 - window) {
            self.hops.pop_front();
        }
    }

    /// The hops of a look whose first half frame is `first`.
    fn of_look(&mut self, first: usize) -> impl Iterator<Item = &mut Hop> {
        self.hops.iter_mut().filter(move |hop| hop.starts.end > first as i32)
    }

    /// The hits of a look as it is, with starts counted from its first half frame, `first`, and how many places to align.
    pub fn plain(
        &mut self,
        query: &mut Query<'_>,
        recent: &Recent,
        first: usize,
    ) -> Result<(Vec<WindowHits>, usize)> {
        let (mut all, mut most) = (Vec::new(), 0);
        for hop in self.of_look(first) {
            let (hits, places) = match hop.plain.take() {
                Some(found) => hop.plain.insert(found),
                None => hop.plain.insert(looked_up(query, recent, &hop.starts)?),
            };
            most = most.max(*places);
            all.extend(
                hits.iter().map(|w| WindowHits { start: w.start - first as i32, hits: w.hits.clone() }),
            );
        }
        Ok((all, most))
    }

    /// The same for each of `groups`, which are always the same ones.
    pub fn variants(
        &mut self,
        query: &mut Query<'_>,
        recent: &Recent,
        groups: &[Group],
        first: usize,
    ) -> Result<Vec<Vec<VariantHits>>> {
        let mut all = vec![Vec::new(); groups.len()];
        for hop in self.of_look(first) {
            let found = match hop.variants.take() {
                Some(found) => hop.variants.insert(found),
                None => hop.variants.insert(variants_looked_up(query, recent, groups, &hop.starts)?),
            };
            for (all, found) in all.iter_mut().zip(found) {
                let centred =
                    |w: &VariantHits| VariantHits { centre: w.centre - first as f64, hits: w.hits.clone() };
                all.extend(found.iter().map(centred));
            }
        }
        Ok(all)
    }
}

/// Looks up the windows that begin at half frames `starts` of the recording.
fn looked_up(
    query: &mut Query<'_>,
    recent: &Recent,
    starts: &Range<i32>,
) -> Result<(Vec<WindowHits>, usize)> {
    let (first, chroma) = recent.chroma(starts.start.max(0) as usize, 0);
    let mut windows = query.windows_at(&chroma, starts.clone().map(|start| start - first as i32));
    windows.starts.iter_mut().for_each(|start| *start += first as i32);
    let (hits, _, most) = query.nearest(&windows, NEAREST, PLACES)?;
    Ok((hits, most))
}

/// Looks up the variants of the part of the recording that those windows cover.
fn variants_looked_up(
    query: &mut Query<'_>,
    recent: &Recent,
    groups: &[Group],
    starts: &Range<i32>,
) -> Result<Vec<Vec<VariantHits>>> {
    let from = starts.start.max(recent.start() as i32);
    let window = query.params.window_frames as i32;
    let mut hits = query.variant_hits(groups, |query, variant| {
        let values = query.params.frame_values();
        let (first, chroma) = recent.chroma(from.max(0) as usize, variant.shift);
        let (mut cut, end) = (chroma, starts.end + 2 * (window - 1));
        cut.truncate((end - first as i32).max(0) as usize * values);
        cut.drain(..((from.max(0) - first as i32) as usize * values).min(cut.len()));
        let frames = stretched(&cut, values, variant.tempo);
        let begin = ((starts.start - from.max(0)) as f64 * variant.tempo) as i32;
        let last = begin + ((starts.end - starts.start) as f64 * variant.tempo) as i32;
        Ok(query.windows_at(&frames, (begin..last).step_by(variant_places::STEP)))
    })?;
    hits.iter_mut().flatten().for_each(|w| w.centre += f64::from(from.max(0)));
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Index,
        cancel::CancelToken,
        decode::Audio,
        extract::chunks::Chunker,
        library::Files,
        params::CURRENT,
        query::{Effort, options::QueryOptions, variants::Range as Variants},
        store::Store,
    };

    /// Tones that change four times a second.
    fn tune(seed: u64, seconds: f64) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        let rate = f64::from(CURRENT.sample_rate.0);
        let notes: Vec<f64> = (0..400).map(|_| 220.0 * (random.i32(0..24) as f64 / 12.0).exp2()).collect();
        let sound = |i: usize| {
            let time = i as f64 / rate;
            (0.3 * (std::f64::consts::TAU * time * notes[(4.0 * time) as usize]).sin()) as f32
        };
        (0..(seconds * rate) as usize).map(sound).collect()
    }

    /// Each window is looked up once, and its hits are those of a search for it alone.
    #[test]
    fn looks_share_what_was_found_for_each_window() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("i.refrain");
        let index = Index::open_or_create(&file).unwrap();
        for seed in 0..4 {
            index
                .add_audio(Audio::samples(&tune(seed, 20.0), CURRENT.sample_rate.0), seed.to_string())
                .unwrap();
        }
        drop(index);
        let store = Store::open_write(&file).unwrap();
        let options = QueryOptions::default().cancel(&CancelToken::new());
        let library = Files::one(&store, &Arc::default());
        let mut query = Query::new(&library, &options).unwrap();
        query.effort = Effort::LOOK;
        let (mut recent, mut lookups) = (Recent::new(&CURRENT, 640), Lookups::default());
        let groups = Variants::default().semitones(1.4).slowest(0.91).fastest(1.1).groups(&CURRENT);
        let mut chunker = Chunker::new(&CURRENT, 64);
        let mut looks = 0;
        let mut look = |recent: &mut Recent, chunk: &crate::extract::chunks::Chunk| {
            let from = recent.end();
            recent.push(chunk);
            lookups.push(&query, recent, from, recent.end().saturating_sub(384));
            let first = recent.end().saturating_sub(128);
            let (found, _) = lookups.plain(&mut query, recent, first).unwrap();
            let starts: Vec<i32> = found.iter().map(|window| window.start + first as i32).collect();
            assert!(starts.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{starts:?}");
            let (begin, chroma) = recent.chroma(recent.start(), 0);
            for window in &found {
                let start = window.start + first as i32 - begin as i32;
                let alone = query.windows_at(&chroma, std::iter::once(start));
                let hits = query.nearest(&alone, NEAREST, PLACES).unwrap().0;
                assert_eq!(format!("{:?}", hits[0].hits), format!("{:?}", window.hits), "window {start}");
            }
            let of_groups = lookups.variants(&mut query, recent, &groups, first).unwrap();
            let centres: Vec<f64> = of_groups[0].iter().map(|window| window.centre).collect();
            assert!(centres.windows(2).all(|pair| pair[0] < pair[1]), "{centres:?}");
            assert_eq!(of_groups.len(), groups.len());
            looks += 1;
            Ok(())
        };
        let samples = tune(2, 20.0);
        chunker.push(&samples, |chunk| look(&mut recent, chunk)).unwrap();
        chunker.finish(|chunk| look(&mut recent, chunk)).unwrap();
        assert!(looks >= 3, "{looks} looks");
    }
}
