//! Plans of [rustfft](https://docs.rs/rustfft), made once and shared.
//!
//! A planner is generic, so each crate that makes one compiles all transforms anew, which takes a minute. refrain's crates and
//! their tests take their plans from here, so that the transforms are compiled once.
#![deny(missing_docs)]
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rustfft::FftPlanner;
pub use rustfft::{Fft, num_complex};

/// Planners keep their plans: without them, planning takes as long as analyzing a short signal.
static SINGLE: LazyLock<Mutex<FftPlanner<f32>>> = LazyLock::new(|| Mutex::new(FftPlanner::new()));
static DOUBLE: LazyLock<Mutex<FftPlanner<f64>>> = LazyLock::new(|| Mutex::new(FftPlanner::new()));

/// A planner whose owner panicked is as good as before: what it keeps are whole plans.
fn planner<T: rustfft::FftNum>(of: &'static Mutex<FftPlanner<T>>) -> MutexGuard<'static, FftPlanner<T>> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A forward transform of `len` complex values in single precision, without any scaling.
pub fn forward(len: usize) -> Arc<dyn Fft<f32>> {
    planner(&SINGLE).plan_fft_forward(len)
}

/// An inverse transform of `len` complex values in single precision, without any scaling: after a forward transform the
/// values are `len` times what they were.
pub fn inverse(len: usize) -> Arc<dyn Fft<f32>> {
    planner(&SINGLE).plan_fft_inverse(len)
}

/// A forward transform of `len` complex values in double precision, without any scaling.
pub fn forward_wide(len: usize) -> Arc<dyn Fft<f64>> {
    planner(&DOUBLE).plan_fft_forward(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;

    /// The sums of the definition.
    fn slow(values: &[Complex<f64>], sign: f64) -> Vec<Complex<f64>> {
        let len = values.len();
        let turn =
            |k: usize| Complex::from_polar(1.0, sign * std::f64::consts::TAU * (k % len) as f64 / len as f64);
        (0..len).map(|k| values.iter().enumerate().map(|(n, v)| v * turn(k * n)).sum()).collect()
    }

    #[test]
    fn transforms_are_those_of_the_definition() {
        for len in [1, 2, 3, 12, 31, 60, 64] {
            let values: Vec<_> =
                (0..len).map(|n| Complex::new((n as f64).sin(), (n as f64 * 0.7).cos())).collect();
            let mut wide = values.clone();
            forward_wide(len).process(&mut wide);
            let narrow = |plan: Arc<dyn Fft<f32>>| {
                let mut narrow: Vec<_> =
                    values.iter().map(|v| Complex::new(v.re as f32, v.im as f32)).collect();
                plan.process(&mut narrow);
                narrow
            };
            let (there, back) = (narrow(forward(len)), narrow(inverse(len)));
            let (slow_there, slow_back) = (slow(&values, -1.0), slow(&values, 1.0));
            for k in 0..len {
                assert!((wide[k] - slow_there[k]).norm() < 1e-12 * len as f64, "{len}: {k}");
                for (fast, slow) in [(there[k], slow_there[k]), (back[k], slow_back[k])] {
                    assert!(
                        (Complex::new(f64::from(fast.re), f64::from(fast.im)) - slow).norm()
                            < 1e-5 * len as f64,
                        "{len}: {k}"
                    );
                }
            }
        }
    }
}
