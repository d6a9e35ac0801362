//! Plain PCM, straight from the packet's bytes. Moving samples about is all the work for uncompressed files.
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known as id;

use super::sample_limits::sane;
use crate::units::SampleRate;

/// Interleaved PCM of one of the common kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcm {
    layout: Layout,
    pub channels: usize,
    pub rate: SampleRate,
}

#[derive(Clone, Copy, Debug)]
enum Layout {
    S16Le,
    S16Be,
    S24Le,
    S24Be,
    S32Le,
    F32Le,
}

impl Pcm {
    /// The stream's kind if it is one of the common ones and uses all bits of its samples. The general decoder takes care of
    /// the others.
    pub(super) fn of(params: &AudioCodecParameters) -> Option<Pcm> {
        let (layout, width) = match params.codec {
            id::CODEC_ID_PCM_S16LE => (Layout::S16Le, 16),
            id::CODEC_ID_PCM_S16BE => (Layout::S16Be, 16),
            id::CODEC_ID_PCM_S24LE => (Layout::S24Le, 24),
            id::CODEC_ID_PCM_S24BE => (Layout::S24Be, 24),
            id::CODEC_ID_PCM_S32LE => (Layout::S32Le, 32),
            id::CODEC_ID_PCM_F32LE => (Layout::F32Le, 32),
            _ => return None,
        };
        let whole = |bits: Option<u32>| bits.is_none_or(|bits| bits == width);
        let channels = params.channels.as_ref()?.count();
        (whole(params.bits_per_sample) && whole(params.bits_per_coded_sample) && channels > 0)
            .then_some(Pcm { layout, channels, rate: SampleRate(params.sample_rate?) })
    }

    /// Whether its samples are finer than 16 bits.
    pub(super) fn is_fine(self) -> bool {
        !matches!(self.layout, Layout::S16Le | Layout::S16Be)
    }

    /// Replaces `frames` by all channels of every whole frame in `data`.
    pub(super) fn to_interleaved(self, data: &[u8], frames: &mut Vec<f32>) {
        frames.clear();
        match self.layout {
            Layout::S16Le => samples(data, frames, 32_768.0, |b| f32::from(i16::from_le_bytes(b))),
            Layout::S16Be => samples(data, frames, 32_768.0, |b| f32::from(i16::from_be_bytes(b))),
            // Three bytes at the top of four, so that the sign comes along.
            Layout::S24Le => {
                samples(data, frames, 2_147_483_648.0, |[a, b, c]| i32::from_le_bytes([0, a, b, c]) as f32)
            }
            Layout::S24Be => {
                samples(data, frames, 2_147_483_648.0, |[a, b, c]| i32::from_be_bytes([a, b, c, 0]) as f32)
            }
            Layout::S32Le => samples(data, frames, 2_147_483_648.0, |b| i32::from_le_bytes(b) as f32),
            Layout::F32Le => samples(data, frames, 1.0, |b| sane(f32::from_le_bytes(b))),
        }
        frames.truncate(frames.len() / self.channels * self.channels);
    }
}

