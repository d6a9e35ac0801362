//! All channels of a file, and its length.
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::TrackType;

use super::{Decoder, MAX_BARREN, MAX_PACKET};
use crate::decode::catch_panic::catch_panic;
use crate::decode::frame_source::FrameSource;
use crate::decode::sound::Sound;
use crate::decode::warning::Warning;
use crate::error::{Error, Result};
use crate::units::{SampleRate, Samples, Seconds};

impl Decoder {
    /// Makes blocks hold all channels, frame after frame, instead of their mean. A block then has up to 768,000 frames.
    #[must_use]
    pub fn with_all_channels(self) -> Decoder {
        Decoder { every_channel: true, ..self }
    }

    /// The rate and the number of channels of the last block.
    pub fn form(&self) -> Option<(SampleRate, u16)> {
        self.sound.map(|sound| (sound.rate, sound.channels))
    }

    /// The length that the file states, including what its encoder put around the recording. `None` if it states none, or
    /// only a guess.
    fn stated_duration(&self) -> Option<Seconds> {
        let around = match self.sound {
            // The demuxer has taken these off.
            Some(sound) if self.is_raw() => {
                let samples = self.track.delay.unwrap_or(0) + self.track.padding.unwrap_or(0);
                Samples(samples.into()).at(sound.rate)
            }
            _ => Seconds(0.0),
        };
        self.announced().map(|length| Seconds(length.0 + around.0))
    }

    /// The length of the whole recording by its packets. The remaining packets are read without decoding them, which takes
    /// about as long as reading the file; nothing is left to decode after that.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can no longer be read.
    fn measure_rest(&mut self) -> Result<Seconds> {
        let mut seconds = self.progress.seconds;
        while !self.ended {
            self.watch.allow(MAX_PACKET);
            let packet = match self.first.take() {
                Some(first) => Ok(Ok(Some(first))),
                None => catch_panic(|| self.reader.next_packet()),
            };
            match packet {
                Ok(Ok(Some(packet))) if packet.track_id == self.track.id => {
                    self.progress.bytes += packet.data.len() as u64;
                    self.ended |= self.progress.bytes / 4 > self.len.saturating_add(1 << 20);
                    let lasts = self.track.time_base.and_then(|base| base.calc_duration(packet.dur));
                    seconds += lasts.map_or(0.0, |lasts| lasts.as_secs_f64().clamp(0.0, 60.0));
                    self.progress.barren = if packet.data.is_empty() { self.progress.barren + 1 } else { 0 };
                    self.ended |= self.progress.barren >= MAX_BARREN;
                }
                Ok(Ok(Some(_))) => {}
                Ok(Err(SymphoniaError::ResetRequired)) => match self.reader.default_track(TrackType::Audio) {
                    Some(track) => self.track = track.clone(),
                    None => self.ended = true,
                },
                Ok(Err(SymphoniaError::DecodeError(_))) => {
                    self.progress.barren += 1;
                    self.ended |= self.progress.barren >= MAX_BARREN;
                }
                _ => self.ended = true,
            }
            if let Some(source) = self.watch.take_failure() {
                self.ended = true;
                return Err(Error::Io { path: self.path.clone(), source });
            }
        }
        Ok(Seconds(seconds))
    }
}

impl FrameSource for Decoder {
    fn next_frames(&mut self, frames: &mut Vec<f32>) -> Result<Option<Sound>> {
        let rate = Decoder::next_block(self, frames)?;
        Ok(rate.and(self.sound))
    }

    /// The length by the file's own account, or by its packets.
    fn duration(&mut self) -> Result<Seconds> {
        match self.stated_duration() {
            Some(stated) => Ok(stated),
            None => self.measure_rest(),
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        Decoder::warnings(self)
    }
}
