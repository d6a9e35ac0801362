//! The slopes of windows (4.3.1).
use std::f64::consts::FRAC_PI_2;

/// The two halves of a window.
pub(super) struct Slope {
    pub rising: Vec<f32>,
    pub falling: Vec<f32>,
}

impl Slope {
    /// Every `step`th value of the halves of a window, which have `len` values each.
    pub fn new(len: usize, step: usize) -> Slope {
        let value = |n: usize| {
            let sine = (FRAC_PI_2 * (n as f64 + 0.5) / len as f64).sin();
            (FRAC_PI_2 * sine * sine).sin() as f32
        };
        let places = || (0..len).step_by(step);
        Slope {
            rising: places().map(value).collect(),
            falling: places().map(|n| value(len - 1 - n)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_of_both_halves_add_up_to_one() {
        for len in [32, 128, 1024, 4096] {
            for step in [1, 2, 4, 8] {
                let slope = Slope::new(len, step);
                assert_eq!(slope.rising.len(), len / step);
                for (up, down) in slope.rising.iter().zip(&slope.falling) {
                    assert!((up * up + down * down - 1.0).abs() < 1e-6);
                }
            }
        }
    }
}
