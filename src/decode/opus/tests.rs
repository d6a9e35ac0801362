use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symphonia::core::audio::Audio;
use symphonia::core::formats::TrackType;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, Timestamp};

use super::*;
use crate::decode::celt::Celt;
use crate::decode::probe::container;
use crate::decode::source::Watch;

/// Of the stored decodes, every so many frames.
const STEP: usize = 29;

/// The decoder of a file, and its packets without their trims.
fn open(path: &Path) -> (Opus, Vec<Packet>) {
    let Ok(mut container) = container(File::open(path).unwrap(), &Arc::new(Watch::default())) else {
        panic!("{} does not open", path.display());
    };
    let track = container.reader.default_track(TrackType::Audio).unwrap();
    let opus = Opus::new(track.codec_params.as_ref().unwrap().audio().unwrap()).unwrap();
    let mut packets: Vec<Packet> = container.first.into_iter().collect();
    while let Ok(Some(packet)) = container.reader.next_packet() {
        packets.push(packet);
    }
    for packet in &mut packets {
        (packet.trim_start, packet.trim_end) = (Duration::ZERO, Duration::ZERO);
    }
    (opus, packets)
}

fn packet(data: &[u8]) -> Packet {
    PacketBuilder::new().track_id(0).pts(Timestamp::ZERO).dur(Duration::ZERO).data(data).build()
}

/// Appends the samples of the last packet, all channels side by side.
fn append(opus: &Opus, samples: &mut Vec<f32>) {
    for i in 0..opus.buffer.frames() {
        samples.extend((0..opus.buffer.num_planes()).map(|c| opus.buffer.plane(c).unwrap()[i]));
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/opus").join(name)
}

/// Every so many frames of what libopus decodes a file to.
fn stored_decode(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path.with_extension("f32")).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

#[test]
fn decodes_are_those_of_libopus() {
    let mut files = 0;
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "opus") {
            continue;
        }
        // opus-pure turns the second channel over where a file has one channel.
        if path == fixture("turned.opus") {
            continue;
        }
        files += 1;
        let stored = stored_decode(&path);
        let (mut opus, packets) = open(&path);
        let mut all = Vec::new();
        for packet in &packets {
            // Damaged packets are refused by both.
            let _ = opus.decode(packet);
            append(&opus, &mut all);
        }
        let channels = opus.layout.places.len();
        let ours: Vec<f32> = all.chunks_exact(channels).step_by(STEP).flatten().copied().collect();
        assert_eq!(ours.len(), stored.len(), "{}", path.display());
        let (mut signal, mut error) = (0.0, 0.0);
        for (ours, stored) in ours.into_iter().zip(stored) {
            signal += f64::from(stored).powi(2);
            error += f64::from(ours - stored).powi(2);
        }
        let decibels = 10.0 * (signal / error).log10();
        assert!(signal > 0.0 && decibels > 90.0, "{}: {decibels} dB", path.display());
    }
    assert!(files >= 12, "only {files} files");
}

#[test]
fn a_packet_without_data_is_concealed() {
    for name in ["silk-60.opus", "celt-20.opus", "surround-6.opus"] {
        let (mut opus, packets) = open(&fixture(name));
        opus.decode(&packet(&[])).unwrap();
        assert_eq!(opus.buffer.frames(), USUAL_SAMPLES, "{name}: before any other");
        for packet in &packets[..6] {
            opus.decode(packet).unwrap();
        }
        let frames = opus.buffer.frames();
        opus.decode(&packet(&[])).unwrap();
        assert_eq!(opus.buffer.frames(), frames, "{name}");
        let mut samples = Vec::new();
        append(&opus, &mut samples);
        assert!(samples.iter().any(|x| x.abs() > 0.01), "{name} goes silent");
        // A fresh start is silent again.
        opus.reset();
        opus.decode(&packet(&[])).unwrap();
        samples.clear();
        append(&opus, &mut samples);
        assert!(samples.iter().all(|&x| x == 0.0), "{name} is not fresh");
    }
}

