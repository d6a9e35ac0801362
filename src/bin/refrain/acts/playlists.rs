//! Playlists and CUE sheets that name a file.
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Component, Path, PathBuf},
};

use super::disk;

/// Longer files are no playlists.
const MOST: u64 = 32 << 20;

/// The playlists in `roots` and beside the files that name one of `files`: each with the file, in order.
pub fn naming(files: &[PathBuf], roots: &[PathBuf]) -> Vec<(PathBuf, PathBuf)> {
    let mut known: HashMap<PathBuf, &PathBuf> = HashMap::new();
    for file in files {
        known.insert(file.clone(), file);
        known.insert(disk::real(file), file);
    }
    let mut lists = BTreeSet::new();
    roots.iter().for_each(|root| collect(root, true, &mut lists));
    files.iter().filter_map(|file| file.parent()).for_each(|folder| collect(folder, false, &mut lists));
    let mut found = BTreeSet::new();
    for list in lists {
        let Some(folder) = list.parent() else { continue };
        let of_this = entries(&list).into_iter().flat_map(|entry| spellings(&entry));
        let named = of_this.filter_map(|path| known.get(&plain(&folder.join(path))));
        found.extend(named.map(|&file| (list.clone(), file.clone())));
    }
    found.into_iter().collect()
}

/// Adds the playlists in a folder, and in the folders in it. What cannot be read has none.
fn collect(folder: &Path, deep: bool, lists: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && deep => collect(&entry.path(), deep, lists),
            Ok(kind) if kind.is_file() && kind_of(&entry.path()).is_some() => _ = lists.insert(entry.path()),
            _ => {}
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    M3u,
    Pls,
    Xspf,
    Cue,
}

fn kind_of(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "m3u" | "m3u8" => Some(Kind::M3u),
        "pls" => Some(Kind::Pls),
        "xspf" => Some(Kind::Xspf),
        "cue" => Some(Kind::Cue),
        _ => None,
    }
}

/// The names of files in a playlist.
fn entries(list: &Path) -> Vec<Vec<u8>> {
    let Some(kind) = kind_of(list) else { return Vec::new() };
    if fs::metadata(list).is_ok_and(|about| about.len() > MOST) {
        return Vec::new();
    }
    let text = fs::read(list).unwrap_or_default();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let lines = text.split(|byte| b"\r\n".contains(byte)).map(<[u8]>::trim_ascii);
    match kind {
        Kind::M3u => lines.filter(|line| !line.starts_with(b"#")).map(<[u8]>::to_vec).collect(),
        Kind::Pls => {
            let file = |line: &[u8]| {
                let at = line.iter().position(|&byte| byte == b'=')?;
                begins(line, b"file").then(|| line[at + 1..].trim_ascii().to_vec())
            };
            lines.filter_map(file).collect()
        }
        Kind::Cue => {
            let file = |line: &[u8]| {
                let name = begins(line, b"file ").then(|| line[5..].trim_ascii())?;
                let name = match name.strip_prefix(b"\"") {
                    Some(quoted) => quoted.split(|&byte| byte == b'"').next()?,
                    None => &name[..name.iter().rposition(|&byte| byte == b' ').unwrap_or(name.len())],
                };
                Some(name.to_vec())
            };
            lines.filter_map(file).collect()
        }
        Kind::Xspf => {
            let text = String::from_utf8_lossy(text);
            let places = text.split("<location>").skip(1).filter_map(|rest| rest.split("</location>").next());
            places.map(|place| decoded(unescaped(place.trim()).as_bytes())).collect()
        }
    }
}

fn begins(line: &[u8], word: &[u8]) -> bool {
    line.len() >= word.len() && line[..word.len()].eq_ignore_ascii_case(word)
}

/// XML's text without its escapes.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or(("", part));
        let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        });
        match (name, number.and_then(char::from_u32)) {
            ("amp", _) => out.push('&'),
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            (_, Some(c)) => out.push(c),
            _ => {
                out.push('&');
                out.push_str(part);
                continue;
            }
        }
        out.push_str(rest);
    }
    out
}

/// A text without percent signs that stand for bytes.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let hex = text.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) if byte == b'%' => {
                out.push(value);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The paths that an entry may mean: as it is, as an address, with the other slashes, in Latin-1.
fn spellings(entry: &[u8]) -> Vec<PathBuf> {
    let mut all = vec![entry.to_vec()];
    if begins(entry, b"file:") {
        let path = entry[5..]
            .strip_prefix(b"//")
            .map_or(&entry[5..], |rest| &rest[rest.iter().position(|&byte| byte == b'/').unwrap_or(0)..]);
        all.extend([path.to_vec(), decoded(path)]);
    }
    if entry.contains(&b'\\') {
        all.push(entry.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect());
    }
    if std::str::from_utf8(entry).is_err() {
        all.push(entry.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes());
    }
    all.retain(|path| !path.is_empty() && !path.contains(&0));
    all.into_iter().map(path).collect()
}

#[cfg(unix)]
fn path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_playlist_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let song = root.join("a/caf\u{e9} & b.wav");
        let write = |name: &str, text: &[u8]| {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        };
        let utf8 = "caf\u{e9} & b.wav";
        write("a/beside.m3u", format!("\u{feff}#EXTM3U\r\n{utf8}\r\n").as_bytes());
        write("lists/latin.m3u", b"../a/caf\xe9 & b.wav\n");
        write("lists/back.m3u8", format!("..\\a\\{utf8}\n").as_bytes());
        write("lists/whole.pls", format!("[playlist]\nFile1={}\nTitle1=x\n", song.display()).as_bytes());
        write("lists/address.m3u", format!("file://{}/a/caf%C3%A9%20&%20b.wav\n", root.display()).as_bytes());
        write("lists/x.xspf", b"<track><location>../a/caf%C3%A9%20&amp;%20b.wav</location></track>");
        write("a/sheet.cue", format!("REM x\n  FILE \"{utf8}\" WAVE\n").as_bytes());
        // These name something else.
        write("a/other.m3u", format!("#{utf8}\nsub/{utf8}\nb.wav\n\n").as_bytes());
        write("lists/other.pls", b"Title1=caf\n=\nFile2\n");
        write("lists/other.xspf", b"<location>a&b;&#xZZ;%zz%4</location><location>");
        write("a/other.cue", b"FILE\nFILE x\nFILE b.wav WAVE\n");
        write("a/notes.txt", format!("{utf8}\n").as_bytes());
        let found = naming(std::slice::from_ref(&song), std::slice::from_ref(&root));
        let names: Vec<String> =
            found.iter().map(|(list, _)| list.strip_prefix(&root).unwrap().display().to_string()).collect();
        assert_eq!(
            names,
            [
                "a/beside.m3u",
                "a/sheet.cue",
                "lists/address.m3u",
                "lists/back.m3u8",
                "lists/latin.m3u",
                "lists/whole.pls",
                "lists/x.xspf"
            ]
        );
        assert!(found.iter().all(|(_, file)| *file == song));
        assert_eq!(naming(std::slice::from_ref(&song), &[]).len(), 2, "beside the file");
    }
}
