//! Decoded buffers of every sample format to `f32`, mono or with all channels side by side.
use symphonia::core::audio::sample::{Sample, i24, u24};
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};

use super::sample_limits::sane;

/// Calls a function with the buffer's audio, its full scale and how a sample becomes `f32`, whatever the sample format.
macro_rules! with_samples {
    ($buffer:expr, $function:ident, $out:expr) => {
        match $buffer {
            GenericAudioBufferRef::U8(b) => $function(b, $out, 128.0, |x| f32::from(x) - 128.0),
            GenericAudioBufferRef::U16(b) => $function(b, $out, 32_768.0, |x| f32::from(x) - 32_768.0),
            GenericAudioBufferRef::U24(b) => $function(b, $out, 8_388_608.0, |u24(x)| x as f32 - 8_388_608.0),
            GenericAudioBufferRef::U32(b) => {
                $function(b, $out, 2_147_483_648.0, |x| (x ^ 0x8000_0000).cast_signed() as f32)
            }
            GenericAudioBufferRef::S8(b) => $function(b, $out, 128.0, f32::from),
            GenericAudioBufferRef::S16(b) => $function(b, $out, 32_768.0, f32::from),
            GenericAudioBufferRef::S24(b) => $function(b, $out, 8_388_608.0, |i24(x)| x as f32),
            GenericAudioBufferRef::S32(b) => $function(b, $out, 2_147_483_648.0, |x| x as f32),
            GenericAudioBufferRef::F32(b) => $function(b, $out, 1.0, sane),
            GenericAudioBufferRef::F64(b) => $function(b, $out, 1.0, |x| sane(x as f32)),
        }
    };
}

/// Fills `mono` with the mean of the buffer's channels, full scale being -1.0..=1.0. Samples that are not a number,
/// infinite or absurdly large count as 0. Without a channel `mono` is left empty.
pub(super) fn to_mono(buffer: &GenericAudioBufferRef<'_>, mono: &mut Vec<f32>) {
    mono.clear();
    with_samples!(buffer, mean, mono);
}

/// Fills `frames` with all channels, frame after frame. The same holds for full scale and samples that count as 0.
pub(super) fn to_interleaved(buffer: &GenericAudioBufferRef<'_>, frames: &mut Vec<f32>) {
    frames.clear();
    with_samples!(buffer, interleave, frames);
}

/// Whether the buffer has room for more than 16 bits a sample. Some codecs use a wide buffer for less.
pub(super) fn is_wide(buffer: &GenericAudioBufferRef<'_>) -> bool {
    use GenericAudioBufferRef as B;
    !matches!(buffer, B::U8(_) | B::S8(_) | B::U16(_) | B::S16(_))
}

/// Whether the buffer's samples are floating-point numbers.
pub(super) fn is_float(buffer: &GenericAudioBufferRef<'_>) -> bool {
    matches!(buffer, GenericAudioBufferRef::F32(_) | GenericAudioBufferRef::F64(_))
}

/// Appends the mean over the planes of `value(sample) / full_scale`. Each plane is a plain loop, which vectorises.
fn mean<S: Sample>(buffer: &AudioBuffer<S>, mono: &mut Vec<f32>, full_scale: f32, value: impl Fn(S) -> f32) {
    let planes = buffer.num_planes();
    let scale = 1.0 / (full_scale * planes as f32);
    match (planes, buffer.plane_pair(0, 1), buffer.plane(0)) {
        (2, Some((left, right)), _) => {
            mono.extend(left.iter().zip(right).map(|(&l, &r)| (value(l) + value(r)) * scale));
        }
        (_, _, Some(first)) => {
            mono.extend(first.iter().map(|&x| value(x) * scale));
            for plane in (1..planes).filter_map(|i| buffer.plane(i)) {
                for (sum, &x) in mono.iter_mut().zip(plane) {
                    *sum += value(x) * scale;
                }
            }
        }
        _ => {}
    }
}

