//! Running medians for harmonic-percussive separation. A window has an odd number of values around its place. Beyond the
//! ends the values are mirrored, with the end itself repeated.
//!
//! Windows of 31 have a fast way without branches. Sixteen neighbouring windows have sixteen values in common, which are
//! sorted once. Halves of these windows have more values in common, halves of the halves still more, and each time only the
//! ranks that can still become the median are kept. This is section 3 of Adams, "Fast median filters using separable sorting
//! networks", 2021, for one dimension. It takes about 36 comparisons a value, each over a whole register.
use crate::simd::{GROUP, Isa, Simd, for_each_isa};

/// The length of the windows that have a fast way: 31 frames or bins, the default of [`crate::HpssOptions`].
pub(crate) const FAST: usize = 31;

/// The rows that [`GROUP`] windows of [`FAST`] rows cover.
pub(crate) const REACH: usize = GROUP + FAST - 1;

/// Mirrors place `i` into `0..len`, with the ends repeated: `.. 1 0 | 0 1 .. len-1 | len-1 ..`.
///
/// # Panics
/// If `len` is 0.
pub(crate) fn mirrored(i: isize, len: usize) -> usize {
    let period = 2 * len as isize;
    let i = i.rem_euclid(period);
    (if i < len as isize { i } else { period - 1 - i }) as usize
}

/// Puts two values in order.
macro_rules! order {
    ($v:ident: $($a:literal $b:literal),* $(,)?) => {
        { $( ($v[$a], $v[$b]) = (V::min($v[$a], $v[$b]), V::max($v[$a], $v[$b])); )* }
    };
}

/// Sorts sixteen values by Green's network of 60 comparisons (Knuth, The Art of Computer Programming 3, section 5.3.4).
///
/// # Safety
/// The processor has the instruction set of `V`. The same holds for all functions below.
#[inline(always)]
unsafe fn sorted_16<V: Simd>(mut v: [V; 16]) -> [V; 16] {
    // SAFETY: the caller's promise.
    unsafe {
        order!(v: 0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15);
        order!(v: 0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15);
        order!(v: 0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15);
        order!(v: 0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15);
        order!(v: 5 10, 6 9, 3 12, 13 14, 4 8, 7 11, 1 2);
        order!(v: 1 4, 7 13, 2 8, 11 14);
        order!(v: 2 4, 5 6, 9 10, 11 13, 3 8, 7 12);
        order!(v: 6 8, 10 12, 3 5, 7 9);
        order!(v: 3 4, 5 6, 7 8, 9 10, 11 12);
        order!(v: 6 7, 8 9);
    }
    v
}

/// Sorts eight values.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn sorted_8<V: Simd>(mut v: [V; 8]) -> [V; 8] {
    // SAFETY: the caller's promise.
    unsafe {
        order!(v: 0 1, 2 3, 4 5, 6 7);
        order!(v: 0 2, 1 3, 4 6, 5 7);
        order!(v: 1 2, 5 6, 0 4, 3 7);
        order!(v: 1 5, 2 6);
        order!(v: 1 4, 3 6);
        order!(v: 2 4, 3 5);
        order!(v: 3 4);
    }
    v
}

/// Sorts four values.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn sorted_4<V: Simd>(mut v: [V; 4]) -> [V; 4] {
    // SAFETY: the caller's promise.
    unsafe { order!(v: 0 1, 2 3, 0 2, 1 3, 1 2) };
    v
}

/// Sorts a bitonic sequence of eight: values that rise and then fall, or fall and then rise.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn sorted_bitonic_8<V: Simd>(mut v: [V; 8]) -> [V; 8] {
    // SAFETY: the caller's promise.
    unsafe { order!(v: 0 4, 1 5, 2 6, 3 7, 0 2, 1 3, 4 6, 5 7, 0 1, 2 3, 4 5, 6 7) };
    v
}

/// Sorts a bitonic sequence of four.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn sorted_bitonic_4<V: Simd>(mut v: [V; 4]) -> [V; 4] {
    // SAFETY: the caller's promise.
    unsafe { order!(v: 0 2, 1 3, 0 1, 2 3) };
    v
}

/// The middle eight of sixteen sorted values and eight more.
///
/// The sixteen smallest values of all are the lower half of `a`, and the pairwise minima of its upper half and the reversed
/// `b`. The eight largest of these are found in the same way.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn middle_8<V: Simd>(a: &[V; 16], b: [V; 8]) -> [V; 8] {
    // SAFETY: the caller's promise.
    unsafe {
        let b = sorted_8(b);
        let low: [V; 8] = std::array::from_fn(|i| V::min(a[8 + i], b[7 - i]));
        let low = sorted_bitonic_8(low);
        sorted_bitonic_8(std::array::from_fn(|i| V::max(a[i], low[7 - i])))
    }
}

