//! The coarse codec against the full one, below the end of the analysis.
use std::f64::consts::PI;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::units::{Duration, Timestamp};

use super::*;
use crate::decode::codec::Codec;

/// Files with frames of one kind each.
const FILES: [&str; 4] = [
    "fixtures/formats/lame.mp3",
    "fixtures/formats/vbr.mp3",
    "fixtures/audio/songs/marigold-street.mp3",
    "fixtures/audio/songs/paper-lanterns.mp3",
];

/// A header of layer 3 without padding and without CRC.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kind {
    first: bool,
    rate: usize,
    /// 0 is stereo, 1 joint stereo, 3 mono.
    mode: u8,
}

impl Kind {
    fn rate(self) -> u32 {
        [44_100, 48_000, 32_000][self.rate] >> u32::from(!self.first)
    }

    fn channels(self) -> usize {
        if self.mode == 3 { 1 } else { 2 }
    }

    fn granules(self) -> usize {
        if self.first { 2 } else { 1 }
    }

    /// The length at 320 or 160 kbit/s.
    fn len(self) -> usize {
        let rate = self.rate() as usize;
        if self.first { 144 * 320_000 / rate } else { 72 * 160_000 / rate }
    }

    fn side_info(self) -> usize {
        match (self.first, self.mode == 3) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        }
    }

    fn track(self) -> Track {
        let mut params = symphonia::core::codecs::audio::AudioCodecParameters::new();
        params.for_codec(CODEC_ID_MP3).with_sample_rate(self.rate());
        params.with_channels(match self.channels() {
            1 => symphonia::core::audio::layouts::CHANNEL_LAYOUT_MONO,
            _ => symphonia::core::audio::layouts::CHANNEL_LAYOUT_STEREO,
        });
        let mut track = Track::new(0);
        track.with_codec_params(CodecParameters::Audio(params));
        track
    }
}

