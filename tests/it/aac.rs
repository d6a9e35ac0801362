//! AAC in full and for the fingerprint alone, and AAC of more than two channels.
use std::f64::consts::PI;

use refrain::decode::Decoder;

use super::in_part::{assert_some_of_full, damage, decoded, format};

/// The amplitude of a tone.
fn amplitude(samples: &[f32], frequency: f64, rate: u32) -> f64 {
    let angle = |n: usize| 2.0 * PI * frequency * n as f64 / f64::from(rate);
    let sums = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, &x)| {
        (re + f64::from(x) * angle(n).cos(), im + f64::from(x) * angle(n).sin())
    });
    2.0 * f64::hypot(sums.0, sums.1) / samples.len() as f64
}

#[test]
fn every_channel_of_surround_sound_is_where_wav_has_it() {
    let decoder = Decoder::open(&format("surround.m4a")).expect("it opens").with_all_channels();
    let (samples, rate) = decoded(decoder);
    assert_eq!(rate, 22_050);
    assert_eq!(samples.len(), 6 * 33_075);
    for channel in 0..6 {
        let plane: Vec<f32> =
            samples.chunks_exact(6).skip(4_410).take(8_820).map(|frame| frame[channel]).collect();
        for other in 0..6 {
            // The encoder takes all but the bass out of the channel for low frequencies, the fourth.
            let expected = if other == channel && channel != 3 { 0.25 } else { 0.0 };
            let found = amplitude(&plane, 220.0 * (other as f64 + 2.0), rate);
            assert!((found - expected).abs() < 0.01, "channel {channel} has {found} of tone {other}");
        }
    }
}

#[test]
fn the_fingerprints_samples_are_every_second_one_of_a_full_decode() {
    for (name, channels) in
        [("aac-44.m4a", 2), ("adts-44.aac", 2), ("fragmented-44.m4a", 2), ("surround-44.m4a", 6)]
    {
        assert_some_of_full(name, channels, (44_100, 22_050), 2);
    }
}

#[test]
fn damaged_aac_neither_panics_nor_lasts() {
    damage(&["aac-44.m4a", "adts-44.aac", "surround-44.m4a", "aac.m4a"]);
}
