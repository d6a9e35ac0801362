//! Why a clip matches a track, or does not: the numbers behind the answer.
mod html;
mod model;
mod picture;
mod sentence;

use std::{io, path::Path};

use serde::Serialize;

use super::document::{self, Document, lossy};
use crate::{
    draw::{Pixels, Theme, pixels},
    error::{Error, Result},
};

pub use model::{ChromaMap, EvidenceCurve, Explanation, Rule, SimilarityMap, Votes};
pub(crate) use sentence::sentence;

/// Pixels of a PNG file for each of the picture's own.
const SCALE: f32 = 1.5;

impl Explanation {
    /// Draws the explanation as SVG.
    ///
    /// # Errors
    /// If an image cannot be written.
    pub fn svg(&self, theme: Theme) -> io::Result<String> {
        Ok(picture::drawn(self)?.svg(theme))
    }

    /// Draws the explanation as PNG, from the same SVG.
    ///
    /// # Errors
    /// If an image cannot be written.
    pub fn png(&self, theme: Theme) -> io::Result<Pixels> {
        pixels(&self.svg(theme)?, SCALE)
    }

    /// Writes the explanation as a web page: the picture, the sentence and the numbers. It needs no other file.
    ///
    /// # Errors
    /// If an image cannot be written.
    pub fn html(&self, theme: Theme) -> io::Result<String> {
        Ok(html::page(self, &self.svg(theme)?, theme))
    }
}

impl document::sealed::Sealed for Explanation {}

impl Document for Explanation {
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String {
        /// The document of an explanation that failed.
        #[derive(Serialize)]
        struct Failed<'a> {
            #[serde(serialize_with = "lossy")]
            query: &'a Path,
            status: &'static str,
            error: String,
        }
        match outcome {
            Ok(explanation) => document::line(explanation),
            Err(error) => document::line(&Failed { query: name, status: "error", error: error.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests;
