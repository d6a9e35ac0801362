//! The bar that shows how far a long run over files is, with its rate and the time left. It is drawn on standard error, and
//! only where that is a terminal.
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use refrain::units::Seconds;

use crate::messages;

/// A spinner until files are found, then a bar over their bytes.
pub struct Bar {
    bar: ProgressBar,
    began: Instant,
    audio: f64,
}

impl Bar {
    /// The spinner; nothing at all where it shall be `quiet`.
    pub fn new(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.set_message("looking for files");
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, began: Instant::now(), audio: 0.0 }
    }

    /// So many bytes are to be worked on; `message` says of what.
    pub fn start(&mut self, bytes: u64, message: String) {
        self.began = Instant::now();
        self.bar.set_length(bytes);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}, {eta} left") {
            self.bar.set_style(style);
        }
        self.bar.set_message(message);
    }

    /// So much is done.
    pub fn step(&mut self, bytes: u64, audio: Seconds) {
        self.audio += audio.0;
        self.bar.inc(bytes);
        if self.audio > 0.0 {
            let speed = self.audio / self.seconds().max(1e-3);
            self.bar.set_message(format!("{} of audio, {speed:.0} x real time", messages::hours(self.audio)));
        }
    }

    /// What is being done, beside the bar.
    pub fn say(&self, message: &'static str) {
        self.bar.set_message(message);
    }

    /// Does `work`, which prints, without breaking the bar.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Seconds since [`Bar::start`].
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Leaves the terminal as it was.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
