//! Follows a recording: looks, sightings, and the plays that they open.
use super::{
    lookups::Lookups,
    options::TimelineOptions,
    other_line::better,
    play::{Heard, Sighting},
    recent::Recent,
};
use crate::{
    align::{MIN_SCORE, evidence_along},
    error::Result,
    extract::chunks::Chunk,
    library::Library,
    params::ParameterSet,
    query::{
        Effort, Query,
        options::QueryOptions,
        place::Place,
        variants::{Group, Range},
    },
    report::Play,
    store::TrackId,
    units::Seconds,
};

/// Half frames that come at a time: 1.5 s. Plays are followed each time, so that their ends are known soon.
pub(super) const HOP: usize = 16;

/// A look is taken every fourth time, every 6 s.
const LOOK_EVERY: usize = 4;

/// Half frames of a look: 12 s.
const LOOK: usize = 128;

/// Half frames of a long look, for music that noise or speech drowns: 36 s. Every third time, if no play explains this
/// share of it.
const LONG_LOOK: usize = 384;
const LONG_EVERY: usize = 3;
const UNEXPLAINED: f64 = 0.25;

/// Half frames that are kept: a minute. A start is not looked for further back.
const KEPT: usize = 640;

/// The transpositions and speeds that are tried: those of turntables.
const RANGE: (f64, f64, f64) = (1.4, 0.91, 1.1);

/// Plays that go on at the same time. More tracks with the same sound are not followed.
const MAX_OPEN: usize = 24;

pub(super) struct Monitor {
    params: ParameterSet,
    recent: Recent,
    lookups: Lookups,
    pushes: usize,
    looks: usize,
    /// The half frame up to which the recording was looked up.
    looked_to: usize,
    open: Vec<Heard>,
    /// Plays that have ended and wait for those that began before.
    over: Vec<Heard>,
    /// Plays of the last minute that were described.
    past: Vec<Heard>,
    /// The last start that was told.
    told_to: f64,
    silent: Vec<(usize, usize)>,
    options: TimelineOptions,
}

/// A query that suits a timeline.
pub(super) fn query<'s>(library: &'s dyn Library, options: &TimelineOptions) -> Result<Query<'s>> {
    // A look that is less sure still says where a play goes on.
    let min_score = options.min_score.min(MIN_SCORE);
    let (semitones, slowest, fastest) = RANGE;
    let range = Range::default().semitones(semitones).slowest(slowest).fastest(fastest);
    Query::new(library, &QueryOptions::default().cancel(&options.cancel).min_score(min_score).range(range))
}

/// Which places match in a look whose first half frame is `first`, best first.
pub(super) fn sightings(query: &Query<'_>, first: usize, chunk: &Chunk, places: &[Place]) -> Vec<Sighting> {
    let (pairs, min_score) =
        (chunk.half_frames(&query.params) as f64 / 2.0, f64::from(query.options.min_score));
    let scored = places.iter().map(|place| (place, query.score(place, pairs)));
    let mut sightings: Vec<Sighting> = scored
        .filter(|(_, score)| *score >= min_score)
        .map(|(place, score)| Sighting::new(place, first, score))
        .collect();
    sightings.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
    sightings
}

/// The evidence of a play over half frames `from..to` of the recording.
pub(super) fn along(
    query: &Query<'_>,
    recent: &Recent,
    heard: &Heard,
    (from, to): (usize, usize),
) -> Result<Vec<(f64, f32)>> {
    if from >= to {
        return Ok(Vec::new());
    }
    let (line, values) = (heard.line(), query.params.frame_values());
    let (first, chroma) = recent.chroma(from, heard.pitch.round() as i32);
    let frame = |half: usize| ((line.in_track + (half as f64 - line.at) * line.tempo) / 2.0).floor() as i64;
    let stored = query.stored(heard.track, frame(from) - 1, frame(to) + 2)?;
    let mut along = evidence_along(&chroma, first, &stored, values, &line);
    along.retain(|(at, _)| (from as f64..to as f64).contains(at));
    Ok(along)
}

