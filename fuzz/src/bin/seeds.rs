//! Makes `base/` and the seeds in `corpus/` out of refrain's fixtures. Kept inputs of other names are left alone.
use std::{fs, io, path::Path};

use refrain::MaintainOptions;
use refrain::{
    BuildOptions, Index,
    ann::{self, MIN_WINDOWS},
};
use refrain_fuzz::query::wav;
use rusqlite::Connection;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = fuzz.join("../fixtures");
    base(&fuzz.join("base"), &fixtures)?;
    let seed = |target: &str, name: &str, content: &[u8]| -> io::Result<()> {
        let folder = fuzz.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), content)
    };
    // The beginning of each format: what tells it, and some audio.
    for entry in fs::read_dir(fixtures.join("formats"))? {
        let path = entry?.path();
        let content = fs::read(&path)?;
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name that is no text")?;
        seed("decode", name, &content[..content.len().min(3000)])?;
    }
    // MP4's table of contents comes last.
    seed("decode", "whole.m4a", &fs::read(fixtures.join("formats/aac.m4a"))?)?;
    opus(&seed, &fixtures)?;
    containers(&seed, &fixtures)?;
    tags(&seed)?;
    queries(&seed, &fixtures)?;
    index(&seed)?;
    blobs(&seed)
}

type Seed<'a> = dyn Fn(&str, &str, &[u8]) -> io::Result<()> + 'a;
type Done = Result<(), Box<dyn std::error::Error>>;

/// Small libraries, and a clip that is in them.
fn base(to: &Path, fixtures: &Path) -> Done {
    fs::create_dir_all(to)?;
    let songs = fixtures.join("audio/songs");
    for (name, centroids) in [("plain.refrain", None), ("neighbours.refrain", Some(6))] {
        let file = to.join(name);
        let _ = fs::remove_file(&file);
        let index = Index::open_or_create(&file)?;
        let roots =
            ["second-orbit.flac", "copper-rain.m4a", "paper-lanterns.mp3"].map(|song| songs.join(song));
        index.build_with(roots, BuildOptions::default())?;
        let min_windows = if centroids.is_some() { 1 } else { MIN_WINDOWS };
        let neighbours = ann::Options::default().min_windows(min_windows).centroids(centroids);
        index.refresh_with(MaintainOptions::default().neighbours(neighbours))?;
        index.close()?;
        // Nothing of the machine that it was made on; and rows where there would be none.
        let db = Connection::open(&file)?;
        let folder = songs.canonicalize()?;
        db.execute("UPDATE file SET path = replace(path, ?1, '/music'), mtime_ns = 0", [folder.to_str()])?;
        db.execute("INSERT INTO root VALUES ('/music', 0, 0, NULL)", [])?;
        db.execute(
            "INSERT INTO file (path, size, mtime_ns, missing, reason) VALUES ('/music/cover.jpg', 9, 0, 0, 'no audio')",
            [],
        )?;
        if centroids.is_some() {
            db.execute("INSERT INTO removed VALUES (900)", [])?;
            db.execute("DELETE FROM removed", [])?;
        }
        db.execute_batch("VACUUM")?;
    }
    let clip = fs::read(fixtures.join("audio/clips/clean.wav"))?;
    fs::write(to.join("clip.wav"), wav(1, 1, 16_000, 2, &clip[44..44 + 2 * 16_000 * 4]))?;
    Ok(())
}

/// The packets of each kind of Opus, at most 2000 bytes of them.
fn opus(seed: &Seed<'_>, fixtures: &Path) -> Done {
    for entry in fs::read_dir(fixtures.join("opus"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "opus") {
            continue;
        }
        // Each page has one packet.
        let file = fs::read(&path)?;
        let (mut at, mut packets) = (0, Vec::new());
        while let Some(&count) = file.get(at + 26) {
            let body = at + 27 + usize::from(count);
            let len = file[at + 27..body].iter().map(|&len| usize::from(len)).sum::<usize>();
            packets.push(&file[body..body + len]);
            at = body + len;
        }
        let head = packets[0];
        let mut input = [&[head[9], head[18], head[16], head[17]], &head[19..]].concat();
        for packet in &packets[2..] {
            if input.len() + packet.len() < 2_000 {
                input.extend((packet.len() as u16).to_le_bytes());
                input.extend_from_slice(packet);
            }
        }
        seed(
            "opus",
            path.file_stem().and_then(|name| name.to_str()).ok_or("a name that is no text")?,
            &input,
        )?;
    }
    Ok(())
}