#[test]
fn trims_are_cut_off() {
    let (mut opus, packets) = open(&fixture("celt-20.opus"));
    let mut whole = Vec::new();
    opus.decode(&packets[0]).unwrap();
    append(&opus, &mut whole);
    let (mut opus, mut packets) = open(&fixture("celt-20.opus"));
    (packets[0].trim_start, packets[0].trim_end) = (Duration::from(312_u32), Duration::from(100_u32));
    let mut cut = Vec::new();
    opus.decode(&packets[0]).unwrap();
    append(&opus, &mut cut);
    assert_eq!(cut, whole[2 * 312..2 * 860]);
    packets[1].trim_start = Duration::from(u64::MAX);
    opus.decode(&packets[1]).unwrap();
    assert_eq!(opus.buffer.frames(), 0);
}

/// Packets with wrong bits, cut, doubled, mixed and made up: each is refused or gives finite samples, and by the reduced
/// decoder as well. `REFRAIN_OPUS_PACKETS` tries more of them.
#[test]
fn any_packets_are_decoded_or_refused() {
    let wanted = std::env::var("REFRAIN_OPUS_PACKETS").map_or(4_000, |n| n.parse().unwrap());
    let names = [
        "silk-10",
        "silk-60",
        "hybrid-20",
        "celt-2.5",
        "celt-20",
        "switched",
        "packed",
        "surround-3",
        "surround-6",
    ];
    let mut open: Vec<([Opus; 2], Vec<Packet>)> = names
        .map(|name| {
            let path = fixture(&format!("{name}.opus"));
            let (full, packets) = open(&path);
            ([full, open(&path).0], packets)
        })
        .into();
    let (mut random, mut good, mut refused) = (fastrand::Rng::with_seed(15), 0, 0);
    for _ in 0..wanted {
        let from = random.usize(..open.len());
        let mut data = open[from].1[random.usize(..open[from].1.len())].data.to_vec();
        match random.u8(..6) {
            0 => data.truncate(random.usize(..data.len())),
            1 => data = (0..random.usize(1..300)).map(|_| random.u8(..)).collect(),
            2 => data[0] = random.u8(..),
            3 => data[1..].fill_with(|| random.u8(..)),
            _ => {
                for _ in 0..random.usize(1..9) {
                    let at = random.usize(..data.len());
                    data[at] ^= 1 << random.u8(..8);
                }
            }
        }
        // Often CELT, which is all that the reduced decoder has code of its own for.
        if random.bool() && !data.is_empty() {
            data[0] |= 0x80;
        }
        let to = random.usize(..open.len());
        let [full, reduced] = &mut open[to].0;
        // It starts again, because the other decoder takes over from it sooner or later.
        if reduced.reduced.iter().all(Option::is_none) || random.u8(..30) == 0 {
            reduced.reduce();
        }
        let data = packet(&data);
        let is_good = full.decode(&data).is_ok();
        assert_eq!(reduced.decode(&data).is_ok(), is_good, "{:x?}", data.data);
        for opus in [&*full, reduced] {
            let frames = opus.buffer.frames();
            if is_good {
                assert!((1..=MAX_PACKET_SAMPLES).contains(&frames), "{frames}: {:x?}", data.data);
                let planes = (0..opus.buffer.num_planes()).map(|c| opus.buffer.plane(c).unwrap());
                assert!(planes.flatten().all(|x| x.is_finite()), "{:x?}", data.data);
            } else {
                assert_eq!(opus.last_decoded().frames(), 0);
            }
        }
        if is_good {
            good += 1;
        } else {
            refused += 1;
        }
    }
    assert!(good > wanted / 4 && refused > wanted / 20, "{good} and {refused}");
}

