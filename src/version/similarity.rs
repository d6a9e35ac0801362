//! How alike two melodies are at each pair of places, row by row, so that memory does not grow with the product of their lengths.
use std::ops::Range;

use super::voice::{STACK, Voice};
use crate::fingerprint::PITCHES;

/// Products of energies are at least this.
const MIN_ENERGY: f32 = 1e-6;

/// Cosines of stacks of a query with all stacks of a track in a range.
pub struct Rows<'a> {
    query: &'a Voice,
    /// The track's frames, all of a pitch class together.
    planes: [Vec<f32>; PITCHES],
    /// One over the root of the energy of each of the track's stacks.
    inverse: Vec<f32>,
    /// Products of the last frames of the query with all frames of the track.
    products: [Vec<f32>; STACK],
    /// Frames of the query whose products were computed.
    done: usize,
    row: Vec<f32>,
}

impl<'a> Rows<'a> {
    /// Of stacks `columns` of `track`.
    pub fn new(query: &'a Voice, track: &Voice, columns: Range<usize>) -> Self {
        let frames =
            if columns.is_empty() { &[][..] } else { &track.frames[columns.start..columns.end + STACK - 1] };
        let planes = std::array::from_fn(|pitch| frames.iter().map(|frame| frame[pitch]).collect());
        let inverse = |energy: &f32| 1.0 / energy.max(MIN_ENERGY).sqrt();
        Self {
            query,
            inverse: track.energies[columns.clone()].iter().map(inverse).collect(),
            products: std::array::from_fn(|_| vec![0.0; frames.len()]),
            planes,
            done: 0,
            row: vec![0.0; columns.len()],
        }
    }

    /// The cosines of the next stack of the query; nothing after its last one.
    pub fn next(&mut self) -> Option<&[f32]> {
        let row = self.done.saturating_sub(STACK - 1);
        let energy = *self.query.energies.get(row)?;
        while self.done < row + STACK {
            let frame = &self.query.frames[self.done];
            products(frame, &self.planes, &mut self.products[self.done % STACK]);
            self.done += 1;
        }
        let stack: [&[f32]; STACK] =
            std::array::from_fn(|s| &self.products[(row + s) % STACK][s..s + self.row.len()]);
        sum(stack, &self.inverse, 1.0 / energy.max(MIN_ENERGY).sqrt(), &mut self.row);
        Some(&self.row)
    }
}

/// The products of a frame with many.
fn products(frame: &[f32; PITCHES], planes: &[Vec<f32>; PITCHES], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { products_avx2(frame, planes, out) };
    }
    products_of(frame, planes, out);
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn products_avx2(frame: &[f32; PITCHES], planes: &[Vec<f32>; PITCHES], out: &mut [f32]) {
    products_of(frame, planes, out);
}

/// Four planes at a time, so that each sum is loaded and stored three times.
#[inline(always)]
fn products_of(frame: &[f32; PITCHES], planes: &[Vec<f32>; PITCHES], out: &mut [f32]) {
    out.fill(0.0);
    for (factors, planes) in frame.as_chunks::<4>().0.iter().zip(planes.as_chunks::<4>().0) {
        let [a, b, c, d] = planes;
        let others = a.iter().zip(b).zip(c.iter().zip(d));
        for (out, ((a, b), (c, d))) in out.iter_mut().zip(others) {
            *out += factors[0] * a + factors[1] * b + (factors[2] * c + factors[3] * d);
        }
    }
}

/// The sum of rows, each shifted by one more, times what makes it a cosine.
fn sum(rows: [&[f32]; STACK], inverse: &[f32], of_query: f32, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { sum_avx2(rows, inverse, of_query, out) };
    }
    sum_of(rows, inverse, of_query, out);
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn sum_avx2(rows: [&[f32]; STACK], inverse: &[f32], of_query: f32, out: &mut [f32]) {
    sum_of(rows, inverse, of_query, out);
}

#[inline(always)]
fn sum_of([a, b, c, d, e, f]: [&[f32]; STACK], inverse: &[f32], of_query: f32, out: &mut [f32]) {
    let count = out.len();
    let (a, b, c, d, e, f) = (&a[..count], &b[..count], &c[..count], &d[..count], &e[..count], &f[..count]);
    let inverse = &inverse[..count];
    for i in 0..count {
        out[i] = ((a[i] + b[i]) + (c[i] + d[i]) + (e[i] + f[i])) * inverse[i] * of_query;
    }
}