/// Appends `value(bytes of a sample) / full_scale`.
fn samples<const WIDTH: usize>(
    data: &[u8],
    out: &mut Vec<f32>,
    full_scale: f32,
    value: impl Fn([u8; WIDTH]) -> f32,
) {
    let scale = 1.0 / full_scale;
    out.extend(data.as_chunks::<WIDTH>().0.iter().map(|&x| value(x) * scale));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames_of(layout: Layout, channels: usize, data: &[u8]) -> Vec<f32> {
        let mut frames = vec![9.0];
        Pcm { layout, channels, rate: SampleRate(8_000) }.to_interleaved(data, &mut frames);
        frames
    }

    #[test]
    fn every_layout_has_the_same_full_scale() {
        let le = |x: i32, width: usize| x.to_le_bytes()[4 - width..].to_vec();
        let be = |x: i32, width: usize| x.to_be_bytes()[..width].to_vec();
        let at = |f: &dyn Fn(i32) -> Vec<u8>| [i32::MIN, 0, 1 << 30].map(f).concat();
        let expected = [-1.0, 0.0, 0.5];
        assert_eq!(frames_of(Layout::S16Le, 1, &at(&|x| le(x, 2))), expected);
        assert_eq!(frames_of(Layout::S16Be, 1, &at(&|x| be(x, 2))), expected);
        assert_eq!(frames_of(Layout::S24Le, 1, &at(&|x| le(x, 3))), expected);
        assert_eq!(frames_of(Layout::S24Be, 1, &at(&|x| be(x, 3))), expected);
        assert_eq!(frames_of(Layout::S32Le, 1, &at(&|x| le(x, 4))), expected);
        let floats = [-1.0_f32, 0.0, 0.5, f32::NAN, f32::NEG_INFINITY].map(f32::to_le_bytes).concat();
        assert_eq!(frames_of(Layout::F32Le, 1, &floats), [-1.0, 0.0, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn an_odd_tail_is_left() {
        let samples: Vec<u8> = (0..17_i16).flat_map(|x| (x * 1024).to_le_bytes()).collect();
        assert_eq!(frames_of(Layout::S16Le, 8, &samples).len(), 16);
        assert_eq!(frames_of(Layout::S16Le, 2, &samples[..7]), [0.0, 0.03125]);
        assert_eq!(frames_of(Layout::S16Le, 2, &samples[..11]), [0.0, 0.03125, 0.0625, 0.09375]);
        assert!(frames_of(Layout::S24Le, 2, &[]).is_empty());
    }

    const LAYOUTS: [(Layout, usize); 6] = [
        (Layout::S16Le, 2),
        (Layout::S16Be, 2),
        (Layout::S24Le, 3),
        (Layout::S24Be, 3),
        (Layout::S32Le, 4),
        (Layout::F32Le, 4),
    ];

    /// The slow twin: sample by sample, in double precision.
    fn plain(layout: Layout, width: usize, data: &[u8]) -> Vec<f64> {
        let value = |bytes: &[u8]| {
            let little: Vec<u8> = match layout {
                Layout::S16Be | Layout::S24Be => bytes.iter().rev().copied().collect(),
                _ => bytes.to_vec(),
            };
            let bits = little.iter().rev().fold(0_i64, |bits, &byte| bits << 8 | i64::from(byte));
            if matches!(layout, Layout::F32Le) {
                return f64::from(f32::from_bits(bits as u32));
            }
            let full_scale = 1_i64 << (8 * width - 1);
            (if bits >= full_scale { bits - 2 * full_scale } else { bits }) as f64 / full_scale as f64
        };
        data.chunks_exact(width).map(value).collect()
    }

    #[test]
    fn agrees_with_plain_arithmetic() {
        let mut random = fastrand::Rng::with_seed(5);
        for (layout, width) in LAYOUTS {
            for channels in 1..=6 {
                let frames = random.usize(1..40);
                let samples = frames * channels + random.usize(0..channels);
                let mut data: Vec<u8> = match layout {
                    Layout::F32Le => {
                        (0..samples).flat_map(|_| (random.f32() * 2.0 - 1.0).to_le_bytes()).collect()
                    }
                    _ => (0..samples * width).map(|_| random.u8(..)).collect(),
                };
                data.extend((0..random.usize(0..width)).map(|_| 0x55));
                let (all, plain) = (frames_of(layout, channels, &data), plain(layout, width, &data));
                let off = |(&a, &b): (&f32, &f64)| (f64::from(a) - b).abs();
                assert_eq!(all.len(), frames * channels, "{layout:?}, {channels} channels");
                assert!(all.iter().zip(&plain).map(off).all(|off| off < 1e-6), "{layout:?}, {channels}");
            }
        }
    }

    #[test]
    fn only_plain_layouts_that_use_all_bits_are_taken() {
        use symphonia::core::audio::Channels;

        let params = |codec, bits, coded, channels: Option<u16>, rate| AudioCodecParameters {
            codec,
            bits_per_sample: bits,
            bits_per_coded_sample: coded,
            channels: channels.map(Channels::Discrete),
            sample_rate: rate,
            ..AudioCodecParameters::default()
        };
        let codecs = [
            (id::CODEC_ID_PCM_S16LE, 16, false),
            (id::CODEC_ID_PCM_S16BE, 16, false),
            (id::CODEC_ID_PCM_S24LE, 24, true),
            (id::CODEC_ID_PCM_S24BE, 24, true),
            (id::CODEC_ID_PCM_S32LE, 32, true),
            (id::CODEC_ID_PCM_F32LE, 32, true),
        ];
        for ((codec, width, fine), (layout, _)) in codecs.into_iter().zip(LAYOUTS) {
            for bits in [None, Some(width)] {
                let pcm = Pcm::of(&params(codec, bits, bits, Some(2), Some(8_000))).expect("it is plain");
                assert_eq!(std::mem::discriminant(&pcm.layout), std::mem::discriminant(&layout));
                assert_eq!((pcm.channels, pcm.rate, pcm.is_fine()), (2, SampleRate(8_000), fine));
            }
            let refused = [
                params(codec, Some(width - 4), None, Some(2), Some(8_000)),
                params(codec, None, Some(width - 4), Some(2), Some(8_000)),
                params(codec, None, None, None, Some(8_000)),
                params(codec, None, None, Some(0), Some(8_000)),
                params(codec, None, None, Some(2), None),
                params(id::CODEC_ID_PCM_MULAW, None, None, Some(2), Some(8_000)),
            ];
            for params in refused {
                assert!(Pcm::of(&params).is_none(), "{params:?}");
            }
        }
    }
}
