//! Files that break a rule of their format and play everywhere, and what containers say of their tracks and tags.
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use refrain::acoustid::{ChromaprintOptions, chromaprint};
use refrain::decode::Decoder;
use refrain::error::Error;
use refrain::{Audio, ScanOptions, Tags};

use super::run::{Place, fixture, noise, tune, wav};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(fixture("formats").join(name)).unwrap()
}

fn decode(content: &[u8]) -> Result<(Vec<f32>, Tags, usize), Error> {
    let mut decoder = Decoder::from_reader(content, Path::new("-"))?;
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while decoder.next_block(&mut block)?.is_some() {
        samples.extend_from_slice(&block);
        assert!(samples.len() < 10_000_000, "no end");
    }
    Ok((samples, decoder.tags().clone(), decoder.warnings().len()))
}

/// Decodes both, which must give the same samples without a warning. Returns the tags of the other.
fn same(what: &str, usual: &[u8], other: &[u8]) -> Tags {
    let usual = decode(usual).unwrap();
    let other = decode(other).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(usual.0 == other.0, "{what}: {} and {} samples", usual.0.len(), other.0.len());
    assert_eq!(other.2, 0, "{what}: warnings");
    other.1
}

fn refusal(content: &[u8]) -> String {
    match decode(content) {
        Err(Error::Audio { reason, .. }) => reason.to_string(),
        other => panic!("{:?}", other.map(|decoded| decoded.0.len())),
    }
}

#[test]
fn flac_with_impossible_lengths() {
    let whole = bytes("s16.flac");
    let patched = |at: usize, new: &[u8]| {
        let mut file = whole.clone();
        file[at..at + new.len()].copy_from_slice(new);
        file
    };
    same("shortest 0", &whole, &patched(8, &[0, 0]));
    same("shortest above the longest", &whole, &patched(8, &[0xff, 0xff]));
    same("both 0", &whole, &patched(8, &[0; 4]));
    same("frames", &whole, &patched(12, &[0xff, 0xff, 0xff, 0, 0, 1]));
    let tag = b"ID3\x03\0\0\0\0\0\0";
    same("behind a tag", &whole, &[&tag[..], &patched(8, &[0, 0])].concat());
}

#[test]
fn quicktime_without_a_type() {
    for name in ["alac.m4a", "aac.m4a", "opus.mp4"] {
        let whole = bytes(name);
        for other in [b"wide", b"free", b"skip"] {
            let mut file = whole.clone();
            file[4..8].copy_from_slice(other);
            same(name, &whole, &file);
        }
    }
    assert_eq!(refusal(b"\0\0\0\x10freexxxxxxxx\0\0\0\x08mdat"), "not an audio file of a known format");
}

/// Encloses the atom at `at` in another one, and lengthens all that enclose both.
fn enclosed(mut file: Vec<u8>, at: usize, outer: &[&[u8; 4]], head: &[u8], tail: &[u8]) -> Vec<u8> {
    let len = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    file.splice(at + len..at + len, tail.iter().copied());
    file.splice(at..at, head.iter().copied());
    for name in outer {
        let size = file[..at].windows(4).rposition(|window| window == *name).expect("it is there") - 4;
        let old = u32::from_be_bytes(file[size..size + 4].try_into().unwrap());
        let new = old + (head.len() + tail.len()) as u32;
        file[size..size + 4].copy_from_slice(&new.to_be_bytes());
    }
    file
}

#[test]
fn alac_described_as_quicktime_does() {
    let whole = bytes("alac.m4a");
    let description = whole.windows(8).rposition(|window| window == b"\0\0\0\x24alac").expect("its cookie");
    let outer: &[&[u8; 4]] = &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"alac"];
    // The atom `wave` has the codec's name, its description and a mark of the end.
    let wave = b"\0\0\0\x40wave\0\0\0\x0cfrmaalac";
    let quicktime = enclosed(whole.clone(), description, outer, wave, b"\0\0\0\x08\0\0\0\0");
    same("wave", &whole, &quicktime);
    // Version 1 of a sound's description has 16 more bytes.
    let mut longer = enclosed(quicktime.clone(), description, outer, &[0; 16], b"");
    longer[description - 19] = 1;
    same("version 1", &whole, &longer);
    let mut untyped = longer.clone();
    untyped[4..8].copy_from_slice(b"wide");
    same("without a type", &whole, &untyped);
    // Lengths that cannot be.
    for len in [0_u32, 1, 7, 9, 12, 21, 65, u32::MAX] {
        let mut damaged = quicktime.clone();
        damaged[description..description + 4].copy_from_slice(&len.to_be_bytes());
        let _ = decode(&damaged);
    }
}

