//! Numbers as the specification has them (9.2).

/// How many bits a number takes; none for 0.
pub(super) fn bits_of(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}

/// A float of 21 bits of mantissa, ten of exponent and a sign.
pub(super) fn float(bits: u32) -> f32 {
    let mantissa = f64::from(bits & 0x1f_ffff);
    let exponent = (bits >> 21 & 0x3ff).cast_signed() - 788;
    let value = mantissa * f64::from(exponent).exp2();
    if bits >> 31 == 1 { -value as f32 } else { value as f32 }
}

/// The largest number whose power to `dimensions` is at most `entries`.
pub(super) fn root(entries: u32, dimensions: u32) -> u32 {
    let fits = |n: u32| u64::from(n).checked_pow(dimensions).is_some_and(|power| power <= entries.into());
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_specification() {
        assert_eq!([0, 1, 2, 3, 4, 7].map(bits_of), [0, 1, 2, 2, 3, 3]);
        assert_eq!(float(0x6020_0000 | 1), float(0x6000_0000 | 2));
        assert_eq!(float(788 << 21 | 5), 5.0);
        assert_eq!(float(1 << 31 | 787 << 21 | 5), -2.5);
        assert_eq!(float(0), 0.0);
    }

    #[test]
    fn roots_are_exact() {
        for entries in [0, 1, 2, 7, 8, 9, 624, 625, 626, 6560, 6561, 15_625, 1 << 24] {
            for dimensions in 1..10 {
                let fits = |&n: &u32| u128::from(n).pow(dimensions) <= entries.into();
                let slow = if dimensions == 1 { Some(entries) } else { (0..=4096).rev().find(fits) };
                assert_eq!(Some(root(entries, dimensions)), slow, "{entries} {dimensions}");
            }
            assert_eq!(root(entries, 65_535), entries.min(1));
        }
    }
}