/// By how many decibels the error of `ours` lies below `theirs`.
fn decibels(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let square = |x: f32| f64::from(x).powi(2);
    let signal: f64 = theirs.iter().map(|&x| square(x)).sum();
    let error: f64 = ours.iter().zip(theirs).map(|(ours, theirs)| square(ours - theirs)).sum();
    10.0 * (signal.max(1e-20) / error.max(1e-20)).log10()
}

#[test]
fn celt_frames_are_decoded_in_full() {
    let mut compared = 0;
    for name in ["celt-2.5", "celt-20", "switched", "surround-3", "surround-6", "surround-8"] {
        let (opus, packets) = open(&fixture(&format!("{name}.opus")));
        let layout = opus.layout;
        for stream in 0..layout.streams {
            let channels = layout.width(stream);
            let mut ours = Celt::new(channels, 24_000.0, 1.0);
            let mut theirs = OpusDecoder::new(48_000, channels).unwrap();
            let (mut all, mut expected) = (Vec::new(), Vec::new());
            for packet in &packets {
                let mut rest = &packet.data[..];
                let mut packet = None;
                for stream in 0..=stream {
                    let parsed = frames::parse(rest, stream + 1 < layout.streams).unwrap();
                    rest = parsed.rest;
                    packet = Some(parsed);
                }
                let packet = packet.unwrap();
                for frame in &packet.frames {
                    let mut samples = vec![0.0; packet.frame_samples * channels];
                    if packet.kind & 0x80 == 0 {
                        assert!(ours.decode(packet.kind, frame, &mut samples).is_none(), "{name} has SILK");
                        // Both start again.
                        ours = Celt::new(channels, 24_000.0, 1.0);
                        theirs = OpusDecoder::new(48_000, channels).unwrap();
                        continue;
                    }
                    ours.decode(packet.kind, frame, &mut samples).expect("CELT");
                    all.extend_from_slice(&samples);
                    let alone = [&[packet.kind & !3], *frame].concat();
                    theirs.decode(&alone, packet.frame_samples, &mut samples).unwrap();
                    expected.extend_from_slice(&samples);
                }
            }
            let decibels = decibels(&all, &expected);
            assert!(all.is_empty() || decibels > 120.0, "{name}, stream {stream}: {decibels} dB");
            compared += all.len();
        }
    }
    assert!(compared > 500_000, "{compared}");
}

/// A stream of one channel has packets of two, and the second is mostly the first turned over.
#[test]
fn two_channels_become_one_as_in_libopus() {
    let path = fixture("turned.opus");
    let mut celt = Celt::new(1, 24_000.0, 1.0);
    let mut ours = Vec::new();
    for packet in open(&path).1 {
        let parsed = frames::parse(&packet.data, false).unwrap();
        for frame in parsed.frames {
            let mut samples = vec![0.0; parsed.frame_samples];
            celt.decode(parsed.kind, frame, &mut samples).expect("CELT");
            ours.extend_from_slice(&samples);
        }
    }
    let ours: Vec<f32> = ours.into_iter().step_by(STEP).collect();
    let decibels = decibels(&ours, &stored_decode(&path));
    assert!(decibels > 120.0, "{decibels} dB");
}

/// What of a signal at 48 kHz lies below 5 kHz, with a gentle slope above.
fn low(samples: &[f32]) -> Vec<f32> {
    // A windowed sinc.
    let taps: Vec<f32> = (-200..=200)
        .map(|n| {
            let x = n as f32 * std::f32::consts::PI * 2.0 * 4_500.0 / 48_000.0;
            let window = 0.5 + 0.5 * (std::f32::consts::PI * n as f32 / 201.0).cos();
            window * if n == 0 { 1.0 } else { x.sin() / x } * 2.0 * 4_500.0 / 48_000.0
        })
        .collect();
    samples
        .windows(taps.len())
        .step_by(3)
        .map(|part| part.iter().zip(&taps).map(|(x, tap)| x * tap).sum())
        .collect()
}