#[test]
fn atoms_within_atoms_without_end_are_no_obstacle() {
    let mut nested = bytes("aac.m4a");
    for left in (1..=9_000_u32).rev() {
        nested.extend((left * 8).to_be_bytes());
        nested.extend(b"moov");
    }
    let _ = decode(&nested);
}

fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

/// The bytes and the segments of a page at `at`.
fn page(file: &[u8], at: usize) -> (&[u8], &[u8]) {
    let segments = &file[at + 27..at + 27 + usize::from(file[at + 26])];
    let len = 27 + segments.len() + segments.iter().map(|&s| usize::from(s)).sum::<usize>();
    (&file[at..at + len], segments)
}

/// An Ogg file whose tags have a picture of so many bytes.
fn with_cover(file: &[u8], cover: usize) -> Vec<u8> {
    let (first, _) = page(file, 0);
    let (second, segments) = page(file, first.len());
    let body = &second[27 + segments.len()..];
    // All headers behind the first are on one page.
    let (mut packets, mut at, mut len) = (Vec::new(), 0, 0);
    for &segment in segments {
        len += usize::from(segment);
        if segment < 255 {
            packets.push(body[at..at + len].to_vec());
            (at, len) = (at + len, 0);
        }
    }
    let tags = &mut packets[0];
    let framed = tags.starts_with(b"\x03vorbis");
    let start = if framed { 7 } else { 8 };
    let vendor = u32::from_le_bytes(tags[start..start + 4].try_into().unwrap()) as usize;
    let count = start + 4 + vendor;
    let n = u32::from_le_bytes(tags[count..count + 4].try_into().unwrap());
    tags[count..count + 4].copy_from_slice(&(n + 2).to_le_bytes());
    tags.truncate(tags.len() - usize::from(framed));
    let picture = [b"METADATA_BLOCK_PICTURE=".to_vec(), vec![b'A'; cover]].concat();
    for comment in [picture, b"ARTIST=The Last".to_vec()] {
        tags.extend((comment.len() as u32).to_le_bytes());
        tags.extend(comment);
    }
    tags.extend(framed.then_some(1));
    let mut out = first.to_vec();
    let mut sequence = 1_u32;
    let mut segments: Vec<(u8, &[u8])> = Vec::new();
    for packet in &packets {
        segments.extend(packet.chunks(255).map(|part| (part.len() as u8, part)));
        if packet.len().is_multiple_of(255) {
            segments.push((0, &[]));
        }
    }
    let mut continued = false;
    for part in segments.chunks(255) {
        let at = out.len();
        out.extend(b"OggS\0");
        out.push(u8::from(continued));
        out.extend([0; 8]);
        out.extend(&first[14..18]);
        out.extend(sequence.to_le_bytes());
        out.extend([0; 4]);
        out.push(part.len() as u8);
        out.extend(part.iter().map(|part| part.0));
        part.iter().for_each(|part| out.extend(part.1));
        let crc = crc(&out[at..]);
        out[at + 22..at + 26].copy_from_slice(&crc.to_le_bytes());
        sequence += 1;
        continued = part.last().is_some_and(|part| part.0 == 255);
    }
    out.extend(&file[first.len() + second.len()..]);
    out
}

#[test]
fn ogg_with_a_large_cover() {
    for name in ["opus.opus", "vorbis.ogg"] {
        let whole = bytes(name);
        let title = decode(&whole).unwrap().1.title;
        for cover in [100, 18 << 20] {
            let tags = same(name, &whole, &with_cover(&whole, cover));
            assert_eq!(tags.title, title, "{name}, {cover}");
            assert_eq!(tags.other_artists, ["The Last"], "a comment behind the cover");
        }
    }
}

