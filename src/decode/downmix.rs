//! Decoded buffers of every sample format, brought to mono `f32`.
use symphonia::core::audio::sample::{Sample, i24, u24};
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};

use super::sane;

/// Fills `mono` with the mean of the buffer's channels, full scale being -1.0..=1.0. Samples that are not a number,
/// infinite or absurdly large count as 0. Without a channel `mono` is left empty.
pub(super) fn to_mono(buffer: &GenericAudioBufferRef<'_>, mono: &mut Vec<f32>) {
    mono.clear();
    match buffer {
        GenericAudioBufferRef::U8(b) => mean(b, mono, 128.0, |x| f32::from(x) - 128.0),
        GenericAudioBufferRef::U16(b) => mean(b, mono, 32_768.0, |x| f32::from(x) - 32_768.0),
        GenericAudioBufferRef::U24(b) => mean(b, mono, 8_388_608.0, |u24(x)| x as f32 - 8_388_608.0),
        GenericAudioBufferRef::U32(b) => {
            mean(b, mono, 2_147_483_648.0, |x| (x ^ 0x8000_0000).cast_signed() as f32)
        }
        GenericAudioBufferRef::S8(b) => mean(b, mono, 128.0, f32::from),
        GenericAudioBufferRef::S16(b) => mean(b, mono, 32_768.0, f32::from),
        GenericAudioBufferRef::S24(b) => mean(b, mono, 8_388_608.0, |i24(x)| x as f32),
        GenericAudioBufferRef::S32(b) => mean(b, mono, 2_147_483_648.0, |x| x as f32),
        GenericAudioBufferRef::F32(b) => mean(b, mono, 1.0, sane),
        GenericAudioBufferRef::F64(b) => mean(b, mono, 1.0, |x| sane(x as f32)),
    }
}

/// Appends the mean over the planes of `value(sample) / full_scale`; one plain loop a plane, which vectorises.
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

#[cfg(test)]
mod tests {
    use super::*;
    use symphonia::core::audio::{AsGenericAudioBufferRef, AudioMut, AudioSpec, Channels};

    fn mono_of<S: Sample>(planes: &[&[S]]) -> Vec<f32>
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
        to_mono(&buffer.as_generic_audio_buffer_ref(), &mut mono);
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
    fn what_is_no_number_becomes_silence() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.5];
        assert_eq!(mono_of::<f32>(&[&odd]), [0.0, 0.0, 0.0, 0.0, 0.5]);
        assert_eq!(mono_of::<f32>(&[&odd, &[1.0; 5]]), [0.5, 0.5, 0.5, 0.5, 0.75]);
        assert_eq!(mono_of::<f64>(&[&[f64::MAX, f64::NAN, 0.25]]), [0.0, 0.0, 0.25]);
    }
}
