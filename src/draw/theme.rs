//! How colours look on a light and on a dark page.
use std::fmt::Write;

/// For which page a picture is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Bright on black.
    Dark,
    /// SVG that follows the viewer's setting. Pixels cannot, so they are light.
    #[default]
    Auto,
}

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The page.
    Page,
    /// Text that is to be read.
    Text,
    /// Captions and labels.
    Soft,
    /// Frames and ticks.
    Frame,
    /// Lines that help the eye.
    Faint,
    /// The track in question, and what belongs to it.
    Track,
    /// The other track.
    Rival,
    /// What is needed.
    Need,
    /// A match.
    Good,
    /// No match.
    Bad,
    /// A line over a heat map, which is dark in both themes.
    OnHeat,
}

/// Every ink with the name of its class, and its colour on a light and on a dark page.
const INKS: [(Ink, &str, &str, &str); 11] = [
    (Ink::Page, "page", "#ffffff", "#14161a"),
    (Ink::Text, "text", "#1c1e22", "#eceef1"),
    (Ink::Soft, "soft", "#565b64", "#a9b0bb"),
    (Ink::Frame, "frame", "#878d97", "#6c737e"),
    (Ink::Faint, "faint", "#dde0e5", "#2e333b"),
    (Ink::Track, "track", "#0b62b8", "#62b0ff"),
    (Ink::Rival, "rival", "#b8470b", "#ff9a5c"),
    (Ink::Need, "need", "#1c1e22", "#eceef1"),
    (Ink::Good, "good", "#13753a", "#5fd08c"),
    (Ink::Bad, "bad", "#b3261e", "#ff8a80"),
    (Ink::OnHeat, "onheat", "#ffffff", "#ffffff"),
];

impl Ink {
    /// The name of the class of this colour.
    pub(super) fn class(self) -> &'static str {
        INKS.iter().find(|(ink, ..)| *ink == self).map_or("text", |(_, name, ..)| name)
    }
}

impl Theme {
    /// The style sheet: `f-NAME` fills, `s-NAME` strokes.
    pub(super) fn style(self) -> String {
        let dark = self == Self::Dark;
        let mut style = rules(|light, black| if dark { black } else { light });
        if self == Self::Auto {
            let _ = write!(style, "@media (prefers-color-scheme:dark){{{}}}", rules(|_, black| black));
        }
        style
    }
}

fn rules(colour: impl Fn(&'static str, &'static str) -> &'static str) -> String {
    let mut rules = String::new();
    for (_, name, light, dark) in INKS {
        let colour = colour(light, dark);
        let _ = write!(rules, ".f-{name}{{fill:{colour}}}.s-{name}{{stroke:{colour};fill:none}}");
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let v = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG asks for 4.5 for text, and for 3 for lines that mean something.
    #[test]
    fn colours_stand_out_from_their_page() {
        let page = INKS[0];
        for (ink, name, light, dark) in INKS {
            let least = match ink {
                Ink::Text | Ink::Soft | Ink::Track | Ink::Rival | Ink::Good | Ink::Bad => 4.5,
                Ink::Frame | Ink::Need => 3.0,
                Ink::Page | Ink::Faint | Ink::OnHeat => continue,
            };
            for (colour, page) in [(light, page.2), (dark, page.3)] {
                assert!(contrast(colour, page) >= least, "{name}: {:.2}", contrast(colour, page));
            }
        }
    }

    #[test]
    fn only_the_theme_that_follows_the_page_has_both_colours() {
        let text = INKS[1];
        for (theme, light, dark) in
            [(Theme::Light, true, false), (Theme::Dark, false, true), (Theme::Auto, true, true)]
        {
            let style = theme.style();
            let has = |colour: &str| style.contains(&format!(".f-text{{fill:{colour}}}"));
            assert_eq!((has(text.2), has(text.3)), (light, dark), "{theme:?}");
        }
    }
}