/// An Ogg file whose pages count other samples: `count` gets the number of a page, how many there are, and its samples.
fn counted(file: &[u8], count: impl Fn(usize, usize, u64) -> u64) -> Vec<u8> {
    let mut out = file.to_vec();
    let mut places = vec![0];
    while let Some(&at) = places.last().filter(|&&at| at < file.len()) {
        places.push(at + page(file, at).0.len());
    }
    for (number, place) in places.windows(2).enumerate() {
        let page = &mut out[place[0]..place[1]];
        let samples = u64::from_le_bytes(page[6..14].try_into().unwrap());
        page[6..14].copy_from_slice(&count(number, places.len() - 1, samples).to_le_bytes());
        page[22..26].fill(0);
        let crc = crc(page);
        page[22..26].copy_from_slice(&crc.to_le_bytes());
    }
    out
}

/// Encoders count a little wrong in the middle of a file. Only its last page says what is cut.
#[test]
fn ogg_pages_that_count_wrong() {
    for name in ["glass-meridian.ogg", "north-platform.opus"] {
        let whole = fs::read(fixture("audio/songs").join(name)).unwrap();
        // Headers are on two pages.
        let middle = |number: usize, pages: usize| (3..pages - 1).contains(&number);
        let early = counted(&whole, |number, pages, samples| {
            samples - if middle(number, pages) && number % 3 == 0 { 300 } else { 0 }
        });
        same(name, &whole, &early);
        let far = counted(&whole, |number, pages, samples| {
            samples - if middle(number, pages) && number % 3 == 0 { 5_000 } else { 0 }
        });
        same(name, &whole, &far);
        for less in [300, 5_000] {
            let cut = counted(&whole, |number, pages, samples| {
                samples - if number + 1 == pages { less } else { 0 }
            });
            let (whole, cut) = (decode(&whole).unwrap().0, decode(&cut).unwrap().0);
            assert!(
                cut[..] == whole[..whole.len() - less as usize],
                "{name}: {} of {}",
                cut.len(),
                whole.len()
            );
        }
    }
}

#[test]
fn mp3_behind_anything() {
    let whole = bytes("vbr.mp3");
    for (what, junk) in
        [("zeros", vec![0; 3_000_000]), ("noise", noise(2_000_000, 7)), ("text", vec![b'x'; 1_500_000])]
    {
        same(what, &whole, &[junk, whole.clone()].concat());
    }
}

#[test]
fn mpeg_audio_without_a_name_is_found_in_folders() {
    let place = Place::new();
    for (name, content) in
        [("song", "vbr.mp3"), ("radio", "layer2.mp2"), ("stream", "adts.aac"), ("old.bin", "lame.mp3")]
    {
        place.write(name, &bytes(content));
    }
    place.write("noise", &noise(50_000, 1));
    place.write("notes", &[b'a'; 9_999]);
    let (files, _) = ScanOptions::default().audio_files(place.path()).unwrap();
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    assert_eq!(names, ["old.bin", "radio", "song", "stream"]);
}

#[test]
fn fragmented_mp4_has_its_length() {
    let mut lengths = Vec::new();
    let audio = Audio::file(fixture("formats/fragmented.m4a"));
    chromaprint(audio, &ChromaprintOptions::default(), |part| {
        lengths.push(part.duration.0);
        Ok(())
    })
    .unwrap();
    assert!(matches!(lengths[..], [length] if (1.5..1.7).contains(&length)), "{lengths:?}");
}

/// An element of EBML.
fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    let size = (content.len() as u64 | 1 << 56).to_be_bytes();
    [&id, &size[..], content].concat()
}

/// Data in zlib's form, stored.
fn zlib(data: &[u8]) -> Vec<u8> {
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let len = data.len() as u16;
    [&[0x78, 1, 1][..], &len.to_le_bytes(), &(!len).to_le_bytes(), data, &(b << 16 | a).to_be_bytes()]
        .concat()
}

/// A track: its flag, if it has one, its ContentEncodings, and how a frame of it is stored.
type Entry<'a> = (Option<u8>, Vec<u8>, &'a dyn Fn(&[u8]) -> Vec<u8>);

