//! Every format in `fixtures/formats/`, whole and damaged.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use refrain::decode::Decoder;
use refrain::error::{AudioError, Error};
use refrain::extract::track;
use refrain::params::CURRENT;
use refrain::{CancelToken, Tags, Warning};

use super::run::noise;

/// The signal's length and the place of its click, in seconds.
const LENGTH: f64 = 1.5;
const CLICK: f64 = 0.75;

/// A file, its rate, its delay in samples compared with the original, and whether it has tags.
///
/// AAC without an edit list begins with the encoder's 1,024 samples of delay, MPEG layer 2 always with 481. Other
/// decoders return the same.
const FORMATS: &[(&str, u32, f64, bool)] = &[
    ("aac.m4a", 22_050, 0.0, true),
    ("adpcm.wav", 8_000, 0.0, false),
    ("adts.aac", 22_050, 1024.0, false),
    ("alac.m4a", 16_000, 0.0, true),
    ("eight.wav", 4_000, 0.0, false),
    ("f32.wav", 4_000, 0.0, false),
    ("f64.wav", 4_000, 0.0, false),
    ("flac.oga", 16_000, 0.0, true),
    ("fragmented.m4a", 22_050, 1024.0, false),
    ("lame.mp3", 22_050, 0.0, true),
    ("layer2.mp2", 22_050, 481.0, false),
    ("mono.aac", 24_000, 1024.0, false),
    ("mono.mp3", 22_050, 0.0, false),
    ("mulaw.wav", 8_000, 0.0, false),
    ("opus.mp4", 48_000, 0.0, false),
    ("opus.opus", 48_000, 0.0, true),
    ("opus.webm", 48_000, 0.0, false),
    ("s16.aiff", 8_000, 0.0, false),
    ("s16.caf", 8_000, 0.0, false),
    ("s16.flac", 16_000, 0.0, true),
    ("s16.wav", 8_000, 0.0, true),
    ("s24.wav", 4_000, 0.0, false),
    ("s32.wav", 4_000, 0.0, false),
    ("surround.mka", 48_000, 0.0, false),
    ("surround.mp4", 48_000, 0.0, false),
    ("surround.ogg", 44_100, 0.0, false),
    ("surround.opus", 48_000, 0.0, false),
    ("three.ogg", 44_100, 0.0, false),
    ("u8.wav", 8_000, 0.0, false),
    ("vbr.mp3", 44_100, 0.0, false),
    ("vorbis.mka", 22_050, 0.0, false),
    ("vorbis.ogg", 22_050, 0.0, true),
];

/// The result of decoding a file.
#[derive(Debug)]
pub(super) struct Decoded {
    pub samples: Vec<f32>,
    /// The rates of the blocks: one entry whenever the rate changes.
    pub rates: Vec<u32>,
    tags: Tags,
    pub warnings: Vec<Warning>,
}

impl Decoded {
    pub(super) fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rates[0])
    }

    /// Where the loudest sample near the click is, in samples.
    fn click(&self) -> f64 {
        let at = |seconds: f64| ((seconds * f64::from(self.rates[0])) as usize).min(self.samples.len());
        let window = at(CLICK - 0.02)..at(CLICK + 0.07);
        window.max_by(|&a, &b| self.samples[a].abs().total_cmp(&self.samples[b].abs())).expect("not empty")
            as f64
    }
}

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats")
}

