//! Any samples at any rate as a clip that is looked up.

use refrain::{Audio, Error, Index, QueryOptions, Range};

use super::{
    answer,
    input::{self, Input},
};

/// Seconds of audio that are looked up, at most.
const LONGEST: f64 = 6.0;
const RATES: [u32; 16] = [
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000, 768_000,
    1_000, 7_919, 383_999,
];

/// Rate, channels, kind of sample and how to ask, then samples.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (rate, channels, kind, how) = (input.byte(), input.byte(), input.byte(), input.byte());
    let rate = match RATES.get(usize::from(rate)) {
        Some(&rate) => rate,
        None => input.number::<4>() as u32,
    };
    let channels = u16::from(channels % 9);
    let (format, width) = [(1, 1), (1, 2), (1, 3), (1, 4), (3, 4), (3, 8)][usize::from(kind % 6)];
    let frame = width * usize::from(channels).max(1);
    let wanted = ((f64::from(rate.min(768_000)) * LONGEST) as usize * frame).min(12 << 20);
    let mut samples = input.0.to_vec();
    // Few bytes are a sound that goes on.
    if how & 1 == 1 && !samples.is_empty() {
        let once = samples.len();
        while samples.len() < wanted {
            samples.extend_from_within(..once.min(wanted - samples.len()));
        }
    }
    samples.truncate(wanted);
    let clip = wav(format, channels, rate, width as u16, &samples);
    let range = if how & 8 == 0 { Range::PLAIN } else { Range::default() };
    let min_score = if how & 16 == 16 { 0.0 } else { QueryOptions::MIN_SCORE };
    let options =
        QueryOptions::default().explain(how & 2 == 2).exact(how & 4 == 4).range(range).min_score(min_score);
    let name = if how & 32 == 32 { "neighbours.refrain" } else { "plain.refrain" };
    let index = Index::open(input::base(name)).expect("the file is whole");
    match index.query_with(Audio::reader(&clip[..]), &options) {
        Ok(answer) => answer::makes_sense(&answer),
        Err(Error::Audio { .. }) => {}
        Err(other) => panic!("not about the clip: {other}"),
    }
}

/// A WAV file around these bytes: `format` 1 is PCM, 3 floating point.
pub fn wav(format: u16, channels: u16, rate: u32, width: u16, samples: &[u8]) -> Vec<u8> {
    let frame = width.wrapping_mul(channels);
    let mut out = b"RIFF".to_vec();
    out.extend((36 + samples.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0");
    out.extend(format.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend(rate.wrapping_mul(u32::from(frame)).to_le_bytes());
    out.extend(frame.to_le_bytes());
    out.extend((8 * width).to_le_bytes());
    out.extend(b"data");
    out.extend((samples.len() as u32).to_le_bytes());
    out.extend_from_slice(samples);
    out
}
