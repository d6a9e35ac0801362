//! All stretches of two tracks that agree, in order, none of them twice.
use std::ops::Range;

use super::{chain, follow::Sounds, offsets, seed::Seed, sound::Sound, stretch::Stretch};

/// Seeds that are followed.
const MAX_FOLLOWED: usize = 16;

/// A seed this near to a stretch, in frames, lies on it.
const NEAR: f64 = 2.0;

/// After this many seeds, tracks that agree over less than this share of the shorter one only share a sound.
const FIRST_SEEDS: usize = 4;
const MIN_SHARED: f64 = 0.1;

/// A stretch of this share of the shorter track is all of it. No other seed is followed then.
const ALL: f64 = 0.95;

/// A best stretch that agrees less may lie at the wrong distance.
const UNSURE: f32 = 0.9;

/// Two lines that are worth so much more than one, less what a change costs, are those of the tracks.
const MIN_WON: f32 = 11.0;

/// A stretch is at least so long, in frames: 4 s.
const MIN_FRAMES: i64 = 22;

/// The stretches of two tracks that agree.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// In order of time in both tracks.
    pub stretches: Vec<Stretch>,
}

/// Where two tracks agree, found from `seeds`.
pub fn agreement(one: &Sound, two: &Sound, seeds: &[Seed]) -> Agreement {
    agreement_while(one, two, seeds, &|| true)
}

/// Like [`agreement`], but follows no more seeds once `goes_on` is false.
pub(super) fn agreement_while(
    one: &Sound,
    two: &Sound,
    seeds: &[Seed],
    goes_on: &dyn Fn() -> bool,
) -> Agreement {
    let mut found: Vec<Stretch> = Vec::new();
    let mut followed = 0;
    let shorter = one.sounding().count().min(two.sounding().count()) as f64;
    let shares = |found: &[Stretch]| {
        found.iter().map(|s| (s.one.end - s.one.start) as f64).sum::<f64>() >= MIN_SHARED * shorter
    };
    for seed in seeds {
        let (a, b) = (f64::from(seed.one), f64::from(seed.two));
        let on = |stretch: &Stretch| {
            stretch.semitones == seed.semitones
                && (stretch.one.start..stretch.one.end).contains(&i64::from(seed.one))
                && (stretch.in_two(a) - b).abs() <= NEAR
        };
        if found.iter().any(on) {
            continue;
        }
        if followed == MAX_FOLLOWED || followed == FIRST_SEEDS && !shares(&found) || !goes_on() {
            break;
        }
        followed += 1;
        // A window is as long as 16 frames; its middle is compared.
        let sounds = Sounds { one, two, semitones: seed.semitones };
        let pieces = sounds.follow(a + 8.0, b + 8.0);
        if let Some(stretch) = Stretch::around(sounds, &pieces) {
            let is_all = (stretch.one.end - stretch.one.start) as f64 >= ALL * shorter;
            let is_sure = stretch.mean() >= UNSURE && !stretch.has_hole();
            found.push(stretch);
            if is_all && is_sure {
                break;
            }
        }
    }
    let mut stretches = in_order(found.clone());
    // In music that repeats itself, windows at a wrong distance may be the nearest.
    if let Some(best) = stretches.iter().max_by(|a, b| a.worth().total_cmp(&b.worth()))
        && best.mean() < UNSURE
        && best.semitones == 0
        && shares(&stretches)
        && let Some(distance) = offsets::best(one, two)
    {
        let sounds = Sounds { one, two, semitones: 0 };
        let middle = (distance.max(0), (distance + two.count()).min(one.count()));
        let middle = (middle.0 + middle.1) as f64 / 2.0;
        let pieces = sounds.follow(middle, middle - distance as f64);
        found.extend(Stretch::around(sounds, &pieces));
        stretches = in_order(found.clone());
    }
    Agreement { stretches: changed(found, stretches, one, two) }.timed(one, two)
}

/// The stretches between which the tracks change, if these are worth much more than `stretches`.
fn changed(found: Vec<Stretch>, stretches: Vec<Stretch>, one: &Sound, two: &Sound) -> Vec<Stretch> {
    if found.len() < 2 {
        return stretches;
    }
    let changes = stretches.len().saturating_sub(1) as f32;
    let worth = stretches.iter().map(Stretch::worth).sum::<f32>() - chain::CHANGE_COST * changes;
    let (most, parts) = chain::best(&found);
    if most < worth + MIN_WON {
        return stretches;
    }
    let part = |(k, range): (usize, Range<i64>)| {
        let sounds = Sounds { one, two, semitones: found[k].semitones };
        found[k].within(range).again(sounds)
    };
    let long = |stretch: &Stretch| stretch.one.end - stretch.one.start >= MIN_FRAMES;
    parts.into_iter().map(part).filter(long).collect()
}

impl Agreement {
    /// Measures how steady each stretch is.
    fn timed(mut self, one: &Sound, two: &Sound) -> Self {
        for stretch in &mut self.stretches {
            stretch.measure_wander(Sounds { one, two, semitones: stretch.semitones });
        }
        self
    }
}

/// The stretches that go together: the best one, then of each other one what lies before or after those in both tracks.
fn in_order(mut found: Vec<Stretch>) -> Vec<Stretch> {
    let mut chosen: Vec<Stretch> = Vec::new();
    while !found.is_empty() {
        let best =
            (0..found.len()).max_by(|&a, &b| found[a].worth().total_cmp(&found[b].worth())).unwrap_or(0);
        let best = found.swap_remove(best);
        let place = chosen.partition_point(|other| other.one.start <= best.one.start);
        chosen.insert(place, best.clone());
        found = found.iter().flat_map(|other| beside(other, &best)).collect();
    }
    chosen
}

/// What of `other` lies before, and after, `chosen` in both tracks.
fn beside(other: &Stretch, chosen: &Stretch) -> Vec<Stretch> {
    let two = chosen.two();
    let meets = |at: f64| (at - other.offset) / other.tempo;
    let before = i64::MIN..chosen.one.start.min(meets(two.start).floor() as i64);
    let after = chosen.one.end.max(meets(two.end).ceil() as i64)..i64::MAX;
    [before, after]
        .into_iter()
        .map(|range| other.within(range))
        .filter(|part| part.one.end - part.one.start >= MIN_FRAMES && part.worth() > 0.0)
        .collect()
}
