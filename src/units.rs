//! Time, frames and samples as distinct types, so that they cannot be mixed up.
use std::{
    fmt,
    ops::{Add, Sub},
};

/// A sample rate in hertz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(pub u32);

/// A position or duration in seconds. Serialises as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize)]
pub struct Seconds(pub f64);

/// A position or duration in mono samples, at a rate that the context names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Samples(pub u64);

/// A position or duration in analysis frames, at the library's hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frames(pub u32);

impl Samples {
    /// The duration of this many samples at `rate`.
    pub fn at(self, rate: SampleRate) -> Seconds {
        Seconds(self.0 as f64 / f64::from(rate.0))
    }
}

impl Add for Seconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Seconds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

/// Minutes and seconds, `3:05.2`; from an hour on with hours, `1:03:05.2`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.abs() * 10.0).round() as u64;
        let sign = if self.0 < 0.0 && tenths > 0 { "-" } else { "" };
        let (h, m, s, t) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10);
        if h > 0 { write!(f, "{sign}{h}:{m:02}:{s:02}.{t}") } else { write!(f, "{sign}{m}:{s:02}.{t}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_display_as_a_clock() {
        assert_eq!(Seconds(0.0).to_string(), "0:00.0");
        assert_eq!(Seconds(59.96).to_string(), "1:00.0");
        assert_eq!(Seconds(-1.25).to_string(), "-0:01.3");
        assert_eq!(Seconds(3785.2).to_string(), "1:03:05.2");
    }

    #[test]
    fn samples_have_a_duration() {
        assert_eq!(Samples(22_050).at(SampleRate(11_025)), Seconds(2.0));
    }
}
