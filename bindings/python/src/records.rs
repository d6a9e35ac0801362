//! Results of the library as dictionaries. The dataclasses of `refrain.records` have fields of the same names.
use std::{ffi::OsString, path::PathBuf};

use pyo3::prelude::*;
use refrain::{
    Answer, BuildEvent, BuildSummary, FailedFile, FileEntry, HarmonicFigures, Info, Match, Play, Seconds,
    Tags, Timeline, Track,
};

/// A path, as text.
fn text(path: PathBuf) -> OsString {
    path.into_os_string()
}

fn all(paths: Vec<PathBuf>) -> Vec<OsString> {
    paths.into_iter().map(text).collect()
}

#[derive(IntoPyObject)]
pub struct MatchRecord {
    path: OsString,
    also_paths: Vec<OsString>,
    copies: Vec<OsString>,
    missing: bool,
    id: u32,
    shard: Option<OsString>,
    score: f64,
    query_start: f64,
    query_end: f64,
    ref_start: f64,
    ref_end: f64,
    also_at: Vec<f64>,
    tempo: f64,
    pitch: f64,
    title: Option<String>,
    artist: Option<String>,
    other_artists: Vec<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
    evidence: f64,
    similarity: f64,
    rival: f64,
    variants: u32,
}

impl From<Match> for MatchRecord {
    fn from(m: Match) -> Self {
        Self {
            path: text(m.path),
            also_paths: all(m.also_paths),
            copies: all(m.copies),
            missing: m.missing,
            id: m.id.0,
            shard: m.shard.map(text),
            score: m.score,
            query_start: m.query_start.0,
            query_end: m.query_end.0,
            ref_start: m.ref_start.0,
            ref_end: m.ref_end.0,
            also_at: m.also_at.into_iter().map(|at| at.0).collect(),
            tempo: m.tempo,
            pitch: m.pitch,
            title: m.tags.title,
            artist: m.tags.artist,
            other_artists: m.tags.other_artists,
            album: m.tags.album,
            track_number: m.tags.track_number,
            disc_number: m.tags.disc_number,
            recording_mbid: m.tags.recording_mbid,
            release_mbid: m.tags.release_mbid,
            acoustid: m.tags.acoustid,
            evidence: m.evidence,
            similarity: m.similarity,
            rival: m.runner_up,
            variants: m.variants,
        }
    }
}

#[derive(IntoPyObject)]
pub struct AnswerRecord {
    query: OsString,
    duration: f64,
    matches: Vec<MatchRecord>,
    candidates: Option<Vec<MatchRecord>>,
    warnings: Vec<String>,
}

impl From<Answer> for AnswerRecord {
    fn from(answer: Answer) -> Self {
        let records = |matches: Vec<Match>| matches.into_iter().map(MatchRecord::from).collect();
        Self {
            query: text(answer.query),
            duration: answer.duration.0,
            matches: records(answer.matches),
            candidates: answer.candidates.map(records),
            warnings: answer.warnings,
        }
    }
}

#[derive(IntoPyObject)]
pub struct PlayRecord {
    start: f64,
    end: f64,
    path: OsString,
    ref_start: f64,
    ref_end: f64,
    tempo: f64,
    pitch: f64,
    score: f64,
    id: u32,
    shard: Option<OsString>,
    also_paths: Vec<OsString>,
    copies: Vec<OsString>,
    missing: bool,
    title: Option<String>,
    artist: Option<String>,
    other_artists: Vec<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
}

impl From<Play> for PlayRecord {
    fn from(play: Play) -> Self {
        Self {
            start: play.start.0,
            end: play.end.0,
            path: text(play.path),
            ref_start: play.ref_start.0,
            ref_end: play.ref_end.0,
            tempo: play.tempo,
            pitch: play.pitch,
            score: play.score,
            id: play.id.0,
            shard: play.shard.map(text),
            also_paths: all(play.also_paths),
            copies: all(play.copies),
            missing: play.missing,
            title: play.tags.title,
            artist: play.tags.artist,
            other_artists: play.tags.other_artists,
            album: play.tags.album,
            track_number: play.tags.track_number,
            disc_number: play.tags.disc_number,
            recording_mbid: play.tags.recording_mbid,
            release_mbid: play.tags.release_mbid,
            acoustid: play.tags.acoustid,
        }
    }
}

