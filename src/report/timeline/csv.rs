//! Comma-separated values (RFC 4180, with line feeds).
use std::{
    io::{self, Write},
    path::Path,
};

use super::{Play, format::Format};

/// The columns: fields of the JSON document.
const COLUMNS: &str = "file,start,end,path,ref_start,ref_end,tempo,pitch,score,id,title,artist,album,track_number,\
                       disc_number,recording_mbid,release_mbid,acoustid,missing";

/// A row for each play. Times have three digits.
#[derive(Default)]
pub(super) struct Csv {
    file: String,
}

impl Format for Csv {
    fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{COLUMNS}")
    }

    fn begin(&mut self, _: &mut dyn Write, file: &Path) -> io::Result<()> {
        self.file = quoted(&file.to_string_lossy());
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        let tags = &play.tags;
        let text = |tag: &Option<String>| quoted(tag.as_deref().unwrap_or_default());
        let number = |tag: Option<u32>| tag.map_or_else(String::new, |n| n.to_string());
        let cells = [
            self.file.clone(),
            format!("{:.3}", play.start.0),
            format!("{:.3}", play.end.0),
            quoted(&play.path.to_string_lossy()),
            format!("{:.3}", play.ref_start.0),
            format!("{:.3}", play.ref_end.0),
            play.tempo.to_string(),
            play.pitch.to_string(),
            play.score.to_string(),
            play.id.0.to_string(),
            text(&tags.title),
            text(&tags.artist),
            text(&tags.album),
            number(tags.track_number),
            number(tags.disc_number),
            text(&tags.recording_mbid),
            text(&tags.release_mbid),
            text(&tags.acoustid),
            play.missing.to_string(),
        ];
        writeln!(out, "{}", cells.join(","))
    }
}

/// A cell, between quotes if it must be.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
