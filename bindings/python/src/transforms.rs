//! The transforms of `refrain::analysis`, for one channel each.
use numpy::{Complex32, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use refrain::analysis::{
    AnalysisError, CLASSES, ChromaCqt, ChromaOptions, ChromaStft, Cqt, CqtOptions, CqtScratch, Difference,
    Hpss, HpssOptions, HpssScratch, Pyin, PyinScratch, Spectrogram, Stft, StftScratch, Tuning, TuningScratch,
    Yin, YinOptions, YinScratch, normalise,
};

use crate::{
    arrays::{frames, line, plane, samples},
    errors,
    fork::with_threads,
    scratch::Pool,
};

static STFT: Pool<StftScratch> = Pool::new();
static CQT: Pool<CqtScratch> = Pool::new();
static TUNING: Pool<TuningScratch> = Pool::new();
static HPSS: Pool<HpssScratch> = Pool::new();
static YIN: Pool<YinScratch> = Pool::new();
static PYIN: Pool<PyinScratch> = Pool::new();

type Line<'py, T> = Bound<'py, PyArray1<T>>;
type Plane<'py, T> = Bound<'py, PyArray2<T>>;

/// Computes while other Python threads run.
fn compute<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, AnalysisError> + Send) -> PyResult<T> {
    py.detach(|| with_threads(work)).map_err(|error| errors::of_analysis(py, &error))
}

/// The spectrum, (bins, frames).
#[pyfunction]
pub fn stft<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    n_fft: usize,
    hop_length: usize,
) -> PyResult<Plane<'py, Complex32>> {
    let y = samples(py, &y)?;
    let spectrum = compute(py, || {
        let stft = Stft::new(n_fft, hop_length)?;
        STFT.with(0, |scratch| stft.transform(y, scratch))
    })?;
    plane(py, spectrum.bins(), spectrum.into_values())
}

/// The magnitudes of the spectrum, or with a `power` of 2 their squares, (bins, frames).
#[pyfunction]
pub fn magnitudes<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    n_fft: usize,
    hop_length: usize,
    power: u32,
) -> PyResult<Plane<'py, f32>> {
    let y = samples(py, &y)?;
    let (bins, values) = compute(py, || {
        let stft = Stft::new(n_fft, hop_length)?;
        let mut values = STFT.with(0, |scratch| stft.magnitudes(y, scratch))?.into_values();
        if power == 2 {
            values.iter_mut().for_each(|v| *v *= *v);
        }
        Ok((stft.bins(), values))
    })?;
    plane(py, bins, values)
}

/// The signal of `length` samples of a spectrum of (frames, bins).
#[pyfunction]
pub fn istft<'py>(
    py: Python<'py>,
    s: PyReadonlyArray2<'py, Complex32>,
    n_fft: usize,
    hop_length: usize,
    length: usize,
) -> PyResult<Line<'py, f32>> {
    let s = frames(py, &s)?;
    let signal = compute(py, || {
        let stft = Stft::new(n_fft, hop_length)?;
        STFT.with(0, |scratch| stft.inverse_of(s, length, scratch))
    })?;
    Ok(line(py, signal))
}

/// The constant-Q transform, (bins, frames).
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn cqt<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    sr: f64,
    hop_length: usize,
    fmin: f64,
    n_bins: usize,
    bins_per_octave: usize,
    tuning: f64,
) -> PyResult<Plane<'py, Complex32>> {
    let y = samples(py, &y)?;
    let options = CqtOptions::default()
        .fmin(fmin)
        .bins(n_bins)
        .bins_per_octave(bins_per_octave)
        .hop(hop_length)
        .tuning(tuning);
    let spectrum = compute(py, || {
        let cqt = Cqt::new(sr, options)?;
        CQT.with(y.len(), |scratch| cqt.transform(y, scratch))
    })?;
    plane(py, n_bins, spectrum.into_values())
}

/// Chroma from `raw` sums of magnitudes, (12, frames). Divides each frame by its largest value if `normalised`.
fn chroma<'py>(
    py: Python<'py>,
    normalised: bool,
    raw: impl FnOnce() -> Result<Spectrogram<f32>, AnalysisError> + Send,
) -> PyResult<Plane<'py, f32>> {
    let spectrum = compute(py, || {
        let mut spectrum = raw()?;
        if normalised {
            normalise(&mut spectrum);
        }
        Ok(spectrum)
    })?;
    plane(py, CLASSES, spectrum.into_values())
}

/// Chroma of a constant-Q transform, (12, frames): sums of magnitudes, divided by their norm if `normalised`.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn chroma_cqt<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    sr: f64,
    hop_length: usize,
    fmin: f64,
    n_octaves: usize,
    bins_per_octave: usize,
    tuning: f64,
    normalised: bool,
) -> PyResult<Plane<'py, f32>> {
    let y = samples(py, &y)?;
    let options = ChromaOptions::default()
        .fmin(fmin)
        .octaves(n_octaves)
        .bins_per_octave(bins_per_octave)
        .hop(hop_length)
        .tuning(tuning);
    chroma(py, normalised, || {
        let plan = ChromaCqt::new(sr, options)?;
        CQT.with(y.len(), |scratch| plan.raw(y, scratch))
    })
}

/// Chroma of a short-time Fourier transform, (12, frames).
#[pyfunction]
pub fn chroma_stft<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    sr: f64,
    n_fft: usize,
    hop_length: usize,
    tuning: f64,
    normalised: bool,
) -> PyResult<Plane<'py, f32>> {
    let y = samples(py, &y)?;
    chroma(py, normalised, || {
        let plan = ChromaStft::new(sr, n_fft, hop_length, tuning)?;
        STFT.with(0, |scratch| plan.raw(y, scratch))
    })
}

