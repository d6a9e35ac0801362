//! Constant-Q transform, chroma and tuning of samples.
use refrain::analysis::{
    CLASSES, ChromaCqt, ChromaOptions, Complex32, Cqt, CqtOptions, CqtScratch, Spectrogram, Tuning,
    TuningScratch,
};

use crate::{
    code::RefrainCode,
    guard::{guard, guard_or},
    input,
    output::{self, enough, fill},
    sized::{self, Growing, given},
};

/// A constant-Q transform for one sample rate. Any number of threads may use one at once.
pub struct RefrainCqt(Cqt);

/// Chroma by constant-Q transform for one sample rate. Any number of threads may use one at once.
pub struct RefrainChroma(ChromaCqt);

/// Options of a RefrainCqt. 0 stands for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainCqtOptions {
    /// sizeof (RefrainCqtOptions), set by the caller.
    pub size: usize,
    /// The lowest bin in hertz, before tuning; 0 for C1, 32.7 Hz.
    pub fmin: f64,
    /// The number of bins, up to 1,200; 0 for 84.
    pub bins: usize,
    /// Bins in an octave, up to 240; 0 for 12.
    pub bins_per_octave: usize,
    /// Samples from one frame to the next; 0 for 512.
    pub hop: usize,
    /// How many bins higher all frequencies are, -0.5 to 0.5.
    pub tuning: f64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainCqtOptions {
    const NAME: &'static str = "RefrainCqtOptions";
}

/// Options of a RefrainChroma. 0 stands for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainChromaOptions {
    /// sizeof (RefrainChromaOptions), set by the caller.
    pub size: usize,
    /// The lowest bin in hertz, before tuning; 0 for C1, 32.7 Hz.
    pub fmin: f64,
    /// The number of octaves; 0 for 7.
    pub octaves: usize,
    /// Bins of the transform in an octave, a multiple of twelve; 0 for 36.
    pub bins_per_octave: usize,
    /// Samples from one frame to the next; 0 for 512.
    pub hop: usize,
    /// How many bins the music is above A4 = 440 Hz, -0.5 to 0.5: see refrain_tuning.
    pub tuning: f64,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainChromaOptions {
    const NAME: &'static str = "RefrainChromaOptions";
}

/// Makes a transform for signals of `rate` hertz. `options` may be NULL. Free `*cqt` with refrain_cqt_free. It is NULL
/// after a failure.
///
/// REFRAIN_ERROR_ARGUMENT if the options contradict each other, or the highest bin is above half the rate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cqt_new(
    rate: f64,
    options: *const RefrainCqtOptions,
    cqt: *mut *mut RefrainCqt,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a struct of the caller, and room for a handle.
        let (place, o) = unsafe { (output::place(cqt, "cqt")?, sized::read(options)?) };
        let mut options = CqtOptions::default();
        options = given(options, o.fmin, CqtOptions::fmin);
        options = given(options, o.bins, CqtOptions::bins);
        options = given(options, o.bins_per_octave, CqtOptions::bins_per_octave);
        options = given(options, o.hop, CqtOptions::hop);
        options = options.tuning(o.tuning);
        *place = Box::into_raw(Box::new(RefrainCqt(Cqt::new(rate, options)?)));
        Ok(())
    })
}

/// Returns the number of frames for `count` samples, and of bins in each. `frames` and `bins` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cqt_shape(
    cqt: *const RefrainCqt,
    count: usize,
    frames: *mut usize,
    bins: *mut usize,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, and room for numbers.
        unsafe {
            let RefrainCqt(cqt) = input::handle(cqt, "cqt")?;
            output::put(frames, cqt.frames(count));
            output::put(bins, cqt.bins());
        }
        Ok(())
    })
}

/// Returns the frequency of a bin in hertz. NaN if there is no such bin or `cqt` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cqt_frequency(cqt: *const RefrainCqt, bin: usize) -> f64 {
    guard_or(f64::NAN, || {
        // SAFETY: a handle.
        let RefrainCqt(cqt) = unsafe { input::handle(cqt, "cqt") }?;
        Ok(if bin < cqt.bins() { cqt.frequency(bin) } else { f64::NAN })
    })
}

/// Computes the magnitudes of `count` samples of one channel: frames times bins values, frame after frame, lowest bin
/// first. `out` has room for `capacity` values.
///
/// REFRAIN_ERROR_ARGUMENT for samples that are not finite or above 1,000,000, REFRAIN_ERROR_BUFFER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cqt_magnitudes(
    cqt: *const RefrainCqt,
    samples: *const f32,
    count: usize,
    out: *mut f32,
    capacity: usize,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, samples, and room for values.
        unsafe {
            let RefrainCqt(cqt) = input::handle(cqt, "cqt")?;
            let samples = input::values(samples, count, "samples")?;
            enough(cqt.frames(count) * cqt.bins(), capacity, "out")?;
            let magnitudes = cqt.magnitudes(samples, &mut CqtScratch::default())?;
            fill(magnitudes.values(), out, capacity, "out")
        }
    })
}

