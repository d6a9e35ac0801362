//! Counts the files that only an installed ffmpeg would decode, by format.
use std::collections::BTreeMap;

use refrain::{Error, error::AudioError};

use crate::{messages, wording};

/// How many files need ffmpeg.
#[derive(Debug, Default)]
pub struct Needs {
    formats: BTreeMap<String, u64>,
    allowed: bool,
}

impl Needs {
    /// Counts a file if this is why it was refused.
    pub fn note(&mut self, error: &Error) {
        if let Error::Audio { reason: AudioError::NeedsFfmpeg { format, allowed, .. }, .. } = error {
            *self.formats.entry(format.clone()).or_default() += 1;
            self.allowed |= allowed;
        }
    }

    /// Says how many there are and what to do, if there are any.
    pub fn tell(&self) {
        let count: u64 = self.formats.values().sum();
        if count == 0 {
            return;
        }
        let mut formats: Vec<(&String, &u64)> = self.formats.iter().collect();
        // The most frequent first, and those of the same number by name.
        formats.sort_by_key(|&(name, n)| (std::cmp::Reverse(n), name));
        let list: Vec<String> = formats.iter().map(|(name, n)| format!("{n} {name}")).collect();
        let (need, them) = if count == 1 { ("needs", "it") } else { ("need", "them") };
        let remedy = if self.allowed { "install ffmpeg" } else { "allow ffmpeg with --ffmpeg auto" };
        messages::say(&format!(
            "{} {need} ffmpeg: {}; {remedy} to use {them}",
            wording::count(count, "file"),
            list.join(", ")
        ));
    }
}
