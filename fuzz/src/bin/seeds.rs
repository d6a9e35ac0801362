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
        db.execute("INSERT INTO file VALUES ('/music/cover.jpg', 9, 0, NULL, 0, 'not an audio file')", [])?;
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
    const CELLS: u8 = 36;
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
