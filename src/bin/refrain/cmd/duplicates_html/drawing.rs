//! Draws where a file agrees with the first one of its group: a bar for each, the parts that agree in the same colour.
use std::io::{self, Write};

use refrain::{DuplicateFile, Relation};

use super::escaped::escaped;
use crate::cmd::duplicates_words::agreeing;

/// The width of a drawing. It is stretched over the page.
const WIDTH: f64 = 1000.0;

/// Where the bars lie, and how high they are.
const FIRST: u32 = 0;
const SECOND: u32 = 32;
const BAR: u32 = 14;

/// How many colours the style of the page has.
const COLOURS: usize = 6;

/// The narrowest part that can still be seen.
const LEAST: f64 = 1.5;

/// The scale of a group: how wide a second is, so that its longest file fills the drawing.
pub fn scale(files: &[DuplicateFile]) -> f64 {
    let longest = files.iter().map(|file| file.duration.0).fold(0.0, f64::max);
    WIDTH / longest.max(0.001)
}

/// Draws a file below the first one of its group; the first one by itself.
pub fn write(
    out: &mut impl Write,
    file: &DuplicateFile,
    first: &DuplicateFile,
    scale: f64,
) -> io::Result<()> {
    if file.relation == Relation::Reference {
        let said = format!("The first file, {} long", file.duration);
        start(out, &said, BAR)?;
        bar(out, FIRST, file, scale, &said)?;
        return writeln!(out, "</svg>");
    }
    let parts = agreeing(file);
    let said = match parts.len() {
        0 => "No part of this file sounds like a part of the first file".to_owned(),
        _ => format!("The first file above, this file below. The same sound: {}", parts.join(", ")),
    };
    start(out, &said, SECOND + BAR)?;
    bar(out, FIRST, first, scale, &format!("the first file, {} long", first.duration))?;
    bar(out, SECOND, file, scale, &format!("this file, {} long", file.duration))?;
    for (n, (&[from, to, start], said)) in file.agrees.iter().zip(&parts).enumerate() {
        let (x, width) = (from.0 * scale, (to.0 - from.0) * scale);
        // A part of a faster file is a longer part of the first one.
        let (x_first, width_first) = (start.0 * scale, (to.0 - from.0) * file.speed * scale);
        let (width, width_first) = (width.max(LEAST), width_first.max(LEAST));
        let (top, bottom) = (FIRST + BAR, SECOND);
        write!(
            out,
            "<g class=\"c{}\"><title>{}</title>\
             <path class=\"link\" d=\"M{x_first:.1} {top}H{:.1}L{:.1} {bottom}H{x:.1}z\"/>\
             <rect x=\"{x_first:.1}\" y=\"{FIRST}\" width=\"{width_first:.1}\" height=\"{BAR}\"/>\
             <rect x=\"{x:.1}\" y=\"{SECOND}\" width=\"{width:.1}\" height=\"{BAR}\"/></g>",
            n % COLOURS,
            escaped(said),
            x_first + width_first,
            x + width,
        )?;
    }
    writeln!(out, "</svg>")
}

fn start(out: &mut impl Write, said: &str, height: u32) -> io::Result<()> {
    // Without text, so that it may be stretched in one direction.
    write!(
        out,
        "<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {WIDTH} {height}\" height=\"{height}\" \
         preserveAspectRatio=\"none\">",
        escaped(said)
    )
}

fn bar(out: &mut impl Write, y: u32, file: &DuplicateFile, scale: f64, said: &str) -> io::Result<()> {
    write!(
        out,
        "<rect class=\"bar\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\"><title>{}</title></rect>",
        (file.duration.0 * scale).max(LEAST),
        escaped(said)
    )
}
