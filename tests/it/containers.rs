//! Containers of samples in every form that programs write, right or wrong. All bytes are made here.
use std::path::Path;

use refrain::decode::Decoder;
use refrain::error::{AudioError, Error};
use refrain::{Tags, Warning};

const RATE: u32 = 8_000;
const FRAMES: usize = 8_000;

/// The signal: a second of a tone whose loudness grows.
fn signal() -> Vec<i16> {
    (0..FRAMES).map(|i| (i as f64 * 3.0 * (i as f64 * 0.2).sin()) as i16).collect()
}

fn samples(signal: &[i16], bytes: impl Fn(i16) -> Vec<u8>) -> Vec<u8> {
    signal.iter().flat_map(|&x| bytes(x)).collect()
}

fn little() -> Vec<u8> {
    samples(&signal(), |x| x.to_le_bytes().to_vec())
}

fn big() -> Vec<u8> {
    samples(&signal(), |x| x.to_be_bytes().to_vec())
}

struct Decoded {
    samples: Vec<f32>,
    tags: Tags,
    warnings: Vec<Warning>,
}

fn decode(content: &[u8]) -> Result<Decoded, Error> {
    let mut decoder = Decoder::from_reader(content, Path::new("-"))?;
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while let Some(rate) = decoder.next_block(&mut block)? {
        assert_eq!(rate.0, RATE);
        samples.extend_from_slice(&block);
        assert!(samples.len() < 1_000_000, "no end");
    }
    Ok(Decoded { samples, tags: decoder.tags().clone(), warnings: decoder.warnings() })
}

/// Decodes what must be the signal, bit for bit, without a warning.
fn whole(what: &str, content: &[u8]) -> Tags {
    let decoded = decode(content).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(decoded.warnings, [], "{what}");
    same(what, &decoded.samples, FRAMES);
    decoded.tags
}

fn same(what: &str, samples: &[f32], frames: usize) {
    assert_eq!(samples.len(), frames, "{what}");
    let expected = signal().into_iter().map(|x| f32::from(x) / 32_768.0);
    assert!(samples.iter().zip(expected).all(|(&a, b)| (a - b).abs() < 1e-6), "{what}: other samples");
}

/// Decodes what must be the first part of the signal, with the warning that it was cut.
fn cut(what: &str, content: &[u8], frames: usize) {
    let decoded = decode(content).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(matches!(decoded.warnings[..], [Warning::Truncated { .. }]), "{what}: {:?}", decoded.warnings);
    same(what, &decoded.samples, frames);
}

fn refusal(content: &[u8]) -> String {
    match decode(content) {
        Err(Error::Audio { reason, .. }) => reason.to_string(),
        Err(other) => panic!("{other}"),
        Ok(decoded) => panic!("{} samples", decoded.samples.len()),
    }
}

/// A chunk of RIFF, with the byte behind an odd length.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = [name, &(content.len() as u32).to_le_bytes()[..], content].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WAVE", &body].concat()
}

/// The sixteen bytes of a `fmt ` chunk.
fn fmt(tag: u16, channels: u16, align: u16, bits: u16) -> Vec<u8> {
    let short = |x: u16| x.to_le_bytes().to_vec();
    let long = |x: u32| x.to_le_bytes().to_vec();
    [short(tag), short(channels), long(RATE), long(RATE * u32::from(align)), short(align), short(bits)]
        .concat()
}

fn plain() -> Vec<u8> {
    riff(&[chunk(b"fmt ", &fmt(1, 1, 2, 16)), chunk(b"data", &little())])
}

fn at(content: &[u8], what: &[u8]) -> usize {
    content.windows(what.len()).position(|w| w == what).expect("it is there")
}

/// The content with other bytes at a place.
fn with(mut content: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    content[at..at + bytes.len()].copy_from_slice(bytes);
    content
}

#[test]
fn wav_of_every_length_field() {
    let file = plain();
    let (riff_len, data_len) = (4, at(&file, b"data") + 4);
    let len = file.len() as u32;
    for wrong in [0, 1, 36, len, 0x7fff_f000, 0x8000_0000, u32::MAX - 1, u32::MAX] {
        whole("RIFF", &with(file.clone(), riff_len, &wrong.to_le_bytes()));
    }
    for wrong in [0, len, 0x7fff_ffff, 0x7fff_f000, 0x8000_0000, u32::MAX - 8, u32::MAX] {
        whole("data", &with(file.clone(), data_len, &wrong.to_le_bytes()));
    }
    for cut_at in [1_000, 9_999, 15_900] {
        cut("data", &file[..cut_at], (cut_at - 44) / 2);
    }
    // A file that is empty, and not one whose length was never filled in.
    let list = chunk(b"LIST", b"INFOINAM\x04\0\0\0abc\0");
    let empty = riff(&[chunk(b"fmt ", &fmt(1, 1, 2, 16)), chunk(b"data", b""), list]);
    assert_eq!(decode(&empty).map(|d| d.samples.len()).ok(), Some(0));
}

