//! Any bytes as the parts of a container that is whole otherwise: lengths and checksums are right. Mutations of files seldom
//! come past these.
use super::{
    decode,
    input::Input,
    opus::{crc, page},
};

/// The most frames or packets of an input.
const MOST: usize = 200;

/// The first byte says which container the others are parts of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let file = match input.byte() % 6 {
        0 => flac(&mut input),
        1 => vorbis(&mut input),
        2 => mp4(&mut input),
        3 => matroska(&mut input),
        4 => chunks(&mut input),
        _ => frames(&mut input),
    };
    decode::run(&file);
}

/// Bytes from the input, which also says how many, up to a limit.
fn part<'a>(input: &mut Input<'a>, most: usize) -> &'a [u8] {
    let len = input.number::<2>() as usize % most;
    input.bytes(len)
}

/// Parts of the input until it ends.
fn parts<'a>(input: &mut Input<'a>, most: usize) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while !input.is_empty() && parts.len() < MOST {
        parts.push(part(input, most));
    }
    parts
}

/// The description of the stream, then frames: a header, its checksum, the rest, its checksum, and what lies between.
fn flac(input: &mut Input<'_>) -> Vec<u8> {
    let mut file = b"fLaC\x80\0\0\x22".to_vec();
    file.extend_from_slice(input.bytes(34));
    file.resize(42, 0);
    for _ in 0..MOST {
        if input.is_empty() {
            break;
        }
        let len = 3 + usize::from(input.byte() % 12);
        let mut frame = [&[0xff], input.bytes(len)].concat();
        frame.push(crc(&frame, 0x07, 8) as u8);
        frame.extend_from_slice(part(input, 2_000));
        frame.extend((crc(&frame, 0x8005, 16) as u16).to_be_bytes());
        file.extend(frame);
        let between = usize::from(input.byte() % 8);
        file.extend_from_slice(input.bytes(between));
    }
    file
}

/// The number of channels and the sizes of blocks, the setup, then packets.
fn vorbis(input: &mut Input<'_>) -> Vec<u8> {
    let mut head = [b"\x01vorbis\0\0\0\0", &[input.byte()][..], b"\x44\xac\0\0", &[0; 12]].concat();
    head.extend([input.byte(), 1]);
    let setup = [b"\x05vorbis", part(input, 30_000)].concat();
    let mut file = page(&head, 0, 0, 2);
    file.extend(page(b"\x03vorbis\0\0\0\0\0\0\0\0\x01", 1, 0, 0));
    file.extend(page(&setup, 2, 0, 0));
    for (packet, number) in parts(input, 4_000).into_iter().zip(3..) {
        file.extend(page(packet, number, 512 * u64::from(number), 0));
    }
    file
}

fn atom(name: &[u8], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
}

/// The codec and its description, the header's flags, the edit list, the tags, then packets.
fn mp4(input: &mut Input<'_>) -> Vec<u8> {
    const CODECS: [&[u8; 4]; 9] =
        [b"mp4a", b"alac", b".mp3", b"Opus", b"fLaC", b"lpcm", b"sowt", b"twos", b"wave"];
    let codec = CODECS[input.below(CODECS.len())];
    let description = atom(codec, part(input, 2_000));
    let flags = input.byte();
    let edits = [&[input.byte() & 1, 0, 0, 0], part(input, 500)].concat();
    let tags = atom(b"udta", part(input, 2_000));
    let packets = parts(input, 2_000);
    let data = atom(b"mdat", &packets.concat());
    let numbers = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let count = packets.len() as u32;
    let sizes: Vec<u32> = [0, 0, count].into_iter().chain(packets.iter().map(|p| p.len() as u32)).collect();
    let samples = [
        atom(b"stsd", &[&numbers(&[0, 1])[..], &description].concat()),
        atom(b"stts", &numbers(&[0, 1, count, 1_024])),
        atom(b"stsc", &numbers(&[0, 1, 1, count, 1])),
        atom(b"stsz", &numbers(&sizes)),
        // Behind the type and the header of the data.
        atom(b"stco", &numbers(&[0, 1, 16 + 8])),
    ]
    .concat();
    let media = [
        atom(b"mdhd", &numbers(&[0, 0, 0, 44_100, 1_024 * count, 0])),
        atom(b"hdlr", &[&[0; 8], &b"soun"[..], &[0; 13]].concat()),
        atom(b"minf", &[atom(b"smhd", &[0; 8]), atom(b"stbl", &samples)].concat()),
    ]
    .concat();
    let mut header = numbers(&[flags.into(), 0, 0, 1, 0, 0]);
    header.resize(84, 0);
    let track =
        [atom(b"tkhd", &header), atom(b"edts", &atom(b"elst", &edits)), atom(b"mdia", &media)].concat();
    let mut movie = numbers(&[0, 0, 0, 1_000, 0]);
    movie.resize(100, 0);
    let table = atom(b"moov", &[atom(b"mvhd", &movie), atom(b"trak", &track), tags].concat());
    [atom(b"ftyp", b"M4A \0\0\0\0"), data, table].concat()
}

fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    [&id, &(content.len() as u64 | 1 << 56).to_be_bytes()[..], content].concat()
}

