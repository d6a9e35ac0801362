//! The slopes of windows: sine and Kaiser-Bessel-derived (ISO/IEC 14496-3, 4.6.11.3.2).
use std::f64::consts::PI;

/// The two halves of a window.
pub(super) struct Slope {
    pub rising: Vec<f32>,
    pub falling: Vec<f32>,
}

/// Every `step`th value of the halves of two windows of `lines` samples each: sine, and Kaiser-Bessel-derived.
pub(super) fn slopes(lines: usize, alpha: f64, step: usize) -> [Slope; 2] {
    let sine = |n: usize| (PI / (2 * lines) as f64 * (n as f64 + 0.5)).sin();
    let kaiser = kaiser(lines, alpha);
    [sampled(lines, step, sine), sampled(lines, step, |n| kaiser[n].sqrt())]
}

fn sampled(lines: usize, step: usize, value: impl Fn(usize) -> f64) -> Slope {
    let places = || (0..lines).step_by(step);
    Slope {
        rising: places().map(|n| value(n) as f32).collect(),
        falling: places().map(|n| value(lines - 1 - n) as f32).collect(),
    }
}

/// The squares of the Kaiser-Bessel-derived slope: running sums over a Kaiser window.
fn kaiser(lines: usize, alpha: f64) -> Vec<f64> {
    let weight = |n: usize| {
        let place = 2.0 * n as f64 / lines as f64 - 1.0;
        bessel(PI * alpha * (1.0 - place * place).max(0.0).sqrt())
    };
    let total: f64 = (0..=lines).map(weight).sum();
    let mut sum = 0.0;
    (0..lines)
        .map(|n| {
            sum += weight(n);
            sum / total
        })
        .collect()
}

/// The modified Bessel function of the first kind and order 0.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..100 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_of_both_slopes_add_up_to_one() {
        for (lines, alpha) in [(1024, 4.0), (128, 6.0)] {
            for step in [1, 2, 4, 8] {
                for slope in slopes(lines, alpha, step) {
                    assert_eq!(slope.rising.len(), lines / step);
                    for (up, down) in slope.rising.iter().zip(&slope.falling) {
                        assert!((up * up + down * down - 1.0).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn bessel_at_known_places() {
        assert_eq!(bessel(0.0), 1.0);
        assert!((bessel(1.0) - 1.266_065_877_752_008_4).abs() < 1e-14);
        assert!((bessel(4.0 * PI) / 32_633.6 - 1.0).abs() < 1e-3);
    }
}