#[test]
fn wav_with_any_format_chunk() {
    let with_format = |format: &[u8], data: &[u8]| riff(&[chunk(b"fmt ", format), chunk(b"data", data)]);
    for extra in [&b""[..], b"\0\0", b"\x02\0\0\0", b"\x16\0\x10\0\x04\0\0\0", &[0; 100]] {
        whole("extra", &with_format(&[fmt(1, 1, 2, 16), extra.to_vec()].concat(), &little()));
    }
    whole("no bits", &with_format(&fmt(1, 1, 2, 16)[..14], &little()));
    whole("no align", &with_format(&fmt(1, 1, 0, 16), &little()));
    let guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    for mask in [0, 4, 0x8000_0000, u32::MAX, 0x3f] {
        let extensible =
            [fmt(0xfffe, 1, 2, 16), vec![22, 0, 16, 0], u32::to_le_bytes(mask).to_vec(), guid.to_vec()];
        whole("mask", &with_format(&extensible.concat(), &little()));
    }
    // More bits than the signal has; those that do not fill their bytes lie at the top.
    let wide = |width: usize| samples(&signal(), |x| [&vec![0; width - 2][..], &x.to_le_bytes()].concat());
    for (bits, width) in [(17, 3), (20, 3), (24, 3), (24, 4), (28, 4), (32, 4)] {
        whole("bits", &with_format(&fmt(1, 1, width as u16, bits), &wide(width)));
    }
    let floats = samples(&signal(), |x| (f32::from(x) / 32_768.0).to_le_bytes().to_vec());
    whole("float", &with_format(&fmt(3, 1, 4, 32), &floats));
    let doubles = samples(&signal(), |x| (f64::from(x) / 32_768.0).to_le_bytes().to_vec());
    whole("double", &with_format(&fmt(3, 1, 8, 64), &doubles));
    whole("fmt last", &riff(&[chunk(b"data", &little()), chunk(b"fmt ", &fmt(1, 1, 2, 16))]));
    assert_eq!(refusal(&with_format(&fmt(0x31, 1, 65, 0), &[1; 9_999])), "not supported: GSM 6.10");
    assert_eq!(
        refusal(&with_format(&fmt(1, 0, 0, 16), &little())),
        "damaged: its format chunk states no channel or no rate"
    );
    assert_eq!(refusal(&with_format(b"\x01\0", &little())), "damaged: its format chunk is too short");
    assert_eq!(refusal(&riff(&[chunk(b"data", &little())])), "damaged: its format chunk is missing");
    assert_eq!(refusal(&riff(&[chunk(b"fmt ", &fmt(1, 1, 2, 16))])), "damaged: its audio data is missing");
}

#[test]
fn what_is_no_sound_but_written_as_samples_is_no_track() {
    let noise = super::run::noise(40_000, 3);
    for (sync, name) in [
        (&b"\x72\xf8\x1f\x4e\x01\0"[..], "AC-3 or DTS in S/PDIF frames"),
        (b"\xfe\x7f\x01\x80\xfc\x3c", "DTS"),
        (b"\xff\x1f\x00\xe8\xf1\x07", "DTS"),
    ] {
        for zeros in [0, 4_096] {
            let data = [&vec![0; zeros][..], sync, &noise].concat();
            let file = riff(&[chunk(b"fmt ", &fmt(1, 2, 4, 16)), chunk(b"data", &data)]);
            assert_eq!(refusal(&file), format!("not supported: {name}"));
        }
    }
}

#[test]
fn wav_chunks_of_odd_length() {
    let format = || chunk(b"fmt ", &fmt(1, 1, 2, 16));
    let title = |file: &[u8]| whole("odd", file).title;
    let list = b"INFOINAM\x05\0\0\0Title";
    assert_eq!(
        title(&riff(&[chunk(b"LIST", list), format(), chunk(b"data", &little())])).as_deref(),
        Some("Title")
    );
    let unpadded = [b"LIST", &(list.len() as u32).to_le_bytes()[..], list].concat();
    let file = riff(&[unpadded.clone(), format(), chunk(b"data", &little())]);
    assert_eq!(title(&file).as_deref(), Some("Title"));
    let file = riff(&[format(), chunk(b"data", &little()), unpadded]);
    assert_eq!(title(&file).as_deref(), Some("Title"));
}

