use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symphonia::core::audio::Audio;
use symphonia::core::formats::TrackType;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, Timestamp};

use super::*;
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

#[test]
fn decodes_are_those_of_libopus() {
    let mut files = 0;
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "opus") {
            continue;
        }
        files += 1;
        let stored = fs::read(path.with_extension("f32")).unwrap();
        let stored = stored.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
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

/// Packets with wrong bits, cut, doubled, mixed and made up: each is refused or gives finite samples. `REFRAIN_OPUS_PACKETS`
/// tries more of them.
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
    let mut open: Vec<(Opus, Vec<Packet>)> = names.map(|name| open(&fixture(&format!("{name}.opus")))).into();
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
        let to = random.usize(..open.len());
        let opus = &mut open[to].0;
        match opus.decode(&packet(&data)) {
            Ok(_) => {
                good += 1;
                let frames = opus.buffer.frames();
                assert!((1..=MAX_PACKET_SAMPLES).contains(&frames), "{frames}: {data:x?}");
                let planes = (0..opus.buffer.num_planes()).map(|c| opus.buffer.plane(c).unwrap());
                assert!(planes.flatten().all(|x| x.is_finite()), "{data:x?}");
            }
            Err(_) => {
                refused += 1;
                assert_eq!(opus.last_decoded().frames(), 0);
            }
        }
    }
    assert!(good > wanted / 4 && refused > wanted / 20, "{good} and {refused}");
}
