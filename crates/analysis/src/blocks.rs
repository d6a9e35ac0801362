//! What refrain's own analysis of files needs: long signals block by block, in constant memory and on any number of threads.
//!
//! This module and the methods that use its types are not part of the interface and may change with any version.
pub use crate::{
    chroma::normalise,
    cqt::{CqtBlock, CqtStream, GroupScratch},
    features::StabilityCounter,
    hpss::Extent,
    key::NAMES,
    signal::{Signal, check},
    tempo::TempoAccumulator,
    tuning::{Peak, TuningAccumulator},
};