#[test]
fn wav_with_the_highest_byte_first() {
    let swapped = |n: u32| n.to_be_bytes();
    let format = [
        &1_u16.to_be_bytes()[..],
        &1_u16.to_be_bytes(),
        &swapped(RATE),
        &swapped(2 * RATE),
        &2_u16.to_be_bytes(),
        &16_u16.to_be_bytes(),
    ]
    .concat();
    let data = big();
    let file = [
        b"RIFX",
        &swapped(0)[..],
        b"WAVEfmt ",
        &swapped(16),
        &format,
        b"data",
        &swapped(data.len() as u32),
        &data,
    ];
    whole("RIFX", &file.concat());
}

fn rf64(name: &[u8; 4], ds64_data: u64, data_len: u32) -> Vec<u8> {
    let ds64 = [&0_u64.to_le_bytes()[..], &ds64_data.to_le_bytes(), &(FRAMES as u64).to_le_bytes(), &[0; 4]]
        .concat();
    let data = little();
    let body = [
        chunk(b"ds64", &ds64),
        chunk(b"fmt ", &fmt(1, 1, 2, 16)),
        [b"data", &data_len.to_le_bytes()[..], &data].concat(),
        chunk(b"LIST", b"INFOINAM\x05\0\0\0Title"),
    ];
    [name, &u32::MAX.to_le_bytes()[..], b"WAVE", &body.concat()].concat()
}

#[test]
fn lengths_of_64_bits() {
    for name in [b"RF64", b"BW64"] {
        let tags = whole("ds64", &rf64(name, 16_000, u32::MAX));
        assert_eq!(tags.title.as_deref(), Some("Title"), "the chunk behind is found");
        whole("short", &rf64(name, 0, 16_000));
        let unknown = rf64(name, 0, u32::MAX);
        let without_list = unknown.len() - 8 - 18;
        whole("unknown", &unknown[..without_list]);
        whole("impossible", &rf64(name, u64::MAX, u32::MAX)[..without_list]);
        let file = rf64(name, 16_000, u32::MAX);
        cut("cut", &file[..without_list - 8_000], 4_000);
    }
}

#[test]
fn wave64() {
    const REST: &[u8] = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";
    let named = |name: &[u8], size: u64, content: &[u8]| {
        let mut chunk = [name, REST, &(size + 24).to_le_bytes(), content].concat();
        chunk.resize(chunk.len().next_multiple_of(8), 0);
        chunk
    };
    let file = |size: u64| {
        let data = little();
        let head = [
            b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00",
            &0_u64.to_le_bytes()[..],
            b"wave",
            REST,
        ];
        let chunks = [
            named(b"fact", 8, &(FRAMES as u64).to_le_bytes()),
            named(b"fmt ", 16, &fmt(1, 1, 2, 16)),
            named(b"data", size, &data),
        ];
        [head.concat(), chunks.concat()].concat()
    };
    whole("Wave64", &file(16_000));
    for unknown in [0, u64::MAX - 24, i64::MAX as u64] {
        whole("unknown", &file(unknown));
    }
    cut("cut", &file(16_000)[..8_000], (8_000 - 40 - 32 - 40 - 24) / 2);
}

#[test]
fn au_of_both_orders_and_any_length() {
    let header = |magic: &[u8; 4], numbers: &[u32], big: bool| {
        let bytes = |n: &u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        [&magic[..], &numbers.iter().flat_map(bytes).collect::<Vec<_>>()].concat()
    };
    for len in [16_000, 0, u32::MAX] {
        whole("big", &[header(b".snd", &[24, len, 3, RATE, 1], true), big()].concat());
        whole("little", &[header(b"dns.", &[28, len, 3, RATE, 1], false), vec![0; 4], little()].concat());
    }
    cut("cut", &[header(b".snd", &[24, 160_000, 3, RATE, 1], true), big()].concat(), FRAMES);
    let wide = samples(&signal(), |x| [&x.to_be_bytes()[..], &[0, 0]].concat());
    whole("32 bits", &[header(b".snd", &[24, 32_000, 5, RATE, 1], true), wide].concat());
    let floats = samples(&signal(), |x| (f32::from(x) / 32_768.0).to_be_bytes().to_vec());
    whole("float", &[header(b".snd", &[24, 32_000, 6, RATE, 1], true), floats].concat());
    let adpcm = [header(b".snd", &[24, 16_000, 23, RATE, 1], true), big()].concat();
    assert_eq!(refusal(&adpcm), "the audio codec (G.721, G.722 or G.723 ADPCM) is not supported");
}