/// The codec, what else is said of the track, its packings, then frames.
fn matroska(input: &mut Input<'_>) -> Vec<u8> {
    const CODECS: [&[u8]; 8] = [
        b"A_PCM/INT/LIT",
        b"A_MPEG/L3",
        b"A_AAC",
        b"A_VORBIS",
        b"A_OPUS",
        b"A_FLAC",
        b"A_ALAC",
        b"A_PCM/FLOAT/IEEE",
    ];
    let codec = CODECS[input.below(CODECS.len())];
    let sound = [
        element(0xb5, &8_000_f32.to_be_bytes()),
        element(0x9f, &[1 + input.byte() % 2]),
        element(0x6264, &[16]),
    ]
    .concat();
    let track = [
        element(0xd7, &[1]),
        element(0x73c5, &[1]),
        element(0x83, &[2]),
        element(0x86, codec),
        element(0xe1, &sound),
        part(input, 1_000).to_vec(),
        element(0x6d80, part(input, 1_000)),
    ]
    .concat();
    let mut cluster = element(0xe7, &[0]);
    for (frame, number) in parts(input, 2_000).into_iter().zip(0_u16..) {
        let time = (10 * number).to_be_bytes();
        cluster.extend(element(0xa3, &[&[0x81, time[0], time[1], 0x80], frame].concat()));
    }
    let segment = [
        element(0x1549_a966, &element(0x2a_d7b1, &1_000_000_u32.to_be_bytes())),
        element(0x1654_ae6b, &element(0xae, &track)),
        element(0x1f43_b675, &cluster),
    ]
    .concat();
    let head = [element(0x4282, b"matroska"), element(0x4287, &[4]), element(0x4285, &[2])].concat();
    [element(0x1a45_dfa3, &head), element(0x1853_8067, &segment)].concat()
}

/// The container, then chunks: which, and what is in them.
fn chunks(input: &mut Input<'_>) -> Vec<u8> {
    const NAMES: [[&[u8; 4]; 6]; 3] = [
        [b"fmt ", b"data", b"LIST", b"ds64", b"fact", b"id3 "],
        [b"COMM", b"SSND", b"NAME", b"AUTH", b"ID3 ", b"FVER"],
        [b"desc", b"data", b"kuki", b"pakt", b"info", b"free"],
    ];
    let kind = input.byte() % 6;
    let names = NAMES[usize::from(kind / 2)];
    let mut all = Vec::new();
    for _ in 0..MOST {
        if input.is_empty() {
            break;
        }
        let name = names[input.below(names.len())];
        let content = part(input, 4_000);
        let len = content.len() as u32;
        all.extend_from_slice(name);
        match kind {
            0 | 3 => all.extend(len.to_le_bytes()),
            4 | 5 => all.extend(u64::from(len).to_be_bytes()),
            _ => all.extend(len.to_be_bytes()),
        }
        all.extend_from_slice(content);
        if kind < 4 && len % 2 == 1 {
            all.push(0);
        }
    }
    let len = all.len() as u32 + 4;
    let head = match kind {
        0 => [&b"RIFF"[..], &len.to_le_bytes(), b"WAVE"].concat(),
        1 => [&b"RIFX"[..], &len.to_be_bytes(), b"WAVE"].concat(),
        2 => [&b"FORM"[..], &len.to_be_bytes(), b"AIFF"].concat(),
        3 => [&b"FORM"[..], &len.to_be_bytes(), b"AIFC"].concat(),
        _ => b"caff\0\x01\0\0".to_vec(),
    };
    [head, all].concat()
}

/// Frames of MPEG audio, layer 3, and of ADTS: what lies before it, the header, then what is in it.
fn frames(input: &mut Input<'_>) -> Vec<u8> {
    const RATES: [[usize; 16]; 2] = [
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    ];
    let mut file = Vec::new();
    for _ in 0..MOST {
        if input.is_empty() {
            break;
        }
        let kind = input.byte();
        file.extend_from_slice(input.bytes(usize::from(kind / 2 % 8)));
        let header = input.number::<4>() as u32;
        let content = part(input, 1_500);
        if kind.is_multiple_of(2) {
            let [a, b, c, _] = header.to_be_bytes();
            let newer = a >> 3 & 1;
            let rate = [44_100, 48_000, 32_000, 44_100][usize::from(b >> 2 & 3)] >> (1 - newer);
            let bytes = 144_000 / (2 - usize::from(newer)) * RATES[usize::from(newer)][usize::from(b >> 4)];
            let len = bytes / rate + usize::from(b >> 1 & 1);
            let mut frame = vec![0xff, 0xf2 | newer << 3 | a & 1, b, c];
            frame.extend_from_slice(&content[..content.len().min(len.saturating_sub(4))]);
            frame.resize(len.max(4), 0);
            file.extend(frame);
        } else {
            let [a, b, c, _] = header.to_be_bytes();
            let len = content.len() as u32 + 7;
            let mut frame = vec![0xff, 0xf1, a, b & 0xfc | (len >> 11) as u8, (len >> 3) as u8];
            frame.extend([(len << 5) as u8 | 0x1f, 0xfc | c & 3]);
            frame.extend_from_slice(content);
            file.extend(frame);
        }
    }
    file
}
