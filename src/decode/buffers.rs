//! Decoded buffers of every sample format to `f32`, all channels side by side.
use symphonia::core::audio::sample::{Sample, i24, u24};
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};

use super::sample_limits::sane;

/// Fills `frames` with all channels, frame after frame, full scale being -1.0..=1.0. Samples that are not a number,
/// infinite or absurdly large count as 0. Without a channel `frames` is left empty.
pub(super) fn to_interleaved(buffer: &GenericAudioBufferRef<'_>, frames: &mut Vec<f32>) {
    use GenericAudioBufferRef as B;
    match buffer {
        B::U8(b) => interleave(b, frames, 128.0, |x| f32::from(x) - 128.0),
        B::U16(b) => interleave(b, frames, 32_768.0, |x| f32::from(x) - 32_768.0),
        B::U24(b) => interleave(b, frames, 8_388_608.0, |u24(x)| x as f32 - 8_388_608.0),
        B::U32(b) => {
            interleave(b, frames, 2_147_483_648.0, |x| (x ^ 0x8000_0000).cast_signed() as f32);
        }
        B::S8(b) => interleave(b, frames, 128.0, f32::from),
        B::S16(b) => interleave(b, frames, 32_768.0, f32::from),
        B::S24(b) => interleave(b, frames, 8_388_608.0, |i24(x)| x as f32),
        B::S32(b) => interleave(b, frames, 2_147_483_648.0, |x| x as f32),
        B::F32(b) => interleave(b, frames, 1.0, sane),
        B::F64(b) => interleave(b, frames, 1.0, |x| sane(x as f32)),
    }
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

/// Fills `frames` with `value(sample) / full_scale` of all planes by turns. One and two planes, which nearly all files have,
/// get loops of their own that vectorise.
fn interleave<S: Sample>(
    buffer: &AudioBuffer<S>,
    frames: &mut Vec<f32>,
    full_scale: f32,
    value: impl Fn(S) -> f32,
) {
    let (planes, scale) = (buffer.num_planes(), 1.0 / full_scale);
    frames.clear();
    match (planes, buffer.plane(0), buffer.plane_pair(0, 1)) {
        (1, Some(plane), _) => frames.extend(plane.iter().map(|&x| value(x) * scale)),
        (2, _, Some((left, right))) => {
            frames.resize(2 * left.len(), 0.0);
            for ((frame, &l), &r) in frames.as_chunks_mut::<2>().0.iter_mut().zip(left).zip(right) {
                *frame = [value(l) * scale, value(r) * scale];
            }
        }
        (_, Some(first), _) => {
            frames.resize(first.len() * planes, 0.0);
            for (i, plane) in (0..planes).filter_map(|i| Some((i, buffer.plane(i)?))) {
                for (frame, &x) in frames.chunks_exact_mut(planes).zip(plane) {
                    frame[i] = value(x) * scale;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symphonia::core::audio::{AsGenericAudioBufferRef, AudioMut, AudioSpec, Channels};

    fn frames_of<S: Sample>(planes: &[&[S]]) -> Vec<f32>
    where
        AudioBuffer<S>: AsGenericAudioBufferRef,
    {
        let spec = AudioSpec::new(44_100, Channels::Discrete(planes.len() as u16));
        let mut buffer = AudioBuffer::<S>::new(spec, planes[0].len());
        buffer.resize_uninit(planes[0].len());
        for (i, samples) in planes.iter().enumerate() {
            buffer.plane_mut(i).expect("the plane exists").copy_from_slice(samples);
        }
        let mut frames = vec![9.0; 3];
        to_interleaved(&buffer.as_generic_audio_buffer_ref(), &mut frames);
        frames
    }

    #[test]
    fn every_format_has_the_same_full_scale() {
        assert_eq!(frames_of::<u8>(&[&[0, 128, 192]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<i8>(&[&[-128, 0, 64]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<u16>(&[&[0, 1 << 15, 3 << 14]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<i16>(&[&[i16::MIN, 0, 1 << 14]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<u24>(&[&[u24(0), u24(1 << 23), u24(3 << 22)]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<i24>(&[&[i24(-(1 << 23)), i24(0), i24(1 << 22)]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<u32>(&[&[0, 1 << 31, 3 << 30]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<i32>(&[&[i32::MIN, 0, 1 << 30]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<f32>(&[&[-1.0, 0.0, 0.5]]), [-1.0, 0.0, 0.5]);
        assert_eq!(frames_of::<f64>(&[&[-1.0, 0.0, 0.5]]), [-1.0, 0.0, 0.5]);
    }

    #[test]
    fn channels_lie_side_by_side() {
        let planes: [&[i16]; 2] = [&[1 << 14, 0], &[0, i16::MIN]];
        assert_eq!(frames_of(&planes), [0.5, 0.0, 0.0, -1.0]);
        let planes: [&[f32]; 3] = [&[0.5], &[f32::NAN], &[-0.25]];
        assert_eq!(frames_of(&planes), [0.5, 0.0, -0.25]);
    }

    #[test]
    fn what_is_no_number_becomes_silence() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.5];
        assert_eq!(frames_of::<f32>(&[&odd]), [0.0, 0.0, 0.0, 0.0, 0.5]);
        assert_eq!(frames_of::<f32>(&[&odd[..2], &[1.0; 2]]), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(frames_of::<f64>(&[&[f64::MAX, f64::NAN, 0.25]]), [0.0, 0.0, 0.25]);
    }

    /// The slow twin: sample by sample, in double precision.
    #[test]
    fn agrees_with_plain_arithmetic() {
        let mut random = fastrand::Rng::with_seed(6);
        for channels in 1..=6 {
            let planes: Vec<Vec<i16>> =
                (0..channels).map(|_| (0..50).map(|_| random.i16(..)).collect()).collect();
            let planes: Vec<&[i16]> = planes.iter().map(Vec::as_slice).collect();
            let value = |plane: &[i16], t: usize| f64::from(plane[t]) / 32_768.0;
            let frames = frames_of::<i16>(&planes);
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
