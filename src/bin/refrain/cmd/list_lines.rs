//! Makes the list of a timeline fit a terminal: the name in each line is cut in the middle, and coloured if it is a track's.
use std::io::{self, Write};

use crate::screen::{
    paint::Paint,
    size,
    text::{cut, width},
};

/// The columns of start and end, before the name.
const TIMES: usize = 23;

/// What the list shows in place of a track.
const NO_TRACK: [&str; 3] = ["unknown", "silent", "two at once"];

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

    fn fitted(&self, line: &str) -> String {
        let fit = |text: &str, used: usize| match self.screen {
            Some(columns) => cut(text, columns.saturating_sub(used)),
            None => text.to_owned(),
        };
        // Only lines of plays begin with a space. All before the name is ASCII.
        match line.split_at_checked(TIMES).filter(|_| line.starts_with(' ')) {
            Some((times, name)) => {
                let short = fit(name, width(times));
                let no_track = NO_TRACK.contains(&name);
                format!("{times}{}", if no_track { short } else { self.paint.found(&short) })
            }
            None => fit(line, 0),
        }
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
            let text = self.fitted(&String::from_utf8_lossy(&line[..end]));
            writeln!(self.out, "{text}")?;
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

    #[test]
    fn names_are_cut_and_times_are_whole() {
        let list = "a long name of a recording, which has to be cut.mp3\n   0:00.0 - 0:20.0     日本語 - 曲の長い名前\n\
                    \x20  0:20.0 - 0:30.0     unknown\n";
        let on = |screen, for_people| {
            let mut lines = ListLines::new(Vec::new(), for_people);
            (lines.screen, lines.paint) = (screen, Paint::default());
            lines.write_all(list.as_bytes()).unwrap();
            String::from_utf8(lines.out).unwrap()
        };
        assert_eq!(on(None, true), list);
        assert_eq!(on(Some(200), true), list);
        assert_eq!(on(Some(40), false), list);
        assert_eq!(
            on(Some(40), true),
            "a long name of a rec…has to be cut.mp3\n   0:00.0 - 0:20.0     日本語 …い名前\n   0:20.0 - 0:30.0     unknown\n"
        );
    }
}
