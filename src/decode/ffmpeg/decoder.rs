//! A file that ffmpeg decodes, block by block, like those that refrain decodes itself.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::au;
use super::process::{Limits, Output, Process, Stop};
use crate::cancel::CancelToken;
use crate::decode::block_source::BlockSource;
use crate::decode::frame_source::FrameSource;
use crate::decode::mixer::Mixer;
use crate::decode::sample_limits::{RATES, sane};
use crate::decode::sound::Sound;
use crate::decode::warning::Warning;
use crate::error::{AudioError, Error, Result};
use crate::tags::Tags;
use crate::units::{SampleRate, Samples, Seconds};

/// The most hours of audio that are taken from ffmpeg.
const MAX_HOURS: u64 = 7 * 24;

/// Bytes of a sample.
const WIDTH: usize = size_of::<f32>();

/// A recording that ffmpeg decodes.
pub(crate) struct FfmpegDecoder {
    path: PathBuf,
    format: String,
    /// `None` after the end.
    process: Option<Process>,
    /// Output that does not fill a frame yet.
    bytes: Vec<u8>,
    sound: Sound,
    tags: Tags,
    frames: u64,
    every_channel: bool,
    mixer: Mixer,
    warnings: Vec<Warning>,
}

impl FfmpegDecoder {
    /// Starts `program` on the file at `path`, and waits for the first output. `format` is the name of its format,
    /// `demuxer` ffmpeg's for it.
    ///
    /// # Errors
    /// [`Error::Io`] if the program cannot be started, [`Error::Audio`] if it gives no audio, [`Error::Interrupted`].
    pub fn open(
        program: &Path,
        (format, demuxer): (&str, &str),
        path: &Path,
        cancel: &CancelToken,
    ) -> Result<FfmpegDecoder> {
        let len = fs::metadata(path).map_err(|source| Error::Io { path: path.to_owned(), source })?.len();
        Self::open_within(program, (format, demuxer), path, Limits::of_file(len), cancel)
    }

    pub(super) fn open_within(
        program: &Path,
        (format, demuxer): (&str, &str),
        path: &Path,
        limits: Limits,
        cancel: &CancelToken,
    ) -> Result<FfmpegDecoder> {
        let process = Process::start(program, demuxer, path, limits, cancel).map_err(|e| Error::Io {
            path: path.to_owned(),
            source: io::Error::new(e.kind(), format!("{} cannot be started: {e}", program.display())),
        })?;
        let mut decoder = FfmpegDecoder {
            path: path.to_owned(),
            format: format.to_owned(),
            process: Some(process),
            bytes: Vec::new(),
            sound: Sound { rate: SampleRate(0), channels: 0, fine: true },
            tags: Tags::default(),
            frames: 0,
            every_channel: false,
            mixer: Mixer::default(),
            warnings: Vec::new(),
        };
        decoder.begin()?;
        Ok(decoder)
    }

    /// Makes blocks hold all channels, frame after frame, instead of their mean.
    pub fn with_all_channels(self) -> Self {
        Self { every_channel: true, ..self }
    }

    /// Reads up to the first samples.
    fn begin(&mut self) -> Result<()> {
        loop {
            match au::header(&self.bytes) {
                Ok(Some(header)) => {
                    if !RATES.contains(&header.rate) {
                        return Err(self.refused(AudioError::SampleRate(header.rate)));
                    }
                    (self.sound.rate, self.sound.channels) =
                        (SampleRate(header.rate), header.channels as u16);
                    self.tags = header.tags;
                    self.bytes.drain(..header.len);
                    return Ok(());
                }
                Ok(None) => {}
                Err(wrong) => return Err(self.failed(wrong)),
            }
            if !self.more()? {
                return Err(self.failed("ffmpeg gave no audio"));
            }
        }
    }