/// Follows a recording. It holds no connection: each call gets a query that [`query`] made.
impl Monitor {
    pub fn new(params: &ParameterSet, options: &TimelineOptions) -> Self {
        Self {
            params: *params,
            recent: Recent::new(params, KEPT),
            lookups: Lookups::default(),
            pushes: 0,
            looks: 0,
            looked_to: 0,
            open: Vec::new(),
            over: Vec::new(),
            past: Vec::new(),
            told_to: 0.0,
            silent: Vec::new(),
            options: options.clone(),
        }
    }

    /// Takes the next part of the recording. Returns the plays that are final.
    pub fn push(&mut self, query: &mut Query<'_>, chunk: &Chunk) -> Result<Vec<(TrackId, Play)>> {
        let from = self.recent.end();
        self.recent.push(chunk);
        self.listen_for_silence(from);
        self.pushes += 1;
        if self.pushes.is_multiple_of(LOOK_EVERY) || chunk.ends {
            self.look_back(query)?;
        } else {
            self.follow(query, &[])?;
        }
        self.options.tell(Seconds(self.recent.end() as f64 * self.params.half_frame_seconds().0));
        self.settle(query, false)
    }

    /// Looks up what came since the last look.
    fn look_back(&mut self, query: &mut Query<'_>) -> Result<()> {
        let (from, now) = (self.looked_to, self.recent.end());
        self.looked_to = now;
        self.lookups.push(query, &self.recent, from, now.saturating_sub(LONG_LOOK));
        self.looks += 1;
        let sightings = self.look(query, LOOK)?;
        self.follow(query, &sightings)?;
        let long = now.saturating_sub(LONG_LOOK) as f64;
        if self.looks.is_multiple_of(LONG_EVERY) && self.explained(long) < UNEXPLAINED * LONG_LOOK as f64 {
            let sightings = self.look(query, LONG_LOOK)?;
            self.follow(query, &sightings)?;
        }
        Ok(())
    }

    /// Ends the recording.
    pub fn finish(&mut self, query: &Query<'_>) -> Result<Vec<(TrackId, Play)>> {
        self.settle(query, true)
    }

    /// Stretches without sound, in seconds.
    pub fn silent(&self) -> Vec<(Seconds, Seconds)> {
        let seconds = |half: usize| Seconds(half as f64 * self.params.half_frame_seconds().0);
        self.silent.iter().map(|&(from, to)| (seconds(from), seconds(to))).collect()
    }

    fn listen_for_silence(&mut self, from: usize) {
        let silent: Vec<bool> = self.recent.silent(from).collect();
        for (n, _) in silent.iter().enumerate().filter(|(_, silent)| **silent) {
            let at = from + n;
            match self.silent.last_mut() {
                Some((_, to)) if *to == at => *to += 1,
                _ => self.silent.push((at, at + 1)),
            }
        }
    }

    /// Forgets where it was silent.
    pub fn forget_silence(&mut self) {
        self.silent.clear();
    }

    /// The last part of the recording.
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// The plays that go on.
    pub fn open(&self) -> &[Heard] {
        &self.open
    }

    /// The plays that have ended, as far as they are kept.
    pub fn ended(&self) -> impl Iterator<Item = &Heard> + Clone {
        self.over.iter().chain(&self.past)
    }

    /// The half frame before which nothing is kept.
    pub fn oldest(&self) -> f64 {
        self.open.iter().chain(&self.over).map(|heard| heard.start).fold(self.recent.start() as f64, f64::min)
    }

    /// Whether a play that was found otherwise is one of those that are known.
    pub fn has(&self, heard: &Heard) -> bool {
        let now = self.recent.end() as f64;
        let is = |other: &&Heard| other.track == heard.track;
        let at = |other: &Heard| other.is_at_same_place(heard, now);
        let is_at = |other: &Heard| at(other) || other.lines.iter().any(|line| at(&line.heard));
        let goes_on = self.open.iter().filter(is).any(is_at);
        let ended = self
            .ended()
            .filter(is)
            .any(|other| other.is_at_same_place(heard, other.end()) && heard.start < other.end());
        goes_on || ended
    }