/// The middle four of eight sorted values and four more.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn middle_4<V: Simd>(a: &[V; 8], b: [V; 4]) -> [V; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let b = sorted_4(b);
        let low: [V; 4] = std::array::from_fn(|i| V::min(a[4 + i], b[3 - i]));
        let low = sorted_bitonic_4(low);
        sorted_bitonic_4(std::array::from_fn(|i| V::max(a[i], low[3 - i])))
    }
}

/// The middle two of four sorted values and two more.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn middle_2<V: Simd>(a: &[V; 4], b: [V; 2]) -> [V; 2] {
    // SAFETY: the caller's promise.
    unsafe {
        let (b0, b1) = (V::min(b[0], b[1]), V::max(b[0], b[1]));
        let (m, n) = (V::min(a[2], b1), V::min(a[3], b0));
        let (m, n) = (V::min(m, n), V::max(m, n));
        let (m, n) = (V::max(a[0], n), V::max(a[1], m));
        [V::min(m, n), V::max(m, n)]
    }
}

/// Calls `put` with `i` and the median of rows `i .. i + 31`, for each `i` of `0..16`. `row(j)` is row `j`.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn medians_of_31<V: Simd>(row: impl Fn(usize) -> V, mut put: impl FnMut(usize, V)) {
    // SAFETY: the caller's promise.
    unsafe {
        let all = sorted_16(std::array::from_fn(|j| row(15 + j)));
        for w8 in [0, 8] {
            // Windows w8 .. w8 + 8 have 24 values in common.
            let more = if w8 == 0 { 7 } else { 31 };
            let of_8 = middle_8(&all, std::array::from_fn(|j| row(more + j)));
            for w4 in [w8, w8 + 4] {
                let more = if w4 == w8 { w4 + 3 } else { w8 + 31 };
                let of_4 = middle_4(&of_8, std::array::from_fn(|j| row(more + j)));
                for w2 in [w4, w4 + 2] {
                    let more = if w2 == w4 { w2 + 1 } else { w4 + 31 };
                    let [low, high] = middle_2(&of_4, std::array::from_fn(|j| row(more + j)));
                    put(w2, V::max(low, V::min(high, row(w2))));
                    put(w2 + 1, V::max(low, V::min(high, row(w2 + 31))));
                }
            }
        }
    }
}

/// Medians down the columns: output row `i` is the median of rows `i .. i + 31`.
///
/// # Safety
/// The processor has the instruction set of `V`. Each of `rows` has `width` values, rounded up to a multiple of [`GROUP`].
/// `out` has room for [`GROUP`] rows of as many values, whose beginnings are `stride` values apart.
#[inline(always)]
unsafe fn columns<V: Simd>(rows: &[*const f32; REACH], width: usize, out: *mut f32, stride: usize) {
    for c in (0..width.next_multiple_of(GROUP)).step_by(V::WIDTH) {
        // SAFETY: the caller's promise; `c` is below the rounded width.
        unsafe {
            medians_of_31(|j| V::load(rows[j].add(c)), |i, v| v.store(out.add(i * stride + c)));
        }
    }
}

/// Medians down a tile with rows of [`GROUP`] values: output row `i` is the median of rows `i .. i + 31`.
///
/// # Safety
/// The processor has the instruction set of `V`. `rows` is a multiple of [`GROUP`], `tile` has `(rows + 30) * GROUP` values,
/// and `out` has room for `rows * GROUP` values.
#[inline(always)]
unsafe fn down_tile<V: Simd>(tile: *const f32, rows: usize, out: *mut f32) {
    for first in (0..rows).step_by(GROUP) {
        for c in (0..GROUP).step_by(V::WIDTH) {
            // SAFETY: the caller's promise; rows go up to `first + 45`, columns to 15.
            unsafe {
                medians_of_31(
                    |j| V::load(tile.add((first + j) * GROUP + c)),
                    |i, v| v.store(out.add((first + i) * GROUP + c)),
                );
            }
        }
    }
}

for_each_isa!(
    unsafe fn for_each_column = columns(rows: &[*const f32; REACH], width: usize, out: *mut f32, stride: usize)
);
for_each_isa!(unsafe fn for_each_tile_row = down_tile(tile: *const f32, rows: usize, out: *mut f32));

/// Medians down the columns of `rows`, which have equal lengths, a multiple of [`GROUP`]. Row `i` of `out` is the median of rows
/// `i .. i + 31`. `out` has [`GROUP`] rows of the same length.
///
/// # Panics
/// Unless the lengths are as said.
pub(crate) fn column_medians(isa: Isa, rows: &[&[f32]; REACH], out: &mut [f32]) {
    let width = rows[0].len();
    let whole = width.is_multiple_of(GROUP) && rows.iter().all(|row| row.len() == width);
    assert!(whole && out.len() == GROUP * width, "rows of whole groups, and as long ones for the medians");
    // SAFETY: every row has `width` values, a multiple of `GROUP`, and `out` has `GROUP` rows of them.
    unsafe { for_each_column(isa, &rows.map(<[f32]>::as_ptr), width, out.as_mut_ptr(), width) };
}

