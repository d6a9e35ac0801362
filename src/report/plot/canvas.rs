//! A surface to draw on.
use std::io;

/// A point: pixels from the left and from the top.
pub type Point = (f64, f64);

/// Which part of a text is at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Begin,
    Middle,
    End,
}

/// Something to draw on.
pub trait Canvas {
    /// Draws a text whose baseline is at `at`, optionally as a heading. Leaves out characters that no reader can see.
    fn text(&mut self, at: Point, text: &str, anchor: Anchor, heading: bool);

    /// Draws lines between pairs of points.
    fn lines(&mut self, lines: &[(Point, Point)], colour: [u8; 3], width: f64);

    /// Draws the outline of a rectangle: left, top, width, height.
    fn frame(&mut self, place: [f64; 4], colour: [u8; 3]) {
        let [x, y, w, h] = place;
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        let sides: Vec<_> = corners.windows(2).map(|side| (side[0], side[1])).collect();
        self.lines(&sides, colour, 1.0);
    }

    /// Draws an image, stretched to a rectangle.
    fn image(&mut self, place: [f64; 4], image: &Raster) -> io::Result<()>;
}

/// Pixels of red, green and blue, in rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Raster {
    /// An image of one colour.
    pub fn new(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self { width, height, rgb: colour.repeat(width * height) }
    }

    /// Sets a pixel.
    pub fn set(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        let at = 3 * (y * self.width + x);
        self.rgb[at..at + 3].copy_from_slice(&colour);
    }

    /// Reads a pixel.
    pub fn get(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 3 * (y * self.width + x);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Writes the image as a PNG file.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut encoder = ::png::Encoder::new(out, self.width as u32, self.height as u32);
        encoder.set_color(::png::ColorType::Rgb);
        encoder.set_depth(::png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&self.rgb).map_err(io::Error::other)?;
        writer.finish().map_err(io::Error::other)
    }
}
