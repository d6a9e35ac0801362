//! Harmonic analysis of files: key, tuning, pitch, chroma, harmonic and percussive parts, of audio of any length.
//!
//! Everything is that of [`crate::analysis`] at 22,050 Hz with frames every 512 samples, bit for bit as of the whole signal
//! at once, whatever the number of threads; but nothing in memory grows with the length of a file.
mod accumulate;
mod atomic_file;
pub(crate) mod batch;
mod blocks;
mod npz;
pub(crate) mod options;
mod outputs;
mod parts;
mod plans;
mod single;
