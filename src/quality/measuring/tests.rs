use std::f32::consts::TAU;

use proptest::prelude::*;

use super::*;

const RATE: SampleRate = SampleRate(44_100);

fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| random.f32() - 0.5).collect()
}

/// The samples through a filter that lets frequencies below `cut` hertz pass: a windowed sinc, which falls by some 70 dB within
/// 300 Hz.
fn below(samples: &[f32], cut: f32, rate: SampleRate) -> Vec<f32> {
    let reach = (rate.0 as f32 / 100.0) as isize;
    let cut = cut / rate.0 as f32;
    let tap = |n: isize| {
        let (x, place) = (n as f32, n as f32 / reach as f32);
        let sinc = if n == 0 { 2.0 * cut } else { (TAU * cut * x).sin() / (TAU / 2.0 * x) };
        sinc * (0.42 + 0.5 * (TAU / 2.0 * place).cos() + 0.08 * (TAU * place).cos())
    };
    let taps: Vec<f32> = (-reach..=reach).map(tap).collect();
    samples.windows(taps.len()).map(|window| window.iter().zip(&taps).map(|(a, b)| a * b).sum()).collect()
}

/// Through `times` filters of one pole each, so that high frequencies fade out.
fn fading(samples: &[f32], times: usize) -> Vec<f32> {
    let mut samples = samples.to_vec();
    for _ in 0..times {
        let mut held = 0.0;
        for sample in &mut samples {
            held += 0.15 * (*sample - held);
            *sample = held;
        }
    }
    samples
}

