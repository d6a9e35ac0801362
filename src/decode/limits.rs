//! The most that a caller takes of one recording, whatever the file holds.
use std::path::Path;

use super::block_source::BlockSource;
use super::warning::Warning;
#[cfg(feature = "acoustid")]
use super::{frame_source::FrameSource, sound::Sound};
use crate::error::{AudioError, Error, Result};
use crate::tags::Tags;
use crate::units::{SampleRate, Seconds};

/// The most that a caller takes; `None` for all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub duration: Option<Seconds>,
    pub channels: Option<u16>,
}

impl Limits {
    fn is_none(self) -> bool {
        self.duration.is_none() && self.channels.is_none()
    }

    /// The blocks of `source`, up to the limits.
    pub fn blocks<'a>(self, source: Box<dyn BlockSource + 'a>) -> Box<dyn BlockSource + 'a> {
        if self.is_none() { source } else { Box::new(Limited { source, limits: self, seconds: 0.0 }) }
    }

    /// The frames of `source`, up to the limits.
    #[cfg(feature = "acoustid")]
    pub fn frames<'a>(self, source: Box<dyn FrameSource + 'a>, name: &Path) -> Box<dyn FrameSource + 'a> {
        if self.is_none() {
            return source;
        }
        Box::new(LimitedFrames { name: name.to_owned(), source, limits: self, seconds: 0.0 })
    }

    /// Fails if a recording of so many seconds and channels is too much.
    fn check(self, seconds: f64, channels: u16) -> Result<(), AudioError> {
        match self {
            Self { duration: Some(max), .. } if seconds > max.0 => {
                Err(AudioError::LongerThan { seconds: max.0.ceil() as u64 })
            }
            Self { channels: Some(max), .. } if channels > max => Err(AudioError::Channels { channels, max }),
            _ => Ok(()),
        }
    }
}

/// A source that fails where it goes beyond the limits.
struct Limited<S> {
    source: S,
    limits: Limits,
    seconds: f64,
}

impl BlockSource for Limited<Box<dyn BlockSource + '_>> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        let Some(rate) = self.source.next_block(mono)? else { return Ok(None) };
        self.seconds += mono.len() as f64 / f64::from(rate.0);
        let channels = self.source.spec().map_or(1, |(_, channels)| channels);
        let checked = self.limits.check(self.seconds, channels);
        checked.map_err(|reason| Error::Audio { path: self.source.path().to_owned(), reason })?;
        Ok(Some(rate))
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    fn tags(&self) -> Tags {
        self.source.tags()
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        self.source.spec()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.source.warnings()
    }

    fn is_through_ffmpeg(&self) -> bool {
        self.source.is_through_ffmpeg()
    }
}

/// A source of all channels that fails where it goes beyond the limits.
#[cfg(feature = "acoustid")]
struct LimitedFrames<'a> {
    name: std::path::PathBuf,
    source: Box<dyn FrameSource + 'a>,
    limits: Limits,
    seconds: f64,
}

#[cfg(feature = "acoustid")]
impl FrameSource for LimitedFrames<'_> {
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
        let Some(sound) = self.source.next_frames(frames)? else { return Ok(None) };
        let channels = sound.channels.max(1);
        self.seconds += frames.len() as f64 / f64::from(channels) / f64::from(sound.rate.0);
        let checked = self.limits.check(self.seconds, channels);
        checked.map_err(|reason| Error::Audio { path: self.name.clone(), reason })?;
        Ok(Some(sound))
    }

    fn duration(&mut self) -> Result<Seconds> {
        self.source.duration()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.source.warnings()
    }
}

#[cfg(all(test, feature = "acoustid"))]
mod tests {
    use super::*;
    use crate::decode::audio::Audio;

    fn reason<T>(outcome: Result<T>) -> AudioError {
        match outcome {
            Err(Error::Audio { reason, .. }) => reason,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was taken"),
        }
    }

    /// Reads to the end, in both ways.
    fn both(audio: impl Fn() -> Audio<'static>) -> [Result<()>; 2] {
        let blocks = || {
            let (mut source, mut mono) = (audio().for_fingerprint()?, Vec::new());
            while source.next_block(&mut mono)?.is_some() {}
            Ok(())
        };
        let frames = || {
            let (mut source, mut frames) = (audio().open_frames(None)?, Vec::new());
            while source.next_frames(&mut frames)?.is_some() {}
            Ok(())
        };
        [blocks(), frames()]
    }

    #[test]
    fn audio_beyond_a_limit_is_refused() {
        static SAMPLES: [f32; 16_000] = [0.1; 16_000];
        let audio = || Audio::interleaved(&SAMPLES, 2, 8_000).named("a");
        for read in both(|| audio().max_duration(Seconds(0.9))) {
            assert_eq!(reason(read), AudioError::LongerThan { seconds: 1 });
        }
        for read in both(|| audio().max_channels(1)) {
            assert_eq!(reason(read), AudioError::Channels { channels: 2, max: 1 });
        }
        for read in both(|| audio().max_duration(Seconds(1.0)).max_channels(2)) {
            read.unwrap();
        }
    }
}
