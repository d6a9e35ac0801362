//! Answers and analyses, and how other programs read them: JSON, CSV and pictures.
pub(crate) mod answer;
pub(crate) mod document;
pub(crate) mod duplicates;
#[cfg(feature = "explain")]
pub(crate) mod explanation;
#[cfg(feature = "analyze")]
pub(crate) mod harmonic;
#[cfg(feature = "analyze")]
pub(crate) mod key_name;
pub(crate) mod live;
#[cfg(feature = "analyze")]
pub(crate) mod plot;
pub(crate) mod timeline;
pub(crate) mod versions;

#[cfg(feature = "explain")]
pub use crate::draw::{Pixels, Theme, no_font};
pub use answer::{Answer, Match, Status};
pub use document::{Document, json};
pub use duplicates::{DuplicateFile, DuplicateGroup};
#[cfg(feature = "explain")]
pub(crate) use explanation::sentence;
#[cfg(feature = "explain")]
pub use explanation::{ChromaMap, EvidenceCurve, Explanation, Rule, SimilarityMap, Votes};
#[cfg(feature = "analyze")]
pub use harmonic::{HarmonicFigures, csv_header, csv_row};
#[cfg(feature = "analyze")]
pub use key_name::respelt;
pub use live::{LivePlay, Moment};
pub use timeline::{
    Play, Timeline,
    writer::{TimelineFormat, TimelineWriter},
};
pub use versions::{Similar, SimilarTrack, Version, Versions};
