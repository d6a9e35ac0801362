//! The pitch of samples.
use refrain::analysis::{Difference, Yin, YinOptions, YinScratch};

use crate::{
    code::RefrainCode,
    guard::{guard, guard_or},
    input,
    output::{self, enough, fill},
    sized::{self, Growing, given},
};

/// A pitch tracker (YIN) for one sample rate. Any number of threads may use one at once.
pub struct RefrainYin(Yin);

/// Options of a RefrainYin. 0 stands for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainYinOptions {
    /// sizeof (RefrainYinOptions), set by the caller.
    pub size: usize,
    /// The lowest frequency in hertz; 0 for C2, 65.4 Hz.
    pub fmin: f64,
    /// The highest frequency in hertz, at most half the rate; 0 for C7, 2,093 Hz.
    pub fmax: f64,
    /// Samples in a frame; 0 for 2,048.
    pub frame_length: usize,
    /// Samples from one frame to the next; 0 for 512.
    pub hop: usize,
    /// The aperiodicity below which the first dip is taken, up to 1; 0 for 0.1.
    pub threshold: f32,
    /// Not 0: use librosa's difference function, which reads low notes up to 10 cents sharp.
    pub librosa: std::ffi::c_int,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainYinOptions {
    const NAME: &'static str = "RefrainYinOptions";
}

/// Makes a pitch tracker for signals of `rate` hertz. `options` may be NULL. Free `*yin` with refrain_yin_free. It is
/// NULL after a failure.
///
/// REFRAIN_ERROR_ARGUMENT if the options contradict each other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_yin_new(
    rate: f64,
    options: *const RefrainYinOptions,
    yin: *mut *mut RefrainYin,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a struct of the caller, and room for a handle.
        let (place, o) = unsafe { (output::place(yin, "yin")?, sized::read(options)?) };
        let mut options = YinOptions::default();
        options = given(options, o.fmin, YinOptions::fmin);
        options = given(options, o.fmax, YinOptions::fmax);
        options = given(options, o.frame_length, YinOptions::frame_length);
        options = given(options, o.hop, YinOptions::hop);
        options = given(options, o.threshold, YinOptions::threshold);
        if o.librosa != 0 {
            options = options.difference(Difference::Librosa);
        }
        *place = Box::into_raw(Box::new(RefrainYin(Yin::new(rate, options)?)));
        Ok(())
    })
}

/// Returns the number of frames for `count` samples. 0 if `yin` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_yin_frames(yin: *const RefrainYin, count: usize) -> usize {
    // SAFETY: a handle.
    guard_or(0, || Ok(unsafe { input::handle(yin, "yin") }?.0.frames(count)))
}

/// Tracks the pitch of `count` samples of one channel: for each frame the frequency in hertz, and the aperiodicity, near
/// 0 for a steady tone, near 1 for noise, 1 for silence. Every frame has a frequency, even without a pitch. Each output
/// has room for `capacity` values; `aperiodicity` may be NULL.
///
/// REFRAIN_ERROR_ARGUMENT for samples that are not finite or above 1,000,000, REFRAIN_ERROR_BUFFER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_yin(
    yin: *const RefrainYin,
    samples: *const f32,
    count: usize,
    frequency: *mut f32,
    aperiodicity: *mut f32,
    capacity: usize,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, samples, and room for values.
        unsafe {
            let RefrainYin(yin) = input::handle(yin, "yin")?;
            let samples = input::values(samples, count, "samples")?;
            enough(yin.frames(count), capacity, "frequency")?;
            let pitch = yin.pitch(samples, &mut YinScratch::default())?;
            let (f, a): (Vec<f32>, Vec<f32>) = pitch.iter().map(|p| (p.frequency, p.aperiodicity)).unzip();
            fill(&f, frequency, capacity, "frequency")?;
            if !aperiodicity.is_null() {
                fill(&a, aperiodicity, capacity, "aperiodicity")?;
            }
        }
        Ok(())
    })
}

/// Frees a pitch tracker. Does nothing if `yin` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_yin_free(yin: *mut RefrainYin) {
    // SAFETY: a handle that is not used again.
    unsafe { input::free(yin) }
}
