//! Writes the harmonic or the percussive part of a file as WAV: one channel of 32-bit floats at the rate of the
//! analysis.
use std::{fs::File, io, io::BufWriter, path::Path};

use hound::{SampleFormat, WavSpec, WavWriter};

use super::{
    atomic_file::{AtomicFile, io_error},
    plans::RATE,
};
use crate::error::Result;

/// The most samples of a WAV file, whose lengths have 32 bits; leaves some bytes for the header.
const MOST_SAMPLES: u64 = (u32::MAX as u64 - 1024) / 4;

/// A WAV file that is being written.
pub struct PartFile {
    staged: AtomicFile,
    writer: WavWriter<BufWriter<File>>,
    samples: u64,
}

impl PartFile {
    /// Starts a file that will be `target`.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if it cannot be written.
    pub fn new(target: &Path) -> Result<Self> {
        let (staged, file) = AtomicFile::new(target)?;
        let spec = WavSpec {
            channels: 1,
            sample_rate: RATE.0,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let writer = WavWriter::new(BufWriter::new(file), spec).map_err(|e| io_error(target)(plain(e)))?;
        Ok(Self { staged, writer, samples: 0 })
    }

    /// Adds the next samples.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if they cannot be written, or if the file would be too long for WAV: 13.5 hours.
    pub fn write(&mut self, samples: &[f32]) -> Result<()> {
        self.samples += samples.len() as u64;
        let written = if self.samples > MOST_SAMPLES {
            Err(io::Error::new(io::ErrorKind::FileTooLarge, "a WAV file holds 13.5 hours at the most"))
        } else {
            samples.iter().try_for_each(|x| self.writer.write_sample(*x).map_err(plain))
        };
        written.map_err(io_error(self.staged.target()))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn finish(self) -> Result<()> {
        let finalized = self.writer.finalize().map_err(plain);
        finalized.map_err(io_error(self.staged.target()))?;
        self.staged.commit()
    }
}

fn plain(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}
