use super::*;
use crate::{
    stft::StftScratch,
    test_signals::{noise, on_threads},
};

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The masks by their definition.
fn plain_masks(magnitudes: &Spectrogram<f32>, o: &HpssOptions) -> [Vec<f64>; 2] {
    let (frames, bins) = (magnitudes.frames(), magnitudes.bins());
    let (hh, hp) = ((o.harmonic_kernel / 2) as isize, (o.percussive_kernel / 2) as isize);
    let at = |t: usize, k: usize| f64::from(magnitudes.frame(t)[k]);
    let (mut harmonic, mut percussive) = (Vec::new(), Vec::new());
    let (mh, mp) = (f64::from(o.harmonic_margin), f64::from(o.percussive_margin));
    for t in 0..frames {
        for k in 0..bins {
            let h = (-hh..=hh).map(|d| at(mirrored(t as isize + d, frames), k)).collect();
            let p = (-hp..=hp).map(|d| at(t, mirrored(k as isize + d, bins))).collect();
            let (h, p) = (median(h), median(p));
            let split = if mh == 1.0 && mp == 1.0 { 0.5 } else { 0.0 };
            let soft = |x: f64, r: f64| {
                let z = x.max(r);
                if o.power.is_infinite() {
                    return f64::from(u8::from(x > r));
                }
                if z < f64::from(f32::MIN_POSITIVE) {
                    return split;
                }
                let power = f64::from(o.power);
                let (a, b) = ((x / z).powf(power), (r / z).powf(power));
                a / (a + b)
            };
            harmonic.push(soft(h, p * mh));
            percussive.push(soft(p, h * mp));
        }
    }
    [harmonic, percussive]
}

fn variants() -> Vec<HpssOptions> {
    let usual = HpssOptions::default();
    vec![
        usual,
        HpssOptions { harmonic_margin: 2.0, percussive_margin: 3.0, ..usual },
        HpssOptions { power: 1.0, harmonic_kernel: 17, ..usual },
        HpssOptions { power: f32::INFINITY, percussive_kernel: 5, ..usual },
        HpssOptions { harmonic_kernel: 1, percussive_kernel: 61, harmonic_margin: 1.5, ..usual },
    ]
}

#[test]
fn masks_and_parts_equal_their_definition() {
    for options in variants() {
        let hpss = Hpss::new(64, 16, options).unwrap();
        for len in [1, 15, 16, 500, 1500] {
            let samples = noise(len, 7);
            let mut scratch = StftScratch::default();
            let magnitudes = hpss.stft().magnitudes(&samples, &mut scratch).unwrap();
            let (mask_h, mask_p) = hpss.masks(&magnitudes).unwrap();
            let [plain_h, plain_p] = plain_masks(&magnitudes, &options);
            for (got, plain) in [(&mask_h, &plain_h), (&mask_p, &plain_p)] {
                for (i, (got, plain)) in got.values().iter().zip(plain).enumerate() {
                    assert!((f64::from(*got) - plain).abs() < 1e-5, "{options:?}, {len}, {i}: {got} {plain}");
                }
            }
            // The parts are the masked spectra, transformed back.
            let spectrum = hpss.stft().transform(&samples, &mut scratch).unwrap();
            let mut work = HpssScratch::default();
            let (mut h, mut p) = (Vec::new(), Vec::new());
            hpss.separate(&samples, &mut work, &mut h, &mut p).unwrap();
            for (part, mask) in [(&h, &mask_h), (&p, &mask_p)] {
                let mut masked = spectrum.clone();
                masked.values.iter_mut().zip(mask.values()).for_each(|(z, m)| *z *= *m);
                let plain = hpss.stft().inverse(&masked, len, &mut scratch).unwrap();
                assert_eq!(part.len(), len);
                for (i, (a, b)) in part.iter().zip(&plain).enumerate() {
                    assert!((a - b).abs() < 2e-5, "{options:?}, sample {i} of {len}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn streams_and_threads_give_the_same_bits() {
    let samples = noise(16 * 64 * 37 + 5, 3);
    for options in [HpssOptions::default(), variants()[1]] {
        for hop in [16, 32] {
            let hpss = Hpss::new(64, hop, options).unwrap();
            for len in [0, 1, 40, 3000, samples.len()] {
                let samples = &samples[..len];
                let (mut h, mut p) = (Vec::new(), Vec::new());
                hpss.separate(samples, &mut HpssScratch::default(), &mut h, &mut p).unwrap();
                for threads in [1, 2, 3] {
                    let (mut h2, mut p2) = (vec![9.0; 7], Vec::new());
                    on_threads(threads, || hpss.separate_on_threads(samples, &mut h2, &mut p2)).unwrap();
                    assert!(h == h2 && p == p2, "{threads} threads, {len}");
                }
                let mut stream = hpss.stream();
                for piece in [1, 97, 1000, 100_000] {
                    let (mut h2, mut p2) = (Vec::new(), Vec::new());
                    let mut put = |h: &[f32], p: &[f32]| {
                        h2.extend_from_slice(h);
                        p2.extend_from_slice(p);
                    };
                    for piece in samples.chunks(piece) {
                        stream.push(piece, &mut put).unwrap();
                    }
                    stream.finish(&mut put);
                    assert!(h == h2 && p == p2, "pieces of {piece}, {len} samples");
                }
            }
        }
    }
}

#[test]
fn odd_signals_give_finite_parts() {
    let hpss = Hpss::new(64, 16, HpssOptions::default()).unwrap();
    let clipped: Vec<f32> = noise(900, 1).iter().map(|x| (x * 9.0).clamp(-1.0, 1.0)).collect();
    for samples in
        [vec![], vec![1.0], vec![0.0; 777], vec![1.0; 777], vec![1e-39; 300], vec![1e6; 300], clipped]
    {
        let (mut h, mut p) = (Vec::new(), Vec::new());
        hpss.separate(&samples, &mut HpssScratch::default(), &mut h, &mut p).unwrap();
        assert!(h.len() == samples.len() && h.iter().chain(&p).all(|x| x.is_finite()));
    }
    for bad in [f32::NAN, f32::INFINITY, 1e7] {
        let (mut h, mut p) = (Vec::new(), Vec::new());
        let samples = [0.0, bad];
        let mut put = |_: &[f32], _: &[f32]| {};
        assert!(hpss.separate(&samples, &mut HpssScratch::default(), &mut h, &mut p).is_err());
        assert!(hpss.separate_on_threads(&samples, &mut h, &mut p).is_err());
        assert!(hpss.stream().push(&samples, &mut put).is_err());
    }
}

#[test]
fn bad_options_are_refused() {
    let usual = HpssOptions::default();
    for options in [
        HpssOptions { harmonic_kernel: 30, ..usual },
        HpssOptions { percussive_kernel: 0, ..usual },
        HpssOptions { percussive_kernel: 257, ..usual },
        HpssOptions { power: 0.0, ..usual },
        HpssOptions { power: f32::NAN, ..usual },
        HpssOptions { harmonic_margin: 0.5, ..usual },
        HpssOptions { percussive_margin: f32::NAN, ..usual },
    ] {
        assert!(Hpss::new(64, 16, options).is_err(), "{options:?}");
    }
    let hpss = Hpss::new(64, 16, usual).unwrap();
    assert!(hpss.masks(&Spectrogram::new(2, 32)).is_err());
    let mut bad = Spectrogram::new(2, 33);
    bad.frame_mut(0)[3] = -1.0;
    assert!(hpss.masks(&bad).is_err());
}
