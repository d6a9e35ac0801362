//! Sizes of files as arguments: `500k`, `20M`, `1.5G`.

/// The units that a size may have. They are those in which sizes are printed.
const UNITS: [(char, f64); 4] = [('k', 1e3), ('m', 1e6), ('g', 1e9), ('t', 1e12)];

/// A number of bytes, with or without a unit. `20M`, `20MB` and `20 mb` are the same.
pub fn bytes(text: &str) -> Result<u64, String> {
    let problem = || format!("{text:?} is no size; write 500k, 20M or 1.5G");
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.strip_suffix('b').unwrap_or(&lower);
    let (number, unit) = UNITS
        .iter()
        .find_map(|&(letter, unit)| number.strip_suffix(letter).map(|number| (number, unit)))
        .unwrap_or((number, 1.0));
    // A number could also be written as 1e9, inf or -1.
    let number = number.trim_end();
    if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err(problem());
    }
    let number: f64 = number.parse().map_err(|_| problem())?;
    Ok((number * unit).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_a_thousand() {
        for (text, expected) in [
            ("0", 0),
            ("1234", 1234),
            ("12b", 12),
            ("500k", 500_000),
            ("500 kB", 500_000),
            ("20M", 20_000_000),
            ("1.5G", 1_500_000_000),
            ("2tb", 2_000_000_000_000),
            ("9999999999999T", u64::MAX),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "B", "-1", "1e9", "inf", "NaN", "1.5.5G", "1,5G", "20 Mib", "20MM"] {
            assert!(bytes(text).unwrap_err().contains("is no size; write 500k, 20M or 1.5G"), "{text}");
        }
    }
}