/// Like refrain_cqt_magnitudes, for the complex transform: two values each, the real and the imaginary part, in the
/// layout of C's float complex. `capacity` must be twice as large.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cqt_transform(
    cqt: *const RefrainCqt,
    samples: *const f32,
    count: usize,
    out: *mut f32,
    capacity: usize,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, samples, and room for values; a complex number is two of `f32`.
        unsafe {
            let RefrainCqt(cqt) = input::handle(cqt, "cqt")?;
            let samples = input::values(samples, count, "samples")?;
            enough(2 * cqt.frames(count) * cqt.bins(), capacity, "out")?;
            let values: Spectrogram<Complex32> = cqt.transform(samples, &mut CqtScratch::default())?;
            let parts =
                input::values(values.values().as_ptr().cast::<f32>(), 2 * values.values().len(), "out")?;
            fill(parts, out, capacity, "out")
        }
    })
}

/// Frees a transform. Does nothing if `cqt` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_cqt_free(cqt: *mut RefrainCqt) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(cqt) }
}

/// Makes chroma for signals of `rate` hertz. `options` may be NULL. Free `*chroma` with refrain_chroma_free. It is
/// NULL after a failure. Errors are those of refrain_cqt_new.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_chroma_new(
    rate: f64,
    options: *const RefrainChromaOptions,
    chroma: *mut *mut RefrainChroma,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a struct of the caller, and room for a handle.
        let (place, o) = unsafe { (output::place(chroma, "chroma")?, sized::read(options)?) };
        let mut options = ChromaOptions::default();
        options = given(options, o.fmin, ChromaOptions::fmin);
        options = given(options, o.octaves, ChromaOptions::octaves);
        options = given(options, o.bins_per_octave, ChromaOptions::bins_per_octave);
        options = given(options, o.hop, ChromaOptions::hop);
        options = options.tuning(o.tuning);
        *place = Box::into_raw(Box::new(RefrainChroma(ChromaCqt::new(rate, options)?)));
        Ok(())
    })
}

/// Returns the number of frames for `count` samples. Each has 12 values. 0 if `chroma` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_chroma_frames(chroma: *const RefrainChroma, count: usize) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(chroma, "chroma") }?.0.cqt().frames(count)))
}

/// # Safety
/// As of the arguments in the header.
unsafe fn chroma_with(
    chroma: *const RefrainChroma,
    samples: *const f32,
    count: usize,
    out: *mut f32,
    capacity: usize,
    with: impl FnOnce(
        &ChromaCqt,
        &[f32],
    ) -> std::result::Result<Spectrogram<f32>, refrain::analysis::AnalysisError>,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, samples, and room for values.
        unsafe {
            let RefrainChroma(chroma) = input::handle(chroma, "chroma")?;
            let samples = input::values(samples, count, "samples")?;
            enough(chroma.cqt().frames(count) * CLASSES, capacity, "out")?;
            fill(with(chroma, samples)?.values(), out, capacity, "out")
        }
    })
}

/// Computes the chroma of `count` samples of one channel: frames times 12 values, frame after frame, C first, each frame
/// divided by its largest value. `out` has room for `capacity` values. Errors are those of refrain_cqt_magnitudes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_chroma(
    chroma: *const RefrainChroma,
    samples: *const f32,
    count: usize,
    out: *mut f32,
    capacity: usize,
) -> RefrainCode {
    let with = |chroma: &ChromaCqt, samples: &[f32]| chroma.chroma(samples, &mut CqtScratch::default());
    // SAFETY: as the header says.
    unsafe { chroma_with(chroma, samples, count, out, capacity, with) }
}

/// Like refrain_chroma, without the division: sums of magnitudes, which follow the loudness.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_chroma_raw(
    chroma: *const RefrainChroma,
    samples: *const f32,
    count: usize,
    out: *mut f32,
    capacity: usize,
) -> RefrainCode {
    let with = |chroma: &ChromaCqt, samples: &[f32]| chroma.raw(samples, &mut CqtScratch::default());
    // SAFETY: as the header says.
    unsafe { chroma_with(chroma, samples, count, out, capacity, with) }
}

/// Frees chroma. Does nothing if `chroma` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_chroma_free(chroma: *mut RefrainChroma) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(chroma) }
}

/// Estimates the tuning of `count` samples of one channel: how many bins they are above A4 = 440 Hz. An octave has
/// `bins_per_octave` bins (1 to 1,200). `*tuning` is -0.5 to 0.49, and 0 for silence.
///
/// REFRAIN_ERROR_ARGUMENT for a rate below 1 or above 1,000,000, and for samples that are not finite or above 1,000,000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_tuning(
    samples: *const f32,
    count: usize,
    rate: f64,
    bins_per_octave: usize,
    tuning: *mut f64,
) -> RefrainCode {
    guard(|| {
        // SAFETY: samples of the caller.
        let samples = unsafe { input::values(samples, count, "samples") }?;
        let estimator = Tuning::new(rate)?;
        let value = estimator.estimate(samples, bins_per_octave, &mut TuningScratch::default())?;
        // SAFETY: room for a number.
        unsafe { fill(&[value], tuning, 1, "tuning") }
    })
}