#[derive(IntoPyObject)]
pub struct TimelineRecord {
    file: OsString,
    duration: f64,
    plays: Vec<PlayRecord>,
    unknown: Vec<(f64, f64)>,
    silent: Vec<(f64, f64)>,
    overlap: Vec<(f64, f64)>,
    warnings: Vec<String>,
}

impl From<Timeline> for TimelineRecord {
    fn from(timeline: Timeline) -> Self {
        let stretches =
            |all: Vec<(Seconds, Seconds)>| all.into_iter().map(|(from, to)| (from.0, to.0)).collect();
        Self {
            file: text(timeline.file),
            duration: timeline.duration.0,
            plays: timeline.plays.into_iter().map(PlayRecord::from).collect(),
            unknown: stretches(timeline.unknown),
            silent: stretches(timeline.silent),
            overlap: stretches(timeline.overlap),
            warnings: timeline.warnings,
        }
    }
}

#[derive(IntoPyObject)]
pub struct SummaryRecord {
    found: usize,
    unchanged: usize,
    still_bad: usize,
    added: usize,
    retagged: usize,
    moved: usize,
    copies: usize,
    returned: usize,
    missing: usize,
    still_missing: usize,
    added_duration: f64,
    failed: Vec<(OsString, String)>,
}

/// A file that could not be used, and why.
fn failed(file: FailedFile) -> (OsString, String) {
    (text(file.path), file.error.reason())
}

impl From<BuildSummary> for SummaryRecord {
    fn from(s: BuildSummary) -> Self {
        Self {
            found: s.found,
            unchanged: s.unchanged,
            still_bad: s.still_bad,
            added: s.added,
            retagged: s.retagged,
            moved: s.moved,
            copies: s.copies,
            returned: s.returned,
            missing: s.missing,
            still_missing: s.still_missing,
            added_duration: s.added_duration.0,
            failed: s.failed.into_iter().map(failed).collect(),
        }
    }
}

/// What happens during a build.
#[derive(Default, IntoPyObject)]
pub struct EventRecord {
    kind: &'static str,
    path: Option<OsString>,
    moved_from: Option<OsString>,
    bytes: u64,
    duration: f64,
    reason: Option<String>,
    warnings: Vec<String>,
    files: usize,
    new: usize,
    new_bytes: u64,
}

impl EventRecord {
    /// None for an event that this version does not know.
    pub fn of(event: BuildEvent) -> Option<Self> {
        let new = Self::default();
        Some(match event {
            BuildEvent::Found { files, new, new_bytes, .. } => {
                Self { kind: "found", files, new, new_bytes, ..Self::default() }
            }
            BuildEvent::Recognised { path, bytes, .. } => {
                Self { kind: "recognised", path: Some(text(path)), bytes, ..new }
            }
            BuildEvent::Moved { from, to, .. } => {
                Self { kind: "moved", path: Some(text(to)), moved_from: Some(text(from)), ..new }
            }
            BuildEvent::Missing { path, .. } => Self { kind: "missing", path: Some(text(path)), ..new },
            BuildEvent::Unavailable { path, .. } => {
                Self { kind: "unavailable", path: Some(text(path)), ..new }
            }
            BuildEvent::Added { path, bytes, duration, warnings, .. } => Self {
                kind: "added",
                path: Some(text(path)),
                bytes,
                duration: duration.0,
                warnings: warnings.iter().map(ToString::to_string).collect(),
                ..new
            },
            BuildEvent::Failed { path, bytes, error, .. } => {
                let reason = Some(error.reason());
                Self { kind: "failed", path: Some(text(path)), bytes, reason, ..new }
            }
            BuildEvent::Neighbours => Self { kind: "neighbours", ..new },
            _ => return None,
        })
    }
}

#[derive(IntoPyObject)]
pub struct InfoRecord {
    file: OsString,
    tracks: u64,
    files: u64,
    missing: u64,
    failures: u64,
    roots: Vec<OsString>,
    seconds: f64,
    bytes: u64,
    frames: u64,
    windows: u64,
    neighbour_lists: Option<u32>,
    neighbour_windows: Option<u64>,
    parameter_set: u32,
    format: u32,
    version: &'static str,
    sqlite: &'static str,
}

