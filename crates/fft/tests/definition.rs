//! Transforms beside the sums of their definition. Outside of the crate, or all transforms would be compiled a second time.
use std::sync::Arc;

use refrain_fft::{Fft, forward, forward_wide, inverse, num_complex::Complex};

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
            let mut narrow: Vec<_> = values.iter().map(|v| Complex::new(v.re as f32, v.im as f32)).collect();
            plan.process(&mut narrow);
            narrow
        };
        let (there, back) = (narrow(forward(len)), narrow(inverse(len)));
        let (slow_there, slow_back) = (slow(&values, -1.0), slow(&values, 1.0));
        for k in 0..len {
            assert!((wide[k] - slow_there[k]).norm() < 1e-12 * len as f64, "{len}: {k}");
            for (fast, slow) in [(there[k], slow_there[k]), (back[k], slow_back[k])] {
                assert!(
                    (Complex::new(f64::from(fast.re), f64::from(fast.im)) - slow).norm() < 1e-5 * len as f64,
                    "{len}: {k}"
                );
            }
        }
    }
}
