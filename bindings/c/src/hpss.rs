//! Harmonic and percussive parts of samples.
use refrain::analysis::{Hpss, HpssOptions, HpssScratch};

use crate::{
    code::RefrainCode,
    guard::guard,
    input,
    output::fill,
    sized::{self, Growing, given, or},
};

/// How refrain_hpss separates. 0 stands for the default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainHpssOptions {
    /// sizeof (RefrainHpssOptions), set by the caller.
    pub size: usize,
    /// Samples in a frame; 0 for 2,048.
    pub frame_length: usize,
    /// Samples from one frame to the next; 0 for 512.
    pub hop: usize,
    /// Frames in the harmonic median: odd, up to 255; 0 for 31.
    pub harmonic_kernel: usize,
    /// Bins in the percussive median: odd, up to 255; 0 for 31.
    pub percussive_kernel: usize,
    /// The sharpness of the masks: the exponent of the medians. 0 for 2; INFINITY makes masks of 0 and 1.
    pub power: f32,
    /// How many times the percussive median the harmonic one must reach, 1 or more; 0 for 1. Above 1 a residue belongs to
    /// neither part.
    pub harmonic_margin: f32,
    /// How many times the harmonic median the percussive one must reach, 1 or more; 0 for 1.
    pub percussive_margin: f32,
}
// SAFETY: numbers throughout, the size first.
unsafe impl Growing for RefrainHpssOptions {
    const NAME: &'static str = "RefrainHpssOptions";
}

/// Separates `count` samples of one channel into a harmonic and a percussive part, `count` values each, by median filters
/// (Fitzgerald 2010). Without margins their sum is the signal, except for rounding. `options` may be NULL. Neither output
/// may overlap the samples or the other one.
///
/// REFRAIN_ERROR_ARGUMENT if the options contradict each other, and for samples that are not finite or above 1,000,000.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_hpss(
    samples: *const f32,
    count: usize,
    options: *const RefrainHpssOptions,
    harmonic: *mut f32,
    percussive: *mut f32,
) -> RefrainCode {
    guard(|| {
        // SAFETY: samples, and a struct of the caller.
        let (samples, o) = unsafe { (input::values(samples, count, "samples")?, sized::read(options)?) };
        let mut options = HpssOptions::default();
        options = given(options, o.harmonic_kernel, HpssOptions::harmonic_kernel);
        options = given(options, o.percussive_kernel, HpssOptions::percussive_kernel);
        options = given(options, o.power, HpssOptions::power);
        options = given(options, o.harmonic_margin, HpssOptions::harmonic_margin);
        options = given(options, o.percussive_margin, HpssOptions::percussive_margin);
        let hpss = Hpss::new(or(o.frame_length, 2048), or(o.hop, 512), options)?;
        let (mut h, mut p) = (Vec::new(), Vec::new());
        hpss.separate(samples, &mut HpssScratch::default(), &mut h, &mut p)?;
        // SAFETY: room for values.
        unsafe {
            fill(&h, harmonic, count, "harmonic")?;
            fill(&p, percussive, count, "percussive")
        }
    })
}
