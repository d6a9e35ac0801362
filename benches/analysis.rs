//! Measures each transform of `refrain::analysis` beside a plain twin in the same process.
//!
//! `cargo bench --bench analysis` prints these columns: CPU milliseconds of one pass over a minute of made-up music
//! at 22,050 Hz, how many times real time that is, and the twin's CPU time over ours. Each figure is the best of
//! several rounds in which the two take turns. CPU time is the thread's on Linux, wall clock elsewhere.
//! `eval/compare_librosa.py` compares with other libraries.
use std::{error::Error, hint::black_box, time::Instant};

use refrain::analysis::{
    ChromaCqt, ChromaOptions, ChromaStft, Complex32, Cqt, CqtOptions, CqtScratch, Hpss, HpssOptions,
    HpssScratch, Pyin, PyinScratch, Stft, StftScratch, Tuning, TuningScratch, Yin, YinOptions, YinScratch,
};

type Done<T = ()> = Result<T, Box<dyn Error>>;

const RATE: f64 = 22_050.0;
const SECONDS: usize = 60;
const ROUNDS: usize = 4;
const LEAST: f64 = 0.05;

/// CPU seconds of this thread.
fn cpu() -> f64 {
    thread_local!(static BEGUN: Instant = Instant::now());
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = stat.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGUN.with(|b| b.elapsed().as_secs_f64()), |ns| ns / 1e9)
}

/// CPU seconds of one call of `pass`.
fn round<T>(mut pass: impl FnMut() -> Done<T>) -> Done<f64> {
    let mut calls = 1;
    loop {
        let begun = cpu();
        for _ in 0..calls {
            black_box(pass()?);
        }
        let spent = cpu() - begun;
        if spent >= LEAST {
            return Ok(spent / f64::from(calls));
        }
        calls *= 2;
    }
}

/// Measures a transform and its twin by turns and prints a row. The twin does `share` of the work.
fn row<T, U>(
    name: &str,
    twin: &str,
    share: f64,
    mut ours: impl FnMut() -> Done<T>,
    mut theirs: impl FnMut() -> Done<U>,
) -> Done {
    let (mut best, mut other) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        best = best.min(round(&mut ours)?);
        other = other.min(round(&mut theirs)? / share);
    }
    println!("{name:16} {:10.3} ms {:9.0} x {:8.2}  {twin}", best * 1e3, SECONDS as f64 / best, other / best);
    Ok(())
}

/// A melody over a bass, with noise on every beat.
fn music() -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(1);
    let at = |n: usize| {
        let note = n / 5512;
        let pitch = 220.0 * ((note * 7 % 12) as f64 / 12.0).exp2();
        let phase = std::f64::consts::TAU * n as f64 / RATE;
        let tone: f64 = (1..6).map(|h| (phase * pitch * f64::from(h)).sin() / f64::from(h)).sum();
        let noise = 2.0 * random.f64() - 1.0;
        let beat = (-((n % 11_025) as f64) / 800.0).exp();
        (0.2 * tone + 0.2 * (phase * 55.0).sin() + 0.3 * beat * noise) as f32
    };
    (0..SECONDS * RATE as usize).map(at).collect()
}

/// One complex FFT for each frame, with an empty imaginary part.
fn plain_stft(samples: &[f32]) -> Vec<Complex32> {
    let fft = refrain_fft::forward(2048);
    let window = |n: usize| (0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / 2048.0).cos()) * 1.0;
    let window: Vec<f32> = (0..2048).map(window).collect();
    let frames = samples.windows(2048).step_by(512);
    frames
        .flat_map(|frame| {
            let mut bins: Vec<Complex32> =
                frame.iter().zip(&window).map(|(x, w)| Complex32::new(x * w, 0.0)).collect();
            fft.process(&mut bins);
            bins.truncate(1025);
            bins
        })
        .collect()
}

/// The difference function of every frame, summed directly.
fn plain_differences(samples: &[f32]) -> Vec<f32> {
    let difference = |frame: &[f32], lag: usize| -> f32 {
        frame.iter().zip(&frame[lag..]).map(|(a, b)| (a - b) * (a - b)).sum()
    };
    let frames = samples.windows(2048).step_by(512);
    frames.flat_map(|frame| (1..=338).map(move |lag| difference(frame, lag))).collect()
}