/// As 16 bits hold it.
fn rounded(samples: &[f32]) -> Vec<f32> {
    samples.iter().map(|x| (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0).collect()
}

fn measured(rate: SampleRate, channels: u16, frames: &[f32]) -> Quality {
    let mut measuring = Measuring::new();
    measuring.push(rate, channels, frames);
    measuring.finish()
}

fn mono(samples: &[f32]) -> Quality {
    measured(RATE, 1, samples)
}

#[track_caller]
fn reaches(quality: Quality, expected: f64) {
    assert!((f64::from(quality.bandwidth) - expected).abs() <= 350.0, "{quality:?}, not {expected}");
}

#[test]
fn a_cliff_is_found_where_it_is() {
    for cut in [7_000.0, 11_000.0, 16_000.0, 18_500.0] {
        let quality = mono(&rounded(&below(&noise(66_000, 1), cut, RATE)));
        reaches(quality, f64::from(cut));
        assert!(quality.cut, "{cut}: {quality:?}");
    }
    // Resamplers and recorders cut here.
    let quality = mono(&rounded(&below(&noise(66_000, 1), 20_300.0, RATE)));
    reaches(quality, 20_300.0);
    assert!(!quality.cut, "{quality:?}");
}

#[test]
fn noise_up_to_the_top_has_no_cliff_at_any_rate() {
    for rate in [1_000, 8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
        let quality = measured(SampleRate(rate), 1, &noise(30_000, 2));
        assert_eq!((quality.bandwidth, quality.cut), (rate.div_ceil(2).min(24_000), false), "{rate}");
    }
}

#[test]
fn what_fades_out_is_not_cut() {
    for times in 1..=6 {
        let quality = mono(&rounded(&fading(&noise(66_000, 3), times)));
        assert!(!quality.cut, "{times}: {quality:?}");
    }
    // Deep notes with overtones that fade, as of a piano.
    let tone = |n: usize| {
        let overtone = |k: usize| (0.02 * (n * k) as f32).sin() * 0.5_f32.powi(k as i32);
        0.5 * (1..16).map(overtone).sum::<f32>()
    };
    let quality = mono(&rounded(&(0..66_000).map(tone).collect::<Vec<_>>()));
    assert!(!quality.cut && quality.bandwidth < 5_000, "{quality:?}");
}

#[test]
fn a_single_tone_is_not_cut() {
    let tone: Vec<f32> = (0..66_000).map(|n| 0.5 * (TAU * 9_000.0 * n as f32 / 44_100.0).sin()).collect();
    let quality = mono(&rounded(&tone));
    assert!(!quality.cut, "{quality:?}");
}

#[test]
fn what_was_upsampled_is_cut() {
    // Every second sample is 0, and what that mirrors is filtered out.
    let low = noise(33_000, 4);
    let twice: Vec<f32> = low.iter().flat_map(|&x| [2.0 * x, 0.0]).collect();
    let quality = mono(&rounded(&below(&twice, 10_800.0, RATE)));
    reaches(quality, 10_800.0);
    assert!(quality.cut);
}

#[test]
fn the_level_does_not_matter() {
    let cut = below(&noise(66_000, 1), 16_000.0, RATE);
    for level in [1.0, 0.1, 0.01] {
        let quality = mono(&rounded(&cut.iter().map(|x| x * level).collect::<Vec<_>>()));
        reaches(quality, 16_000.0);
        assert!(quality.cut, "{level}");
    }
}

#[test]
fn a_few_clicks_do_not_hide_a_cliff() {
    let mut samples = below(&noise(132_000, 1), 16_000.0, RATE);
    for n in [20_000, 60_000, 100_000] {
        samples[n] = 1.0;
    }
    assert!(mono(&samples).cut);
}

#[test]
fn one_channel_with_high_notes_is_enough() {
    let (narrow, wide) = (below(&noise(66_000, 5), 9_000.0, RATE), noise(66_000, 6));
    let frames: Vec<f32> = narrow.iter().zip(&wide).flat_map(|(&a, &b)| [a, b]).collect();
    assert_eq!(measured(RATE, 2, &frames).bandwidth, 22_050);
    let frames: Vec<f32> = narrow.iter().flat_map(|&a| [0.0, a]).collect();
    reaches(measured(RATE, 2, &frames), 9_000.0);
}

#[test]
fn silence_and_nothing_have_no_bandwidth() {
    assert_eq!(Measuring::new().finish(), Quality::default());
    assert_eq!(mono(&[0.0; 50_000]), Quality::default());
    let mut half = noise(50_000, 7);
    half.resize(1_000_000, 0.0);
    assert_eq!(mono(&half).bandwidth, 22_050, "silence does not count");
}

fn sine(amplitude: f32, hertz: f32) -> Vec<f32> {
    (0..44_100).map(|n| amplitude * (TAU * hertz * n as f32 / 44_100.0).sin()).collect()
}

#[test]
fn clipped_tops_are_counted_whatever_the_level() {
    let clipped = rounded(&sine(1.5, 441.0));
    let share = mono(&clipped).clipped;
    // A sine is above two thirds of its height for so long.
    let expected = 1.0 - 2.0 * (1.0_f32 / 1.5).asin() / (TAU / 2.0);
    assert!((share - expected).abs() < 0.02, "{share}, not {expected}");
    for level in [0.7, 0.3] {
        let lower = rounded(&clipped.iter().map(|x| level * x).collect::<Vec<_>>());
        assert!((mono(&lower).clipped - share).abs() < 0.001);
    }
    let mut random = fastrand::Rng::with_seed(1);
    let mut dither = || (random.f32() - random.f32()) / 32_768.0;
    let dithered = rounded(&clipped.iter().map(|x| 0.6 * x + dither()).collect::<Vec<_>>());
    assert!((mono(&dithered).clipped - share).abs() < 0.01, "{}", mono(&dithered).clipped);
    // A decoder's sound beyond full scale is clipped when it is played.
    let over = mono(&sine(1.5, 441.0));
    assert!((over.clipped - share).abs() < 0.01 && over.peak > 1.49, "{over:?}");
    let frames: Vec<f32> = clipped.iter().zip(sine(0.5, 441.0)).flat_map(|(&a, b)| [a, b]).collect();
    assert!((measured(RATE, 2, &frames).clipped - share / 2.0).abs() < 0.001, "one of two channels");
}

#[test]
fn tops_of_loud_low_notes_are_not_clipped() {
    for hertz in [20.0, 50.0, 100.0, 441.0, 3_000.0, 11_025.0] {
        for amplitude in [1.0, 0.5, 0.05, 0.004] {
            assert_eq!(mono(&rounded(&sine(amplitude, hertz))).clipped, 0.0, "{hertz} Hz at {amplitude}");
        }
    }
    assert_eq!(mono(&rounded(&noise(50_000, 8))).clipped, 0.0);
    let eight_bits: Vec<f32> = sine(1.0, 100.0).iter().map(|x| (x * 127.0).round() / 128.0).collect();
    assert_eq!(mono(&eight_bits).clipped, 0.0);
    let other_scale: Vec<f32> = sine(20_000.0, 441.0);
    assert_eq!(mono(&other_scale).clipped, 0.0, "full scale is unknown");
}

#[test]
fn the_longest_part_counts_if_the_kind_changes() {
    let mut measuring = Measuring::new();
    measuring.push(SampleRate(8_000), 1, &noise(8_000, 1));
    measuring.push(RATE, 2, &noise(400_000, 2));
    measuring.push(SampleRate(8_000), 1, &noise(16_000, 3));
    assert_eq!(measuring.finish().bandwidth, 22_050);
}

/// Clipped samples of a channel's upper side, looked at twice: first for the level, then for runs.
fn clipped_slowly(samples: &[f32]) -> usize {
    let near = 4.0 / 32_768.0;
    let samples: Vec<f32> = samples.iter().map(|x| x.min(1.0)).collect();
    let (mut top, mut from) = (0.0, 0);
    for (n, &x) in samples.iter().enumerate() {
        if x > top + near {
            (top, from) = (x, n);
        }
    }
    let is_high = |n: usize| n >= from && samples[n] >= top - near;
    let falls = |from: f32, to: f32| from - to >= 0.01 * from;
    let mut clipped = 0;
    let mut n = from;
    while n < samples.len() {
        let end = (n..samples.len()).find(|&n| !is_high(n)).unwrap_or(samples.len());
        if end - n >= 3 {
            let before = if n == 0 { 0.0 } else { samples[n - 1] };
            let begins = falls(samples[n], before);
            let ends = end < samples.len() && falls(samples[end - 1], samples[end]);
            clipped += if begins || ends { end - n } else { 0 };
        }
        n = end.max(n + 1);
    }
    if top < 0.01 { 0 } else { clipped }
}

proptest! {
    /// Few levels, so that runs are frequent.
    #[test]
    fn clipping_is_that_of_the_slow_way(steps in prop::collection::vec(-40..=40_i16, 1..200), fine in 1..3_i16) {
        let level = |&step: &i16| if step.abs() < 20 { f32::from(step) / 40.0 } else { f32::from(step.signum()) * (0.6 + f32::from(step.abs() % 7 * fine) / 32_768.0) };
        let samples: Vec<f32> = steps.iter().map(level).collect();
        let lower: Vec<f32> = samples.iter().map(|x| -x).collect();
        let slow = clipped_slowly(&samples) + clipped_slowly(&lower);
        let mut clipping = Clipping::new(1);
        clipping.push(&samples);
        prop_assert_eq!(clipping.finish(), slow as u64);
    }

    #[test]
    fn the_size_of_blocks_makes_no_difference(sizes in prop::collection::vec(1..5_000_usize, 1..20), seed in 0..100_u64) {
        let frames = noise(2 * sizes.iter().sum::<usize>(), seed);
        let mut measuring = Measuring::new();
        let mut rest = &frames[..];
        for size in sizes {
            let (block, left) = rest.split_at(2 * size);
            measuring.push(RATE, 2, block);
            rest = left;
        }
        prop_assert_eq!(measuring.finish(), measured(RATE, 2, &frames));
    }
}
