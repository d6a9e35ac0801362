//! A track that was heard, and how it goes on.
use std::collections::VecDeque;

use super::other_line::{self, OtherLine};
use crate::{
    align::Line,
    query::place::{Anchor, Place},
    store::TrackId,
};

/// A track has ended if it has gained nothing for so many half frames, and has lost so much evidence since: 5 s for a clear
/// loss, 6 s for a small one. One that loses less may be drowned, and has ended only after 20 s.
const QUIET: [(f64, f32); 3] = [(54.0, 2.0), (64.0, 1.0), (216.0, f32::NEG_INFINITY)];

/// A pair of frames costs this share of what the play's pairs gain in the mean. Music in the same key gains a little
/// without being the track.
const COST: f32 = 0.15;

/// The share of another track's gain that a pair costs. Where one follows the other, that ends the first at the cut.
const COST_BESIDE: f32 = 0.5;

/// The evidence of another track is averaged over so many pairs on either side: half a second.
const REACH: usize = 3;

/// A sum that falls so far below its best does not fall further, and a start is not looked for beyond.
const DROP: f32 = 3.0;

/// How far a sighting may lie from where the track was expected, in half frames, and how much more for each half frame
/// since it was last seen: the speed is known to some thousandths only.
const SAME_LINE: f64 = 5.0;
const DRIFT: f64 = 0.004;

/// Two lines of a track that lie so near to each other at one time, in half frames, are the same.
const SAME_PLACE: f64 = 6.0;

/// From so many half frames on, the way from the first sighting to the last measures the speed.
const FAR: f64 = 100.0;

/// How exactly sightings say where the track is, in half frames.
const EXACT: f64 = 0.5;

/// A track that is heard, or was.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub track: TrackId,
    /// Where the track was first and last seen: half frames of the recording and of the track.
    first: Line,
    last: Line,
    /// Constant-Q bins by which the recording is higher.
    pub pitch: f64,
    /// Where it starts, in half frames of the recording.
    pub start: f64,
    /// Half frames of the recording whose evidence is known.
    pub done: usize,
    /// The evidence of each pair of frames: half frame of the recording, evidence. Only of the last minute.
    curve: VecDeque<(f64, f32)>,
    /// The evidence of the pairs before those, and how many there were.
    before: (f32, usize),
    /// The half frame after its last, as far as is known.
    end: f64,
    /// What it has gained up to its end, and lost since.
    gained: f32,
    lost: f32,
    pub score: f64,
    pub similarity: f32,
    pub sightings: usize,
    /// The first half frame of the last look that saw it.
    look: usize,
    /// How many of them saw it at the track's speed, and how many at its pitch.
    at_speed: usize,
    at_pitch: usize,
    /// Whether its start is still to be looked for.
    pub is_new: bool,
    /// The half frame back to which a start is looked for in any case, because the play was heard from there at another place.
    back_to: f64,
    /// Tracks with the same sound.
    pub same: Vec<TrackId>,
    /// Other places of the track that looks saw meanwhile.
    pub lines: Vec<OtherLine<Self>>,
}

/// Where a look saw a track, in half frames of the whole recording.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub track: TrackId,
    /// The first half frame of the look.
    pub look: usize,
    pub line: Line,
    pub pitch: f64,
    pub from: usize,
    pub to: usize,
    pub score: f64,
    pub similarity: f32,
    pub evidence: f32,
    pub sound: usize,
}

impl Sighting {
    /// A place of a look whose first half frame is `first`.
    pub fn new(place: &Place, first: usize, score: f64) -> Self {
        // In the middle of the range, an error of the tempo does not matter.
        let middle = (place.from + place.to) as f64 / 2.0;
        Self {
            track: place.track,
            look: first,
            line: Line { at: middle + first as f64, in_track: place.in_track(middle), tempo: place.tempo() },
            pitch: place.pitch,
            from: place.from + first,
            to: place.to + first,
            score,
            similarity: place.similarity,
            evidence: place.evidence,
            sound: place.sound,
        }
    }
}

