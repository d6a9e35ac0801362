//! A table of frames and bins, which every transform returns.
use crate::error::AnalysisError;

/// Values in frames and bins, stored frame after frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectrogram<T> {
    bins: usize,
    pub(crate) values: Vec<T>,
}

impl<T: Clone + Default> Spectrogram<T> {
    /// Creates `frames` frames of `bins` default values.
    #[doc(hidden)]
    pub fn new(frames: usize, bins: usize) -> Self {
        Self { bins, values: vec![T::default(); frames * bins] }
    }
}

impl<T> Spectrogram<T> {
    /// The number of values in a frame.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.values.len().checked_div(self.bins).unwrap_or(0)
    }

    /// The values of frame `t`, lowest bin first.
    ///
    /// # Panics
    /// Unless `t < frames()`.
    pub fn frame(&self, t: usize) -> &[T] {
        &self.values[t * self.bins..(t + 1) * self.bins]
    }

    /// The values of frame `t`, for writing.
    ///
    /// # Panics
    /// Unless `t < frames()`.
    pub fn frame_mut(&mut self, t: usize) -> &mut [T] {
        &mut self.values[t * self.bins..(t + 1) * self.bins]
    }

    /// All values, frame after frame.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Takes all values out, frame after frame.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }
}

/// Returns the number of frames of `bins` values in `values`.
///
/// # Errors
/// Unless they are whole frames, finite and not negative.
pub(crate) fn frames_of_magnitudes(values: &[f32], bins: usize) -> Result<usize, AnalysisError> {
    let frames = whole_frames(values.len(), bins)?;
    match values.iter().find(|v| !(0.0..=f32::MAX).contains(*v)) {
        Some(bad) => {
            AnalysisError::ensure(false, "a magnitude", f64::from(*bad), "finite and 0 or more")?;
            Ok(0)
        }
        None => Ok(frames),
    }
}

/// Returns the number of frames of `bins` values that `values` values make.
///
/// # Errors
/// Unless they are whole frames.
pub(crate) fn whole_frames(values: usize, bins: usize) -> Result<usize, AnalysisError> {
    let whole = bins > 0 && values.is_multiple_of(bins);
    AnalysisError::ensure(whole, "values", values as f64, &format!("whole frames of {bins}"))?;
    Ok(values / bins)
}
