//! Four bits a value of a window's vector, for the lists of the neighbour index: what is read of them is all that a search
//! in a large library costs.
//!
//! The levels are evenly spaced, [`STEP`] apart, and reach 2.6 standard deviations of the values to either side, which is
//! nearly the best even spacing of a normal distribution (Max, "Quantizing for minimum distortion", 1960, table II). A
//! cosine is off by .01.

/// From one level to the next.
const STEP: i16 = 9;

/// The level of a code, 0..=15: the middle of the values that have it.
pub(crate) const fn window_level(code: u8) -> i8 {
    (STEP * (code as i16 - 8) + STEP / 2) as i8
}

/// Appends the codes of vectors of `dims` values to `packed`, two values a byte, the first in the low four bits. The last
/// byte of a vector of an odd number of values has zero in its high bits.
///
/// # Panics
/// If `vectors` is not a whole number of vectors.
pub(crate) fn pack_windows(vectors: &[i8], dims: usize, packed: &mut Vec<u8>) {
    assert!(vectors.len().is_multiple_of(dims), "vectors of {dims} values");
    // Rounded down by a product that is exact for what is positive and small.
    let code = |value: i8| {
        let steps = (i32::from(value) + i32::from(15 * STEP)) as u32 * (65_536 / STEP as u32 + 1);
        ((steps >> 16) as i32 - 7).clamp(0, 15) as u8
    };
    for vector in vectors.chunks_exact(dims) {
        let (pairs, rest) = vector.as_chunks::<2>();
        packed.extend(pairs.iter().map(|pair| code(pair[0]) | code(pair[1]) << 4));
        packed.extend(rest.iter().map(|&value| code(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_the_nearest_level() {
        for value in i8::MIN..=i8::MAX {
            let mut packed = Vec::new();
            pack_windows(&[value, 0, value], 3, &mut packed);
            let off = |code| (i16::from(window_level(code)) - i16::from(value)).abs();
            let nearest = (0..16).map(off).min();
            assert_eq!((Some(off(packed[0] & 15)), packed[0] >> 4), (nearest, 8), "{value}");
            assert_eq!(packed[1], packed[0] & 15);
        }
    }
}
