//! Tables for people: the name first, numbers after it, one header line however many parts are printed.
//!
//! On a terminal a table fits the width: long names are cut in the middle, and where numbers leave no room for names, each
//! number is written with its label below the name. Elsewhere nothing is cut.
use super::{
    paint::Paint,
    size,
    text::{cut, left, right, width},
};

/// What separates columns.
const GAP: usize = 2;

/// The least room for a name. With less, numbers go below the name.
const LEAST_NAME: usize = 16;

/// A column.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// Names, which are cut where they must. The number is the width to begin with, as later rows are not known.
    Name(&'static str, usize),
    /// Numbers, which are never cut, likewise.
    Number(&'static str, usize),
}

impl Column {
    fn head(self) -> &'static str {
        match self {
            Self::Name(head, _) | Self::Number(head, _) => head,
        }
    }

    fn is_name(self) -> bool {
        matches!(self, Self::Name(..))
    }
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<String>,
    /// Lines below it.
    pub below: Vec<String>,
    /// Whether its name is coloured.
    pub found: bool,
}

/// A table that is printed part by part.
pub struct Table {
    columns: Vec<Column>,
    /// Spaces before each row.
    indent: usize,
    screen: Option<usize>,
    paint: Paint,
    /// The widest cells so far.
    widest: Vec<usize>,
    headed: bool,
    cut: bool,
}

impl Table {
    /// A table on standard output.
    pub fn new(columns: &[Column], indent: usize) -> Self {
        Self::on(size::of_stdout(), Paint::of_stdout(), columns, indent)
    }

    fn on(screen: Option<usize>, paint: Paint, columns: &[Column], indent: usize) -> Self {
        let widest = |column: &Column| match *column {
            Column::Name(head, usual) | Column::Number(head, usual) => width(head).max(usual),
        };
        let widest = columns.iter().map(widest).collect();
        Self { columns: columns.to_vec(), indent, screen, paint, widest, headed: false, cut: false }
    }

    /// Lays out the next rows. Returns the header line, if it was not returned yet, and the lines of the rows.
    pub fn lay(&mut self, rows: &[Row]) -> (Option<String>, Vec<String>) {
        for row in rows {
            for (widest, cell) in self.widest.iter_mut().zip(&row.cells) {
                *widest = (*widest).max(width(cell));
            }
        }
        let mut lines = Vec::new();
        let Some(widths) = self.widths() else {
            rows.iter().for_each(|row| self.narrow(row, &mut lines));
            return (None, lines);
        };
        for row in rows {
            let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
            lines.push(self.line(&cells, &widths, row.found));
            for below in &row.below {
                let below = self.fitted(below, self.indent + GAP);
                lines.push(below);
            }
        }
        let heads: Vec<&str> = self.columns.iter().map(|column| column.head()).collect();
        let header = (!self.headed).then(|| self.line(&heads, &widths, false));
        self.headed = true;
        (header, lines)
    }

    /// Whether a name was cut.
    pub fn was_cut(&self) -> bool {
        self.cut
    }

    /// The widths of the columns; `None` where numbers leave no room for names.
    fn widths(&self) -> Option<Vec<usize>> {
        let mut widths = self.widest.clone();
        let Some(screen) = self.screen else { return Some(widths) };
        let names: Vec<usize> = (0..widths.len()).filter(|&n| self.columns[n].is_name()).collect();
        let numbers: usize = (0..widths.len()).filter(|n| !names.contains(n)).map(|n| widths[n]).sum();
        let rest = self.indent + GAP * (widths.len() - 1) + numbers;
        let room = screen.saturating_sub(rest);
        if room < LEAST_NAME * names.len() {
            return None;
        }
        // The longest names give way first.
        let wanted: usize = names.iter().map(|&n| widths[n]).sum();
        for _ in room..wanted {
            if let Some(&longest) = names.iter().max_by_key(|&&n| widths[n]) {
                widths[longest] -= 1;
            }
        }
        Some(widths)
    }