/// Fills `frames` with `value(sample) / full_scale` of all planes by turns.
fn interleave<S: Sample>(
    buffer: &AudioBuffer<S>,
    frames: &mut Vec<f32>,
    full_scale: f32,
    value: impl Fn(S) -> f32,
) {
    let (planes, scale) = (buffer.num_planes(), 1.0 / full_scale);
    frames.resize(buffer.plane(0).map_or(0, <[S]>::len) * planes, 0.0);
    for (i, plane) in (0..planes).filter_map(|i| Some((i, buffer.plane(i)?))) {
        for (frame, &x) in frames.chunks_exact_mut(planes).zip(plane) {
            frame[i] = value(x) * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symphonia::core::audio::{AsGenericAudioBufferRef, AudioMut, AudioSpec, Channels};

    fn mono_of<S: Sample>(planes: &[&[S]]) -> Vec<f32>
    where
        AudioBuffer<S>: AsGenericAudioBufferRef,
    {
        with_buffer(planes, to_mono)
    }

    fn with_buffer<S: Sample>(
        planes: &[&[S]],
        convert: impl Fn(&GenericAudioBufferRef<'_>, &mut Vec<f32>),
    ) -> Vec<f32>
    where
        AudioBuffer<S>: AsGenericAudioBufferRef,
    {
        let spec = AudioSpec::new(44_100, Channels::Discrete(planes.len() as u16));
        let mut buffer = AudioBuffer::<S>::new(spec, planes[0].len());
        buffer.resize_uninit(planes[0].len());
        for (i, samples) in planes.iter().enumerate() {
            buffer.plane_mut(i).expect("the plane exists").copy_from_slice(samples);
        }
        let mut mono = vec![9.0; 3];
        convert(&buffer.as_generic_audio_buffer_ref(), &mut mono);
        mono
    }

    #[test]
    fn every_format_has_the_same_full_scale() {
        assert_eq!(mono_of::<u8>(&[&[0, 128, 192]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<i8>(&[&[-128, 0, 64]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<u16>(&[&[0, 1 << 15, 3 << 14]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<i16>(&[&[i16::MIN, 0, 1 << 14]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<u24>(&[&[u24(0), u24(1 << 23), u24(3 << 22)]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<i24>(&[&[i24(-(1 << 23)), i24(0), i24(1 << 22)]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<u32>(&[&[0, 1 << 31, 3 << 30]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<i32>(&[&[i32::MIN, 0, 1 << 30]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<f32>(&[&[-1.0, 0.0, 0.5]]), [-1.0, 0.0, 0.5]);
        assert_eq!(mono_of::<f64>(&[&[-1.0, 0.0, 0.5]]), [-1.0, 0.0, 0.5]);
    }

    #[test]
    fn channels_are_averaged() {
        assert_eq!(mono_of::<i16>(&[&[1 << 14, 0], &[0, -(1 << 14)]]), [0.25, -0.25]);
        let eight: Vec<[f32; 1]> = (0..8).map(|i| [i as f32]).collect();
        let planes: Vec<&[f32]> = eight.iter().map(|p| p.as_slice()).collect();
        assert_eq!(mono_of::<f32>(&planes), [3.5]);
    }

    #[test]
    fn channels_lie_side_by_side() {
        let planes: [&[i16]; 2] = [&[1 << 14, 0], &[0, i16::MIN]];
        assert_eq!(with_buffer(&planes, to_interleaved), [0.5, 0.0, 0.0, -1.0]);
        let planes: [&[f32]; 3] = [&[0.5], &[f32::NAN], &[-0.25]];
        assert_eq!(with_buffer(&planes, to_interleaved), [0.5, 0.0, -0.25]);
    }

    #[test]
    fn what_is_no_number_becomes_silence() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.5];
        assert_eq!(mono_of::<f32>(&[&odd]), [0.0, 0.0, 0.0, 0.0, 0.5]);
        assert_eq!(mono_of::<f32>(&[&odd, &[1.0; 5]]), [0.5, 0.5, 0.5, 0.5, 0.75]);
        assert_eq!(mono_of::<f64>(&[&[f64::MAX, f64::NAN, 0.25]]), [0.0, 0.0, 0.25]);
    }

    /// The slow twin: frame by frame, in double precision.
    #[test]
    fn agrees_with_the_plain_mean() {
        let mut random = fastrand::Rng::with_seed(6);
        for channels in 1..=6 {
            let planes: Vec<Vec<i16>> =
                (0..channels).map(|_| (0..50).map(|_| random.i16(..)).collect()).collect();
            let planes: Vec<&[i16]> = planes.iter().map(Vec::as_slice).collect();
            let value = |plane: &[i16], t: usize| f64::from(plane[t]) / 32_768.0;
            let mono = mono_of::<i16>(&planes);
            assert_eq!(mono.len(), 50);
            for (t, &x) in mono.iter().enumerate() {
                let mean = planes.iter().map(|plane| value(plane, t)).sum::<f64>() / channels as f64;
                assert!((f64::from(x) - mean).abs() < 1e-6, "{channels} channels, frame {t}");
            }
            let frames = with_buffer(&planes, to_interleaved);
            assert_eq!(frames.len(), 50 * channels);
            for (i, &x) in frames.iter().enumerate() {
                assert_eq!(f64::from(x), value(planes[i % channels], i / channels), "{channels}, value {i}");
            }
        }
    }

    #[test]
    fn buffers_are_wide_or_float_by_their_format() {
        fn kind<S: Sample>() -> (bool, bool)
        where
            AudioBuffer<S>: AsGenericAudioBufferRef,
        {
            let buffer = AudioBuffer::<S>::new(AudioSpec::new(8_000, Channels::Discrete(1)), 1);
            let buffer = buffer.as_generic_audio_buffer_ref();
            (is_wide(&buffer), is_float(&buffer))
        }
        let narrow = [kind::<u8>(), kind::<i8>(), kind::<u16>(), kind::<i16>()];
        assert_eq!(narrow, [(false, false); 4]);
        assert_eq!([kind::<u24>(), kind::<i24>(), kind::<u32>(), kind::<i32>()], [(true, false); 4]);
        assert_eq!([kind::<f32>(), kind::<f64>()], [(true, true); 2]);
    }
}