pub(super) fn bytes(name: &str) -> Vec<u8> {
    fs::read(formats().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn drain(mut decoder: Decoder) -> Result<Decoded, Error> {
    let (mut samples, mut rates, mut block) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(rate) = decoder.next_block(&mut block)? {
        assert!(!block.is_empty() && block.iter().all(|x| x.is_finite()));
        if rates.last() != Some(&rate.0) {
            rates.push(rate.0);
        }
        samples.extend_from_slice(&block);
        assert!(samples.len() < 10_000_000, "no end");
    }
    assert!(block.is_empty());
    assert!(decoder.next_block(&mut block)?.is_none(), "the end stays the end");
    Ok(Decoded { samples, rates, tags: decoder.tags().clone(), warnings: decoder.warnings() })
}

pub(super) fn decode(content: &[u8]) -> Result<Decoded, Error> {
    drain(Decoder::from_reader(content, Path::new("-"))?)
}

pub(super) fn refusal(content: &[u8]) -> AudioError {
    match decode(content) {
        Err(Error::Audio { path, reason }) => {
            assert_eq!(path, Path::new("-"));
            reason
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn every_format_decodes_to_the_same_signal() {
    for &(name, rate, later, tagged) in FORMATS {
        let decoder = Decoder::open(&formats().join(name)).unwrap_or_else(|e| panic!("{e}"));
        let decoded = drain(decoder).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(decoded.rates, [rate], "{name}");
        assert!(decoded.warnings.is_empty(), "{name}: {:?}", decoded.warnings);
        // Block codecs pad their last packet.
        let excess = decoded.seconds() - LENGTH;
        assert!((0.0..0.1).contains(&excess), "{name}: {excess} s too long");
        let off = decoded.click() - CLICK * f64::from(rate) - later;
        assert!(off.abs() <= 2.0, "{name}: the click is {off} samples late");
        let loudest = decoded.samples.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        assert!((0.5..1.0).contains(&loudest), "{name}: full scale is {loudest}");
        let title = decoded.tags.title.as_deref();
        assert_eq!(title, tagged.then_some("Two Tones"), "{name}");
        assert_eq!(decoded.tags.artist.is_some(), tagged || name == "vorbis.mka" || name == "opus.webm");
    }
}

#[test]
fn a_stream_decodes_like_a_file() {
    for &(name, ..) in FORMATS {
        let file = drain(Decoder::open(&formats().join(name)).expect("it opens")).expect("it decodes");
        let stream = decode(&bytes(name)).expect("it decodes");
        assert_eq!(file.samples, stream.samples, "{name}");
        assert_eq!(file.tags, stream.tags, "{name}");
    }
}

#[test]
fn the_extension_does_not_matter() {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    for (name, wrong) in
        [("lame.mp3", "a.wav"), ("s16.flac", "b.mp3"), ("aac.m4a", "c.ogg"), ("opus.opus", "d")]
    {
        let path = folder.path().join(wrong);
        fs::copy(formats().join(name), &path).expect("it is copied");
        let decoded = drain(Decoder::open(&path).expect("it opens")).expect("it decodes");
        assert_eq!(decoded.samples, decode(&bytes(name)).expect("it decodes").samples, "{name}");
    }
}

#[test]
fn files_that_are_not_audio_are_refused_with_the_reason() {
    assert_eq!(refusal(b""), AudioError::Empty);
    assert_eq!(refusal(b"R"), AudioError::UnknownFormat);
    assert_eq!(refusal(&vec![0; 300_000]), AudioError::UnknownFormat);
    assert_eq!(refusal(&vec![0xff; 300_000]), AudioError::UnknownFormat);
    assert_eq!(refusal(include_str!("decode.rs").as_bytes()), AudioError::UnknownFormat);
    for seed in 0..20 {
        assert_eq!(refusal(&noise(200_000, seed)), AudioError::UnknownFormat, "seed {seed}");
    }
    assert_eq!(refusal(&bytes("ac3.mka")), AudioError::Unsupported("AC-3".to_owned()));
    assert!(matches!(refusal(&bytes("s16.wav")[..20]), AudioError::Damaged(_)));
    assert!(matches!(refusal(&bytes("alac.m4a")[..9_000]), AudioError::Damaged(_)));
}

#[test]
fn an_unreadable_file_is_an_io_error_with_the_path() {
    for path in [formats().join("missing.mp3"), formats()] {
        match Decoder::open(&path) {
            Err(Error::Io { path: named, .. }) => assert_eq!(named, path),
            other => panic!("expected an error, got {other:?}"),
        }
    }
}

#[test]
fn a_truncated_file_is_used_as_far_as_it_goes() {
    let names = ["s16.wav", "f32.wav", "s16.aiff", "lame.mp3", "vbr.mp3", "adts.aac", "opus.webm"];
    for name in names {
        let whole = bytes(name);
        let decoded = decode(&whole[..whole.len() / 2]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!((0.6..0.9).contains(&decoded.seconds()), "{name}: {} s", decoded.seconds());
        assert!(
            matches!(decoded.warnings[..], [Warning::Truncated { .. }]),
            "{name}: {:?}",
            decoded.warnings
        );
    }
}

#[test]
fn a_damaged_middle_costs_no_more_than_itself() {
    for name in ["lame.mp3", "vbr.mp3", "layer2.mp2", "adts.aac", "s16.flac", "s16.wav", "alac.m4a"] {
        let mut content = bytes(name);
        let hole = content.len() / 2..content.len() / 2 + content.len() / 10;
        let junk = noise(hole.len(), 1);
        content[hole].copy_from_slice(&junk);
        let decoded = decode(&content).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!((1.0..1.7).contains(&decoded.seconds()), "{name}: {} s", decoded.seconds());
    }
}

#[test]
fn damage_causes_no_panic_and_no_endless_loop() {
    for &(name, ..) in FORMATS {
        let whole = bytes(name);
        for seed in 0..12 {
            let mut content = whole.clone();
            let junk = noise(64, seed);
            for (i, pair) in junk.chunks_exact(4).enumerate() {
                let far = usize::from(pair[0]) << 8 | usize::from(pair[1]);
                // Half of the changes hit the headers.
                let range = if i % 2 == 0 { content.len() } else { 300 };
                let at = far % range.min(content.len());
                content[at] = pair[2];
            }
            content.truncate(content.len() - usize::from(junk[3]));
            match decode(&content) {
                Ok(_) | Err(Error::Audio { .. }) => {}
                Err(other) => panic!("{name}, seed {seed}: {other}"),
            }
        }
    }
}

/// A decoder for the fingerprint leaves out what is above 5 kHz, and nothing else.
#[test]
fn the_fingerprint_of_mp3_is_that_of_a_full_decode() {
    let songs = formats().join("../audio/songs");
    let paths = [formats().join("lame.mp3"), formats().join("vbr.mp3"), songs.join("marigold-street.mp3")];
    for path in paths.into_iter().chain([songs.join("paper-lanterns.mp3")]) {
        let analysis = |mut decoder: Decoder| {
            let mut values = Vec::new();
            let length = track::chroma(&mut decoder, &CURRENT, &CancelToken::new(), |frame| {
                values.extend_from_slice(frame)
            });
            (length.expect("it decodes").0, values, decoder.spec(), decoder.warnings().len())
        };
        let full = analysis(Decoder::open(&path).expect("it opens"));
        let coarse = analysis(Decoder::open(&path).expect("it opens").for_fingerprint());
        assert!((full.0 - coarse.0).abs() < 1e-4, "{}: {} and {} s", path.display(), full.0, coarse.0);
        assert_eq!((full.2, full.3), (coarse.2, coarse.3), "{}", path.display());
        assert_eq!(full.1.len(), coarse.1.len());
        let most = full.1.iter().zip(&coarse.1).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < 1e-3, "{}: a difference of {most}", path.display());
    }
}

#[test]
fn damaged_mp3_lasts_as_long_for_the_fingerprint() {
    for name in ["lame.mp3", "vbr.mp3"] {
        let whole = bytes(name);
        for seed in 0..40 {
            let mut content = whole.repeat(1 + usize::from(seed % 4 == 0));
            for four in noise(4 * (seed as usize % 10), seed).chunks_exact(4) {
                let far = usize::from(four[0]) << 8 | usize::from(four[1]);
                let at = far % content.len();
                content[at] = four[2];
            }
            let open = || Decoder::from_reader(&content[..], Path::new("-"));
            match (open().and_then(drain), open().map(Decoder::for_fingerprint).and_then(drain)) {
                (Ok(full), Ok(coarse)) => {
                    let (full, coarse) = (full.seconds(), coarse.seconds());
                    assert!((full - coarse).abs() < 2e-3, "{name}, seed {seed}: {full} and {coarse} s");
                }
                (Err(_), Err(_)) => {}
                (full, coarse) => panic!("{name}, seed {seed}: {:?} and {:?}", full.err(), coarse.err()),
            }
        }
    }
}

#[test]
fn concatenated_files_are_decoded_to_the_end() {
    for name in ["lame.mp3", "vbr.mp3", "layer2.mp2", "adts.aac"] {
        let twice = bytes(name).repeat(2);
        let decoded = decode(&twice).expect("it decodes");
        assert!((2.9..3.3).contains(&decoded.seconds()), "{name}: {} s", decoded.seconds());
    }
    let chained = [bytes("opus.opus"), bytes("vorbis.ogg")].concat();
    assert_eq!(decode(&chained).expect("it decodes").rates, [48_000, 22_050]);
}

#[test]
fn mp3_without_a_length_is_decoded_to_its_end() {
    let mut content = bytes("vbr.mp3");
    let tag = content.windows(4).position(|w| w == b"Xing" || w == b"Info").expect("LAME writes it");
    content[tag..tag + 4].fill(0);
    let decoded = decode(&content).expect("it decodes");
    assert!((1.5..1.65).contains(&decoded.seconds()), "{} s", decoded.seconds());
}

#[test]
fn a_large_tag_with_cover_art_is_no_obstacle() {
    let mut tag = b"TIT2\0\0\0\x06\0\0\0Cover".to_vec();
    let picture = noise(3_000_000, 5);
    tag.extend(b"APIC");
    tag.extend((picture.len() as u32 + 14).to_be_bytes());
    tag.extend(b"\0\0\0image/jpeg\0\x03\0");
    tag.extend(&picture);
    let size = [21, 14, 7, 0].map(|shift| (tag.len() >> shift & 0x7f) as u8);
    let content = [b"ID3\x03\0\0".as_slice(), &size, &tag, &bytes("layer2.mp2")].concat();
    let decoded = decode(&content).expect("it decodes");
    assert_eq!(decoded.tags.title.as_deref(), Some("Cover"));
    assert_eq!(decoded.samples, decode(&bytes("layer2.mp2")).expect("it decodes").samples);
}

/// An ID3v2.3 tag of these frames in front of a file.
fn with_id3(frames: &[(&[u8; 4], &[u8])], file: &[u8]) -> Vec<u8> {
    let mut tag = Vec::new();
    for (id, content) in frames {
        tag.extend(*id);
        tag.extend((content.len() as u32).to_be_bytes());
        tag.extend([0, 0]);
        tag.extend(*content);
    }
    let size = [21, 14, 7, 0].map(|shift| (tag.len() >> shift & 0x7f) as u8);
    [b"ID3\x03\0\0".as_slice(), &size, &tag, file].concat()
}

/// A WAV file with such a tag in a chunk at its end.
fn with_id3_chunk(frames: &[(&[u8; 4], &[u8])], file: &[u8]) -> Vec<u8> {
    let tag = with_id3(frames, b"");
    let pad: &[u8] = if tag.len().is_multiple_of(2) { b"" } else { b"\0" };
    let mut out = [file, b"id3 ", &(tag.len() as u32).to_le_bytes(), &tag, pad].concat();
    let size = out.len() as u32 - 8;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    out
}

/// A FLAC file with these Vorbis comments in place of its own.
fn with_comments(comments: &[&str], file: &[u8]) -> Vec<u8> {
    let mut block = [0; 4].to_vec();
    block.extend((comments.len() as u32).to_le_bytes());
    for comment in comments {
        block.extend((comment.len() as u32).to_le_bytes());
        block.extend(comment.as_bytes());
    }
    // The header of the stream, the comments, and the frames after the last block.
    let mut at = 4;
    let header = file[..42].to_vec();
    loop {
        let [kind, a, b, c] = file[at..at + 4].try_into().unwrap();
        at += 4 + u32::from_be_bytes([0, a, b, c]) as usize;
        if kind & 0x80 != 0 {
            break;
        }
    }
    let length = (block.len() as u32).to_be_bytes();
    [header.as_slice(), &[0x84], &length[1..], &block, &file[at..]].concat()
}

/// An MP4 file whose table of contents comes last, with these items added to its list of tags.
pub(super) fn with_items(items: &[Vec<u8>], file: &[u8]) -> Vec<u8> {
    let items = items.concat();
    let mut out = file.to_vec();
    let moov = file.windows(4).rposition(|w| w == b"moov").expect("a table of contents");
    let mut end = 0;
    for atom in [b"moov", b"udta", b"meta", b"ilst"] {
        let at = moov + file[moov..].windows(4).position(|w| w == atom).expect("a list of tags") - 4;
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        out[at..at + 4].copy_from_slice(&(size + items.len() as u32).to_be_bytes());
        end = at + size as usize;
    }
    out.splice(end..end, items);
    out
}

pub(super) fn atom(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [(content.len() as u32 + 8).to_be_bytes().as_slice(), name, content].concat()
}

pub(super) fn freeform(name: &str, value: &str) -> Vec<u8> {
    let text = |kind, text: &str, flags: &[u8]| atom(kind, &[flags, text.as_bytes()].concat());
    let parts = [
        text(b"mean", "com.apple.iTunes", &[0; 4]),
        text(b"name", name, &[0; 4]),
        text(b"data", value, &[0, 0, 0, 1, 0, 0, 0, 0]),
    ];
    atom(b"----", &parts.concat())
}

#[test]
fn numbers_and_ids_are_read_as_taggers_write_them() {
    const RECORDING: &str = "0a1b2c3d-0000-4000-8000-000000000001";
    const RELEASE: &str = "0a1b2c3d-0000-4000-8000-000000000002";
    const ACOUSTID: &str = "0a1b2c3d-0000-4000-8000-000000000003";
    const OF_TRACK: &str = "0a1b2c3d-0000-4000-8000-000000000004";
    let extra = |name: &str, value: &str| format!("\0{name}\0{value}").into_bytes();
    let frames: [(&[u8; 4], &[u8]); 8] = [
        (b"TIT2", b"\0Two Tones"),
        (b"TRCK", b"\x003/9"),
        (b"TPOS", b"\x002/2"),
        (b"TXXX", &extra("MusicBrainz Album Id", RELEASE)),
        (b"TXXX", &extra("MusicBrainz Release Track Id", OF_TRACK)),
        (b"TXXX", &extra("Acoustid Id", ACOUSTID)),
        (b"UFID", &[b"http://example.org\0".as_slice(), OF_TRACK.as_bytes()].concat()),
        (b"UFID", &[b"http://musicbrainz.org\0".as_slice(), RECORDING.as_bytes()].concat()),
    ];
    let id3 = with_id3(&frames, &bytes("layer2.mp2"));
    let chunk = with_id3_chunk(&frames, &bytes("u8.wav"));
    let comments: Vec<String> = [
        ("TITLE", "Two Tones"),
        ("TRACKNUMBER", "3"),
        ("TRACKTOTAL", "9"),
        ("DISCNUMBER", "2"),
        ("MUSICBRAINZ_ALBUMID", RELEASE),
        ("MUSICBRAINZ_RELEASETRACKID", OF_TRACK),
        ("MUSICBRAINZ_TRACKID", RECORDING),
        ("ACOUSTID_ID", ACOUSTID),
    ]
    .iter()
    .map(|(name, value)| format!("{name}={value}"))
    .collect();
    let flac = with_comments(&comments.iter().map(String::as_str).collect::<Vec<_>>(), &bytes("s16.flac"));
    let pair = |name, n| atom(name, &atom(b"data", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n, 0, 9, 0, 0]));
    let mp4 = with_items(
        &[
            pair(b"trkn", 3),
            pair(b"disk", 2),
            freeform("MusicBrainz Album Id", RELEASE),
            freeform("MusicBrainz Release Track Id", OF_TRACK),
            freeform("MusicBrainz Track Id", RECORDING),
            freeform("Acoustid Id", ACOUSTID),
        ],
        &bytes("aac.m4a"),
    );
    for (name, content) in [("ID3v2", id3), ("ID3v2 in WAV", chunk), ("Vorbis comments", flac), ("MP4", mp4)]
    {
        let decoded = decode(&content).unwrap_or_else(|e| panic!("{name}: {e}"));
        let tags = decoded.tags;
        assert_eq!(tags.title.as_deref(), Some("Two Tones"), "{name}");
        assert_eq!((tags.track_number, tags.disc_number), (Some(3), Some(2)), "{name}");
        assert_eq!(tags.recording_mbid.as_deref(), Some(RECORDING), "{name}");
        assert_eq!(tags.release_mbid.as_deref(), Some(RELEASE), "{name}");
        assert_eq!(tags.acoustid.as_deref(), Some(ACOUSTID), "{name}");
    }
}

#[test]
fn a_damaged_tag_is_no_obstacle() {
    let content = [b"ID3\x03\0\0\0\0\x07\x68APIC".as_slice(), &noise(996, 3), &bytes("vbr.mp3")].concat();
    assert_eq!(
        decode(&content).expect("it decodes").samples,
        decode(&bytes("vbr.mp3")).expect("it decodes").samples
    );
}

#[test]
fn wav_with_odd_chunks_decodes() {
    let whole = bytes("s16.wav");
    let data = whole.windows(4).position(|w| w == b"data").expect("a WAV has it");
    let mut content = whole[..data].to_vec();
    content.extend(b"junk\x03\0\0\0abc\0bext\0\0\0\0");
    content.extend(&whole[data..]);
    content.extend(b"LIST\x05\0\0\0abcde");
    assert_eq!(decode(&content).expect("it decodes").samples, decode(&whole).expect("it decodes").samples);
}

#[test]
fn wav_with_unfinished_lengths_decodes() {
    let whole = bytes("s16.wav");
    let data = whole.windows(4).position(|w| w == b"data").expect("a WAV has it") + 4;
    let expected = decode(&whole).expect("it decodes").samples;
    let lengths = [0, 36, 1_000, whole.len() as u32 - 8, 0x7fff_f000, u32::MAX];
    for (riff, audio) in lengths.into_iter().flat_map(|a| [0, 0x7fff_0000, u32::MAX].map(|b| (a, b))) {
        let mut content = whole.clone();
        content[4..8].copy_from_slice(&riff.to_le_bytes());
        content[data..data + 4].copy_from_slice(&audio.to_le_bytes());
        let decoded = decode(&content).unwrap_or_else(|e| panic!("{riff}, {audio}: {e}"));
        assert_eq!(decoded.samples, expected, "{riff}, {audio}");
    }
}

#[test]
fn samples_that_are_nan_become_silence() {
    let mut content = bytes("f32.wav");
    let data = content.windows(4).position(|w| w == b"data").expect("a WAV has it") + 8;
    for (i, bad) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30].into_iter().enumerate() {
        content[data + 4 * i..data + 4 * i + 4].copy_from_slice(&bad.to_le_bytes());
    }
    assert_eq!(decode(&content).expect("it decodes").samples[..4], [0.0; 4]);
}

#[test]
fn rates_out_of_range_are_refused() {
    for rate in [1_u32, 999, 768_001, u32::MAX] {
        let mut content = bytes("s16.wav");
        content[24..28].copy_from_slice(&rate.to_le_bytes());
        assert_eq!(refusal(&content), AudioError::SampleRate(rate));
    }
}

#[test]
fn a_file_that_claims_gigabytes_takes_no_memory_for_them() {
    // A sparse Matroska file whose one block goes on for 4 GiB.
    let mut content = bytes("vorbis.mka");
    let cluster =
        content.windows(4).rposition(|w| w == [0x1f, 0x43, 0xb6, 0x75]).expect("Matroska has clusters");
    content.truncate(cluster);
    content.extend([0x1f, 0x43, 0xb6, 0x75, 0x01, 0, 0, 1, 0, 0, 0, 0x20, 0xe7, 0x81, 0]);
    content.extend([0xa3, 0x01, 0, 0, 1, 0, 0, 0, 0, 0x81, 0, 0, 0]);
    let mut file = tempfile::NamedTempFile::new().expect("the temporary folder is writable");
    file.write_all(&content).expect("there is room");
    file.as_file().set_len(5 << 30).expect("sparse files are possible");
    match Decoder::open(file.path()).and_then(drain) {
        Err(Error::Audio { reason: AudioError::Damaged(_), .. }) => {}
        other => panic!("expected damage, got {other:?}"),
    }
}
