//! Our decoder of AAC as a codec of a track.
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;

use super::aac::{Config, Decoder};
use super::aac_config::HE_DELAY;
use super::fraction::reduction;
use super::planes;
use super::sound::Sound;
use crate::units::SampleRate;

/// Short windows leak at the end of the spectrum that is decoded. From this rate on, that end is far above what the fingerprint
/// needs.
const LEAST_RATE: u32 = 22_050;

/// Decodes the core of a track's AAC.
pub(super) struct AacCodec {
    decoder: Decoder,
    config: Config,
    /// How many samples of the track become one.
    pub step: usize,
}

impl AacCodec {
    /// A codec for this track at its full rate, if it is AAC that the decoder knows.
    pub(super) fn of(params: &AudioCodecParameters) -> Option<AacCodec> {
        let description = params.extra_data.as_ref().filter(|_| params.codec == CODEC_ID_AAC)?;
        let config = Config::read(description)?;
        Some(AacCodec { decoder: Decoder::new(config.clone(), 1), config, step: 1 })
    }

    /// From now on leaves out what the fingerprint does not need.
    pub(super) fn reduce(&mut self) {
        self.step = reduction(self.config.rate(), LEAST_RATE);
        self.decoder = Decoder::new(self.config.clone(), self.step);
    }

    /// How many samples later a decoder of all of HE-AAC is, if the packets so far are HE-AAC.
    pub(super) fn lateness(&self) -> usize {
        if self.decoder.has_upper_half() { HE_DELAY / self.step } else { 0 }
    }

    /// The rate of the track.
    pub(super) fn original(&self) -> SampleRate {
        SampleRate(self.config.rate())
    }

    /// As [`Codec::decode`](super::codec::Codec::decode).
    pub(super) fn decode(&mut self, packet: &[u8], frames: &mut Vec<f32>) -> Result<Sound, &'static str> {
        let rate = SampleRate(self.decoder.rate());
        let planes = self.decoder.decode(packet).map_err(|damage| damage.0)?;
        let len = planes.first().map_or(0, Vec::len);
        planes::interleave(planes, 0..len, frames);
        Ok(Sound { rate, channels: u16::try_from(planes.len()).unwrap_or(u16::MAX), fine: true })
    }
}
