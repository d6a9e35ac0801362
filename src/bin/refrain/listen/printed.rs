//! What `refrain listen` prints: lines for people, JSON or CSV.
use std::{
    io::{self, Write},
    path::Path,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Local, SecondsFormat};
use refrain::{LivePlay, Moment, Play, Seconds, Tags, TrackId};
use serde::Serialize;

use super::source::Note;
use crate::{
    messages,
    screen::{near::near, paint::Paint},
    wording,
};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Lines,
    Json,
    Csv,
}

/// Prints events on standard output, and flushes after each.
pub struct Printed {
    style: Style,
    paint: Paint,
}

/// A time of day: when there was so much sound.
fn clock(at: Seconds, then: Seconds) -> DateTime<Local> {
    let before = Duration::try_from_secs_f64((at.0 - then.0).max(0.0)).unwrap_or_default();
    SystemTime::now().checked_sub(before).unwrap_or(SystemTime::UNIX_EPOCH).into()
}

/// A time of day for programs.
fn stamp(time: DateTime<Local>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// A position as hours, minutes and seconds.
fn position(at: Seconds) -> String {
    let s = at.0.max(0.0) as u64;
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// What a track is called in one line.
pub fn name(play: &Play) -> String {
    match (&play.tags.artist, &play.tags.title) {
        (Some(artist), Some(title)) => wording::shown(format!("{artist} - {title}")),
        (None, Some(title)) => wording::shown(title),
        _ => near(&play.path),
    }
}

/// The beginning or end of a play as JSON.
#[derive(Serialize)]
struct Event<'a> {
    event: Moment,
    play: u64,
    time: String,
    at: Seconds,
    start: Seconds,
    end: Option<Seconds>,
    #[serde(serialize_with = "lossy")]
    path: &'a Path,
    ref_start: Seconds,
    ref_end: Option<Seconds>,
    tempo: f64,
    pitch: f64,
    score: f64,
    id: TrackId,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "lossy_or_none")]
    shard: Option<&'a Path>,
    also_paths: Vec<String>,
    copies: Vec<String>,
    missing: bool,
    #[serde(flatten)]
    tags: &'a Tags,
    stream_title: Option<&'a str>,
}

fn lossy<S: serde::Serializer>(path: &Path, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&path.to_string_lossy())
}

fn lossy_or_none<S: serde::Serializer>(path: &Option<&Path>, s: S) -> Result<S::Ok, S::Error> {
    path.map(Path::to_string_lossy).serialize(s)
}

/// What happens to the source as JSON.
#[derive(Serialize)]
struct Happened<'a> {
    event: &'a str,
    time: String,
    at: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<f64>,
}

/// The columns of the CSV.
const COLUMNS: [&str; 15] = [
    "event",
    "play",
    "time",
    "start",
    "end",
    "artist",
    "title",
    "album",
    "path",
    "ref_start",
    "ref_end",
    "tempo",
    "pitch",
    "score",
    "stream_title",
];

impl Printed {
    /// Prints the heading of the CSV.
    pub fn new(style: Style) -> io::Result<Self> {
        let printed = Self { style, paint: Paint::of_stdout() };
        if style == Style::Csv {
            row(&COLUMNS.map(str::to_owned))?;
        }
        Ok(printed)
    }

    /// Prints that a play begins or ends.
    pub fn play(&self, told: &LivePlay, stream_title: Option<&str>) -> io::Result<()> {
        match self.style {
            Style::Lines => line(&self.words(told)),
            Style::Json => json(&event(told, stream_title)),
            Style::Csv => row(&cells(told, stream_title)),
        }
    }

    /// Prints what the stream says is playing.
    pub fn title(&self, title: &str, at: Seconds) -> io::Result<()> {
        let time = clock(at, at);
        match self.style {
            Style::Lines if title.is_empty() => Ok(()),
            Style::Lines => line(&format!(
                "{}  {:>7}  the stream says: {}",
                time.format("%H:%M:%S"),
                position(at),
                wording::shown(title)
            )),
            Style::Json => json(&Happened { stream_title: Some(title), ..happened("title", at) }),
            Style::Csv => Ok(()),
        }
    }

