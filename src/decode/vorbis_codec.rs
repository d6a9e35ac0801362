//! Our decoder of Vorbis as a codec of a track.
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::packet::Packet;

use super::fraction::reduction;
use super::planes;
use super::sound::Sound;
use super::vorbis::Decoder;
use crate::units::SampleRate;

/// Decodes a track's Vorbis.
pub(super) struct VorbisCodec(Decoder);

impl VorbisCodec {
    /// A codec for this track at its full rate, if it is Vorbis that the decoder knows.
    pub(super) fn of(params: &AudioCodecParameters) -> Option<VorbisCodec> {
        let description = params.extra_data.as_ref().filter(|_| params.codec == CODEC_ID_VORBIS)?;
        Decoder::new(description).ok().map(VorbisCodec)
    }

    /// From now on leaves out what the fingerprint does not need.
    pub(super) fn reduce(&mut self) {
        self.0.reduce(reduction(self.0.original()));
    }

    /// The rate of the track.
    pub(super) fn original(&self) -> SampleRate {
        SampleRate(self.0.original())
    }

    /// As [`Codec::decode`](super::codec::Codec::decode), without what the container says is not part of the recording.
    pub(super) fn decode(&mut self, packet: &Packet, frames: &mut Vec<f32>) -> Result<Sound, &'static str> {
        let step = self.0.step();
        let rate = SampleRate(self.0.original() / step as u32);
        let planes = self.0.decode(&packet.data).map_err(|damage| damage.0)?;
        let [before, after] = [packet.trim_start, packet.trim_end]
            .map(|samples| usize::try_from(samples.get()).unwrap_or(usize::MAX));
        let end = planes.first().map_or(0, Vec::len).saturating_sub(after / step);
        planes::interleave(planes, before.div_ceil(step).min(end)..end, frames);
        Ok(Sound { rate, channels: u16::try_from(planes.len()).unwrap_or(u16::MAX), fine: true })
    }
}
