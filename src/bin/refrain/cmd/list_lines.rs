//! Makes the list of a timeline fit a terminal: the name in each line is cut in the middle, and coloured if it is a track's. On
//! a narrow terminal it has a line of its own.
use std::io::{self, Write};

use crate::screen::{
    paint::Paint,
    size,
    table::wrapped,
    text::{cut, width},
};

/// The columns of start and end, before the name.
const TIMES: usize = 23;

/// What the list shows in place of a track.
const NO_TRACK: [&str; 3] = ["unknown", "silent", "two at once"];

/// What the notes after a name begin with.
const NOTES: [&str; 4] = ["missing", "from ", "speed ", "pitch "];

/// The least room for a name. With less, it goes below the times.
const LEAST_NAME: usize = 24;

/// Spaces before a name that is below the times.
const INDENT: usize = 4;

/// Writes lines to `out`. Each write ends with a line, as the writer of timelines flushes after each.
pub struct ListLines<W> {
    out: W,
    for_people: bool,
    screen: Option<usize>,
    paint: Paint,
    line: Vec<u8>,
}

impl<W: Write> ListLines<W> {
    /// Changes nothing unless the lines are `for_people`.
    pub fn new(out: W, for_people: bool) -> Self {
        Self { out, for_people, screen: size::of_stdout(), paint: Paint::of_stdout(), line: Vec::new() }
    }

    /// The line as the terminal shows it, in several lines where it is too narrow for one.
    fn fitted(&self, line: &str) -> Vec<String> {
        // Only lines of plays begin with a space. All before the name is ASCII.
        let Some((times, what)) = line.split_at_checked(TIMES).filter(|_| line.starts_with(' ')) else {
            return vec![self.screen.map_or_else(|| line.to_owned(), |columns| cut(line, columns))];
        };
        let (name, notes) = parts(what);
        let no_track = NO_TRACK.contains(&what);
        let painted = |name: &str| if no_track { name.to_owned() } else { self.paint.found(name) };
        let Some(columns) = self.screen.filter(|&columns| width(line) > columns) else {
            return vec![format!("{times}{}{notes}", painted(name))];
        };
        // The notes stay whole. What is left for the name decides whether it stays in this line.
        let room = columns.saturating_sub(width(times) + width(notes));
        if room >= LEAST_NAME.min(width(name)) {
            return vec![format!("{times}{}{notes}", painted(&cut(name, room)))];
        }
        let below = columns.saturating_sub(INDENT);
        let mut lines = vec![cut(times.trim_end(), columns)];
        lines.push(format!("{:INDENT$}{}", "", painted(&cut(name, below))));
        if !notes.is_empty() {
            let notes: Vec<String> =
                notes.trim_matches([' ', '(', ')']).split(", ").map(str::to_owned).collect();
            lines.extend(wrapped(&notes, INDENT, Some(columns)));
        }
        lines
    }
}

/// Splits the name of a play from the notes after it. A title may look like notes; then only the layout suffers.
fn parts(what: &str) -> (&str, &str) {
    let begins = NOTES.iter().filter_map(|note| what.rfind(&format!(" ({note}")));
    match begins.min().filter(|_| what.ends_with(')')) {
        Some(at) => what.split_at(at),
        None => (what, ""),
    }
}

impl<W: Write> Write for ListLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.for_people {
            return self.out.write(bytes);
        }
        self.line.extend(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            let line = std::mem::replace(&mut self.line, rest);
            for line in self.fitted(&String::from_utf8_lossy(&line[..end])) {
                writeln!(self.out, "{line}")?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of a recording as a terminal of so many columns shows it; `None` is a pipe.
    fn shown(list: &str, screen: Option<usize>) -> String {
        let mut lines = ListLines::new(Vec::new(), true);
        (lines.screen, lines.paint) = (screen, Paint::default());
        lines.write_all(list.as_bytes()).unwrap();
        String::from_utf8(lines.out).unwrap()
    }

    #[test]
    fn names_are_cut_and_times_and_notes_are_whole() {
        let list = "a long name of a recording, which has to be cut and more.mp3\n   0:00.0 - 0:20.0     日本語の長い名前 - 曲の長い名前 (missing, from 0:12.0)\n\
                    \x20  0:20.0 - 0:30.0     unknown\n   0:30.0 - 0:40.0     Short (Live)\n";
        assert_eq!(shown(list, None), list);
        assert_eq!(shown(list, Some(200)), list);
        let mut raw = ListLines::new(Vec::new(), false);
        raw.screen = Some(40);
        raw.write_all(list.as_bytes()).unwrap();
        assert_eq!(raw.out, list.as_bytes());
        assert_eq!(
            shown(list, Some(74)),
            "a long name of a recording, which has to be cut and more.mp3\n   0:00.0 - 0:20.0     日本語の長い名… 曲の長い名前 (missing, from 0:12.0)\n\
             \x20  0:20.0 - 0:30.0     unknown\n   0:30.0 - 0:40.0     Short (Live)\n"
        );
        assert_eq!(
            shown(list, Some(40)),
            "a long name of a rec…be cut and more.mp3\n   0:00.0 - 0:20.0\n    日本語の長い名前 - 曲の長い名前\n    missing, from 0:12.0\n\
             \x20  0:20.0 - 0:30.0     unknown\n   0:30.0 - 0:40.0     Short (Live)\n"
        );
    }

    #[test]
    fn every_line_fits_and_has_its_name() {
        let list = "   0:00.0 - 0:20.0     Lumen and Ash - Quiet Engines (missing, from 0:12.0, speed 1.030, pitch +0.51)\n";
        for columns in 24..120 {
            let shown = shown(list, Some(columns));
            assert!(shown.lines().all(|line| width(line) <= columns), "{columns}: {shown}");
            assert!(shown.contains("Lumen") && shown.contains("Engines"), "{columns}: {shown}");
            assert!(
                ["missing", "from 0:12.0", "1.030", "+0.51"].iter().all(|note| shown.contains(note)),
                "{shown}"
            );
        }
    }
}