    /// Tells what happens to the source. For people and beside CSV, this is a message.
    pub fn note(&self, note: &Note, at: Seconds) -> io::Result<()> {
        if self.style == Style::Json {
            return match note {
                Note::Connected(name) => json(&Happened { source: Some(name), ..happened("connected", at) }),
                Note::Lost(why, wait) => {
                    json(&Happened { reason: Some(why), retry: Some(*wait), ..happened("lost", at) })
                }
                Note::Warning(text) => json(&Happened { reason: Some(text), ..happened("warning", at) }),
            };
        }
        match note {
            Note::Connected(name) => messages::say(&format!("listening to {}", wording::shown(name))),
            Note::Lost(why, wait) => {
                messages::problem(&format!("{}; trying again in {wait:.1} s", wording::shown(why)));
            }
            Note::Warning(text) => messages::problem(&wording::shown(text)),
        }
        Ok(())
    }

    /// The line of a play for people.
    fn words(&self, LivePlay { moment, at, play, .. }: &LivePlay) -> String {
        let then = if *moment == Moment::Start { play.start } else { play.end };
        let (time, name) = (clock(*at, then).format("%H:%M:%S"), self.paint.found(&name(play)));
        let when = format!("{time}  {:>7}", position(then));
        if *moment == Moment::End {
            let lasted = position(Seconds(play.end.0 - play.start.0));
            return format!("{when}  ends    {name}, after {lasted}");
        }
        let mut notes = Vec::new();
        if play.missing {
            notes.push("missing".to_owned());
        }
        if play.ref_start.0 >= 5.0 {
            notes.push(format!("from {}", position(play.ref_start)));
        }
        if play.tempo != 1.0 {
            notes.push(format!("speed {:.3}", play.tempo));
        }
        if play.pitch != 0.0 {
            notes.push(format!("pitch {:+.2}", play.pitch));
        }
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        format!("{when}  begins  {name}{notes}")
    }
}

fn happened(event: &str, at: Seconds) -> Happened<'_> {
    let (stream_title, source, reason, retry) = (None, None, None, None);
    Happened { event, time: stamp(clock(at, at)), at, stream_title, source, reason, retry }
}

fn event<'a>(told: &'a LivePlay, stream_title: Option<&'a str>) -> Event<'a> {
    let LivePlay { moment, number, at, play, .. } = told;
    let texts =
        |paths: &[std::path::PathBuf]| paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let is_over = *moment == Moment::End;
    Event {
        event: *moment,
        play: *number,
        time: stamp(clock(*at, if is_over { play.end } else { play.start })),
        at: *at,
        start: play.start,
        end: is_over.then_some(play.end),
        path: &play.path,
        ref_start: play.ref_start,
        ref_end: is_over.then_some(play.ref_end),
        tempo: play.tempo,
        pitch: play.pitch,
        score: play.score,
        id: play.id,
        shard: play.shard.as_deref(),
        also_paths: texts(&play.also_paths),
        copies: texts(&play.copies),
        missing: play.missing,
        tags: &play.tags,
        stream_title,
    }
}

fn cells(told: &LivePlay, stream_title: Option<&str>) -> [String; 15] {
    let event = event(told, stream_title);
    let number = |x: f64| format!("{x:.3}");
    let end = |x: Option<Seconds>| x.map_or_else(String::new, |x| number(x.0));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        if told.moment == Moment::Start { "start" } else { "end" }.to_owned(),
        event.play.to_string(),
        event.time,
        number(event.start.0),
        end(event.end),
        text(&event.tags.artist),
        text(&event.tags.title),
        text(&event.tags.album),
        event.path.to_string_lossy().into_owned(),
        number(event.ref_start.0),
        end(event.ref_end),
        number(event.tempo),
        number(event.pitch),
        number(event.score),
        stream_title.unwrap_or_default().to_owned(),
    ]
}

fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

fn json(document: &impl Serialize) -> io::Result<()> {
    line(&serde_json::to_string(document)?)
}

fn row(cells: &[String]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(io::Error::other)?;
    let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let mut out = io::stdout().lock();
    out.write_all(&bytes)?;
    out.flush()
}
