//! Harmonic analysis of files of any length: key, tuning, pitch, chroma, harmonic and percussive parts.
//!
//! The transforms are those of [`crate::analysis`], at 22,050 Hz with a frame every 512 samples. Results are the
//! same, bit for bit, as of the whole signal at once, with any number of threads. Memory does not grow with the
//! length of a file.
mod atomic_file;
pub(crate) mod batch;
mod blocks;
mod harmonic_level;
mod mean_chroma;
mod npz;
pub(crate) mod options;
mod outputs;
mod pitch_summary;
mod plans;
mod two_passes;
mod wav_parts;