/// The frames of a file that are of the same kind as its first one.
fn frames(file: &[u8]) -> (Kind, Vec<Vec<u8>>) {
    const BIT_RATES: [[usize; 15]; 2] = [
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    let (mut at, mut found, mut frames) = (0, None, Vec::new());
    while let Some(&[begin, second, third, fourth]) = file.get(at..).and_then(|rest| rest.first_chunk()) {
        let first = second == 0xfb;
        let mode = if fourth >> 6 == 3 { 3 } else { 1 };
        let kind = Kind { first, rate: usize::from(third >> 2 & 3).min(2), mode };
        let bit_rate = BIT_RATES[usize::from(first)].get(usize::from(third >> 4)).copied().unwrap_or(0);
        let len = 72_000 * kind.granules() * bit_rate / kind.rate() as usize + usize::from(third >> 1 & 1);
        let is_frame = begin == 0xff && (first || second == 0xf3) && bit_rate > 0 && third & 12 < 12;
        match file.get(at..at + len) {
            Some(frame) if is_frame && *found.get_or_insert(kind) == kind => {
                frames.push(frame.to_vec());
                at += len;
            }
            _ => at += 1,
        }
    }
    (found.unwrap(), frames)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What both codecs make of the frames, without the first samples: frames with all channels, silence for what is refused.
fn both(kind: Kind, frames: &[Vec<u8>], mut before: usize) -> [Vec<f32>; 2] {
    let track = kind.track();
    let mut coarse = Coarse::of(&track).unwrap();
    let mut full = Codec::of(&track).unwrap();
    let (samples, step) = (576 * kind.granules(), coarse.layer3.step());
    let (mut block, mut both) = (Vec::new(), [const { Vec::new() }; 2]);
    for frame in frames {
        let trimmed = before.min(samples);
        before -= trimmed;
        let mut packet = Packet::new(0, Timestamp::new(0), Duration::new(samples as u64), frame.clone());
        packet.trim_start = Duration::new(trimmed as u64);
        let whole = (samples - trimmed) * kind.channels();
        match full.decode(&packet, &mut block) {
            Ok(_) => both[0].extend_from_slice(&block),
            Err(_) => both[0].resize(both[0].len() + whole, 0.0),
        }
        match coarse.decode(&packet, &mut block) {
            Ok(sound) => {
                assert_eq!(
                    (sound.rate.0, usize::from(sound.channels)),
                    (kind.rate() / step as u32, kind.channels())
                );
                both[1].extend_from_slice(&block);
            }
            Err(_) => both[1].resize((both[0].len() / kind.channels()).div_ceil(step) * kind.channels(), 0.0),
        }
    }
    assert_eq!(both[1].len() / kind.channels(), (both[0].len() / kind.channels()).div_ceil(step));
    both
}

/// One channel without what is above about 4 kHz, at every `step`-th sample.
fn below(samples: &[f32], kind: Kind, rate: u32, step: usize) -> Vec<f64> {
    let samples: Vec<f64> = samples.iter().step_by(kind.channels()).map(|&x| x.into()).collect();
    let (rate, half) = (f64::from(rate), 0.006);
    let side = (half * rate) as usize;
    let taps: Vec<f64> = (0..=2 * side)
        .map(|i| {
            let t = (i as f64 - side as f64) / rate;
            let x = 2.0 * PI * 4_000.0 * t;
            let ideal = if x == 0.0 { 1.0 } else { x.sin() / x };
            let window = 0.42 + 0.5 * (PI * t / half).cos() + 0.08 * (2.0 * PI * t / half).cos();
            2.0 * 4_000.0 / rate * ideal * window.max(0.0)
        })
        .collect();
    let places = (side..samples.len().saturating_sub(side)).filter(|at| at.is_multiple_of(step));
    places.map(|at| samples[at - side..=at + side].iter().zip(&taps).map(|(x, tap)| x * tap).sum()).collect()
}

/// How far below the signal the difference of the two lies, in dB.
fn below_signal(kind: Kind, [full, coarse]: &[Vec<f32>; 2]) -> f64 {
    let step = Coarse::of(&kind.track()).unwrap().layer3.step();
    // The filters begin at the same time, which has to be a sample of both.
    let full = below(full, kind, kind.rate(), step);
    let coarse = below(coarse, kind, kind.rate() / step as u32, 1);
    assert!(full.len().abs_diff(coarse.len()) <= 1);
    let (mut signal, mut error) = (0.0, 0.0);
    for (full, coarse) in full.iter().zip(&coarse) {
        signal += full * full;
        error += (full - coarse) * (full - coarse);
    }
    10.0 * (signal / error).log10()
}

#[test]
fn recordings_are_those_of_a_full_decode() {
    for name in FILES {
        let (kind, frames) = frames(&read(name));
        assert!(frames.len() > 20, "{name}");
        for before in [0, 1, 2, 1_105, 3_000] {
            let both = both(kind, &frames[..frames.len().min(100)], before);
            let found = below_signal(kind, &both);
            assert!(found > 60.0, "{name} without {before}: {found} dB");
        }
    }
}

/// Writes bits, the highest of each byte first.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    len: usize,
}

impl Writer {
    fn put(&mut self, value: u32, bits: usize) {
        for bit in (0..bits).rev() {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (7 - self.len % 8);
            self.len += 1;
        }
    }
}

/// A frame of any blocks, codes, scale factors and kinds of stereo. All bits are codes, so that its data are random.
fn random_frame(kind: Kind, random: &mut fastrand::Rng) -> Vec<u8> {
    let (channels, mut info) = (kind.channels(), Writer::default());
    let header = [
        0xff,
        if kind.first { 0xfb } else { 0xf3 },
        14 << 4 | (kind.rate as u8) << 2,
        kind.mode << 6 | random.u8(..4) << 4,
    ];
    // No data in frames before.
    info.put(0, if kind.first { 9 } else { 8 });
    info.put(
        0,
        if !kind.first {
            channels
        } else if channels == 1 {
            5
        } else {
            3
        },
    );
    if kind.first {
        info.put(random.u32(..1 << (4 * channels)), 4 * channels);
    }
    let room = 8 * (kind.len() - 4 - kind.side_info()) / channels / kind.granules();
    for _ in 0..kind.granules() {
        // Without mixed blocks: the full codec does not scale some of their lines.
        let block = random.usize(..4);
        for channel in 0..channels {
            let most = room.min(4_000) - 60;
            let least = if random.bool() { most / 2 } else { most / 8 };
            info.put(random.usize(least..most) as u32, 12);
            info.put(random.u32(..if channel == 1 { 100 } else { 289 }), 9);
            info.put(random.u32(160..175), 8);
            info.put(random.u32(..if kind.first { 16 } else { 512 }), if kind.first { 4 } else { 9 });
            if block == 0 {
                info.put(0, 1);
                (0..3).for_each(|_| info.put(random.u32(..16), 5));
                info.put(random.u32(..128), 7);
            } else {
                info.put(1 << 3 | (block as u32) << 1, 4);
                (0..2).for_each(|_| info.put(random.u32(..16), 5));
                (0..3).for_each(|_| info.put(random.u32(..2), 3));
            }
            info.put(random.u32(..8), if kind.first { 3 } else { 2 });
        }
    }
    let mut frame = [&header, &info.bytes[..]].concat();
    assert_eq!(frame.len(), 4 + kind.side_info());
    frame.resize_with(kind.len(), || random.u8(..));
    frame
}

#[test]
fn every_kind_of_frame_is_decoded() {
    let mut random = fastrand::Rng::with_seed(11);
    for first in [true, false] {
        for rate in 0..if first { 3 } else { 2 } {
            for mode in [0, 1, 3] {
                let kind = Kind { first, rate, mode };
                let frames: Vec<_> = (0..60).map(|_| random_frame(kind, &mut random)).collect();
                let found = below_signal(kind, &both(kind, &frames, 1_105));
                assert!(found > 50.0, "MPEG-{} {rate} {mode}: {found} dB", if first { 1 } else { 2 });
            }
        }
    }
}

#[test]
fn damage_neither_panics_nor_changes_the_time() {
    let mut random = fastrand::Rng::with_seed(13);
    let (of_files, mut original) = frames(&read(FILES[0]));
    let others = [Kind { first: true, rate: 2, mode: 1 }, Kind { first: false, rate: 1, mode: 1 }];
    let mut kinds = vec![(of_files, original.split_off(20))];
    kinds.extend(others.map(|kind| (kind, (0..20).map(|_| random_frame(kind, &mut random)).collect())));
    for round in 0..300 {
        let (kind, mut frames) = kinds[round % 3].clone();
        for frame in &mut frames {
            for _ in 0..random.usize(..4) {
                // The header and the side information decide most.
                let end = if random.bool() { frame.len() } else { 40.min(frame.len()) };
                if let Some(byte) = frame.get_mut(random.usize(..end.max(1))) {
                    *byte = random.u8(..);
                }
            }
            if random.u8(..20) == 0 {
                frame.truncate(random.usize(..frame.len()));
            }
        }
        let [_, coarse] = both(kind, &frames, random.usize(..3_000));
        assert!(coarse.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn other_rates_and_codecs_are_declined() {
    let track = |rate: u32, codec| {
        let mut params = symphonia::core::codecs::audio::AudioCodecParameters::new();
        params.for_codec(codec).with_sample_rate(rate);
        params.with_channels(symphonia::core::audio::layouts::CHANNEL_LAYOUT_STEREO);
        let mut track = Track::new(0);
        track.with_codec_params(CodecParameters::Audio(params));
        track
    };
    for (rate, step) in [(44_100, 4), (48_000, 4), (32_000, 2), (22_050, 2), (24_000, 2)] {
        assert_eq!(Coarse::of(&track(rate, CODEC_ID_MP3)).map(|coarse| coarse.layer3.step()), Some(step));
        let layer2 = symphonia::core::codecs::audio::well_known::CODEC_ID_MP2;
        assert!(Coarse::of(&track(rate, layer2)).is_none());
    }
    for rate in [0, 8_000, 11_025, 12_000, 16_000, 96_000] {
        assert!(Coarse::of(&track(rate, CODEC_ID_MP3)).is_none(), "{rate}");
    }
}
