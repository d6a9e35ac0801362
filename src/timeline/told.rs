//! Which plays the listener was told of.
//!
//! Each play is told twice: once when it is sure, and once when it is over. What was told stands. So tracks with the same sound,
//! and other places of the same track, belong to the play that was told first until none of them is heard any more.
use super::{early::Early, finish, monitor::Monitor, options::TimelineOptions, play::Heard};
use crate::{
    error::Result,
    query::Query,
    report::{LivePlay, Moment, Play},
    store::TrackId,
    units::Seconds,
};

/// A play that has gained nothing for so many half frames, 6.5 s, is over for the listener, unless a look has seen the track
/// since. The monitor waits longer: the track may only be drowned.
const QUIET: f64 = 70.0;

/// A sighting so many half frames after the end of a play, 1 s, says that it goes on.
const BEYOND: f64 = 11.0;

/// Plays that were told.
#[derive(Debug, Default)]
pub(super) struct Told {
    plays: Vec<One>,
    /// How many were told.
    count: u64,
}

/// A play that was told.
#[derive(Debug)]
struct One {
    number: u64,
    /// The track that was named, and what is known of it.
    heard: Heard,
    /// The tracks that sound the same, with that one.
    tracks: Vec<TrackId>,
    /// The half frame after the last of any of them.
    end: f64,
    /// Where it began, if it was over once before.
    resumed: Option<f64>,
    is_over: bool,
}

impl One {
    fn new(number: u64, heard: &Heard) -> Self {
        let tracks = std::iter::once(heard.track).chain(heard.same.iter().copied()).collect();
        Self { number, heard: heard.clone(), tracks, end: heard.end(), resumed: None, is_over: false }
    }

    fn start(&self) -> f64 {
        self.resumed.unwrap_or(self.heard.start)
    }

    /// Whether what is heard belongs to this play.
    fn has(&self, heard: &Heard) -> bool {
        self.tracks.contains(&heard.track) || heard.same.iter().any(|track| self.tracks.contains(track))
    }

    /// Takes what is known now of a part of the play.
    fn take(&mut self, heard: &Heard) {
        self.end = self.end.max(heard.end());
        for track in std::iter::once(&heard.track).chain(&heard.same) {
            if !self.tracks.contains(track) {
                self.tracks.push(*track);
            }
        }
        if heard.track != self.heard.track {
            return;
        }
        let is_at = |heard: &Heard| heard.is_at_same_place(&self.heard, heard.end());
        // A play that moved to another place of the track is still the same play. Any other place says nothing of it.
        let is_same = is_at(heard) || heard.lines.iter().any(|line| is_at(&line.heard));
        if is_same {
            self.heard = heard.clone();
        }
    }
}

impl Told {
    /// What to tell at second `at`. `finals` are the plays that have become final.
    pub fn update(
        &mut self,
        (query, options): (&Query<'_>, &TimelineOptions),
        (monitor, early): (&Monitor, &Early),
        finals: Vec<(TrackId, Play)>,
        at: Seconds,
    ) -> Result<Vec<LivePlay>> {
        let mut out = Vec::new();
        let now = monitor.recent().end() as f64;
        let open = || monitor.open().iter().chain(early.heard());
        let goes_on =
            |heard: &&Heard| now - heard.end() <= QUIET || early.saw_after(heard.track, heard.end() + BEYOND);
        let going: Vec<&Heard> = open().filter(goes_on).collect();
        let all: Vec<&Heard> = open().chain(early.over()).chain(monitor.ended()).collect();
        for one in self.plays.iter_mut().filter(|one| !one.is_over) {
            // Their ends may be known only now.
            let own = |heard: &&&Heard| one.has(heard) && heard.end() >= one.start();
            let own: Vec<&Heard> = all.iter().filter(own).copied().collect();
            if !own.is_empty() {
                one.end = one.start();
            }
            own.iter().for_each(|heard| one.take(heard));
            one.is_over = !going.iter().any(|heard| one.has(heard));
            if one.is_over {
                out.extend(ended(query, one, &all, at)?);
            }
        }
        let mut candidates: Vec<&Heard> =
            going.iter().filter(|heard| finish::is_enough(query, heard, options)).copied().collect();
        candidates.sort_by(|a, b| a.start.total_cmp(&b.start).then(b.evidence().total_cmp(&a.evidence())));
        for heard in candidates {
            let known = self.plays.iter().any(|one| !one.is_over && one.has(heard));
            if !known && !finish::is_hidden_by(heard, all.iter().copied()) {
                let before = self.plays.iter().filter(|one| one.has(heard) && one.end > heard.start);
                let end = before.map(|one| one.end).reduce(f64::max);
                let resumed = end.map(|end| monitor.recent().sounds_after((end + BEYOND) as usize) as f64);
                out.extend(self.begins(query, (heard, resumed), &all, at)?);
            }
        }
        for (track, play) in finals {
            let half = query.params.half_frame_seconds().0;
            let is_told = |one: &One| {
                let (start, end) = (one.start() * half, one.end * half);
                one.tracks.contains(&track) && start < play.end.0 && end > play.start.0
            };
            // One that was never sure while it went on.
            if !self.plays.iter().any(is_told) {
                self.count += 1;
                let tell = |moment, play| LivePlay { moment, number: self.count, at, play };
                out.push(tell(Moment::Start, play.clone()));
                out.push(tell(Moment::End, play));
            }
        }
        let oldest = monitor.oldest();
        self.plays.retain(|one| !one.is_over || one.end >= oldest);
        Ok(out)
    }

    fn begins(
        &mut self,
        query: &Query<'_>,
        (heard, resumed): (&Heard, Option<f64>),
        all: &[&Heard],
        at: Seconds,
    ) -> Result<Option<LivePlay>> {
        let part = heard.between(resumed.unwrap_or(heard.start), heard.end());
        let Some(play) = finish::described(query, &part, all)? else { return Ok(None) };
        self.count += 1;
        self.plays.push(One { resumed, ..One::new(self.count, heard) });
        Ok(Some(LivePlay { moment: Moment::Start, number: self.count, at, play }))
    }
}

/// The end of a play.
fn ended(query: &Query<'_>, one: &One, all: &[&Heard], at: Seconds) -> Result<Option<LivePlay>> {
    let heard = one.heard.between(one.start(), one.end);
    let play = finish::described(query, &heard, all)?;
    Ok(play.map(|play| LivePlay { moment: Moment::End, number: one.number, at, play }))
}
