//! Where the panels lie.

/// The width of the picture, and the left and right end of its time axis.
pub const WIDTH: f64 = 980.0;
pub const LEFT: f64 = 64.0;
pub const RIGHT: f64 = 880.0;
