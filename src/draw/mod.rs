//! Draws pictures: a [`Scene`] is written as SVG, and pixels are made of that SVG.
//!
//! A scene knows panels, texts, lines and heat maps. It names colours by what they mean ([`Ink`]); a [`Theme`] says how they
//! look on a light and on a dark page.
mod axis;
mod heat;
mod palette;
mod panel;
mod pixels;
mod scene;
mod theme;

pub(crate) use axis::Ticks;
pub(crate) use heat::Heat;
pub(crate) use panel::Panel;
pub(crate) use pixels::pixels;
pub use pixels::{Pixels, no_font};
pub(crate) use scene::{Anchor, Point, Scene, Size, cut, escaped};
pub(crate) use theme::Ink;
pub use theme::Theme;
