//! How good a file sounds, measured on its decoded audio: how far up its spectrum reaches, whether it ends abruptly there, and
//! how much of it is clipped.
//!
//! | file | |
//! |---|---|
//! | `file` | decodes a file once and measures it |
//! | `figures` | what is measured |
//! | `measuring` | measures sound that comes in blocks |
//! | `levels` | how loud each band of frequencies is in loud passages |
//! | `bandwidth` | where these levels end, and whether they end abruptly |
//! | `clipping` | runs of samples at full scale |
mod bandwidth;
mod clipping;
mod figures;
#[cfg(feature = "decode")]
mod file;
mod levels;
mod measuring;

pub use figures::Quality;
#[cfg(feature = "decode")]
pub use file::measure;
#[cfg(feature = "decode")]
pub(crate) use file::measure_with;
pub use measuring::Measuring;
