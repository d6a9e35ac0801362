//! The constant-Q transform: Brown, "Calculation of a constant Q spectral transform", 1991. It uses the multirate scheme of
//! Schörkhuber and Klapuri, "Constant-Q transform toolbox for music processing", 2010, section 2: all octaves have the same
//! kernels, and each octave further down sees the signal at half the rate.
mod kernels;
mod options;
mod sliding_dft;
mod stream;
mod transform;

pub use options::{C1, CqtOptions};
#[doc(hidden)]
pub use stream::{CqtBlock, CqtStream};
#[doc(hidden)]
pub use transform::GroupScratch;
pub(crate) use transform::signals;
pub use transform::{Cqt, CqtScratch};