/// Matroska with tracks of PCM, 8 kHz mono, each with its own tune.
fn matroska(entries: &[Entry]) -> Vec<u8> {
    let (mut tracks, mut cluster) = (Vec::new(), element(0xe7, &[0]));
    for (i, (default, encodings, _)) in entries.iter().enumerate() {
        let audio =
            [element(0xb5, &8_000_f32.to_be_bytes()), element(0x9f, &[1]), element(0x6264, &[16])].concat();
        let mut track = [
            element(0xd7, &[i as u8 + 1]),
            element(0x73c5, &[i as u8 + 1]),
            element(0x83, &[2]),
            element(0x86, b"A_PCM/INT/LIT"),
            element(0xe1, &audio),
        ]
        .concat();
        if let Some(flag) = default {
            track.extend(element(0x88, &[*flag]));
        }
        track.extend(encodings);
        tracks.extend(element(0xae, &track));
    }
    let tunes: Vec<Vec<u8>> = (0..entries.len())
        .map(|i| tune(8_000, 2.0, i as u64).iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    for (n, at) in (0..32_000).step_by(1_600).enumerate() {
        for (i, (_, _, stored)) in entries.iter().enumerate() {
            let time = (n as u16 * 100).to_be_bytes();
            let head = [0x80 | (i as u8 + 1), time[0], time[1], 0x80];
            cluster.extend(element(0xa3, &[&head[..], &stored(&tunes[i][at..at + 1_600])].concat()));
        }
    }
    let header = element(0x1a45_dfa3, &element(0x4282, b"matroska"));
    let info = [
        element(0x002a_d7b1, &1_000_000_u32.to_be_bytes()),
        element(0x4d80, b"this test"),
        element(0x5741, b"this test"),
    ];
    let info = element(0x1549_a966, &info.concat());
    let segment = [info, element(0x1654_ae6b, &tracks), element(0x1f43_b675, &cluster)].concat();
    [header, element(0x1853_8067, &segment)].concat()
}

fn encoding(algorithm: u8, settings: &[u8]) -> Vec<u8> {
    let compression = [element(0x4254, &[algorithm]), element(0x4255, settings)].concat();
    element(0x6d80, &element(0x6240, &element(0x5034, &compression)))
}

fn plain(frame: &[u8]) -> Vec<u8> {
    frame.to_vec()
}

/// The tune of a track.
fn tuned(i: u64) -> Vec<u8> {
    wav(8_000, 1, &tune(8_000, 2.0, i))
}

#[test]
fn compressed_frames_of_matroska_are_unpacked() {
    let packed: Entry = (None, encoding(0, &[]), &zlib);
    same("plain", &tuned(0), &matroska(&[(None, vec![], &plain)]));
    same("zlib", &tuned(0), &matroska(&[packed]));
    same(
        "behind other bytes",
        &tuned(0),
        &[noise(5_000, 9), matroska(&[(None, encoding(0, &[]), &zlib)])].concat(),
    );
    // What all frames begin with is stored once.
    let zero_first = |frame: &[u8]| frame[1..].to_vec();
    let stripped = matroska(&[(None, encoding(3, &[0]), &zero_first)]);
    let expected: Vec<u8> = matroska(&[(None, vec![], &|frame: &[u8]| [&[0], &frame[1..]].concat())]);
    same("header stripping", &expected, &stripped);
}

#[test]
fn frames_that_cannot_be_read_are_no_track() {
    for (algorithm, what) in [
        (1, "not supported: Matroska with bzlib compression"),
        (2, "not supported: Matroska with LZO compression"),
        (7, "not supported: Matroska with an unknown compression"),
    ] {
        assert_eq!(refusal(&matroska(&[(None, encoding(algorithm, &[]), &plain)])), what);
    }
    let encrypted = element(0x6d80, &element(0x6240, &element(0x5033, &[1])));
    assert_eq!(refusal(&matroska(&[(None, encrypted, &plain)])), "not supported: encrypted Matroska");
    assert_eq!(
        refusal(&matroska(&[(None, encoding(0, &[]), &plain)])),
        "damaged: a frame cannot be unpacked"
    );
    // Another track can be read.
    same("the other", &tuned(1), &matroska(&[(None, encoding(1, &[]), &plain), (Some(0), vec![], &plain)]));
}

#[test]
fn the_default_track_of_matroska_is_played() {
    let tracks = |a: Option<u8>, b: Option<u8>| matroska(&[(a, vec![], &plain), (b, vec![], &plain)]);
    for (a, b, played) in [
        (None, None, 0),
        (Some(0), None, 1),
        (Some(0), Some(1), 1),
        (Some(1), Some(0), 0),
        (None, Some(0), 0),
        (Some(0), Some(0), 0),
    ] {
        same(&format!("{a:?} {b:?}"), &tuned(played), &tracks(a, b));
    }
}

/// An ID3v2.4 tag of text frames in UTF-8.
fn id3v24(frames: &[(&[u8; 4], &str)]) -> Vec<u8> {
    let size = |n: usize| [21, 14, 7, 0].map(|shift| (n >> shift & 127) as u8);
    let frame = |(name, text): &(&[u8; 4], &str)| {
        let content = [b"\x03", text.as_bytes()].concat();
        [&name[..], &size(content.len()), &[0, 0], &content].concat()
    };
    let frames: Vec<u8> = frames.iter().flat_map(frame).collect();
    [b"ID3\x04\0\0", &size(frames.len())[..], &frames].concat()
}

#[test]
fn several_values_in_a_tag_are_all_kept() {
    let of = |frames: &[(&[u8; 4], &str)]| decode(&[id3v24(frames), bytes("vbr.mp3")].concat()).unwrap().1;
    let tags = of(&[
        (b"TIT2", "Song"),
        (b"TPE1", "First\0Second\0Third\0Second"),
        (b"TPE2", "Various"),
        (b"TALB", "One\0Two"),
        (b"TRCK", "3/9"),
    ]);
    assert_eq!(tags.artist.as_deref(), Some("First"));
    assert_eq!(tags.other_artists, ["Second", "Third"]);
    assert_eq!((tags.title.as_deref(), tags.album.as_deref()), (Some("Song"), Some("One; Two")));
    assert_eq!(tags.track_number, Some(3));
    assert_eq!(of(&[(b"TPE2", "Various"), (b"TPE1", "Alone")]).artist.as_deref(), Some("Alone"));
    assert_eq!(of(&[(b"TPE2", "Various")]).artist.as_deref(), Some("Various"), "nobody else is named");
    // Neither does it replace the artist that another tag of the file names: INFO of WAV, AUTH of AIFF, ID3v1.
    let (id3, list) = (id3v24(&[(b"TPE2", "Various")]), b"INFOIART\x06\0\0\0Alone\0");
    let chunk = |name: &[u8], size: [u8; 4], content: &[u8]| {
        let padding = vec![0; content.len() % 2];
        [name, &size, content, &padding].concat()
    };
    let tone = wav(8_000, 1, &tune(8_000, 2.0, 1));
    let riff = |name: &[u8], content: &[u8]| chunk(name, (content.len() as u32).to_le_bytes(), content);
    for chunks in [[riff(b"LIST", list), riff(b"id3 ", &id3)], [riff(b"id3 ", &id3), riff(b"LIST", list)]] {
        let mut file = [tone.clone(), chunks.concat()].concat();
        let size = file.len() as u32 - 8;
        file[4..8].copy_from_slice(&size.to_le_bytes());
        assert_eq!(decode(&file).unwrap().1.artist.as_deref(), Some("Alone"));
    }
    let mut id3v1 = [b"TAG".as_slice(), &[0; 125]].concat();
    id3v1[33..38].copy_from_slice(b"Alone");
    let file = [id3, bytes("vbr.mp3"), id3v1].concat();
    assert_eq!(decode(&file).unwrap().1.artist.as_deref(), Some("Alone"));
}

#[test]
fn id3v2_in_a_code_page() {
    let of = |title: &[u8]| {
        let frame = [b"TIT2\0\0\0", &[title.len() as u8 + 1][..], &[0; 3], title].concat();
        let tag = [b"ID3\x03\0\0\0\0\0", &[frame.len() as u8][..], &frame].concat();
        let bare = decode(&[&tag[..], &bytes("vbr.mp3")].concat()).unwrap().1.title;
        let wav = decode(&[&tag[..], &bytes("s24.wav")].concat()).unwrap().1.title;
        assert_eq!(bare, wav);
        bare
    };
    assert_eq!(of(b"Don\x92t \xfcber").as_deref(), Some("Don’t über"));
    assert_eq!(of("Sigur Rós’".as_bytes()).as_deref(), Some("Sigur Rós’"));
    assert_eq!(of(b"Sigur R\xf3s").as_deref(), Some("Sigur Rós"));
}

#[test]
fn id3v1_in_a_code_page() {
    let of = |title: &[u8]| {
        let mut tag = b"TAG".to_vec();
        tag.extend(title);
        tag.resize(128, 0);
        decode(&[bytes("vbr.mp3"), tag].concat()).unwrap().1.title
    };
    assert_eq!(of(b"Don\x92t \xfcber").as_deref(), Some("Don’t über"));
    assert_eq!(of("Sigur Rós".as_bytes()).as_deref(), Some("Sigur Rós"));
}

#[test]
fn artists_are_kept_in_the_index_and_in_lists() {
    let place = Place::new();
    let song = fs::read(fixture("audio/songs/paper-lanterns.mp3")).unwrap();
    let start = song.windows(2).position(|w| w[0] == 0xff && w[1] >= 0xe0).unwrap();
    let tag = id3v24(&[(b"TIT2", "Song"), (b"TPE1", "First\0Second")]);
    place.write("a.mp3", &[&tag[..], &song[start..]].concat());
    place.line("index build --quiet a.mp3 --db a.refrain").code(0);
    let listed = place.line("index list --json --db a.refrain").json();
    assert_eq!(listed[0]["artist"], "First");
    assert_eq!(listed[0]["other_artists"], serde_json::json!(["Second"]));
}

#[cfg(unix)]
#[test]
fn control_characters_do_not_reach_the_terminal() {
    let place = Place::new();
    let name = "a\n\x1b[31mb\u{9b}c\u{202e}.wav";
    place.write(name, &wav(8_000, 1, &tune(8_000, 20.0, 1)));
    place.write("bad\n\x07.wav", b"RIFF");
    for line in
        ["index build --verbose . --db a.refrain", "index list --db a.refrain", "index errors --db a.refrain"]
    {
        let run = place.line(line);
        for text in [&run.out, &run.err] {
            let odd = text.chars().find(|&c| c.is_control() && c != '\n' || c == '\u{202e}');
            assert_eq!(odd, None, "{line}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("\\u{1b}")
                || line.contains(".wav") && line.starts_with('b') && !line.starts_with("bad\\n")));
        }
        assert!(run.out.contains("\\n") || run.err.contains("\\n"), "{line}");
    }
    for args in [["query", name], ["fingerprint", name], ["analyze", name], ["timeline", name]] {
        let mut args = args.to_vec();
        if !["fingerprint", "analyze"].contains(&args[0]) {
            args.extend(["--db", "a.refrain"]);
        }
        let run = place.run(args.clone());
        let odd = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        assert!(!odd(&run.out) && !odd(&run.err), "{args:?}: {:?} {:?}", run.out, run.err);
    }
    let listed = place.line("index list --json --db a.refrain").json();
    assert!(listed[0]["path"].as_str().unwrap().ends_with(name), "data stays as it is");
}

#[test]
fn dates_before_1970_and_far_ahead_keep_their_order() {
    let place = Place::new();
    let content = wav(8_000, 1, &tune(8_000, 20.0, 1));
    let path = place.write("a.wav", &content);
    let dated = |seconds: i64| {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 { UNIX_EPOCH - by } else { UNIX_EPOCH + by };
        fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        place.line("index build --quiet a.wav --db a.refrain").code(0);
        let listed = place.line("index list --json --db a.refrain").json();
        listed[0]["files"][0]["mtime_ns"].as_i64().unwrap()
    };
    assert_eq!(dated(-1_000), -1_000_000_000_000);
    assert_eq!(dated(-999), -999_000_000_000);
    assert_eq!(dated(4_000_000_000), 4_000_000_000_000_000_000);
}
