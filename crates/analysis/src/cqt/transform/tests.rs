use std::f64::consts::TAU;

use super::*;
use crate::{
    cqt::options::C1,
    test_signals::{noise, on_threads},
};

/// The inner product with a windowed sinusoid at the full rate: the definition, without any approximation.
fn plain(cqt: &Cqt, samples: &[f32], t: usize, bin: usize) -> f64 {
    let o = &cqt.options;
    let squared = (2.0 / o.bins_per_octave as f64).exp2();
    let length = (squared + 1.0) / (squared - 1.0) * cqt.rate() / cqt.frequency(bin);
    let half = (length / 2.0).floor() as isize;
    let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
    for n in -half..=half {
        let window = 0.5 + 0.5 * (TAU * n as f64 / length).cos();
        sum += window;
        let s = (t * o.hop) as isize + n;
        if let Some(&x) = usize::try_from(s).ok().and_then(|s| samples.get(s)) {
            let phase = TAU * cqt.frequency(bin) * n as f64 / cqt.rate();
            re += f64::from(x) * window * phase.cos();
            im += f64::from(x) * window * phase.sin();
        }
    }
    re.hypot(im) / sum * length.sqrt()
}

#[test]
fn is_near_the_plain_transform() {
    let samples = noise(9000, 5);
    for (bins, bins_per_octave, hop, rate) in
        [(84, 12, 512, 22_050.0), (100, 36, 64, 22_050.0), (30, 12, 25, 8000.0), (48, 12, 512, 44_100.0)]
    {
        let fmin = if bins == 84 { C1 } else { 130.0 };
        let options = CqtOptions { fmin, bins, bins_per_octave, hop, tuning: 0.2 };
        let cqt = Cqt::new(rate, options).unwrap();
        let got = cqt.magnitudes(&samples, &mut CqtScratch::default()).unwrap();
        assert_eq!((got.bins(), got.frames()), (bins, 1 + samples.len() / hop));
        let (mut off, mut all) = (0.0, 0.0);
        for t in 0..got.frames() {
            for bin in (0..bins).step_by(5) {
                let expected = plain(&cqt, &samples, t, bin);
                off += (f64::from(got.frame(t)[bin]) - expected).powi(2);
                all += expected.powi(2);
            }
        }
        // Sparse kernels cause this error, in librosa too.
        let relative = (off / all).sqrt();
        assert!(relative < 0.02, "{bins}/{bins_per_octave}, hop {hop}: {relative}");
    }
}

#[test]
fn every_instruction_set_and_any_number_of_threads_agree() {
    let samples = noise(30_000, 5);
    let options = CqtOptions { bins: 96, bins_per_octave: 24, fmin: 200.0, ..CqtOptions::default() };
    let mut cqt = Cqt::new(22_050.0, options).unwrap();
    let best = cqt.transform(&samples, &mut CqtScratch::default()).unwrap();
    for threads in [1, 3] {
        assert_eq!(on_threads(threads, || cqt.transform_on_threads(&samples)).unwrap(), best);
    }
    for isa in Isa::available() {
        cqt.isa = isa;
        let got = cqt.transform(&samples, &mut CqtScratch::default()).unwrap();
        for (a, b) in got.values().iter().zip(best.values()) {
            assert!((a - b).norm() < 1e-5, "{isa:?}");
        }
    }
}

#[test]
fn odd_signals_give_finite_values() {
    let cqt = Cqt::new(22_050.0, CqtOptions::default()).unwrap();
    for (samples, frames) in [(vec![], 0), (vec![1.0], 1), (vec![1e6; 700], 2), (vec![0.0; 512], 2)] {
        let got = cqt.magnitudes(&samples, &mut CqtScratch::default()).unwrap();
        assert_eq!(got.frames(), frames);
        assert!(got.values().iter().all(|v| v.is_finite()));
    }
    assert!(cqt.magnitudes(&[f32::NAN], &mut CqtScratch::default()).is_err());
    assert!(cqt.transform_on_threads(&[f32::INFINITY]).is_err());
}

#[test]
fn bad_options_are_refused() {
    let usual = CqtOptions::default();
    for options in [
        CqtOptions { bins: 0, ..usual },
        CqtOptions { bins: 120, ..usual },
        CqtOptions { bins_per_octave: 0, ..usual },
        CqtOptions { hop: 0, ..usual },
        CqtOptions { fmin: 0.0, ..usual },
        CqtOptions { fmin: f64::NAN, ..usual },
        CqtOptions { tuning: 0.7, ..usual },
    ] {
        assert!(Cqt::new(22_050.0, options).is_err(), "{options:?}");
    }
    assert!(Cqt::new(f64::NAN, usual).is_err());
}