    /// Whether a sighting is a play that is known, or a repeat within one; `before` are the better ones of the same look.
    pub fn knows(&self, sighting: &Sighting, before: &[Sighting]) -> bool {
        self.open.iter().any(|heard| heard.is(sighting)) || self.is_repeat(sighting, before)
    }

    /// How many half frames from half frame `first` on the play that explains most of them explains.
    fn explained(&self, first: f64) -> f64 {
        let explained = self.open.iter().map(|heard| heard.end() - heard.start.max(first));
        explained.fold(0.0, f64::max)
    }

    /// The tracks that the last `halves` half frames hold.
    fn look(&mut self, query: &mut Query<'_>, halves: usize) -> Result<Vec<Sighting>> {
        let (first, chunk) = self.recent.look(halves);
        if chunk.half_frames(&self.params) == 0 {
            return Ok(Vec::new());
        }
        query.effort = Effort::LOOK;
        let Self { lookups, recent, .. } = self;
        let (found, most) = lookups.plain(query, recent, first)?;
        let variants =
            |query: &mut Query<'_>, groups: &[Group]| lookups.variants(query, recent, groups, first);
        let places = query.places_of(&chunk, (&found, most), variants)?;
        let found = sightings(query, first, &chunk, &places);
        let is_known = |(n, sighting): (usize, &Sighting)| {
            self.open.iter().any(|heard| heard.is(sighting)) || self.is_repeat(sighting, &found[..n])
        };
        if found.iter().enumerate().all(is_known) {
            return Ok(found);
        }
        query.effort = Effort::CONFIRM;
        let places = query.places(&chunk)?;
        Ok(sightings(query, first, &chunk, &places))
    }

    /// Opens a play for each new sighting and goes on with those that are open.
    fn follow(&mut self, query: &Query<'_>, sightings: &[Sighting]) -> Result<()> {
        let now = self.recent.end();
        for (n, sighting) in sightings.iter().enumerate() {
            let at = match self.open.iter().position(|heard| heard.is(sighting)) {
                Some(at) => {
                    self.open[at].see(sighting);
                    at
                }
                None if self.is_repeat(sighting, &sightings[..n]) => {
                    self.see_elsewhere(sighting);
                    continue;
                }
                None if self.open.len() >= MAX_OPEN => continue,
                None => {
                    let again = self.over.iter().position(|heard| heard.is(sighting));
                    self.open.push(again.map_or_else(|| Heard::new(sighting), |at| self.over.remove(at)));
                    self.open.len() - 1
                }
            };
            for other in sightings.iter().filter(|other| other.sound == sighting.sound) {
                let same = &mut self.open[at].same;
                if other.track != sighting.track && !same.contains(&other.track) {
                    same.push(other.track);
                }
            }
        }
        self.join();
        for at in 0..self.open.len() {
            let along = along(query, &self.recent, &self.open[at], (self.open[at].done, now))?;
            self.open[at].go_on(&along, now, self.recent.start());
            self.weigh_places(query, at)?;
        }
        for at in 0..self.open.len() {
            if !self.open[at].is_new {
                continue;
            }
            let from = self.open[at].start as usize;
            let along = along(query, &self.recent, &self.open[at], (self.recent.start(), from))?;
            let mut heard = self.open[at].clone();
            heard.go_back(&along, |time| self.others(&self.open[at], time));
            // The play that starts first is told first.
            heard.start = heard.start.max(self.told_to).min(heard.end());
            heard.is_new = false;
            self.open[at] = heard;
        }
        for at in 0..self.open.len() {
            let mut heard = self.open[at].clone();
            heard.find_end(|time| self.others(&self.open[at], time));
            self.open[at] = heard;
        }
        Ok(())
    }

