//! A stream from the network, which is followed for as long as the command runs.
use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError, mpsc::SendError},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use refrain::LiveDecoder;

use super::{
    http::{self, Body},
    icy::{Icy, Title, cleaned},
    playlist,
    retry::Retry,
    source::{Note, Out, Piece},
    url::Url,
};
use crate::wording;

/// Redirects and playlists that are followed.
const MAX_STEPS: usize = 6;

/// Silence that stands for the time without a stream comes in pieces of this length, and at this rate.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_RATE: u32 = 8_000;

/// A stream that has given no sound for so many times as long as one read may take is given up.
const BARREN: u32 = 3;

/// Why following a stream ends.
enum End {
    /// The server has sent all that it had: a file.
    Whole,
    /// The command has ended.
    Unheard,
}

impl From<SendError<Piece>> for End {
    fn from(_: SendError<Piece>) -> Self {
        Self::Unheard
    }
}

/// Follows a stream. Ends only if the first attempt fails, at the end of a file, or with the command.
pub fn run(url: &Url, patience: Duration, out: &Out) {
    let (mut retry, mut is_first) = (Retry::default(), true);
    loop {
        let mut played = Duration::ZERO;
        let why = match listen(url, patience, out, &mut played) {
            Ok(End::Whole | End::Unheard) => return,
            Err(error) if is_first && played == Duration::ZERO => {
                let _ = out.send(Piece::Failed(error.context(format!("cannot listen to {url}"))));
                return;
            }
            Err(error) => wording::whole(&error),
        };
        is_first = false;
        let wait = retry.wait(played);
        let lost = Note::Lost(format!("lost {url}: {why}"), wait.as_secs_f64());
        if out.send(Piece::Note(lost)).is_err() || pause(wait, out).is_err() {
            return;
        }
    }
}

/// Waits. The time counts as silence, so that what was playing ends.
fn pause(wait: Duration, out: &Out) -> Result<(), SendError<Piece>> {
    let until = Instant::now() + wait;
    loop {
        let left = until.saturating_duration_since(Instant::now()).min(PAUSE);
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left);
        let samples = vec![0.0; (left.as_secs_f64() * f64::from(PAUSE_RATE)) as usize];
        out.send(Piece::Sound { samples, channels: 1, rate: PAUSE_RATE })?;
    }
}

/// Connects once, and passes on the sound. An error says why there is no more of it.
fn listen(url: &Url, patience: Duration, out: &Out, played: &mut Duration) -> anyhow::Result<End> {
    let began = Instant::now();
    let (answer, place) = reached(url, patience)?;
    // The time until then was silent too.
    let quiet = began.elapsed().as_secs_f64().min(patience.as_secs_f64());
    let title = Title::default();
    let every: Option<u64> = answer.header("icy-metaint").and_then(|every| every.parse().ok());
    let station = answer.header("icy-name").map(cleaned).filter(|name| !name.is_empty());
    let body = Arc::new(Mutex::new(answer.body));
    let watched = Watched {
        body: Arc::clone(&body),
        last: Arc::new(Mutex::new(Instant::now())),
        most: BARREN * patience,
    };
    let last = Arc::clone(&watched.last);
    let mut decoder = LiveDecoder::new(Icy::new(watched, every, &title), place.to_string())?;
    let name = station.map_or_else(|| place.to_string(), |name| format!("{name} ({place})"));
    let send = |piece| out.send(piece).map_err(|_| ());
    let silence = vec![0.0; (quiet * f64::from(PAUSE_RATE)) as usize];
    if send(Piece::Note(Note::Connected(name))).is_err()
        || send(Piece::Sound { samples: silence, channels: 1, rate: PAUSE_RATE }).is_err()
    {
        return Ok(End::Unheard);
    }
    let mut said = None;
    let mut mono = Vec::new();
    loop {
        let next = decoder.next_block(&mut mono);
        // Tags in the sound may be those of a file that the station plays.
        let new = if every.is_some() { title.take() } else { tagged(&decoder) };
        if let Some(new) = new.filter(|new| Some(new) != said.as_ref()) {
            said = Some(new.clone());
            if send(Piece::Title(new)).is_err() {
                return Ok(End::Unheard);
            }
        }
        let Some(rate) = next? else { break };
        *played += Duration::from_secs_f64(mono.len() as f64 / f64::from(rate));
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        if send(Piece::Sound { samples: std::mem::take(&mut mono), channels: 1, rate }).is_err() {
            return Ok(End::Unheard);
        }
    }
    if body.lock().unwrap_or_else(PoisonError::into_inner).is_whole() {
        return Ok(End::Whole);
    }
    anyhow::bail!("the server ended the stream")
}

/// Connects, past redirects and playlists. Returns the answer, and where it is from.
fn reached(url: &Url, patience: Duration) -> anyhow::Result<(http::Answer, Url)> {
    let mut url = url.clone();
    for _ in 0..MAX_STEPS {
        let answer = http::get(&url, patience)?;
        url = match answer.status {
            200 if playlist::is_playlist(&answer, &url.path) => {
                let next = playlist::first(answer)?;
                url.join(&next).with_context(|| format!("the playlist names {}", wording::shown(&next)))?
            }
            200 => return Ok((answer, url)),
            301 | 302 | 303 | 307 | 308 => {
                let next = answer.header("location").context("a redirect without an address")?;
                url.join(next).with_context(|| format!("a redirect to {}", wording::shown(next)))?
            }
            404 => anyhow::bail!("there is no such stream (HTTP 404)"),
            401 | 403 => anyhow::bail!("the server does not allow it (HTTP {})", answer.status),
            other => anyhow::bail!("the server answers with HTTP {other}"),
        };
    }
    anyhow::bail!("more than {MAX_STEPS} redirects")
}

/// What the stream's own tags say is playing.
fn tagged(decoder: &LiveDecoder) -> Option<String> {
    let tags = decoder.tags();
    let title = tags.title.as_deref()?;
    Some(cleaned(&tags.artist.as_deref().map_or(title.to_owned(), |artist| format!("{artist} - {title}"))))
}

/// A body that fails if there was no sound for too long, although bytes come.
struct Watched {
    body: Arc<Mutex<Body>>,
    last: Arc<Mutex<Instant>>,
    most: Duration,
}

impl Read for Watched {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.most {
            let what = format!("no sound for {} s", self.most.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, what));
        }
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        body.read(buf).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                io::Error::new(io::ErrorKind::TimedOut, "the stream sends nothing any more")
            }
            _ => error,
        })
    }
}
