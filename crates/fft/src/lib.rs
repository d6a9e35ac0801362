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