/// Parts of each kind of container, from the fixtures where they are compressed.
fn containers(seed: &Seed<'_>, fixtures: &Path) -> Done {
    let read = |name: &str| fs::read(fixtures.join("formats").join(name));
    let part = |bytes: &[u8]| [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat();
    // A stream of constant frames, one of another rate, and junk.
    let mut flac = vec![0, 0, 0xc0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x01, 0xf4, 0, 0xf0];
    flac.resize(35, 0);
    for (number, rate) in [(0, 8_000_u16), (1, 8_000), (2, 11_025)] {
        let [a, b] = rate.to_be_bytes();
        flac.extend([3, 0xf8, 0x1d, 0x08, number, a, b]);
        flac.extend(part(&[0, 1, number]));
        flac.extend([3, 1, 2, 3]);
    }
    flac[48] = 3;
    seed("containers", "flac", &flac)?;
    for name in ["vorbis.ogg", "three.ogg", "surround.ogg"] {
        let packets = ogg_packets(&read(name)?);
        let mut input = [&[1, packets[0][11], packets[0][28]], &part(&packets[2][7..])[..]].concat();
        packets[3..6].iter().for_each(|packet| input.extend(part(packet)));
        seed("containers", name, &input)?;
    }
    let alac = read("alac.m4a")?;
    let at = alac.windows(8).rposition(|w| w == b"\0\0\0\x24alac").ok_or("no description")?;
    let (fixed, cookie) = (&alac[at - 28..at], &alac[at..at + 36]);
    let wave = [fixed, b"\0\0\0\x40wave\0\0\0\x0cfrmaalac", cookie, b"\0\0\0\x08\0\0\0\0"].concat();
    let data = alac.windows(4).position(|w| w == b"mdat").ok_or("no data")? + 4;
    let edits = [0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 9, 0, 1, 0, 0];
    for (name, description) in [("alac-mov", wave), ("alac-m4a", [fixed, cookie].concat())] {
        let input = [&[2, 1, 0, 0, 0], &part(&description)[..], &[3, 0], &part(&edits), &part(b"")].concat();
        seed("containers", name, &[input, part(&alac[data..data + 1_500])].concat())?;
    }
    let zlib = b"\x62\x40\x94\x50\x31\x81\0\x50\x32\x81\x01\x50\x33\x81\0\x50\x34\x84\x42\x54\x81\0";
    for (name, packing) in [("mkv", &b""[..]), ("mkv-zlib", zlib)] {
        let frame =
            [b"\x78\x01\x01\x04\0\xfb\xff\x01\x02\x03\x04\0\x18\0\x0b".to_vec(), vec![1; 200]].concat();
        let input = [&[3, 0, 0, 0, 0, 0], &part(&[0x88, 0x81, 1])[..], &part(packing)].concat();
        seed("containers", name, &[input, part(&frame), part(&frame)].concat())?;
    }
    let chunk = |name: u32, content: &[u8]| [&name.to_le_bytes()[..], &part(content)].concat();
    let samples = [5; 400];
    let format = b"\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0";
    seed("containers", "wav", &[&[4, 0], &chunk(0, format)[..], &chunk(1, &samples)].concat())?;
    let common = b"\0\x01\0\0\0\x64\0\x10\x40\x0b\xfa\0\0\0\0\0\0\0";
    seed("containers", "aiff", &[&[4, 2], &chunk(0, common)[..], &chunk(1, &samples)].concat())?;
    let about = [&8_000_f64.to_be_bytes()[..], b"lpcm\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\0\0\x10"];
    seed("containers", "caf", &[&[4, 4], &chunk(0, &about.concat())[..], &chunk(1, &samples)].concat())?;
    let mut frames = vec![5];
    for i in 0..4_u8 {
        // MPEG-1 at 32 kbit/s, and AAC-LC at 22,050 Hz. One input has something in front.
        frames.extend([[0, 0, 0xc4, 0x10, 1], [0, 0, 0x80, 0x5c, 1]][usize::from(i % 2)]);
        frames[usize::from(1 + i * 5)] = i % 2;
    }
    seed("containers", "frames", &frames)?;
    for (name, kind) in [("layer3", "vbr.mp3"), ("aac", "adts.aac")] {
        let file = read(kind)?;
        let input = if name == "layer3" { layer3(&file) } else { adts(&file) };
        seed("containers", name, &input)?;
    }
    Ok(())
}

/// The first frames of layer 3, as the target takes them apart.
fn layer3(file: &[u8]) -> Vec<u8> {
    let starts: Vec<usize> =
        (0..file.len() - 1).filter(|&i| file[i] == 0xff && file[i + 1] & 0xfe == 0xfa).collect();
    let mut input = vec![5];
    for two in starts.windows(2).take(6) {
        let frame = &file[two[0]..two[1]];
        // The lowest byte of a number comes first.
        input.extend([0, 0, frame[3], frame[2], frame[1] & 0x09]);
        input.extend(((frame.len() - 4) as u16).to_le_bytes());
        input.extend_from_slice(&frame[4..]);
    }
    input
}

fn adts(file: &[u8]) -> Vec<u8> {
    let (mut input, mut at) = (vec![5], 0);
    for _ in 0..6 {
        let head = &file[at..at + 7];
        let len = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
        input.extend([1, 0, head[6] & 3, head[3] & 0xfc, head[2]]);
        input.extend(((len - 7) as u16).to_le_bytes());
        input.extend_from_slice(&file[at + 7..at + len]);
        at += len;
    }
    input
}

/// The packets of an Ogg file with one stream.
fn ogg_packets(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut packets, mut packet) = (0, Vec::new(), Vec::new());
    while let Some(&count) = file.get(at + 26) {
        let mut body = at + 27 + usize::from(count);
        for &len in &file[at + 27..body] {
            packet.extend_from_slice(&file[body..body + usize::from(len)]);
            body += usize::from(len);
            if len < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        at = body;
    }
    packets
}

fn tags(seed: &Seed<'_>) -> Done {
    let frame = |name: &[u8], text: &[u8]| {
        let size = ((text.len() + 1) as u32).to_be_bytes();
        [name, &size, &[0, 0, 3], text].concat()
    };
    let frames = [
        frame(b"TIT2", b"Two Tones"),
        frame(b"TPE1", b"Refrain"),
        frame(b"TRCK", b"3/9"),
        frame(b"TXXX", b"Acoustid Id\0id"),
        frame(b"UFID", b"http://musicbrainz.org\0a recording"),
        frame(b"APIC", b"image/png\0\x03cover\0\x89PNG"),
    ]
    .concat();
    for kind in [1, 2, 6, 10] {
        seed("tags", &format!("id3-{kind}"), &[&[kind], &frames[..]].concat())?;
    }
    // Latin-1 with bytes that are none.
    let text =
        |content: &[u8]| [b"TPE1", &(content.len() as u32).to_be_bytes()[..], &[0, 0], content].concat();
    seed("tags", "id3-windows", &[&[2], &text(b"\0Don\x92t \xe9\0\x9c")[..]].concat())?;
    seed("tags", "id3-2.2", b"\x03TT2\0\0\x05\0TonesTRK\0\0\x02\x003")?;
    let mut comments = vec![4, 0, 0, 0, b't', b'e', b's', b't', 3, 0, 0, 0];
    for comment in ["TITLE=Two Tones", "TRACKNUMBER=3", "MUSICBRAINZ_TRACKID=a recording"] {
        comments.extend((comment.len() as u32).to_le_bytes());
        comments.extend(comment.bytes());
    }
    seed("tags", "vorbis", &[&[8], &comments[..]].concat())?;
    seed("tags", "info", b"\x07INAM\x0a\0\0\0Two Tones\0IART\x08\0\0\0Refrain\0")?;
    seed("tags", "id3v1", &[&[4], b"TAGTwo Tones".as_slice(), &[0; 116]].concat())?;
    seed(
        "tags",
        "ape",
        &[&[4], b"APETAGEX\xd0\x07\0\0\x20\0\0\0\x01\0\0\0\0\0\0\x80".as_slice(), &[0; 8]].concat(),
    )?;
    let atom =
        |name: &[u8], content: &[u8]| [&((8 + content.len()) as u32).to_be_bytes(), name, content].concat();
    let data = |kind: u8, value: &[u8]| atom(b"data", &[&[0, 0, 0, kind, 0, 0, 0, 0], value].concat());
    let items = [
        atom(b"\xa9nam", &data(1, b"Two Tones")),
        atom(b"trkn", &data(0, &[0, 0, 0, 3, 0, 9, 0, 0])),
        atom(b"covr", &data(13, b"\xff\xd8\xff")),
        atom(
            b"----",
            &[
                atom(b"mean", b"\0\0\0\0com.apple.iTunes"),
                atom(b"name", b"\0\0\0\0Acoustid Id"),
                data(1, b"id"),
            ]
            .concat(),
        ),
    ];
    seed("tags", "items", &[&[11], &items.concat()[..]].concat())?;
    Ok(())
}

fn queries(seed: &Seed<'_>, fixtures: &Path) -> Done {
    let clip = fs::read(fixtures.join("audio/clips/clean.wav"))?;
    let samples = &clip[44..44 + 2 * 16_000 * 2];
    seed("query", "clip", &[&[3, 1, 1, 0], samples].concat())?;
    seed("query", "wide", &[&[4, 1, 1, 2 | 8 | 16], samples].concat())?;
    seed("query", "neighbours", &[&[3, 1, 1, 32], samples].concat())?;
    let floats = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let odd = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        1e6,
        -1e6,
        f32::MIN_POSITIVE,
        1e-45,
        -0.0,
        1.0,
    ];
    for (name, head) in [("odd", [7, 2, 4, 1]), ("odd-fast", [12, 1, 4, 1]), ("odd-slow", [13, 3, 4, 1 | 16])]
    {
        seed("query", name, &[&head, &floats(&odd)[..]].concat())?;
    }
    seed("query", "rate", &[&[255, 1, 0, 1, 1, 2, 0, 0], b"\x80\xff\x80\0".as_slice()].concat())?;
    seed("query", "no-channel", &[0, 0, 1, 1, 1, 2, 3, 4])?;
    seed("query", "double", &[&[7, 8, 5, 1], &f64::MAX.to_le_bytes()[..], &0.5_f64.to_le_bytes()].concat())?;
    Ok(())
}

