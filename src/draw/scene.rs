//! A picture as SVG.
use std::{fmt::Write, io};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    heat::Heat,
    theme::{Ink, Theme},
};

/// A point: pixels from the left and from the top.
pub type Point = (f64, f64);

/// Which part of a text is at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Begin,
    Middle,
    End,
}

/// How large a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Heading,
    Body,
    Small,
}

impl Size {
    /// The height of the font in pixels, and the name of its class.
    fn of(self) -> (f64, &'static str) {
        match self {
            Self::Heading => (20.0, "h"),
            Self::Body => (14.0, "b"),
            Self::Small => (11.5, "n"),
        }
    }

    /// How many characters of usual width fit into `width` pixels.
    pub fn fits(self, width: f64) -> usize {
        (width / (0.56 * self.of().0)) as usize
    }
}

/// A picture of a fixed size. What is added later lies above.
#[derive(Clone, Debug)]
pub struct Scene {
    width: f64,
    height: f64,
    title: String,
    description: String,
    body: String,
}

impl Scene {
    /// An empty picture. `title` names it and `description` says in words what it shows, for those who cannot see it.
    pub fn new((width, height): (f64, f64), title: &str, description: &str) -> Self {
        Self { width, height, title: escaped(title), description: escaped(description), body: String::new() }
    }

    /// Writes the picture as SVG.
    pub fn svg(&self, theme: Theme) -> String {
        let Self { width, height, title, description, body } = self;
        let sizes = [Size::Heading, Size::Body, Size::Small].map(|size| {
            let (pixels, class) = size.of();
            format!(".{class}{{font-size:{pixels}px}}")
        });
        let style = format!("text{{font-family:'Noto Sans',sans-serif}}{}{}", sizes.concat(), theme.style());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\">\n<title>{title}</title>\n<desc>{description}</desc>\n<style>{style}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" class=\"f-page\"/>\n{body}</svg>\n"
        )
    }

    /// Draws a text whose baseline is at `at`.
    pub fn text(&mut self, (x, y): Point, text: &str, (anchor, size): (Anchor, Size), ink: Ink) {
        let anchor = match anchor {
            Anchor::Begin => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (class, ink, text) = (size.of().1, ink.class(), escaped(text));
        let (x, y) = (short(x), short(y));
        let _ =
            writeln!(self.body, "<text x=\"{x}\" y=\"{y}\" class=\"{class} f-{ink}\"{anchor}>{text}</text>");
    }

    /// Draws lines, each through its points. A dash is so many pixels long; 0 for none.
    pub fn lines(&mut self, lines: &[Vec<Point>], ink: Ink, (width, dash): (f64, f64)) {
        let mut data = String::new();
        for line in lines.iter().filter(|line| line.len() > 1) {
            for (n, (x, y)) in line.iter().enumerate() {
                let _ = write!(data, "{}{} {}", if n == 0 { 'M' } else { 'L' }, short(*x), short(*y));
            }
        }
        if !data.is_empty() {
            let dash = if dash > 0.0 { format!(" stroke-dasharray=\"{dash}\"") } else { String::new() };
            let ink = ink.class();
            let _ = writeln!(
                self.body,
                "<path d=\"{data}\" class=\"s-{ink}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}/>"
            );
        }
    }

    /// Fills rectangles: left, top, width, height.
    pub fn fill(&mut self, places: &[[f64; 4]], ink: Ink, opacity: f64) {
        let mut data = String::new();
        for [x, y, w, h] in places {
            let (x, y, w, h) = (short(*x), short(*y), short(*w), short(*h));
            let _ = write!(data, "M{x} {y}h{w}v{h}h-{w}z");
        }
        if !data.is_empty() {
            let ink = ink.class();
            let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity}\"") } else { String::new() };
            let _ = writeln!(self.body, "<path d=\"{data}\" class=\"f-{ink}\"{opacity}/>");
        }
    }

    /// Draws the outline of a rectangle.
    pub fn frame(&mut self, [x, y, w, h]: [f64; 4], ink: Ink) {
        self.lines(&[vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]], ink, (1.0, 0.0));
    }

    /// Draws a heat map, stretched to a rectangle. Its pixels stay sharp.
    pub fn heat(&mut self, [x, y, w, h]: [f64; 4], heat: &Heat) -> io::Result<()> {
        let mut file = Vec::new();
        heat.write(&mut file)?;
        let data = STANDARD.encode(file);
        let [x, y, w, h] = [x, y, w, h].map(short);
        let _ = writeln!(
            self.body,
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>"
        );
        Ok(())
    }
}

/// Rounds to a tenth of a pixel, which is enough.
fn short(x: f64) -> f64 {
    if x.is_finite() { (x * 10.0).round() / 10.0 } else { 0.0 }
}

/// Text as XML has it. Leaves out control characters, which XML forbids, and those that turn the direction of the text.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A text of at most `most` characters of usual width: a longer one loses its middle. Ideographs count twice.
pub fn cut(text: &str, most: usize) -> String {
    let wide =
        |c: char| if ('\u{1100}'..).contains(&c) && !('\u{1e00}'..='\u{2fff}').contains(&c) { 2 } else { 1 };
    if text.chars().map(wide).sum::<usize>() <= most {
        return text.to_owned();
    }
    let half = |chars: &mut dyn Iterator<Item = char>, most: usize| -> String {
        let mut taken = 0;
        chars
            .take_while(|c| {
                taken += wide(*c);
                taken <= most
            })
            .collect()
    };
    let most = most.saturating_sub(1);
    let end: String = half(&mut text.chars().rev(), most / 2).chars().rev().collect();
    format!("{}…{end}", half(&mut text.chars(), most - most / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stay_text() {
        let hostile = "</text><script>alert(1)</script>&\"'\u{7}\u{0}\u{202e}\u{ffff}\u{1b}[31m";
        let mut scene = Scene::new((100.0, 50.0), hostile, hostile);
        scene.text((10.0, 20.0), hostile, (Anchor::Begin, Size::Body), Ink::Text);
        let svg = scene.svg(Theme::Auto);
        assert_eq!(svg.matches("<script").count(), 0);
        let options = resvg::usvg::roxmltree::ParsingOptions::default();
        let document = resvg::usvg::roxmltree::Document::parse_with_options(&svg, options).unwrap();
        let text = document.descendants().find(|n| n.has_tag_name("text")).unwrap();
        assert_eq!(text.text(), Some("</text><script>alert(1)</script>&\"'[31m"));
        assert_eq!(document.root_element().attribute("viewBox"), Some("0 0 100 50"));
    }

    #[test]
    fn long_texts_lose_their_middle() {
        assert_eq!(cut("abcdefghij", 10), "abcdefghij");
        assert_eq!(cut("abcdefghijk", 10), "abcde…hijk");
        assert_eq!(cut("日本語日本語", 12), "日本語日本語");
        assert_eq!(cut("日本語日本語", 7), "日…語");
        assert_eq!(cut("abc", 0), "…");
    }

    #[test]
    fn what_is_no_number_is_drawn_at_the_edge() {
        let mut scene = Scene::new((10.0, 10.0), "", "");
        scene.lines(&[vec![(f64::NAN, 1.0), (f64::INFINITY, 2.04)]], Ink::Track, (1.0, 0.0));
        assert!(scene.svg(Theme::Light).contains("M0 1L0 2\""), "{}", scene.svg(Theme::Light));
    }
}