    /// Waits for more output. Returns false at the end.
    fn more(&mut self) -> Result<bool> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let next = process.next();
        if !matches!(next, Ok(Output::Chunk(_))) {
            // Ends it if it still runs.
            self.process = None;
        }
        match next {
            Ok(Output::Chunk(chunk)) => {
                self.bytes.extend_from_slice(&chunk);
                Ok(true)
            }
            Ok(Output::End(status, said)) => self.ended(status, said).map(|()| false),
            Err(Stop::Cancelled) => Err(Error::Interrupted),
            Err(Stop::Limit(what)) => Err(self.failed(&what)),
            Err(Stop::Io(source)) => Err(Error::Io { path: self.path.clone(), source }),
        }
    }

    /// Judges how ffmpeg ended.
    fn ended(&mut self, status: ExitStatus, said: String) -> Result<()> {
        if was_ended_by_others(status) {
            // The file is as good as before.
            let source = io::Error::new(io::ErrorKind::Interrupted, "ffmpeg was ended by another program");
            return Err(Error::Io { path: self.path.clone(), source });
        }
        let words = match said.as_str() {
            "" if status.success() => "ffmpeg gave no audio".to_owned(),
            "" => status.to_string(),
            _ => said.clone(),
        };
        if self.sound.channels == 0 || self.frames == 0 && self.bytes.len() < WIDTH {
            return Err(self.failed(&words));
        }
        if !status.success() {
            self.warnings.push(Warning::CutShort { reason: format!("ffmpeg: {words}") });
        } else if !said.is_empty() {
            self.warnings.push(Warning::Ffmpeg { said });
        }
        Ok(())
    }

    fn failed(&mut self, said: &str) -> Error {
        self.refused(AudioError::Ffmpeg { format: self.format.clone(), said: said.to_owned() })
    }

    fn refused(&mut self, reason: AudioError) -> Error {
        self.process = None;
        self.bytes.clear();
        Error::Audio { path: self.path.clone(), reason }
    }

    /// Replaces the content of `samples` by the next block, all channels of one frame after the other. Returns false at the
    /// end.
    fn block(&mut self, samples: &mut Vec<f32>) -> Result<bool> {
        samples.clear();
        let channels = usize::from(self.sound.channels);
        let frame = channels * WIDTH;
        while self.bytes.len() < frame {
            if !self.more()? {
                // Half a frame is none.
                self.bytes.clear();
                return Ok(false);
            }
        }
        let whole = self.bytes.len() / frame * frame;
        samples
            .extend(self.bytes[..whole].as_chunks::<WIDTH>().0.iter().map(|&x| sane(f32::from_be_bytes(x))));
        self.bytes.drain(..whole);
        self.frames += (whole / frame) as u64;
        if self.frames > MAX_HOURS * 3600 * u64::from(self.sound.rate.0) {
            samples.clear();
            return Err(self.refused(AudioError::TooLong { hours: MAX_HOURS }));
        }
        Ok(true)
    }
}

/// Whether a person or a system that shuts down ended it, and not a fault of its own.
fn was_ended_by_others(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        const HUP_INT_KILL_TERM: [i32; 4] = [1, 2, 9, 15];
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        // ffmpeg ends itself with this status after a signal.
        signal.is_some_and(|signal| HUP_INT_KILL_TERM.contains(&signal)) || status.code() == Some(255)
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}

impl BlockSource for FfmpegDecoder {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        let (rate, channels) = (self.sound.rate, usize::from(self.sound.channels));
        loop {
            if let Some(rate) = self.mixer.next(mono) {
                return Ok(Some(rate));
            }
            if !self.block(mono)? {
                self.mixer.finish();
                return Ok(self.mixer.next(mono));
            }
            if self.every_channel || channels == 1 {
                return Ok(Some(rate));
            }
            self.mixer.push(rate, channels, mono);
        }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn tags(&self) -> Tags {
        self.tags.clone()
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        Some((self.sound.rate, self.sound.channels))
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }

    fn is_through_ffmpeg(&self) -> bool {
        true
    }
}

impl FrameSource for FfmpegDecoder {
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
        Ok(self.next_block(frames)?.map(|_| self.sound))
    }

    /// Its header states no length, so that the rest is decoded.
    fn duration(&mut self) -> Result<Seconds> {
        let mut rest = Vec::new();
        while self.block(&mut rest)? {}
        Ok(Samples(self.frames).at(self.sound.rate))
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}

#[cfg(all(test, unix))]
mod tests;
