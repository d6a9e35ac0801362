//! Long signals block by block, for programs that keep memory constant and spread blocks over threads themselves.
//!
//! This module and the methods that use its types are not part of the interface and may change with any version.
pub use crate::{
    cqt::{CqtBlock, CqtStream, GroupScratch},
    features::StabilityCounter,
    hpss::Extent,
    signal::{Signal, check},
    tuning::{Peak, TuningAccumulator},
};
