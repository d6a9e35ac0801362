//! Samples as the transforms read them: zeros before and after.
use super::{AnalysisError, LOUDEST};

/// Holds that all samples can be worked with.
///
/// # Errors
/// [`AnalysisError::Sample`] for the first one that is not finite or above [`LOUDEST`]; its number counts from `origin`.
pub(crate) fn check(samples: &[f32], origin: usize) -> Result<(), AnalysisError> {
    // NaN is not within any range.
    let good = |x: &f32| x.abs() <= LOUDEST;
    // Whole blocks at once: a loop with an early end does not vectorise.
    for (n, block) in samples.chunks(1024).enumerate() {
        if !block.iter().fold(true, |all, x| all & good(x)) {
            let i = block.iter().position(|x| !good(x)).unwrap_or(0);
            return Err(AnalysisError::Sample { at: origin + n * 1024 + i, value: block[i] });
        }
    }
    Ok(())
}

/// A stretch of a signal that is zero outside of it.
#[derive(Clone, Copy)]
pub(crate) struct Signal<'a> {
    /// The stretch.
    pub samples: &'a [f32],
    /// The number of its first sample.
    pub origin: isize,
}

impl<'a> Signal<'a> {
    /// A whole signal.
    pub(super) fn whole(samples: &'a [f32]) -> Self {
        Self { samples, origin: 0 }
    }

    /// Samples `start .. start + len`; put together in `edge` where they are not all in the stretch.
    pub(super) fn segment<'b>(&self, start: isize, len: usize, edge: &'b mut Vec<f32>) -> &'b [f32]
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
            [(4999, f32::INFINITY), (3000, -f32::INFINITY), (1024, 2.0 * LOUDEST), (7, f32::NAN)]
        {
            samples[at] = value;
            match check(&samples, 100) {
                Err(AnalysisError::Sample { at: told, .. }) => assert_eq!(told, at + 100),
                other => panic!("{other:?}"),
            }
        }
    }
}
