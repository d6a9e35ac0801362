//! Draws SVG.
use std::io;

use ::svg::{
    Document,
    node::element::{Image, Path, Rectangle, Text, path::Data},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    INK,
    canvas::{Anchor, Canvas, Point, Raster},
};

/// An SVG document.
pub struct Svg {
    document: Document,
}

impl Svg {
    /// An empty document with a white background.
    pub fn new((width, height): (u32, u32)) -> Self {
        let background = Rectangle::new().set("width", width).set("height", height).set("fill", "#ffffff");
        let document = Document::new().set("viewBox", (0, 0, width, height)).set("width", width);
        Self { document: document.set("height", height).add(background) }
    }

    /// Writes the file.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{}", self.document)
    }

    fn add(&mut self, node: impl Into<Box<dyn ::svg::node::Node>>) {
        let document = std::mem::replace(&mut self.document, Document::new());
        self.document = document.add(node);
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Rounds to a tenth of a pixel, which is enough.
fn short(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

impl Canvas for Svg {
    fn text(&mut self, (x, y): Point, text: &str, anchor: Anchor, heading: bool) {
        let anchor = match anchor {
            Anchor::Begin => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        // XML does not allow control characters.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let text = Text::new(text).set("x", short(x)).set("y", short(y)).set("text-anchor", anchor);
        let text = text.set("font-family", "sans-serif").set("font-size", if heading { 18 } else { 13 });
        self.add(text.set("fill", hex(INK)));
    }

    fn lines(&mut self, lines: &[(Point, Point)], colour: [u8; 3], width: f64) {
        let mut data = Data::new();
        for ((ax, ay), (bx, by)) in lines {
            data = data.move_to((short(*ax), short(*ay))).line_to((short(*bx), short(*by)));
        }
        if !lines.is_empty() {
            let path = Path::new().set("d", data).set("stroke", hex(colour)).set("stroke-width", width);
            self.add(path.set("fill", "none"));
        }
    }

    fn image(&mut self, [x, y, width, height]: [f64; 4], image: &Raster) -> io::Result<()> {
        let mut file = Vec::new();
        image.write(&mut file)?;
        let data = format!("data:image/png;base64,{}", STANDARD.encode(file));
        let image = Image::new().set("x", x).set("y", y).set("width", width).set("height", height);
        self.add(image.set("preserveAspectRatio", "none").set("href", data));
        Ok(())
    }
}