impl Heard {
    pub fn new(sighting: &Sighting) -> Self {
        Self {
            track: sighting.track,
            first: sighting.line,
            last: sighting.line,
            pitch: sighting.pitch,
            start: sighting.from as f64,
            done: sighting.from,
            curve: VecDeque::new(),
            before: (0.0, 0),
            end: sighting.to as f64,
            gained: sighting.evidence,
            lost: 0.0,
            score: sighting.score,
            similarity: sighting.similarity,
            sightings: 1,
            look: sighting.look,
            at_speed: usize::from(sighting.line.tempo == 1.0),
            at_pitch: usize::from(sighting.pitch == 0.0),
            is_new: true,
            back_to: sighting.from as f64,
            same: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The line on which the track goes on.
    pub fn line(&self) -> Line {
        Line { tempo: self.tempo(), ..self.last }
    }

    /// The recording's speed over the track's: measured from the first to the last sighting once they lie far enough
    /// apart. Exactly 1 if a sighting says so and no other contradicts it by more than its error.
    pub fn tempo(&self) -> f64 {
        let (far, moved) = (self.last.at - self.first.at, self.last.in_track - self.first.in_track);
        // A sighting beside another track is less exact than others, and the places of two are not exact either.
        if self.at_speed > 0 && (moved - far).abs() < EXACT {
            return 1.0;
        }
        if far < FAR { self.last.tempo } else { moved / far }
    }

    /// Constant-Q bins by which the recording is higher; 0 if most sightings say so.
    pub fn measured_pitch(&self) -> f64 {
        if 2 * self.at_pitch > self.sightings { 0.0 } else { self.pitch }
    }

    /// Whether a sighting is this play, going on.
    pub fn is(&self, sighting: &Sighting) -> bool {
        let line = self.line();
        let expected = line.in_track + (sighting.line.at - line.at) * line.tempo;
        let far = (sighting.line.at - line.at).abs();
        self.track == sighting.track
            && (expected - sighting.line.in_track).abs() <= SAME_LINE + DRIFT * far
            && (self.pitch - sighting.pitch).abs() < 1.5
    }

    /// Takes another sighting of the play. Those of one look come best first.
    pub fn see(&mut self, sighting: &Sighting) {
        self.score = self.score.max(sighting.score);
        self.similarity = self.similarity.max(sighting.similarity);
        // A weaker place of the same look, such as another variant, says less exactly where the track is.
        if sighting.look == self.look {
            return;
        }
        self.look = sighting.look;
        if sighting.line.at > self.last.at {
            self.last = sighting.line;
        }
        self.sightings += 1;
        self.at_speed += usize::from(sighting.line.tempo == 1.0);
        self.at_pitch += usize::from(sighting.pitch == 0.0);
    }

    /// Takes a sighting of the track at another place of it.
    pub fn see_elsewhere(&mut self, sighting: &Sighting) {
        match self.lines.iter_mut().find(|line| line.heard.is(sighting)) {
            Some(line) => line.heard.see(sighting),
            None => other_line::add(&mut self.lines, OtherLine::new(Self::new(sighting), self.start)),
        }
    }

    /// Compares the play with one of its other places, whose evidence up to half frame `to` is `own`.
    pub fn compare(&self, line: &mut OtherLine<Self>, own: &[(f64, f32)], to: usize) {
        let (from, cost) = (line.compared as f64, self.cost());
        line.own.add(own, cost);
        line.plays.add(self.curve.iter().filter(|(at, _)| (from..to as f64).contains(at)), cost);
        line.compared = to;
    }

    /// The play at the other place number `at` of its track. Its evidence is unknown from half frame `done` on; nothing is kept
    /// of the recording before half frame `oldest`.
    pub fn moved(&self, at: usize, oldest: usize) -> Self {
        let mut lines = self.lines.clone();
        let to = lines.remove(at);
        lines.iter_mut().for_each(|line| line.plays = to.own);
        let left = Self { lines: Vec::new(), curve: VecDeque::new(), ..self.clone() };
        lines.push(OtherLine { heard: left, own: to.plays, plays: to.own, compared: to.compared });
        let oldest = oldest as f64;
        // A play that began long ago keeps its start. Another one is looked for again, from where the other place was seen.
        let is_long = self.start < oldest;
        let start = if is_long { self.start } else { to.heard.start.max(oldest) };
        Self {
            start,
            back_to: if is_long { start } else { self.back_to.min(self.start).min(start) },
            done: start.max(oldest) as usize,
            curve: VecDeque::new(),
            before: if is_long { self.before } else { (0.0, 0) },
            is_new: !is_long,
            end: self.end,
            score: self.score.max(to.heard.score),
            similarity: self.similarity.max(to.heard.similarity),
            same: self.same.clone(),
            lines,
            ..to.heard
        }
    }

    /// What a pair costs.
    fn cost(&self) -> f32 {
        let within = self.curve.iter().filter(|(at, _)| (self.start..self.end).contains(at));
        let (sum, pairs) = within.fold(self.before, |(sum, pairs), (_, e)| (sum + e, pairs + 1));
        COST * (sum / pairs.max(1) as f32).max(0.0)
    }

    /// Adds evidence that comes later, in order of time, up to half frame `done`, and forgets what came before half frame
    /// `oldest`.
    pub fn go_on(&mut self, along: &[(f64, f32)], done: usize, oldest: usize) {
        self.curve.extend(along);
        self.done = done;
        while self.curve.front().is_some_and(|(at, _)| *at < oldest as f64 && *at < self.end) {
            let (_, evidence) = self.curve.pop_front().expect("it has a first");
            self.before = (self.before.0 + evidence, self.before.1 + 1);
        }
    }

    /// Finds the end again: where the sum of the evidence is best, less what a pair costs and what others gain there.
    pub fn find_end(&mut self, others: impl Fn(f64) -> f32) {
        let cost = self.cost();
        let (mut sum, mut best, mut end) = (0.0f32, f32::MIN, self.start);
        let mut gained = 0.0;
        for &(at, evidence) in &self.curve {
            sum = (sum + evidence - cost - COST_BESIDE * others(at)).max(best - DROP);
            gained += evidence;
            if sum > best {
                (best, end, self.gained) = (sum, at + 1.0, self.before.0 + gained);
            }
        }
        if best > f32::MIN {
            (self.end, self.lost) = (end, best - sum);
        }
    }

    /// Moves the start to where the evidence before the first sighting adds up, less what a pair costs and what others
    /// gain there; `along` is in order of time.
    pub fn go_back(&mut self, along: &[(f64, f32)], others: impl Fn(f64) -> f32) {
        let (cost, seen) = (self.cost(), self.start);
        let (mut sum, mut best, mut from) = (0.0f32, 0.0f32, along.len());
        for (n, &(at, evidence)) in along.iter().enumerate().rev().filter(|(_, (at, _))| *at < seen) {
            sum += evidence - cost - COST_BESIDE * others(at);
            if sum > best {
                (best, from, self.start) = (sum, n, at);
            } else if sum < best - DROP && at < self.back_to {
                break;
            }
        }
        for pair in along[from..].iter().rev().filter(|(at, _)| *at < seen) {
            self.curve.push_front(*pair);
        }
    }

    /// What it gains around half frame `at` of the recording, averaged over about a second; 0 where it is not heard.
    pub fn gain(&self, at: f64) -> f32 {
        if !(self.start..self.end).contains(&at) {
            return 0.0;
        }
        let n = self.curve.partition_point(|(time, _)| *time < at);
        let near = self.curve.range(n.saturating_sub(REACH)..(n + REACH + 1).min(self.curve.len()));
        let (sum, count) = near.fold((0.0, 0), |(sum, count), (_, e)| (sum + e, count + 1));
        (sum / count.max(1) as f32).max(0.0)
    }

    /// The mean gain of its pairs from half frame `from` to `to` of the recording, as far as they are kept.
    pub fn gain_between(&self, from: f64, to: f64) -> f32 {
        let within = self.curve.iter().filter(|(at, _)| (from..to).contains(at));
        let (sum, count) = within.fold((0.0, 0), |(sum, count), (_, e)| (sum + e, count + 1));
        sum / count.max(1) as f32
    }

    /// The half frame after its last.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// The same with another start and end.
    pub fn between(&self, start: f64, end: f64) -> Self {
        Self { start, end, ..self.clone() }
    }

    /// The evidence of the whole play.
    pub fn evidence(&self) -> f32 {
        self.gained
    }

    /// Whether it has ended, as far as half frame `now`.
    pub fn is_over(&self, now: usize) -> bool {
        let quiet = now as f64 - self.end;
        QUIET.iter().any(|&(halves, lost)| quiet > halves && self.lost >= lost)
    }

    /// The play as a place of a query that is the whole recording.
    pub fn place(&self) -> Place {
        let anchor = |line: Line| Anchor { at: line.at, offset: line.in_track - line.at };
        Place {
            track: self.track,
            first: anchor(self.first),
            last: anchor(self.last),
            from: self.start as usize,
            to: self.end as usize,
            evidence: self.gained,
            similarity: self.similarity,
            traits: None,
            pairs: (self.end - self.start) / 2.0,
            tempo: self.tempo(),
            pitch: self.pitch,
            variants: 1,
            runner_up: 0.0,
            sound: 0,
            repeats: Vec::new(),
            origin: None,
            is_backwards: false,
        }
    }

    /// Whether the two are the same sound, or places of one track.
    pub fn is_like(&self, other: &Self) -> bool {
        self.track == other.track || self.same.contains(&other.track) || other.same.contains(&self.track)
    }

    /// Whether another play of the track is at the same place of it at half frame `at` of the recording.
    pub fn is_at_same_place(&self, other: &Self, at: f64) -> bool {
        (self.in_track(at) - other.in_track(at)).abs() <= SAME_PLACE
    }

    /// The half frame of the track at half frame `at` of the recording.
    pub fn in_track(&self, at: f64) -> f64 {
        let (near, tempo) = if (at - self.first.at).abs() < (at - self.last.at).abs() {
            (self.first, self.tempo())
        } else {
            (self.last, self.tempo())
        };
        near.in_track + (at - near.at) * tempo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the look number `look` saw: half frame, place in the track, tempo and pitch.
    fn sighting(look: usize, (at, in_track, tempo, pitch): (f64, f64, f64, f64)) -> Sighting {
        Sighting {
            track: TrackId(1),
            look,
            line: Line { at, in_track, tempo },
            pitch,
            from: 0,
            to: 1,
            score: 1.0,
            similarity: 1.0,
            evidence: 1.0,
            sound: 0,
        }
    }

    /// A track as these looks saw it.
    fn heard(looks: &[(f64, f64, f64, f64)]) -> Heard {
        let mut heard = Heard::new(&sighting(0, looks[0]));
        for (n, seen) in looks.iter().enumerate().skip(1) {
            heard.see(&sighting(n, *seen));
        }
        heard
    }

    #[test]
    fn a_weaker_place_of_a_look_moves_nothing() {
        let mut play = heard(&[(336.0, 48.0, 1.0, 0.0), (449.0, 161.3, 1.002, 0.0)]);
        let line = play.line();
        // Five half frames beside the better place of the same look: a speed of 1.036.
        play.see(&sighting(1, (451.0, 169.0, 1.009, 0.0)));
        assert_eq!((play.line().in_track, play.line().tempo), (line.in_track, line.tempo));
        assert_eq!(play.tempo(), 1.0);
    }

    #[test]
    fn a_speed_is_reported_only_if_it_is_more_than_the_error_of_its_measurement() {
        // The last look heard the next track too.
        let same = heard(&[(60.0, 160.0, 1.0, 0.0), (124.0, 224.1, 1.0, 0.0), (150.0, 250.3, 1.007, 0.2)]);
        assert_eq!((same.tempo(), same.measured_pitch()), (1.0, 0.0));
        let long = heard(&[(60.0, 160.0, 1.0, 0.2), (124.0, 224.1, 1.0, 0.0), (360.0, 460.4, 1.001, 0.0)]);
        assert_eq!((long.tempo(), long.measured_pitch()), (1.0, 0.0));
        // A thousandth adds up, even if each look says 1.
        let drifts = heard(&[(60.0, 160.0, 1.0, 0.0), (1060.0, 1161.0, 1.0, 0.0)]);
        assert!((drifts.tempo() - 1.001).abs() < 1e-9);
        // Nothing says 1.
        let fast = heard(&[(60.0, 160.0, 1.004, 0.2), (124.0, 224.3, 1.004, 0.2)]);
        assert_eq!((fast.tempo(), fast.measured_pitch()), (1.004, 0.2));
        let one = heard(&[(60.0, 160.0, 1.02, 0.0)]);
        assert_eq!(one.tempo(), 1.02);
        assert_eq!(heard(&[(60.0, 160.0, 1.0, 0.0)]).tempo(), 1.0);
    }
}