impl From<Info> for InfoRecord {
    fn from(info: Info) -> Self {
        Self {
            file: text(info.path),
            tracks: info.tracks,
            files: info.files,
            missing: info.missing,
            failures: info.failures,
            roots: all(info.roots),
            seconds: info.duration.0,
            bytes: info.bytes,
            frames: info.frames,
            windows: info.windows,
            neighbour_lists: info.neighbours.map(|n| n.0),
            neighbour_windows: info.neighbours.map(|n| n.1),
            parameter_set: info.parameter_set,
            format: info.format,
            version: env!("CARGO_PKG_VERSION"),
            sqlite: info.sqlite,
        }
    }
}

#[derive(IntoPyObject)]
pub struct FileRecord {
    path: OsString,
    size: u64,
    mtime_ns: i64,
    missing: bool,
}

#[derive(IntoPyObject)]
pub struct TrackRecord {
    id: u32,
    path: OsString,
    missing: bool,
    files: Vec<FileRecord>,
    title: Option<String>,
    artist: Option<String>,
    other_artists: Vec<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
    duration: f64,
    sample_rate: Option<u32>,
    channels: Option<u16>,
    hash: Option<String>,
    frames: u64,
    windows: u32,
}

impl TrackRecord {
    pub fn new(track: Track, files: Vec<FileEntry>) -> Self {
        let record = track.record;
        let Tags {
            title,
            artist,
            other_artists,
            album,
            track_number,
            disc_number,
            recording_mbid,
            release_mbid,
            acoustid,
            ..
        } = record.tags;
        let file = |file: FileEntry| FileRecord {
            path: text(file.path),
            size: file.size,
            mtime_ns: file.mtime_ns,
            missing: file.missing,
        };
        Self {
            id: track.id.0,
            path: text(record.path),
            missing: track.missing,
            files: files.into_iter().map(file).collect(),
            title,
            artist,
            other_artists,
            album,
            track_number,
            disc_number,
            recording_mbid,
            release_mbid,
            acoustid,
            duration: record.duration.0,
            sample_rate: record.sample_rate,
            channels: record.channels,
            hash: record.hash.map(|hash| hash.to_string()),
            frames: track.frames as u64,
            windows: track.windows,
        }
    }
}

#[derive(IntoPyObject)]
pub struct FiguresRecord {
    duration: f64,
    sample_rate: Option<u32>,
    channels: Option<u64>,
    frames: u64,
    tuning: Option<f64>,
    key: Option<String>,
    mode: Option<&'static str>,
    key_correlation: Option<f64>,
    key_confidence: Option<f64>,
    key_second: Option<String>,
    key_name: Option<String>,
    camelot: Option<String>,
    bpm: Option<f64>,
    harmonic_ratio: Option<f64>,
    voiced: Option<f64>,
    pitch: Option<f64>,
    pitch_note: Option<String>,
    pitch_cents: Option<f64>,
    pitch_stability: Option<f64>,
    chroma: Vec<f32>,
    chroma_energy: Vec<f32>,
    chroma_entropy: Option<f64>,
    warnings: Vec<String>,
}

impl From<HarmonicFigures> for FiguresRecord {
    fn from(f: HarmonicFigures) -> Self {
        Self {
            duration: f.duration.0,
            sample_rate: f.sample_rate,
            channels: f.channels,
            frames: f.frames,
            tuning: f.tuning,
            key: f.key,
            mode: f.mode,
            key_correlation: f.key_correlation,
            key_confidence: f.key_confidence,
            key_second: f.key_second,
            key_name: f.key_name,
            camelot: f.camelot,
            bpm: f.bpm,
            harmonic_ratio: f.harmonic_ratio,
            voiced: f.voiced,
            pitch: f.pitch,
            pitch_note: f.pitch_note,
            pitch_cents: f.pitch_cents,
            pitch_stability: f.pitch_stability,
            chroma: f.chroma.to_vec(),
            chroma_energy: f.chroma_energy.to_vec(),
            chroma_entropy: f.chroma_entropy,
            warnings: f.warnings,
        }
    }
}
