//! Channels side by side.
use std::ops::Range;

use super::sample_limits::sane;

/// Fills `frames` with part of all channels, moment after moment. All planes have these moments.
pub(super) fn interleave(planes: &[Vec<f32>], moments: Range<usize>, frames: &mut Vec<f32>) {
    frames.clear();
    match planes {
        [plane] => frames.extend(plane[moments].iter().map(|&x| sane(x))),
        [left, right] => {
            let pairs = left[moments.clone()].iter().zip(&right[moments]);
            frames.extend(pairs.flat_map(|(&left, &right)| [sane(left), sane(right)]));
        }
        _ => {
            frames.resize(moments.len() * planes.len(), 0.0);
            for (i, plane) in planes.iter().enumerate() {
                for (frame, &x) in frames.chunks_exact_mut(planes.len()).zip(&plane[moments.clone()]) {
                    frame[i] = sane(x);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_channels() {
        let mut frames = vec![9.0; 7];
        for channels in 0..5 {
            let planes: Vec<Vec<f32>> =
                (0..channels).map(|c| vec![7.0, c as f32, f32::NAN, 10.0 * c as f32]).collect();
            interleave(&planes, 1..4, &mut frames);
            let counted = 0..channels;
            let expected: Vec<f32> = counted
                .clone()
                .map(|c| c as f32)
                .chain(counted.clone().map(|_| 0.0))
                .chain(counted.map(|c| 10.0 * c as f32))
                .collect();
            assert_eq!(frames, expected);
        }
    }
}
