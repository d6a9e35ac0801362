//! CELT to samples: the half of Opus that carries music (RFC 6716, section 4.3), in full or up to a frequency.
//!
//! The analysis ends at 3.5 kHz, and at 5.2 kHz for a query that may be transposed. What lies above takes most of a
//! decoder's work. Here its codewords are read, because later ones depend on how many bits they take, but nothing is made
//! of them. Samples come at 48 kHz all the same, because the postfilter looks back by any number of them.
//!
//! SILK, hybrid frames, and lost ones are declined.
mod allocation;
mod bands;
mod collapse;
mod comb;
mod decoder;
mod energy;
mod pulses;
mod range;
mod side;
mod split;
mod synthesis;
mod tables;
mod time_frequency;

pub(super) use self::decoder::Celt;
