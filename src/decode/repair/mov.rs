//! QuickTime files: those of the time before MP4, which do not say their type (`ftyp`), and those that describe ALAC where
//! QuickTime does.
use std::fs::File;
use std::io;
use std::ops::Range;

use super::View;
use crate::decode::bytes::Bytes;
use crate::decode::mp4_atoms::{self, Atoms};
use crate::decode::source::Patch;

/// The parts that lead to the descriptions of codecs.
const OUTER: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];

/// The view of a QuickTime file that needs one.
pub(super) fn view(file: &mut File, base: u64) -> io::Result<Option<View>> {
    let mut bytes = Bytes::new(file, base)?;
    if !mp4_atoms::begins(&mut bytes)? {
        return Ok(None);
    }
    let all = 0..bytes.len();
    let after = missing_type(&mut Atoms::new(&mut bytes), all.clone())?;
    let mut patches = Vec::new();
    descriptions(&mut Atoms::new(&mut bytes), all, &OUTER, &mut patches)?;
    for (at, _) in &mut patches {
        *at += base;
    }
    let mp4 = after.is_some();
    let needed = mp4 || !patches.is_empty();
    Ok(needed.then(|| View { base, after: after.unwrap_or_default(), patches, mp4, ..View::default() }))
}

/// The missing type, if it is all that is missing. It may stand anywhere; at the end it moves no other part.
fn missing_type(atoms: &mut Atoms<'_, '_>, mut within: Range<u64>) -> io::Result<Option<Vec<u8>>> {
    let mut table = false;
    while let Some(atom) = atoms.next(&mut within)? {
        if atom.name == *b"ftyp" {
            return Ok(None);
        }
        table |= atom.name == *b"moov";
    }
    Ok(table.then(|| b"\0\0\0\x14ftypqt  \0\0\0\0qt  ".to_vec()))
}

/// Goes to the descriptions of codecs and brings that of ALAC out of the atom `wave`, where the demuxer does not look.
fn descriptions(
    atoms: &mut Atoms<'_, '_>,
    mut within: Range<u64>,
    outer: &[&[u8; 4]],
    patches: &mut Vec<Patch>,
) -> io::Result<()> {
    while let Some(atom) = atoms.next(&mut within)? {
        match outer {
            [name, inner @ ..] if atom.name == **name => descriptions(atoms, atom.content, inner, patches)?,
            // Its version and the number of entries come first.
            [] if atom.name == *b"stsd" => {
                let mut entries = atom.content.start + 8..atom.content.end;
                while let Some(entry) = atoms.next(&mut entries)? {
                    if entry.name == *b"alac" {
                        patches.extend(brought_out(atoms, entry.content)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Lets `wave` end where the description of ALAC in it begins, and be passed over.
fn brought_out(atoms: &mut Atoms<'_, '_>, entry: Range<u64>) -> io::Result<Option<Patch>> {
    // The parts follow what every codec has; its version says how much that is.
    let fixed = match atoms.read(&entry, 10)?.get(8..) {
        Some([0, 1]) => 44,
        Some([0, 2]) => 64,
        _ => 28,
    };
    let mut parts = entry.start + fixed..entry.end;
    while let Some(part) = atoms.next(&mut parts)? {
        if part.name != *b"wave" {
            continue;
        }
        let mut inner = part.content;
        while let Some(found) = atoms.next(&mut inner)? {
            if found.name == *b"alac" {
                let len = u32::try_from(found.start - part.start).ok();
                return Ok(len.map(|len| (part.start, [&len.to_be_bytes()[..], b"free"].concat())));
            }
        }
    }
    Ok(None)
}
