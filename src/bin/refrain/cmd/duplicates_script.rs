//! A shell script that deletes what is not kept, for a person to read and run.
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::Context;
use refrain::{DuplicateGroup, Relation};

use crate::{acts::plan::stays_for, wording};

/// Writes the script. It deletes a file only if the kept one is there and both have the sizes of the report. For files
/// with these `relations`, one file is enough.
pub fn write(path: &Path, groups: &[DuplicateGroup], relations: &[Relation]) -> anyhow::Result<()> {
    let problem = || format!("cannot write {}", wording::shown(path));
    let mut out = BufWriter::new(File::create(path).with_context(problem)?);
    script(&mut out, groups, relations).with_context(problem)?;
    out.flush().with_context(problem)
}

fn script(out: &mut impl Write, groups: &[DuplicateGroup], relations: &[Relation]) -> io::Result<()> {
    out.write_all(
        b"#!/bin/sh\n\
          # Deletes the files that `refrain duplicates` does not keep. Read it first.\n\
          # A file is deleted only if it and the kept file have the sizes that they had.\n\
          size() { wc -c <\"$1\" 2>/dev/null | tr -d ' '; }\n\
          spare() {\n\
          \x20   if [ \"$(size \"$1\")\" = \"$2\" ] && [ \"$(size \"$3\")\" = \"$4\" ]; then\n\
          \x20       rm -- \"$1\"\n\
          \x20   else\n\
          \x20       echo \"changed since, left alone: $1\" >&2\n\
          \x20   fi\n\
          }\n",
    )?;
    for group in groups {
        let mut last = None;
        for file in group.files.iter().filter(|file| !file.keep) {
            let Some(kept) = stays_for(group, file, relations) else { continue };
            if last.replace(&kept.path) != Some(&kept.path) {
                writeln!(out, "\n# keep {}", wording::shown(&kept.path))?;
            }
            writeln!(out, "# {}", wording::shown(&file.why))?;
            out.write_all(b"spare ")?;
            out.write_all(&quoted(file.path.as_os_str()))?;
            write!(out, " {} ", file.size)?;
            out.write_all(&quoted(kept.path.as_os_str()))?;
            writeln!(out, " {}", kept.size)?;
        }
    }
    Ok(())
}

/// A word of a shell, byte for byte.
fn quoted(word: &OsStr) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word.as_encoded_bytes() {
        if byte == b'\'' {
            quoted.extend_from_slice(b"'\\''");
        } else {
            quoted.push(byte);
        }
    }
    quoted.push(b'\'');
    quoted
}