/// Every bin by its windowed sinusoid at the full rate, for one frame.
fn plain_cqt_frame(samples: &[f32], cqt: &Cqt) -> Vec<f32> {
    let middle = samples.len() / 2;
    (0..cqt.bins())
        .map(|bin| {
            let f = cqt.frequency(bin);
            let length = (51.943 * RATE / f) as usize;
            let step = std::f64::consts::TAU * f / RATE;
            let sum: Complex32 = (0..length)
                .map(|n| {
                    let turned = Complex32::from_polar(1.0, (step * n as f64) as f32);
                    let window = 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / length as f32).cos();
                    turned * (samples[middle - length / 2 + n] * window)
                })
                .sum();
            sum.norm()
        })
        .collect()
}

fn main() -> Done {
    let samples = music();
    let frames = samples.len() / 512;
    println!("{:16} {:>13} {:>11} {:>8}  against", "transform", "CPU", "real time", "ratio");

    let (stft, mut scratch) = (Stft::new(2048, 512)?, StftScratch::default());
    row(
        "stft",
        "one FFT a frame, in single precision",
        1.0,
        || Ok(stft.transform(&samples, &mut scratch)?),
        || Ok(plain_stft(&samples)),
    )?;

    let cqt = Cqt::new(RATE, CqtOptions::default().bins(252).bins_per_octave(36))?;
    let mut scratch = CqtScratch::default();
    row(
        "cqt, 252 bins",
        "every bin by its sinusoid, at the full rate",
        1.0 / frames as f64,
        || Ok(cqt.transform(&samples, &mut scratch)?),
        || Ok(plain_cqt_frame(&samples, &cqt)),
    )?;
    let chroma = ChromaCqt::new(RATE, ChromaOptions::default())?;
    let mut other = CqtScratch::default();
    row(
        "chroma, cqt",
        "the transform, kept and then folded",
        1.0,
        || Ok(chroma.chroma(&samples, &mut scratch)?),
        || {
            let magnitudes = cqt.magnitudes(&samples, &mut other)?;
            let mut folded = vec![0.0f32; 12 * magnitudes.frames()];
            for (t, frame) in folded.chunks_exact_mut(12).enumerate() {
                for (bin, m) in magnitudes.frame(t).iter().enumerate() {
                    frame[(bin + 1) / 3 % 12] += m;
                }
            }
            Ok(folded)
        },
    )?;
    let stft_chroma = ChromaStft::new(RATE, 2048, 512, 0.0)?;
    let mut scratch = StftScratch::default();
    row(
        "chroma, stft",
        "one FFT a frame alone",
        1.0,
        || Ok(stft_chroma.chroma(&samples, &mut scratch)?),
        || Ok(plain_stft(&samples)),
    )?;
    let (tuning, mut scratch) = (Tuning::new(RATE)?, TuningScratch::default());
    row(
        "tuning",
        "one FFT a frame alone",
        1.0,
        || Ok(tuning.estimate(&samples, 36, &mut scratch)?),
        || Ok(plain_stft(&samples)),
    )?;

    // Kernels of another length use a sorted window; 29 is as much work as 31.
    let sorted = HpssOptions::default().harmonic_kernel(29).percussive_kernel(29);
    let (hpss, sorted) = (Hpss::new(2048, 512, HpssOptions::default())?, Hpss::new(2048, 512, sorted)?);
    let (mut scratch, mut other) = (HpssScratch::default(), HpssScratch::default());
    let (mut h, mut p, mut h2, mut p2) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let short = &samples[..samples.len() / 10];
    row(
        "hpss",
        "medians by a sorted window",
        0.1,
        || Ok(hpss.separate(&samples, &mut scratch, &mut h, &mut p)?),
        || Ok(sorted.separate(short, &mut other, &mut h2, &mut p2)?),
    )?;

    let (yin, mut scratch) = (Yin::new(RATE, YinOptions::default())?, YinScratch::default());
    row(
        "yin",
        "differences sum by sum",
        0.1,
        || Ok(yin.pitch(&samples, &mut scratch)?),
        || Ok(plain_differences(short)),
    )?;
    let (pyin, mut scratch) = (Pyin::new(RATE, YinOptions::default())?, PyinScratch::default());
    row(
        "pyin",
        "differences sum by sum",
        0.1,
        || Ok(pyin.pitch(&samples, &mut scratch)?),
        || Ok(plain_differences(short)),
    )
}