    fn line(&mut self, cells: &[&str], widths: &[usize], found: bool) -> String {
        let mut line = " ".repeat(self.indent);
        for (n, (cell, &columns)) in cells.iter().zip(widths).enumerate() {
            if n > 0 {
                line += &" ".repeat(GAP);
            }
            if self.columns[n].is_name() {
                let short = if self.screen.is_some() { cut(cell, columns) } else { (*cell).to_owned() };
                self.cut |= short != *cell;
                let padding = " ".repeat(columns.saturating_sub(width(&short)));
                line += &if found && n == 0 { self.paint.found(&short) } else { short };
                line += &padding;
            } else {
                line += &right(cell, columns);
            }
        }
        line.trim_end().to_owned()
    }

    /// A row with its numbers below the name, each with its label.
    fn narrow(&mut self, row: &Row, lines: &mut Vec<String>) {
        let deeper = self.indent + GAP;
        let cells: Vec<(Column, &String)> = self.columns.iter().copied().zip(&row.cells).collect();
        let Some(((_, name), rest)) = cells.split_first() else { return };
        let room = self.screen.unwrap_or(usize::MAX).saturating_sub(self.indent);
        let short = cut(name, room);
        self.cut |= short != **name;
        let name = if row.found { self.paint.found(&short) } else { short };
        lines.push(format!("{}{name}", " ".repeat(self.indent)));
        let numbers = rest.iter().filter(|(column, cell)| !column.is_name() && !cell.is_empty());
        let labelled: Vec<String> =
            numbers.map(|(column, cell)| format!("{} {cell}", column.head())).collect();
        lines.extend(wrapped(&labelled, deeper, self.screen));
        let names = rest.iter().filter(|(column, cell)| column.is_name() && !cell.is_empty());
        for text in names.map(|(_, cell)| *cell).chain(&row.below) {
            let line = self.fitted(text, deeper);
            lines.push(line);
        }
    }

    fn fitted(&mut self, text: &str, indent: usize) -> String {
        let short = match self.screen {
            Some(screen) => cut(text, screen.saturating_sub(indent)),
            None => text.to_owned(),
        };
        self.cut |= short != text;
        left("", indent) + &short
    }
}

/// Items with commas between them, in lines that fit.
pub fn wrapped(items: &[String], indent: usize, screen: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let item = if n + 1 < items.len() { format!("{item},") } else { item.clone() };
        match lines.last_mut() {
            Some(line) if screen.is_none_or(|most| width(line) + 1 + width(&item) <= most) => {
                *line += " ";
                *line += &item;
            }
            _ => lines.push(format!("{}{item}", " ".repeat(indent))),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(screen: Option<usize>) -> Table {
        let columns = [Column::Name("track", 10), Column::Number("score", 0), Column::Number("in clip", 0)];
        Table::on(screen, Paint::default(), &columns, 2)
    }

    fn row(name: &str) -> Row {
        let cells = [name, "0.999", "0:00.0-0:08.0"].map(str::to_owned).to_vec();
        Row { cells, below: vec!["m/a rather long path of a file.flac".to_owned()], found: true }
    }

    #[test]
    fn there_is_one_header_and_rows_line_up() {
        let mut table = table(None);
        let (header, lines) = table.lay(&[row("A - B"), row("日本語")]);
        assert_eq!(header.unwrap(), "  track       score        in clip");
        assert_eq!(
            lines,
            [
                "  A - B       0.999  0:00.0-0:08.0",
                "    m/a rather long path of a file.flac",
                "  日本語      0.999  0:00.0-0:08.0",
                "    m/a rather long path of a file.flac"
            ]
        );
        assert_eq!(table.lay(&[row("C")]).0, None);
        assert!(!table.was_cut());
    }

    #[test]
    fn every_line_fits_the_terminal() {
        let long = "日本語の長い曲名 - a name that goes on and on, much longer than any line of a terminal";
        for screen in 26..140 {
            let mut table = table(Some(screen));
            let (header, lines) = table.lay(&[row(long), row("short")]);
            for line in header.iter().chain(&lines) {
                assert!(width(line) <= screen, "{screen}: {line}");
            }
            let all = lines.join(" ");
            assert!(all.contains("0.999") && all.contains("0:00.0-0:08.0") && table.was_cut(), "{all}");
        }
    }

    #[test]
    fn where_there_is_no_room_numbers_have_labels() {
        let (header, lines) = table(Some(30)).lay(&[row("A - B")]);
        assert_eq!(header, None);
        assert_eq!(
            lines,
            ["  A - B", "    score 0.999,", "    in clip 0:00.0-0:08.0", "    m/a rather lo…f a file.flac"]
        );
    }
}