/// AIFF, or AIFF-C with a codec.
fn aiff(codec: Option<&[u8; 4]>, bits: u16, data: &[u8], frames: u32, ssnd: u32, form: u32) -> Vec<u8> {
    let mut comm =
        [&1_u16.to_be_bytes()[..], &frames.to_be_bytes(), &bits.to_be_bytes(), b"\x40\x0b\xfa\0\0\0\0\0\0\0"]
            .concat();
    if let Some(codec) = codec {
        comm.extend(codec);
        comm.extend(b"\x03abc");
    }
    let kind: &[u8] = if codec.is_some() { b"AIFC" } else { b"AIFF" };
    let len = (comm.len() as u32).to_be_bytes();
    [
        b"FORM",
        &form.to_be_bytes()[..],
        kind,
        b"NAME\0\0\0\x05Title\0COMM",
        &len,
        &comm,
        b"SSND",
        &ssnd.to_be_bytes(),
        &[0; 8],
        data,
    ]
    .concat()
}

#[test]
fn aiff_with_wrong_lengths() {
    let frames = FRAMES as u32;
    for form in [0, 100, 15_000, 16_100, u32::MAX] {
        assert_eq!(
            whole("form", &aiff(None, 16, &big(), frames, 16_008, form)).title.as_deref(),
            Some("Title")
        );
    }
    for ssnd in [0, 16_100, 1 << 30, u32::MAX] {
        whole("SSND", &aiff(None, 16, &big(), frames, ssnd, 16_100));
        whole("SSND and COMM", &aiff(None, 16, &big(), 0, ssnd, 16_100));
    }
    whole("COMM", &aiff(None, 16, &big(), 7, 16_008, 16_100));
    let file = aiff(None, 16, &big(), frames, 16_008, 16_100);
    cut("cut", &file[..file.len() - 8_000], 4_000);
}

#[test]
fn aiff_of_every_kind_of_samples() {
    let of = |codec, bits, data: &[u8]| aiff(codec, bits, data, FRAMES as u32, data.len() as u32 + 8, 0);
    whole("NONE", &of(Some(b"NONE"), 16, &big()));
    whole("sowt", &of(Some(b"sowt"), 16, &little()));
    whole("20 bits", &of(None, 20, &samples(&signal(), |x| [&x.to_be_bytes()[..], &[0]].concat())));
    whole("in32", &of(Some(b"in32"), 32, &samples(&signal(), |x| [&x.to_be_bytes()[..], &[0; 2]].concat())));
    whole("23ni", &of(Some(b"23ni"), 32, &samples(&signal(), |x| [&[0; 2][..], &x.to_le_bytes()].concat())));
    let floats = |x: i16| (f32::from(x) / 32_768.0).to_be_bytes().to_vec();
    whole("fl32", &of(Some(b"fl32"), 32, &samples(&signal(), floats)));
    let refused = of(Some(b"QD\x1b2"), 16, &big());
    assert_eq!(refusal(&refused), "not supported: QD\\x1b2 in AIFF");
}

fn caf(data_len: i64, flags: u32, data: &[u8], before: &[u8]) -> Vec<u8> {
    let number = |n: u32| n.to_be_bytes();
    [
        b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20",
        &f64::from(RATE).to_be_bytes()[..],
        b"lpcm",
        &number(flags),
        &number(2),
        &number(1),
        &number(1),
        &number(16),
        before,
        b"data",
        &data_len.to_be_bytes(),
        &[0; 4],
        data,
    ]
    .concat()
}

#[test]
fn caf_of_unknown_length_and_cut() {
    let info = b"info\0\0\0\0\0\0\0\x1e\0\0\0\x02title\0Title\0artist\0Artist\0";
    let tags = whole("info", &caf(16_004, 2, &little(), info));
    assert_eq!((tags.title.as_deref(), tags.artist.as_deref()), (Some("Title"), Some("Artist")));
    whole("big", &caf(16_004, 0, &big(), b""));
    for unknown in [-1, 0, 4, i64::MIN] {
        whole("unknown", &caf(unknown, 2, &little(), b""));
    }
    let file = caf(16_004, 2, &little(), b"");
    cut("cut", &file[..file.len() - 8_000], 4_000);
    cut("far too long", &caf(i64::MAX, 2, &little(), b""), FRAMES);
}

#[test]
fn an_id3v2_tag_before_a_container_is_read() {
    let tag = b"ID3\x03\0\0\0\0\0\x0fTIT2\0\0\0\x05\0\0\0Song";
    assert_eq!(whole("WAV", &[&tag[..], &plain()].concat()).title.as_deref(), Some("Song"));
    let file = aiff(None, 16, &big(), FRAMES as u32, 16_008, 16_100);
    assert_eq!(whole("AIFF", &[&tag[..], &file].concat()).title.as_deref(), Some("Song"));
}

#[test]
fn reasons_are_those_of_the_interface() {
    let gsm = riff(&[chunk(b"fmt ", &fmt(0x31, 1, 65, 0)), chunk(b"data", &[1; 999])]);
    match decode(&gsm) {
        Err(Error::Audio { reason: AudioError::Unsupported(name), .. }) => assert_eq!(name, "GSM 6.10"),
        _ => panic!("another reason"),
    }
}