/// A change of each kind to each file, and of each value of the one that has most of them.
fn index(seed: &Seed<'_>) -> Done {
    const CELLS: u8 = 39;
    let page = [5, 2, 0, 0, 0, 3, 0x7f, 1, 3, 0x20, 0, 0];
    for which in 0..3 {
        let byte = [0, 0x10, 0x20, 0, 0, 0xff];
        seed("index", &format!("bytes-{which}"), &[&[which, 2], &page[..], &byte].concat())?;
        seed("index", &format!("cut-{which}"), &[which, 0, 2, 0, 0x40, 1, 0])?;
        seed("index", &format!("pages-{which}"), &[which, 4, 3, 5, 0, 0, 0, 7, 0, 0, 0])?;
        seed("index", &format!("whole-{which}"), &[which, 15])?;
    }
    for cell in 0..CELLS {
        for kind in [0, 4] {
            let set = [2, cell % 16, 6 + 10 * kind, cell, 0, 8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
            seed("index", &format!("cell-{cell}-{kind}"), &set)?;
        }
    }
    Ok(())
}

fn blobs(seed: &Seed<'_>) -> Done {
    let count = |n: u64| n.to_le_bytes();
    let window = [&count(2)[..], &[0, 0, 0, 0, 4, 1, 0, 0], &count(4), &[1, 255, 127, 128]].concat();
    let posting = [&count(1)[..], &[7, 0, 0, 0], &count(1), &[4, 1, 0, 0], &count(2), &[5, 250]].concat();
    let centroids = [&count(4)[..], &[1, 2, 253, 252]].concat();
    let links = [&count(2)[..], &count(2), &[1, 0, 0, 0, 2, 0, 0, 0], &count(0)].concat();
    for (name, data) in [("window", window), ("posting", posting), ("centroids", centroids), ("links", links)]
    {
        seed("blobs", name, &[&[1], &data[..]].concat())?;
        seed("blobs", &format!("{name}-long"), &[&[1], &data[..data.len() - 1], &[0xff; 9]].concat())?;
    }
    seed("blobs", "claims", &[&[0][..], &count(u64::MAX), &count(1 << 40)].concat())?;
    Ok(())
}
