//! How the energy of a shape is shared by its two halves, or by two channels, as an angle (RFC 6716, section 4.3.4.3). The
//! arithmetic is whole-numbered, because the bits that each half gets follow from it.
use super::range::{EIGHTHS, Range};

/// The angle of a quarter turn.
pub(super) const QUARTER: i32 = 16_384;

/// What is split.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Parts {
    /// The halves of a band: of the blocks in it if there are several.
    Halves { has_blocks: bool },
    /// Two channels.
    Channels,
}

/// Two parts of a shape.
#[derive(Clone, Copy)]
pub(super) struct Split {
    /// The angle: 0 is the first part alone, [`QUARTER`] the second.
    pub angle: i32,
    /// The gains of both parts, in 1/32,768.
    pub gains: [i32; 2],
    /// How many more bits the second part needs than the first, in eighths.
    pub more: i32,
}

impl Split {
    /// Of an angle between two parts of `lines` lines each.
    pub fn new(angle: i32, lines: usize) -> Split {
        let (gains, more) = match angle {
            0 => ([32_767, 0], -16_384),
            QUARTER => ([0, 32_767], 16_384),
            angle => {
                let gains = [cosine(angle), cosine(QUARTER - angle)];
                (gains, rounded((lines as i32 - 1) << 7, log_tangent(gains[1], gains[0])))
            }
        };
        Split { angle, gains, more }
    }
}

/// In how many steps the quarter turn is told, with `bits` eighths of a bit.
pub(super) fn steps(lines: usize, bits: i32, log_width: i32, parts: Parts) -> i32 {
    const POWERS: [i32; 8] = [16_384, 17_866, 19_483, 21_247, 23_170, 25_267, 27_554, 30_048];
    let is_pair = parts == Parts::Channels && lines == 2;
    let numbers = 2 * lines as i32 - if is_pair { 2 } else { 1 };
    let offset = (log_width >> 1) - if is_pair { 16 } else { 4 };
    let precision =
        ((bits + numbers * offset) / numbers).min(bits - log_width - (4 << EIGHTHS)).min(8 << EIGHTHS);
    if precision < 4 {
        return 1;
    }
    let power = POWERS[(precision & 7) as usize] >> (14 - (precision >> EIGHTHS));
    ((power + 1) >> 1) << 1
}

/// Reads an angle told in `steps` steps.
pub(super) fn angle(range: &mut Range<'_>, steps: i32, lines: usize, parts: Parts) -> i32 {
    let count = steps.cast_unsigned();
    let half = count / 2;
    let step = match parts {
        // The first half of the angles is three times as likely.
        Parts::Channels if lines > 2 => {
            let total = 3 * (half + 1) + half;
            let at = range.peek(total);
            let step = if at < 3 * (half + 1) { at / 3 } else { at - 2 * (half + 1) };
            if step <= half {
                range.take(3 * step, 3 * step + 3, total);
            } else {
                range.take(step + 2 * (half + 1), step + 2 * (half + 1) + 1, total);
            }
            step
        }
        Parts::Channels | Parts::Halves { has_blocks: true } => range.number(count + 1),
        // The middle is the likeliest: probabilities rise to it and fall from it in steps of one.
        Parts::Halves { has_blocks: false } => {
            let total = (half + 1) * (half + 1);
            let at = range.peek(total);
            if at < half * (half + 1) / 2 {
                let step = ((8 * at + 1).isqrt() - 1) / 2;
                range.take(step * (step + 1) / 2, (step + 1) * (step + 2) / 2, total);
                step
            } else {
                let step = (2 * (count + 1) - (8 * (total - at - 1) + 1).isqrt()) / 2;
                let behind = (count + 1 - step) * (count + 2 - step) / 2;
                range.take(total - behind, total - behind + (count + 1 - step), total);
                step
            }
        }
    };
    step.cast_signed() * QUARTER / steps
}

/// a b / 32,768, rounded.
fn rounded(a: i32, b: i32) -> i32 {
    (a * b + 16_384) >> 15
}

/// The cosine of an angle, in 1/32,768, as the specification computes it.
fn cosine(angle: i32) -> i32 {
    let square = (angle * angle + 4_096) >> 13;
    let series = rounded(square, -7_651 + rounded(square, 8_277 + rounded(-626, square)));
    1 + (32_767 - square + series)
}

/// The binary logarithm of a tangent, in 1/2,048, as the specification computes it.
fn log_tangent(sine: i32, cosine: i32) -> i32 {
    let length = |x: i32| 32 - x.leading_zeros() as i32;
    let polynomial = |x: i32| {
        let x = x << (15 - length(x));
        rounded(x, rounded(x, -2_597) + 7_932)
    };
    ((length(sine) - length(cosine)) << 11) + polynomial(sine) - polynomial(cosine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_gains_and_bits() {
        // The finest steps.
        for angle in (64..QUARTER).step_by(64) {
            let radians = f64::from(angle) / f64::from(QUARTER) * std::f64::consts::FRAC_PI_2;
            let split = Split::new(angle, 2);
            let [first, second] = split.gains.map(|gain| f64::from(gain) / 32_768.0);
            assert!((first - radians.cos()).abs() < 2e-4 && (second - radians.sin()).abs() < 2e-4, "{angle}");
            let log = f64::from(log_tangent(split.gains[1], split.gains[0])) / 2_048.0;
            assert!((log - radians.tan().log2()).abs() < 0.1 + 1e-3 / first.min(second), "{angle}: {log}");
        }
        assert_eq!((Split::new(0, 8).gains, Split::new(QUARTER, 8).gains), ([32_767, 0], [0, 32_767]));
    }

    #[test]
    fn all_angles_are_read() {
        let mut random = fastrand::Rng::with_seed(4);
        for parts in
            [Parts::Channels, Parts::Halves { has_blocks: true }, Parts::Halves { has_blocks: false }]
        {
            for lines in [2, 8] {
                for steps in [2, 4, 10, 256] {
                    let mut seen = vec![false; steps as usize + 1];
                    for _ in 0..60 * steps {
                        let data: [u8; 4] = std::array::from_fn(|_| random.u8(..));
                        let angle = angle(&mut Range::new(&data), steps, lines, parts);
                        let step = (angle * steps + QUARTER / 2) / QUARTER;
                        assert_eq!(angle, step * QUARTER / steps);
                        seen[step as usize] = true;
                    }
                    let missed = seen.iter().filter(|&&seen| !seen).count();
                    assert!(missed <= steps as usize / 64, "{missed} of {steps}");
                }
            }
        }
    }
}
