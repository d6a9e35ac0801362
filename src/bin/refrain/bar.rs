//! The progress bar of a long run over files, with its rate and the time left. Drawn on standard error, only if that
//! is a terminal.
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use refrain::Seconds;

use crate::messages;

/// A spinner until files are found, then a bar over their bytes.
pub struct Bar {
    bar: ProgressBar,
    began: Instant,
    audio: f64,
}

impl Bar {
    /// Shows the spinner, or nothing if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.set_message("looking for files");
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, began: Instant::now(), audio: 0.0 }
    }

    /// Goes on with the spinner, as how much there is cannot be known.
    pub fn start_unknown(&mut self, message: String) {
        self.began = Instant::now();
        self.bar.set_message(message);
    }

    /// Starts the bar over `bytes` bytes; `message` names the files.
    pub fn start(&mut self, bytes: u64, message: String) {
        self.began = Instant::now();
        self.bar.set_length(bytes);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}, {eta} left") {
            self.bar.set_style(style);
        }
        self.bar.set_message(message);
    }

    /// Advances the bar.
    pub fn step(&mut self, bytes: u64, audio: Seconds) {
        self.audio += audio.0;
        self.bar.inc(bytes);
        if self.audio > 0.0 {
            let speed = self.audio / self.seconds().max(1e-3);
            self.bar.set_message(format!("{} of audio, {speed:.0} x real time", messages::hours(self.audio)));
        }
    }

    /// Shows the current step beside the bar.
    pub fn say(&self, message: &'static str) {
        self.bar.set_message(message);
    }

    /// Runs `work`, which prints, without breaking the bar.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Seconds since [`Bar::start`].
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Clears the bar.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The progress of clips that are looked up: shown only once they take longer than [`PATIENCE`].
#[derive(Clone)]
pub struct ClipBar {
    bar: ProgressBar,
    began: Instant,
    clips: u64,
}

/// What is done sooner shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

impl ClipBar {
    /// For so many clips. Shows nothing yet.
    pub fn new(clips: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(clips as u64), ProgressDrawTarget::hidden());
        let template =
            if clips > 1 { "{bar:30} {pos} of {len} clips, {eta} left" } else { "{spinner} {msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, began: Instant::now(), clips: clips as u64 }
    }

    /// `done` of a clip was looked up.
    pub fn looked_up(&self, done: Seconds) {
        if self.clips == 1 {
            self.bar.set_message(format!("{} looked up", messages::hours(done.0)));
        }
        self.show();
    }

    /// A clip is answered.
    pub fn answered(&self) {
        self.bar.inc(1);
        self.show();
    }

    fn show(&self) {
        if self.bar.is_hidden() && self.began.elapsed() >= PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.tick();
    }

    /// Runs `work`, which prints, without breaking the bar.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Clears the bar.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
