//! What was wrong with a recording that could be used nevertheless.
use std::fmt;

use crate::units::Seconds;

/// Something wrong with a recording that did not keep it from being used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Packets that could not be decoded. Silence of the same length replaces them if their length is known.
    DamagedPackets {
        /// How many.
        count: u64,
        /// What the decoder said of the first.
        first: String,
    },
    /// The rest could not be read.
    CutShort {
        /// Why.
        reason: String,
    },
    /// ffmpeg decoded it and complained.
    Ffmpeg {
        /// What it said first.
        said: String,
    },
    /// The file ends in the middle of a packet, or has less audio than it announces.
    Truncated {
        /// How long it is.
        found: Seconds,
        /// How long it should be, if the file says so.
        announced: Option<Seconds>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::DamagedPackets { count: 1, first } => write!(f, "skipped a damaged packet ({first})"),
            Warning::DamagedPackets { count, first } => {
                write!(f, "skipped {count} damaged packets ({first})")
            }
            Warning::CutShort { reason } => write!(f, "used only the part before the damage ({reason})"),
            Warning::Ffmpeg { said } => write!(f, "ffmpeg: {said}"),
            Warning::Truncated { found, announced: None } => {
                write!(f, "truncated: used the first {found}")
            }
            Warning::Truncated { found, announced: Some(announced) } => {
                write!(f, "truncated: used {found} of the announced {announced}")
            }
        }
    }
}