/// Medians down a tile with rows of [`GROUP`] values. Row `i` of `out` is the median of rows `i .. i + 31`.
///
/// # Panics
/// Unless `out` has a multiple of [`GROUP`] rows, and `tile` 30 rows more.
pub(crate) fn tile_medians(isa: Isa, tile: &[f32], out: &mut [f32]) {
    let rows = out.len() / GROUP;
    let whole = out.len().is_multiple_of(GROUP * GROUP) && tile.len() == (rows + FAST - 1) * GROUP;
    assert!(whole, "whole groups of rows, and 30 rows more in the tile");
    // SAFETY: `rows` is a multiple of `GROUP`; `tile` has `rows + 30` rows and `out` has `rows`.
    unsafe { for_each_tile_row(isa, tile.as_ptr(), rows, out.as_mut_ptr()) };
}

/// Calls `put` with each place of `0..len` and its median over `window` values, an odd number. Keeps the window sorted while
/// values enter and leave it.
///
/// `x` must know places up to half a window before and after. Values must not be NaN.
pub(crate) fn sliding_medians(
    x: impl Fn(isize) -> f32,
    len: usize,
    window: usize,
    sorted: &mut Vec<f32>,
    mut put: impl FnMut(usize, f32),
) {
    let half = (window / 2) as isize;
    sorted.clear();
    if len == 0 {
        return;
    }
    sorted.extend((-half..=half).map(&x));
    sorted.sort_unstable_by(f32::total_cmp);
    for i in 0..len {
        put(i, sorted[window / 2]);
        let (leaves, enters) = (x(i as isize - half), x(i as isize + half + 1));
        let from = sorted.partition_point(|v| v.total_cmp(&leaves).is_lt());
        sorted.remove(from);
        let to = sorted.partition_point(|v| v.total_cmp(&enters).is_lt());
        sorted.insert(to, enters);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random values, many of them equal.
    fn values(len: usize, seed: u64) -> Vec<f32> {
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| if rng.bool() { f32::from(rng.u8(..)) } else { 256.0 * rng.f32() }).collect()
    }

    fn median(mut values: Vec<f32>) -> f32 {
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    }

    #[test]
    fn every_instruction_set_gives_the_medians_that_sorting_gives() {
        for width in [16, 48] {
            let data = values(REACH * width, 5);
            let rows: [&[f32]; REACH] = std::array::from_fn(|j| &data[j * width..(j + 1) * width]);
            for isa in Isa::available() {
                let mut out = vec![f32::NAN; GROUP * width];
                column_medians(isa, &rows, &mut out);
                for i in 0..GROUP {
                    for c in 0..width {
                        let plain = median((i..i + FAST).map(|j| data[j * width + c]).collect());
                        assert_eq!(out[i * width + c], plain, "{isa:?}, row {i}, column {c} of {width}");
                    }
                }
            }
        }
        for rows in [16, 48] {
            let data = values((rows + 30) * GROUP, 6);
            for isa in Isa::available() {
                let mut out = vec![f32::NAN; rows * GROUP];
                tile_medians(isa, &data, &mut out);
                for (at, &got) in out.iter().enumerate() {
                    let plain = median((0..FAST).map(|j| data[j * GROUP + at]).collect());
                    assert_eq!(got, plain, "{isa:?}, {at}");
                }
            }
        }
    }

    #[test]
    fn a_sliding_window_gives_the_medians_that_sorting_gives() {
        for len in [0, 1, 2, 3, 7, 50] {
            let x = values(len, 9);
            for window in [1, 3, 5, 31, 61] {
                let mut got = vec![f32::NAN; len];
                sliding_medians(|i| x[mirrored(i, len)], len, window, &mut Vec::new(), |i, v| got[i] = v);
                for (i, &got) in got.iter().enumerate() {
                    let half = (window / 2) as isize;
                    let around = (-half..=half).map(|d| x[mirrored(i as isize + d, len)]).collect();
                    assert_eq!(got, median(around), "{i} of {len}, window {window}");
                }
            }
        }
    }

    #[test]
    fn places_are_mirrored_with_the_end_repeated() {
        let at: Vec<usize> = (-5..8).map(|i| mirrored(i, 3)).collect();
        assert_eq!(at, [1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
        assert!((-9..9).all(|i| mirrored(i, 1) == 0));
    }
}
