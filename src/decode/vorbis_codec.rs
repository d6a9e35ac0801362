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
        self.0.reduce(reduction(self.0.original(), 11_025));
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

#[cfg(test)]
mod tests {
    use symphonia::core::units::{Duration, Timestamp};

    use super::*;
    use crate::decode::vorbis::packets_of_fixture;

    #[test]
    fn trims_are_those_of_the_full_rate() {
        let packets = packets_of_fixture("vorbis.ogg");
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_VORBIS);
        assert!(VorbisCodec::of(&params).is_none());
        params.with_extra_data([&packets[0][..], &packets[2]].concat().into());
        for trims in [[0, 0], [1, 0], [0, 1], [2, 2], [3, 5], [64, 0], [0, 63], [7, 1 << 40], [1 << 40, 0]] {
            let mut full = VorbisCodec::of(&params).expect("Vorbis");
            let mut half = VorbisCodec::of(&params).expect("Vorbis");
            half.reduce();
            let (mut all, mut halves) = (Vec::new(), Vec::new());
            for data in &packets[3..12] {
                let mut packet = Packet::new(0, Timestamp::new(0), Duration::new(0), data.clone());
                full.decode(&packet, &mut all).expect("a block");
                let len = all.len() / 2;
                [packet.trim_start, packet.trim_end] = trims.map(Duration::new);
                let sound = half.decode(&packet, &mut halves).expect("a block");
                assert_eq!((sound.rate.0, sound.channels, sound.fine), (11_025, 2, true));
                let within = |&n: &usize| n as u64 >= trims[0] && n as u64 + trims[1] < len as u64;
                let kept: Vec<usize> = (0..len).step_by(2).filter(within).collect();
                assert_eq!(halves.len() / 2, kept.len(), "{trims:?} of {len}");
                for (n, frame) in kept.into_iter().zip(halves.chunks_exact(2)) {
                    assert!((all[2 * n] - frame[0]).abs() < 0.02 && (all[2 * n + 1] - frame[1]).abs() < 0.02);
                }
            }
        }
    }
}
