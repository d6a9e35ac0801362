//! Draws pixels.
use std::{convert::Infallible, io};

use embedded_graphics::Drawable;
use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point as Place, Size},
    mono_font::{
        MonoTextStyle,
        iso_8859_1::{FONT_7X13, FONT_9X18_BOLD},
    },
    pixelcolor::{Rgb888, RgbColor},
    primitives::{Line, Primitive, PrimitiveStyle},
    text::{Alignment, Baseline, Text, TextStyleBuilder},
};

use super::{
    INK,
    canvas::{Anchor, Canvas, Point, Raster},
};

/// An image of pixels.
pub struct Pixels(Raster);

impl Pixels {
    /// A white image.
    pub fn new((width, height): (u32, u32)) -> Self {
        Self(Raster::new(width as usize, height as usize, [255; 3]))
    }

    /// Writes the file.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.0.write(out)
    }
}

impl OriginDimensions for Pixels {
    fn size(&self) -> Size {
        Size::new(self.0.width as u32, self.0.height as u32)
    }
}

impl DrawTarget for Pixels {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            if let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y))
                && x < self.0.width
                && y < self.0.height
            {
                self.0.set(x, y, [colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

fn colour([r, g, b]: [u8; 3]) -> Rgb888 {
    Rgb888::new(r, g, b)
}

fn place((x, y): Point) -> Place {
    Place::new(x.round() as i32, y.round() as i32)
}

impl Canvas for Pixels {
    fn text(&mut self, at: Point, text: &str, anchor: Anchor, heading: bool) {
        let font = if heading { &FONT_9X18_BOLD } else { &FONT_7X13 };
        let alignment = match anchor {
            Anchor::Begin => Alignment::Left,
            Anchor::Middle => Alignment::Center,
            Anchor::End => Alignment::Right,
        };
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let style = TextStyleBuilder::new().alignment(alignment).baseline(Baseline::Alphabetic).build();
        let text = Text::with_text_style(&text, place(at), MonoTextStyle::new(font, colour(INK)), style);
        let Ok(_) = text.draw(self);
    }

    fn lines(&mut self, lines: &[(Point, Point)], stroke: [u8; 3], width: f64) {
        let style = PrimitiveStyle::with_stroke(colour(stroke), width.round().max(1.0) as u32);
        for (from, to) in lines {
            let Ok(()) = Line::new(place(*from), place(*to)).into_styled(style).draw(self);
        }
    }

    fn image(&mut self, [x, y, width, height]: [f64; 4], image: &Raster) -> io::Result<()> {
        let [left, top, right, bottom] = [x, y, x + width, y + height].map(|v| v.round().max(0.0) as usize);
        for (j, row) in (top..bottom.min(self.0.height)).enumerate() {
            for (i, column) in (left..right.min(self.0.width)).enumerate() {
                let from = (i * image.width / (right - left), j * image.height / (bottom - top));
                self.0.set(column, row, image.get(from.0, from.1));
            }
        }
        Ok(())
    }
}
