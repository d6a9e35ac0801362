//! Left and right out of what a frame has of both.
use std::f32::consts::FRAC_1_SQRT_2;
use std::f64::consts::PI;
use std::sync::LazyLock;

use super::bands::Bands;
use super::block::LINES;
use super::side_info::{Header, Part};

/// How much of the common lines is left and right, by position: in MPEG-1, then in MPEG-2 with its two steps.
static POSITIONS: LazyLock<[Vec<[f32; 2]>; 3]> = LazyLock::new(|| {
    let first = (0..7).map(|position| {
        // The tangent of a right angle is endless.
        let ratio = (f64::from(position) * PI / 12.0).tan();
        if position == 6 {
            [1.0, 0.0]
        } else {
            [ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)].map(|x| x as f32)
        }
    });
    let second = |step: f64| {
        (0..31).map(move |position: i32| {
            let less = (-step * f64::from((position + 1) / 2)).exp2() as f32;
            if position % 2 == 1 { [less, 1.0] } else { [1.0, less] }
        })
    };
    [first.collect(), second(0.25).collect(), second(0.5).collect()]
});

/// Replaces what a frame has by left and right, in the first `needed` lines.
pub(super) fn split(
    header: &Header,
    bands: &Bands,
    parts: &[Part; 2],
    needed: usize,
    [one, other]: &mut [[f32; LINES]; 2],
) {
    if !header.intensity {
        if header.middle_and_side {
            middle_and_side(&mut one[..needed], &mut other[..needed]);
        }
        return;
    }
    let part = &parts[1];
    let ratios = match (header.first, part.compress % 2) {
        (true, _) => &POSITIONS[0],
        (false, 0) => &POSITIONS[1],
        (false, _) => &POSITIONS[2],
    };
    let count = bands.edges.len() - 1;
    let windows = if count > bands.long { 3 } else { 1 };
    // From the top down to the last line of the other channel, each window by itself, lines are common to both.
    let mut common = [true; 3];
    for band in (0..count).rev() {
        let range = bands.edges[band]..bands.edges[band + 1];
        let silent = other[range.clone()].iter().all(|&line| line == 0.0);
        let is_common = if band >= bands.long {
            let window = (band - bands.long) % 3;
            common[window] &= silent;
            common[window]
        } else {
            common = [silent && common == [true; 3]; 3];
            common[0]
        };
        // The highest bands have no position of their own.
        let position = part.scales[if band >= count - windows { band - windows } else { band }];
        match ratios.get(usize::from(position)) {
            Some(&[left, right]) if is_common => {
                for (one, other) in one[range.clone()].iter_mut().zip(&mut other[range]) {
                    (*one, *other) = (left * *one, right * *one);
                }
            }
            _ if header.middle_and_side => middle_and_side(&mut one[range.clone()], &mut other[range]),
            _ => {}
        }
    }
}

fn middle_and_side(one: &mut [f32], other: &mut [f32]) {
    for (one, other) in one.iter_mut().zip(other) {
        let (middle, side) = (*one * FRAC_1_SQRT_2, *other * FRAC_1_SQRT_2);
        (*one, *other) = (middle + side, middle - side);
    }
}