/// Chroma of powers of a short-time Fourier transform, which have shape (frames, bins).
#[pyfunction]
pub fn chroma_stft_of<'py>(
    py: Python<'py>,
    powers: PyReadonlyArray2<'py, f32>,
    sr: f64,
    n_fft: usize,
    tuning: f64,
    normalised: bool,
) -> PyResult<Plane<'py, f32>> {
    let powers = frames(py, &powers)?;
    chroma(py, normalised, || {
        // The hop has no meaning here: the frames exist already.
        let plan = ChromaStft::new(sr, n_fft, n_fft, tuning)?;
        plan.raw_of(powers)
    })
}

/// The tuning in parts of a bin.
#[pyfunction]
pub fn estimate_tuning(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f32>,
    sr: f64,
    bins_per_octave: usize,
) -> PyResult<f64> {
    let y = samples(py, &y)?;
    compute(py, || {
        let plan = Tuning::new(sr)?;
        TUNING.with(y.len(), |scratch| plan.estimate(y, bins_per_octave, scratch))
    })
}

/// The tuning of magnitudes or powers, which have shape (frames, bins).
#[pyfunction]
pub fn estimate_tuning_of(
    py: Python<'_>,
    s: PyReadonlyArray2<'_, f32>,
    sr: f64,
    bins_per_octave: usize,
) -> PyResult<f64> {
    let bins = s.as_array().ncols();
    let s = frames(py, &s)?;
    compute(py, || Tuning::estimate_of(sr, s, bins, bins_per_octave))
}

fn hpss_options(kernels: (usize, usize), power: f32, margins: (f32, f32)) -> HpssOptions {
    HpssOptions::default()
        .harmonic_kernel(kernels.0)
        .percussive_kernel(kernels.1)
        .power(power)
        .harmonic_margin(margins.0)
        .percussive_margin(margins.1)
}

/// The harmonic and the percussive part.
#[pyfunction]
pub fn hpss<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    n_fft: usize,
    hop_length: usize,
    kernels: (usize, usize),
    power: f32,
    margins: (f32, f32),
) -> PyResult<(Line<'py, f32>, Line<'py, f32>)> {
    let y = y.as_slice().map_err(|_| errors::parameter(py, "samples must be contiguous"))?;
    let (harmonic, percussive) = compute(py, || {
        let plan = Hpss::new(n_fft, hop_length, hpss_options(kernels, power, margins))?;
        let (mut harmonic, mut percussive) = (Vec::new(), Vec::new());
        HPSS.with(0, |scratch| plan.separate(y, scratch, &mut harmonic, &mut percussive))?;
        Ok((harmonic, percussive))
    })?;
    Ok((line(py, harmonic), line(py, percussive)))
}

/// The harmonic and the percussive mask of magnitudes of (frames, bins), each (bins, frames).
#[pyfunction]
pub fn hpss_masks<'py>(
    py: Python<'py>,
    magnitudes: PyReadonlyArray2<'py, f32>,
    kernels: (usize, usize),
    power: f32,
    margins: (f32, f32),
) -> PyResult<(Plane<'py, f32>, Plane<'py, f32>)> {
    let bins = magnitudes.as_array().ncols();
    let magnitudes = frames(py, &magnitudes)?;
    let (harmonic, percussive) = compute(py, || {
        let length = 2 * bins.saturating_sub(1);
        let plan = Hpss::new(length, length / 2, hpss_options(kernels, power, margins))?;
        plan.masks_of(magnitudes)
    })?;
    Ok((plane(py, bins, harmonic.into_values())?, plane(py, bins, percussive.into_values())?))
}

/// Parameters of YIN and pYIN.
#[derive(FromPyObject)]
pub struct Sought {
    sr: f64,
    fmin: f64,
    fmax: f64,
    frame_length: usize,
    hop_length: usize,
    trough_threshold: f32,
    textbook: bool,
}

impl Sought {
    fn options(&self) -> YinOptions {
        YinOptions::default()
            .fmin(self.fmin)
            .fmax(self.fmax)
            .frame_length(self.frame_length)
            .hop(self.hop_length)
            .threshold(self.trough_threshold)
            .difference(if self.textbook { Difference::Textbook } else { Difference::Librosa })
    }
}

/// The pitch of each frame, and how far from periodic it is.
#[pyfunction]
pub fn yin<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    sought: Sought,
) -> PyResult<(Line<'py, f64>, Line<'py, f64>)> {
    let y = samples(py, &y)?;
    let pitch = compute(py, || {
        let plan = Yin::new(sought.sr, sought.options())?;
        YIN.with(0, |scratch| plan.pitch(y, scratch))
    })?;
    let of =
        |value: fn(&refrain::analysis::Pitch) -> f32| pitch.iter().map(|p| f64::from(value(p))).collect();
    Ok((line(py, of(|p| p.frequency)), line(py, of(|p| p.aperiodicity))))
}

/// The pitch of each frame, `fill` where it is not voiced; whether it is; and how probably.
#[pyfunction]
pub fn pyin<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'py, f32>,
    sought: Sought,
    fill: f64,
) -> PyResult<(Line<'py, f64>, Line<'py, bool>, Line<'py, f64>)> {
    let y = samples(py, &y)?;
    let pitch = compute(py, || {
        let plan = Pyin::new(sought.sr, sought.options())?;
        PYIN.with(y.len(), |scratch| plan.pitch(y, scratch))
    })?;
    let frequencies = pitch.iter().map(|p| p.frequency.map_or(fill, f64::from)).collect();
    let voiced = pitch.iter().map(|p| p.frequency.is_some()).collect();
    let probabilities = pitch.iter().map(|p| f64::from(p.voiced)).collect();
    Ok((line(py, frequencies), line(py, voiced), line(py, probabilities)))
}
