//! `refrain listen`
use std::{
    io,
    process::ExitCode,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use anyhow::Context;
use refrain::{Live, LivePlay, Moment, TimelineOptions};

use crate::{
    args::ListenArgs,
    db,
    listen::{
        hook::Hook,
        now_playing::NowPlaying,
        printed::{self, Printed, Style},
        raw,
        source::{self, Piece},
        station,
        url::{Url, is_url},
    },
    stop,
};

/// How often the command looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// Says which tracks begin and end in live sound, until the sound ends or the user ends it. Exit 0 then, 2 if there is no sound.
pub fn run(args: &ListenArgs) -> anyhow::Result<ExitCode> {
    if args.list_devices {
        return devices();
    }
    let index = db::open()?;
    super::warn_if_empty(&index)?;
    let mut options = TimelineOptions::default().min_score(args.min_score);
    if let Some(least) = args.min_length {
        options = options.min_length(least);
    }
    let stop = stop::token();
    let mut live = index.live(&options)?;
    let mut listeners = Listeners::new(args)?;
    let pieces = started(args)?;
    while !stop.is_cancelled() {
        match pieces.recv_timeout(LOOK) {
            Ok(piece) => listeners.take(&mut live, piece)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for told in live.finish()? {
        listeners.tell(&told)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts to read the source.
fn started(args: &ListenArgs) -> anyhow::Result<Receiver<Piece>> {
    match args.source.as_deref() {
        Some("-") => {
            let (format, channels, rate) = (args.format, args.channels, args.rate);
            source::started("stdin", move |out| raw::run(io::stdin().lock(), format, channels, rate, &out))
        }
        Some(text) if is_url(text) => {
            let (url, patience) = (Url::parse(text)?, args.timeout);
            source::started("stream", move |out| station::run(&url, patience, &out))
        }
        Some(other) => anyhow::bail!(
            "{} is no address of a stream; for a file, use {}",
            crate::wording::shown(other),
            db::hint(&format!("timeline {}", db::quoted(other.as_ref())))
        ),
        None => microphone(args),
    }
}

#[cfg(feature = "microphone")]
fn microphone(args: &ListenArgs) -> anyhow::Result<Receiver<Piece>> {
    crate::listen::microphone::started(args.device.as_deref())
}

#[cfg(feature = "microphone")]
fn devices() -> anyhow::Result<ExitCode> {
    crate::listen::microphone::list()?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "microphone"))]
const NO_MICROPHONE: &str = "this refrain was built without the microphone; build it with `--features microphone`, or pipe the \
                             sound: `arecord -t raw -f S16_LE -r 44100 | refrain listen -`";

#[cfg(not(feature = "microphone"))]
fn microphone(_: &ListenArgs) -> anyhow::Result<Receiver<Piece>> {
    anyhow::bail!(NO_MICROPHONE)
}

#[cfg(not(feature = "microphone"))]
fn devices() -> anyhow::Result<ExitCode> {
    anyhow::bail!(NO_MICROPHONE)
}

/// Everybody who is told.
struct Listeners {
    printed: Printed,
    hook: Option<Hook>,
    now_playing: Option<NowPlaying>,
    stream_title: Option<String>,
}

impl Listeners {
    fn new(args: &ListenArgs) -> anyhow::Result<Self> {
        let style = match (args.json, args.csv) {
            (true, _) => Style::Json,
            (_, true) => Style::Csv,
            _ => Style::Lines,
        };
        let now_playing = args.now_playing.as_ref().map(|path| {
            NowPlaying::new(path).with_context(|| format!("cannot write {}", crate::wording::shown(path)))
        });
        Ok(Self {
            printed: Printed::new(style).context(CANNOT_PRINT)?,
            hook: args.exec.as_ref().map(|program| Hook::new(program)).transpose()?,
            now_playing: now_playing.transpose()?,
            stream_title: None,
        })
    }

    /// Takes what the source has.
    fn take(&mut self, live: &mut Live<'_>, piece: Piece) -> anyhow::Result<()> {
        match piece {
            Piece::Sound { samples, channels, rate } => {
                for told in live.push(&samples, channels, rate)? {
                    self.tell(&told)?;
                }
            }
            Piece::Title(title) => {
                self.printed.title(&title, live.position()).context(CANNOT_PRINT)?;
                self.stream_title = Some(title).filter(|title| !title.is_empty());
            }
            Piece::Note(note) => self.printed.note(&note, live.position()).context(CANNOT_PRINT)?,
            Piece::Failed(error) => return Err(error),
        }
        Ok(())
    }

    fn tell(&mut self, told: &LivePlay) -> anyhow::Result<()> {
        let title = self.stream_title.as_deref();
        self.printed.play(told, title).context(CANNOT_PRINT)?;
        if let Some(hook) = &self.hook {
            hook.tell(told, title);
        }
        if let Some(file) = &mut self.now_playing {
            let written = match told.moment {
                Moment::Start => file.begins(told.number, printed::name(&told.play)),
                Moment::End => file.ends(told.number),
            };
            written.context("cannot write the file of --now-playing")?;
        }
        Ok(())
    }
}

/// However the command ends, nothing plays then.
impl Drop for Listeners {
    fn drop(&mut self) {
        if let Some(file) = &mut self.now_playing {
            let _ = file.clear();
        }
    }
}

const CANNOT_PRINT: &str = "cannot write to standard output";
