//! Codecs that leave out what the fingerprint does not need.
use symphonia::core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::Track;
use symphonia::core::packet::Packet;

use super::layer3::Layer3;
use super::sample_limits::sane;
use super::sound::Sound;
use crate::units::SampleRate;

/// Decodes packets of bare MPEG audio at a quarter or half of their rate.
pub(super) struct Coarse {
    layer3: Layer3,
    channels: u16,
    /// The rate in the file.
    pub original: SampleRate,
}

impl Coarse {
    /// A codec for this track, if there is one.
    pub(super) fn of(track: &Track) -> Option<Coarse> {
        let params = track.codec_params.as_ref()?.audio()?;
        let (rate, channels) = (params.sample_rate?, params.channels.as_ref()?.count());
        let layer3 = Layer3::new(rate, channels).filter(|_| params.codec == CODEC_ID_MP3)?;
        Some(Coarse { layer3, channels: u16::try_from(channels).ok()?, original: SampleRate(rate) })
    }

    /// As [`Codec::decode`](super::codec::Codec::decode).
    pub(super) fn decode(&mut self, packet: &Packet, frames: &mut Vec<f32>) -> Result<Sound, SymphoniaError> {
        let rate = SampleRate(self.original.0 / self.layer3.step() as u32);
        let [before, after] = [packet.trim_start, packet.trim_end]
            .map(|samples| usize::try_from(samples.get()).unwrap_or(usize::MAX));
        let [left, right] =
            self.layer3.decode(&packet.data, before, after).map_err(SymphoniaError::DecodeError)?;
        frames.clear();
        if self.channels == 1 {
            frames.extend(left.iter().copied().map(sane));
        } else {
            frames.extend(left.iter().zip(right).flat_map(|(&left, &right)| [sane(left), sane(right)]));
        }
        Ok(Sound { rate, channels: self.channels, fine: true })
    }
}

#[cfg(test)]
mod tests;