    /// Lets the play of the same track that goes on take a sighting at another place of it.
    fn see_elsewhere(&mut self, sighting: &Sighting) {
        let (from, to) = (sighting.from as f64, sighting.to as f64);
        let is = |heard: &&mut Heard| heard.track == sighting.track && heard.start < to && heard.end() > from;
        if let Some(heard) = self.open.iter_mut().find(is) {
            heard.see_elsewhere(sighting);
        }
    }

    /// Compares an open play with the other places of its track where it may be, and moves it to one that explains more.
    fn weigh_places(&mut self, query: &Query<'_>, at: usize) -> Result<()> {
        let (now, oldest) = (self.recent.end(), self.recent.start());
        let mut lines = std::mem::take(&mut self.open[at].lines);
        for line in &mut lines {
            let from = line.compared.max(oldest);
            let own = along(query, &self.recent, &line.heard, (from, now))?;
            line.compared = from;
            self.open[at].compare(line, &own, now);
        }
        let better = better(&lines);
        self.open[at].lines = lines;
        if let Some(better) = better {
            let mut moved = self.open[at].moved(better, oldest);
            let along = along(query, &self.recent, &moved, (moved.done, now))?;
            moved.go_on(&along, now, oldest);
            self.open[at] = moved;
        }
        Ok(())
    }

    /// Drops plays that have become the same line of the same track as an earlier one, as more was heard.
    fn join(&mut self) {
        let now = self.recent.end() as f64;
        let mut at = 0;
        while at < self.open.len() {
            let (earlier, heard) = (&self.open[..at], &self.open[at]);
            let same = |other: &Heard| other.track == heard.track && other.is_at_same_place(heard, now);
            if earlier.iter().any(same) {
                self.open.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// Whether a track has another place where it is heard anyway: then it repeats itself.
    fn is_repeat(&self, sighting: &Sighting, before: &[Sighting]) -> bool {
        let (from, to) = (sighting.from as f64, sighting.to as f64);
        let shares =
            |start: f64, end: f64| end.min(to) - start.max(from) > 0.5 * (to - from).min(end - start);
        // A long look may stretch a play beyond the end that was found for it.
        let mut ended = self.over.iter().chain(&self.past);
        if ended.any(|heard| heard.is(sighting) && from < heard.end()) {
            return true;
        }
        let heard = self.open.iter().chain(&self.over).chain(&self.past);
        let mut heard = heard.filter(|heard| heard.track == sighting.track);
        let mut before = before.iter().filter(|other| other.track == sighting.track);
        heard.any(|heard| shares(heard.start, heard.end()))
            || before.any(|other| shares(other.from as f64, other.to as f64))
    }

    /// The most that a play of another sound gains at half frame `time`.
    fn others(&self, heard: &Heard, time: f64) -> f32 {
        let others =
            self.open.iter().chain(&self.over).chain(&self.past).filter(|other| !other.is_like(heard));
        others.map(|other| other.gain(time)).fold(0.0, f32::max)
    }

    /// Moves plays that have ended to `over`, and describes those that nothing can change any more, in order of their starts.
    fn settle(&mut self, query: &Query<'_>, all: bool) -> Result<Vec<(TrackId, Play)>> {
        let now = self.recent.end();
        self.over.extend(self.open.extract_if(.., |heard| all || heard.is_over(now)));
        self.over.sort_by(|a, b| a.start.total_cmp(&b.start).then(b.evidence().total_cmp(&a.evidence())));
        let is_final = |heard: &&Heard| !self.open.iter().any(|open| super::finish::waits_for(heard, open));
        let ready = self.over.iter().take_while(is_final).count();
        let ready: Vec<Heard> = self.over.drain(..ready).collect();
        let plays = super::finish::plays(query, &ready, &self.past, &self.options)?;
        let starts = plays.iter().map(|(_, play)| play.start.0 / query.params.half_frame_seconds().0);
        self.told_to = starts.fold(self.told_to, f64::max);
        self.past.extend(ready);
        let oldest = self.open.iter().map(|heard| heard.start).fold(self.recent.start() as f64, f64::min);
        self.past.retain(|heard| heard.end() >= oldest);
        Ok(plays)
    }
}