/// Decodes packets in full and reduced, and returns both decoders and what lies below 5 kHz of each channel.
fn full_and_reduced(path: &Path, packets: &[Packet]) -> ([Opus; 2], Vec<[Vec<f32>; 2]>) {
    let [mut full, mut reduced] = [open(path).0, open(path).0];
    reduced.reduce();
    let mut channels = vec![[Vec::new(), Vec::new()]; full.layout.places.len()];
    for packet in packets {
        let is_good = [full.decode(packet).is_ok(), reduced.decode(packet).is_ok()];
        assert_eq!(is_good[0], is_good[1], "{}", path.display());
        for (i, channel) in channels.iter_mut().enumerate() {
            for (opus, samples) in [&full, &reduced].into_iter().zip(channel) {
                samples.extend_from_slice(opus.buffer.plane(i).unwrap_or_default());
            }
        }
    }
    ([full, reduced], channels.into_iter().map(|channel| channel.map(|samples| low(&samples))).collect())
}

#[test]
fn the_reduced_decode_has_the_lower_frequencies() {
    let celt = ["celt-2.5", "celt-20", "packed", "surround-3", "surround-6", "surround-8"];
    let other = ["silk-10", "silk-60", "hybrid-20", "switched", "empty-frames", "damaged"];
    for name in [celt, other].concat() {
        let path = fixture(&format!("{name}.opus"));
        let ([full, reduced], channels) = full_and_reduced(&path, &open(&path).1);
        for (channel, [full, reduced]) in channels.iter().enumerate() {
            let decibels = decibels(reduced, full);
            assert!(decibels > 75.0, "{name}, channel {channel}: {decibels} dB");
        }
        assert!(full.reduced.is_empty());
        // SILK and lost frames are left to the other decoder, streams of silence among them.
        assert_eq!(reduced.reduced.iter().any(Option::is_some), celt.contains(&name), "{name}");
    }
}

fn times(count: usize, packets: &[Packet]) -> Vec<Packet> {
    std::iter::repeat_n(packets, count).flatten().cloned().collect()
}

#[test]
fn another_decoder_goes_on_where_the_reduced_one_ends() {
    let path = fixture("celt-20.opus");
    let music = open(&path).1;
    let speech = open(&fixture("hybrid-20.opus")).1;
    // More than is remembered.
    let before = times(20, &music);
    for (name, then) in [("speech", speech), ("loss", [&[packet(&[])], &music[1..]].concat())] {
        let ([_, reduced], channels) = full_and_reduced(&path, &[&before[..], &then].concat());
        assert!(reduced.reduced.iter().all(Option::is_none), "{name}");
        for [full, reduced] in &channels {
            let decibels = decibels(reduced, full);
            assert!(decibels > 70.0, "{name}: {decibels} dB");
        }
    }
    // After a silence, what is lost is all but silent, though loud music came since.
    let (silence, nothing) = (packet(&[0xfc, 0xff, 0xfe]), packet(&[]));
    let past = [times(50, &[silence]), times(5, &music), times(100, &[nothing])].concat();
    let ([_, reduced], channels) = full_and_reduced(&path, &past);
    assert!(reduced.reduced.iter().all(Option::is_none));
    for [full, reduced] in &channels {
        let lost = full.len() - 16_000..;
        let loudest = |samples: &[f32]| samples.iter().fold(0_f32, |most, x| most.max(x.abs()));
        let [full, reduced] = [full, reduced].map(|samples| loudest(&samples[lost.clone()]));
        assert!(full < 1e-4 && reduced < 2.0 * full + 1e-6, "{full} in full, {reduced} reduced");
    }
    // Or starts again.
    let mut reduced = open(&path).0;
    reduced.reduce();
    reduced.decode(&packet(&[])).unwrap();
    assert!(reduced.reduced.iter().all(Option::is_none));
    reduced.reset();
    reduced.decode(&music[0]).unwrap();
    assert!(reduced.reduced.iter().all(Option::is_some));
}
