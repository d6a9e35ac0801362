//! Plays that have just begun.
//!
//! The chroma of a half frame is final some 6 s after it, because it depends on the seconds around. Who listens to live sound
//! wants to know sooner what is playing. So each part of the sound is also looked up at once, as a clip that ends there,
//! unless a known play goes on.
use super::{
    finish::is_enough,
    lookups::NEAREST,
    monitor::{Monitor, along, sightings},
    options::TimelineOptions,
    play::{Heard, Sighting},
    recent::Recent,
};
use crate::{
    error::Result,
    extract::chunks::Chunk,
    query::{Effort, Query, variants::Range},
    store::TrackId,
};

/// Half frames of a look: 6 s for clean sound, 12 s for sound under noise.
const LOOKS: [usize; 2] = [64, 128];

/// How many places of a look are aligned.
const PLACES: usize = 64;

/// Half frames that decide whether a play goes on, or whether it is silent: 2.5 s.
const NOW: usize = 27;

/// A play goes on if it gains this share of what it gained before.
const GOES_ON: f32 = 0.3;

/// A sighting that ends earlier than so many half frames ago is not what is heard now: 2 s.
const ENDED: usize = 22;

/// Plays that are followed at the same time.
const MAX: usize = 8;

/// Plays that have begun, and that the monitor does not know yet.
#[derive(Debug, Default)]
pub(super) struct Early {
    heard: Vec<Heard>,
    /// Those that are over, and that the monitor never saw.
    over: Vec<Heard>,
    /// Up to which half frame each track was seen by the last looks.
    seen: Vec<(TrackId, usize)>,
}

impl Early {
    /// Looks at the sound up to now; `now` is what the monitor has and what came since.
    pub fn look(
        &mut self,
        query: &mut Query<'_>,
        options: &TimelineOptions,
        (monitor, now): (&Monitor, &Recent),
    ) -> Result<()> {
        self.follow(query, monitor)?;
        self.seen.retain(|(_, to)| to + LOOKS[1] > now.end());
        let from = now.end().saturating_sub(NOW);
        if now.silent(from).all(|silent| silent) || self.goes_on(query, options, monitor, now)? {
            return Ok(());
        }
        let range = std::mem::replace(&mut query.options.range, Range::PLAIN);
        let found = self.looks(query, monitor, now);
        query.options.range = range;
        self.open(query, now, &found?)
    }

    /// Whether a look has seen a track after half frame `half`.
    pub fn saw_after(&self, track: TrackId, half: f64) -> bool {
        self.seen.iter().any(|(seen, to)| *seen == track && *to as f64 > half)
    }

    /// Ends the sound.
    pub fn finish(&mut self, monitor: &Monitor) {
        self.heard.retain(|heard| !monitor.has(heard));
        self.over.append(&mut self.heard);
    }

    /// The plays that are followed.
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// The plays that are over.
    pub fn over(&self) -> &[Heard] {
        &self.over
    }

    /// Follows the plays as far as the monitor is. Drops those that it knows.
    fn follow(&mut self, query: &Query<'_>, monitor: &Monitor) -> Result<()> {
        let recent = monitor.recent();
        let now = recent.end();
        self.heard.retain(|heard| !monitor.has(heard));
        for heard in &mut self.heard {
            if now > heard.done {
                let along = along(query, recent, heard, (heard.done, now))?;
                heard.go_on(&along, now, recent.start());
                heard.find_end(|_| 0.0);
            }
        }
        self.over = self.heard.extract_if(.., |heard| heard.is_over(now)).collect();
        Ok(())
    }

    /// Whether a play that is sure is heard now.
    fn goes_on(
        &self,
        query: &Query<'_>,
        options: &TimelineOptions,
        monitor: &Monitor,
        now: &Recent,
    ) -> Result<bool> {
        let (from, to) = (now.end().saturating_sub(NOW), now.end());
        let going = monitor.open().iter().chain(&self.heard);
        for heard in going.filter(|heard| is_enough(query, heard, options)) {
            let along = along(query, now, heard, (from, to))?;
            let gain = along.iter().map(|(_, e)| e).sum::<f32>() / along.len().max(1) as f32;
            let before = heard.evidence() / ((heard.end() - heard.start) as f32 / 2.0).max(1.0);
            if !along.is_empty() && before > 0.0 && gain >= GOES_ON * before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the looks see that is new.
    fn looks(&mut self, query: &mut Query<'_>, monitor: &Monitor, now: &Recent) -> Result<Vec<Sighting>> {
        for halves in LOOKS {
            let (first, chunk) = now.look(halves);
            let all = quick(query, first, &chunk)?;
            self.seen.extend(all.iter().map(|sighting| (sighting.track, sighting.to)));
            let mut found = self.fresh(monitor, now, &all);
            if found.is_empty() {
                continue;
            }
            query.effort = Effort::CONFIRM;
            let places = query.places(&chunk)?;
            found = self.fresh(monitor, now, &sightings(query, first, &chunk, &places));
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// The sightings of what is heard now and is not known.
    fn fresh(&self, monitor: &Monitor, now: &Recent, sightings: &[Sighting]) -> Vec<Sighting> {
        let is_new = |(n, sighting): &(usize, &Sighting)| {
            sighting.to + ENDED >= now.end() && !monitor.knows(sighting, &sightings[..*n])
        };
        let new = sightings.iter().enumerate().filter(is_new);
        new.map(|(_, sighting)| sighting.clone()).collect()
    }

    /// Opens plays for new sightings.
    fn open(&mut self, query: &Query<'_>, now: &Recent, sightings: &[Sighting]) -> Result<()> {
        for sighting in sightings {
            let at = match self.heard.iter().position(|heard| heard.is(sighting)) {
                Some(at) => {
                    self.heard[at].see(sighting);
                    at
                }
                None if self.heard.len() >= MAX => continue,
                None => {
                    let mut heard = Heard::new(sighting);
                    let from = heard.start as usize;
                    let along = along(query, now, &heard, (now.start(), from))?;
                    heard.go_back(&along, |_| 0.0);
                    self.heard.push(heard);
                    self.heard.len() - 1
                }
            };
            for other in sightings.iter().filter(|other| other.sound == sighting.sound) {
                let same = &mut self.heard[at].same;
                if other.track != sighting.track && !same.contains(&other.track) {
                    same.push(other.track);
                }
            }
        }
        Ok(())
    }
}

/// A quick look at a clip whose first half frame is `first`.
fn quick(query: &mut Query<'_>, first: usize, chunk: &Chunk) -> Result<Vec<Sighting>> {
    query.effort = Effort::LOOK;
    let windows = query.windows(&chunk.chroma, 1);
    let (hits, _, most) = query.nearest(&windows, NEAREST, PLACES)?;
    let places = query.places_of(chunk, (&hits, most), |_, groups| Ok(vec![Vec::new(); groups.len()]))?;
    Ok(sightings(query, first, chunk, &places))
}
