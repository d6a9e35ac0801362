//! Pixels out of SVG.
use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{
        self, FontResolver, Tree,
        fontdb::{Database, ID},
    },
};

use super::palette::{Indexed, indexed};

/// The font that the program carries: Latin, Greek and Cyrillic.
const FONT: &[u8] = include_bytes!("font/NotoSans-Subset.ttf");
const FAMILY: &str = "Noto Sans";

/// A picture as a PNG file.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// The file.
    pub png: Vec<u8>,
    /// The characters that no font has, neither ours nor any of the system. Boxes stand for them.
    pub missing: String,
}

/// Draws an SVG document with `scale` pixels for each of its own.
///
/// # Errors
/// If it is no SVG document, or too large to draw.
pub fn pixels(svg: &str, scale: f32) -> io::Result<Pixels> {
    let missing = Mutex::new(BTreeSet::new());
    let looked = Mutex::new(false);
    let default = FontResolver::default_fallback_selector();
    // The fonts of the system take a while to find, so they are looked for only if a character needs one.
    let fallback = |c: char, used: &[ID], fonts: &mut Arc<Database>| {
        let mut looked = looked.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *looked, true) {
            Arc::make_mut(fonts).load_system_fonts();
        }
        let found = default(c, used, fonts);
        if found.is_none() {
            missing.lock().unwrap_or_else(PoisonError::into_inner).insert(c);
        }
        found
    };
    let options = usvg::Options {
        font_family: FAMILY.to_owned(),
        fontdb: own_font(),
        font_resolver: FontResolver {
            select_font: Box::new(|_, fonts| fonts.faces().next().map(|face| face.id)),
            select_fallback: Box::new(fallback),
        },
        ..usvg::Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(io::Error::other)?;
    drop(options);
    let [width, height] = [tree.size().width(), tree.size().height()].map(|v| (v * scale).ceil() as u32);
    let mut image = Pixmap::new(width, height).ok_or_else(|| io::Error::other("the picture is too large"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    let missing = missing.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Pixels { png: encoded(&image)?, missing: missing.into_iter().collect() })
}

/// The warning that no font has some characters.
pub fn no_font(missing: &str) -> String {
    format!("no installed font has {missing}; the picture shows boxes in their place")
}

/// Our font, read once.
fn own_font() -> Arc<Database> {
    static OWN: OnceLock<Arc<Database>> = OnceLock::new();
    let read = || {
        let mut fonts = Database::new();
        fonts.load_font_data(FONT.to_vec());
        Arc::new(fonts)
    };
    Arc::clone(OWN.get_or_init(read))
}

/// The PNG file of an image without transparent parts, with a palette where that is enough.
fn encoded(image: &Pixmap) -> io::Result<Vec<u8>> {
    let rgb: Vec<[u8; 3]> = image.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, image.width(), image.height());
    encoder.set_depth(png::BitDepth::Eight);
    // The highest compression takes a tenth of a second longer, for 4 % less.
    encoder.set_compression(png::Compression::Balanced);
    let indexed = indexed(&rgb);
    let data = match &indexed {
        Some(Indexed { palette, pixels }) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(&palette[..]);
            // Numbers are names of colours, so their differences say nothing.
            encoder.set_filter(png::Filter::NoFilter);
            pixels
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            rgb.as_flattened()
        }
    };
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(data).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Anchor, Ink, Scene, Size, Theme};

    fn drawn(text: &str, theme: Theme) -> (Pixels, Vec<[u8; 3]>) {
        let mut scene = Scene::new((120.0, 40.0), "t", "d");
        scene.text((5.0, 25.0), text, (Anchor::Begin, Size::Heading), Ink::Text);
        let pixels = pixels(&scene.svg(theme), 2.0).unwrap();
        let mut decoder = png::Decoder::new(io::Cursor::new(&pixels.png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (240, 80));
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rgb).unwrap();
        (pixels, rgb.as_chunks::<3>().0.to_vec())
    }

    #[test]
    fn our_font_has_latin_greek_and_cyrillic() {
        for text in ["Æsop’s ñandú – ő", "Ελληνική", "Кириллица"] {
            let (pixels, rgb) = drawn(text, Theme::Light);
            assert_eq!(pixels.missing, "", "{text}");
            let dark = rgb.iter().filter(|p| p.iter().all(|c| *c < 100)).count();
            assert!(dark > 100, "{text}: {dark} dark pixels");
        }
    }

    /// No font has characters of the private use area that stand for nothing.
    #[test]
    fn characters_without_a_font_are_named() {
        let (pixels, _) = drawn("a\u{10fffd}b", Theme::Light);
        assert_eq!(pixels.missing, "\u{10fffd}");
    }

    #[test]
    fn a_theme_that_follows_the_page_is_light_in_pixels() {
        let corner = |theme| drawn("x", theme).1[0];
        assert_eq!(corner(Theme::Light), [255; 3]);
        assert_eq!(corner(Theme::Auto), [255; 3]);
        assert!(corner(Theme::Dark).iter().all(|c| *c < 40));
    }

    #[test]
    fn what_is_no_svg_is_an_error() {
        assert!(pixels("<html></html>", 1.0).is_err());
        assert!(pixels("<svg", 1.0).is_err());
    }
}
