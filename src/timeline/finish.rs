//! From what was heard to the plays of a timeline.
use std::path::PathBuf;

use super::{options::TimelineOptions, play::Heard};
use crate::{
    error::Result,
    query::{Query, same_recording::Holder},
    report::{Play, Timeline},
    store::TrackId,
    units::Seconds,
};

/// Stretches that are shorter are not told as unknown or silent.
const MIN_STRETCH: f64 = 2.0;

/// If this share of a play lies within a better one, the play may be hidden. It is hidden if it is the same sound, or if it
/// gains less than `LESS` times what the better one gains there.
const WITHIN: f64 = 0.7;
const LESS: f32 = 0.8;

/// Whether play `a` lies within play `b`, which explains that part better. Then `a` is a repeat, a copy, or music that is
/// like the track.
fn is_hidden(a: &Heard, b: &Heard) -> bool {
    let (from, to) = (a.start.max(b.start), a.end().min(b.end()));
    if to - from < WITHIN * (a.end() - a.start) {
        return false;
    }
    let gain = |heard: &Heard| heard.gain_between(from, to);
    if a.track == b.track {
        return (b.end() - b.start, b.evidence()) > (a.end() - a.start, a.evidence());
    }
    let better = (b.evidence(), b.score, a.track.0) > (a.evidence(), a.score, b.track.0);
    better && (a.is_like(b) || gain(a) < LESS * gain(b))
}

/// Whether play `a`, which is over, cannot be described yet because of play `b`, which goes on: `b` comes first, may hide `a`,
/// or is a copy of it.
pub(super) fn waits_for(a: &Heard, b: &Heard) -> bool {
    let shared = a.end() - b.start;
    b.start < a.start || shared > 0.0 && (a.is_like(b) || shared >= WITHIN * (a.end() - a.start))
}

/// Whether one of `others` hides a play.
pub(super) fn is_hidden_by<'h>(heard: &Heard, others: impl IntoIterator<Item = &'h Heard>) -> bool {
    others.into_iter().any(|other| !std::ptr::eq(heard, other) && is_hidden(heard, other))
}

/// Whether a play is long and sure enough to be told.
pub(super) fn is_enough(query: &Query<'_>, heard: &Heard, options: &TimelineOptions) -> bool {
    let (start, end) = extent(query, heard);
    end - start >= options.min_length.0 && heard.score >= f64::from(options.min_score)
}

/// Start and end of a play, in seconds.
fn extent(query: &Query<'_>, heard: &Heard) -> (f64, f64) {
    let half = query.params.half_frame_seconds().0;
    (heard.start * half, heard.end() * half + frame(query) / 2.0)
}

/// How long a frame is, in seconds.
fn frame(query: &Query<'_>) -> f64 {
    query.params.frame_length as f64 / f64::from(query.params.sample_rate.0)
}

/// The plays of what was heard, in order of the starts, each with its track. What is too short or not sure enough is no play.
/// `before` are those that were described before.
pub(super) fn plays(
    query: &Query<'_>,
    heard: &[Heard],
    before: &[Heard],
    options: &TimelineOptions,
) -> Result<Vec<(TrackId, Play)>> {
    let all: Vec<&Heard> = heard.iter().chain(before).collect();
    let mut plays = Vec::new();
    for heard in heard.iter().filter(|heard| !is_hidden_by(heard, all.iter().copied())) {
        if is_enough(query, heard, options)
            && let Some(play) = described(query, heard, &all)?
        {
            plays.push((heard.track, play));
        }
    }
    Ok(plays)
}

/// The play of what was heard; `all` are those heard around. `None` if the track has no file: while files move, that may be so
/// for a moment.
pub(super) fn described(query: &Query<'_>, heard: &Heard, all: &[&Heard]) -> Result<Option<Play>> {
    let Some(held) = query.library.track(heard.track)? else { return Ok(None) };
    let (half, (start, end)) = (query.params.half_frame_seconds().0, extent(query, heard));
    let also_paths = held.other_paths();
    let track = held.track;
    let length = track.record.duration.0;
    // A frame lies where its middle is.
    let middle = frame(query) / 2.0;
    let in_track = |time: f64| (heard.in_track((time - middle) / half) * half + middle).clamp(0.0, length);
    Ok(Some(Play {
        start: Seconds(start),
        end: Seconds(end),
        path: track.record.path,
        ref_start: Seconds(in_track(start)),
        ref_end: Seconds(in_track(end)),
        tempo: heard.tempo(),
        pitch: heard.measured_pitch() * 12.0 / query.params.bins_per_octave as f64,
        score: heard.score,
        id: track.id,
        shard: held.shard,
        also_paths,
        copies: copies(query, heard, all)?,
        missing: track.missing,
        tags: track.record.tags,
    }))
}

/// The files of the other tracks that hold the recording of a play.
fn copies(query: &Query<'_>, play: &Heard, all: &[&Heard]) -> Result<Vec<PathBuf>> {
    let holder = |heard: &Heard| -> Result<Option<Holder>> {
        let held = query.library.track(heard.track)?;
        Ok(held.map(|held| Holder::new(heard.place(), held.track.frames)))
    };
    let shares = |other: &&&Heard| other.end().min(play.end()) > other.start.max(play.start);
    let mut paths = Vec::new();
    let others = all.iter().filter(|other| other.track != play.track && other.is_like(play));
    for other in others.filter(shares) {
        if let (Some(one), Some(two)) = (holder(play)?, holder(other)?)
            && query.is_same_recording(&one, &two)?
        {
            let files = query.library.track(other.track)?.into_iter().flat_map(|held| held.files);
            paths.extend(files.filter(|file| !file.missing).map(|file| file.path));
        }
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Adds to a timeline what is unknown, silent, and heard at once.
pub(super) fn stretches(timeline: &mut Timeline, silent: Vec<(Seconds, Seconds)>) {
    let end = timeline.duration;
    timeline.silent = silent.into_iter().filter(|(from, to)| to.0 - from.0 >= MIN_STRETCH).collect();
    let mut known: Vec<(f64, f64)> = timeline.plays.iter().map(|play| (play.start.0, play.end.0)).collect();
    known.extend(timeline.silent.iter().map(|(from, to)| (from.0, to.0)));
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut at = 0.0;
    for (from, to) in known.into_iter().chain([(end.0, end.0)]) {
        if from - at >= MIN_STRETCH {
            timeline.unknown.push((Seconds(at), Seconds(from)));
        }
        at = f64::max(at, to);
    }
    let mut until = 0.0;
    for play in &timeline.plays {
        if until > play.start.0 {
            timeline.overlap.push((play.start, Seconds(f64::min(until, play.end.0))));
        }
        until = f64::max(until, play.end.0);
    }
}
