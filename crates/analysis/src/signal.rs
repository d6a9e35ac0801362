//! Samples as the transforms read them: the signal is zero before its first and after its last sample.
use crate::error::{AnalysisError, MAX_AMPLITUDE};

/// Checks that all samples are finite and at most [`MAX_AMPLITUDE`].
///
/// # Errors
/// [`AnalysisError::Sample`] for the first bad sample. Sample numbers count from `origin`.
#[doc(hidden)]
pub fn check(samples: &[f32], origin: usize) -> Result<(), AnalysisError> {
    // NaN is in no range.
    let good = |x: &f32| x.abs() <= MAX_AMPLITUDE;
    // Whole blocks at once: a loop with an early exit does not vectorise.
    for (n, block) in samples.chunks(1024).enumerate() {
        if !block.iter().fold(true, |all, x| all & good(x)) {
            let i = block.iter().position(|x| !good(x)).unwrap_or(0);
            return Err(AnalysisError::Sample { at: origin + n * 1024 + i, value: block[i] });
        }
    }
    Ok(())
}

/// A part of a signal. Samples outside of it read as zero.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Signal<'a> {
    /// The samples.
    pub samples: &'a [f32],
    /// The number of the first sample.
    pub origin: isize,
}

impl<'a> Signal<'a> {
    /// A whole signal.
    pub(crate) fn whole(samples: &'a [f32]) -> Self {
        Self { samples, origin: 0 }
    }

    /// Returns samples `start .. start + len`. Assembles them in `edge` if some lie outside of the part.
    pub(crate) fn segment<'b>(&self, start: isize, len: usize, edge: &'b mut Vec<f32>) -> &'b [f32]
    where
        'a: 'b,
    {
        let from = start - self.origin;
        if let Ok(from) = usize::try_from(from)
            && let Some(inside) = self.samples.get(from..from + len)
        {
            return inside;
        }
        edge.clear();
        edge.resize(len, 0.0);
        let first = from.max(0);
        let last = (from + len as isize).min(self.samples.len() as isize);
        if first < last {
            edge[(first - from) as usize..(last - from) as usize]
                .copy_from_slice(&self.samples[first as usize..last as usize]);
        }
        edge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_zero_outside_of_the_signal() {
        let samples: Vec<f32> = (1..=5u8).map(f32::from).collect();
        for origin in [-2, 0, 3] {
            let signal = Signal { samples: &samples, origin };
            for start in -12..12 {
                for len in 0..12 {
                    let plain: Vec<f32> = (start..start + len as isize)
                        .map(|s| if (0..5).contains(&(s - origin)) { (s - origin + 1) as f32 } else { 0.0 })
                        .collect();
                    assert_eq!(signal.segment(start, len, &mut Vec::new()), plain);
                }
            }
        }
    }

    #[test]
    fn bad_samples_are_named() {
        let mut samples = vec![1.0; 5000];
        assert_eq!(check(&samples, 0), Ok(()));
        for (at, value) in
            [(4999, f32::INFINITY), (3000, -f32::INFINITY), (1024, 2.0 * MAX_AMPLITUDE), (7, f32::NAN)]
        {
            samples[at] = value;
            match check(&samples, 100) {
                Err(AnalysisError::Sample { at: reported, .. }) => assert_eq!(reported, at + 100),
                other => panic!("{other:?}"),
            }
        }
    }
}
