//! Writes all frames of a file as NumPy arrays: a zip archive of `.npy` entries, as `numpy.savez` writes them.
use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek, Write},
    path::Path,
};

use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use refrain_analysis::{CLASSES, Cqt, Pitch, Spectrogram, blocks::normalise};

use super::{
    atomic_file::{AtomicFile, io_error},
    pitch_summary,
    plans::{HOP, RATE},
};
use crate::{error::Result, report::HarmonicFigures, units::Samples};

/// Values that wait in a temporary file until their entry is written.
struct Spool(BufWriter<File>);

impl Spool {
    fn new() -> io::Result<Self> {
        Ok(Self(BufWriter::new(tempfile::tempfile()?)))
    }

    fn floats(&mut self, values: impl IntoIterator<Item = f32>) -> io::Result<()> {
        values.into_iter().try_for_each(|v| self.0.write_all(&v.to_le_bytes()))
    }

    fn copy_to(self, out: &mut impl Write) -> io::Result<()> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        io::copy(&mut file.take(u64::MAX), out).map(|_| ())
    }
}

/// An archive that is being written.
pub struct Npz {
    staged: AtomicFile,
    zip: Archive,
    frequency: Spool,
    aperiodicity: Spool,
    voiced: Spool,
    chroma: Spool,
}

impl Npz {
    /// Starts an archive that will be `target`.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if it cannot be written.
    pub fn new(target: &Path) -> Result<Self> {
        let (staged, file) = AtomicFile::new(target)?;
        let spool = || Spool::new().map_err(io_error(&std::env::temp_dir()));
        Ok(Self {
            staged,
            zip: Archive(ZipWriter::new(BufWriter::new(file))),
            frequency: spool()?,
            aperiodicity: spool()?,
            voiced: spool()?,
            chroma: spool()?,
        })
    }

    /// Adds the pitch of the next frames.
    pub fn pitch(&mut self, pitch: &[Pitch]) -> Result<()> {
        let mut write = || -> io::Result<()> {
            self.frequency.floats(pitch.iter().map(|p| p.frequency))?;
            self.aperiodicity.floats(pitch.iter().map(|p| p.aperiodicity))?;
            self.voiced.0.write_all(
                &pitch.iter().map(|p| u8::from(pitch_summary::voiced(p).is_some())).collect::<Vec<_>>(),
            )
        };
        write().map_err(io_error(self.staged.target()))
    }

    /// Starts the magnitudes, of a known number of frames.
    pub fn begin_magnitudes(&mut self, bins: usize, frames: usize) -> Result<()> {
        self.zip.entry("cqt", "<f4", &[bins, frames]).map_err(io_error(self.staged.target()))
    }

    /// Adds the magnitudes of the next frames and their raw chroma.
    pub fn magnitudes(&mut self, magnitudes: &Spectrogram<f32>, raw: &Spectrogram<f32>) -> Result<()> {
        let bytes: Vec<u8> = magnitudes.values().iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut chroma = raw.clone();
        normalise(&mut chroma);
        let written =
            self.zip.0.write_all(&bytes).and_then(|()| self.chroma.floats(chroma.values().to_vec()));
        written.map_err(io_error(self.staged.target()))
    }

    /// Writes the rest and gives the file its name.
    pub fn finish(self, cqt: &Cqt, figures: &HarmonicFigures) -> Result<()> {
        let target = self.staged.target().to_owned();
        self.rest(cqt, figures).map_err(io_error(&target))?.commit()
    }

    fn rest(self, cqt: &Cqt, figures: &HarmonicFigures) -> io::Result<AtomicFile> {
        let frames = figures.frames as usize;
        let Self { staged, mut zip, frequency, aperiodicity, voiced, chroma } = self;
        zip.entry("chroma", "<f4", &[CLASSES, frames])?;
        chroma.copy_to(&mut zip.0)?;
        for (name, kind, values) in
            [("f0", "<f4", frequency), ("aperiodicity", "<f4", aperiodicity), ("voiced", "|b1", voiced)]
        {
            zip.entry(name, kind, &[frames])?;
            values.copy_to(&mut zip.0)?;
        }
        zip.entry("times", "<f8", &[frames])?;
        for t in 0..frames {
            zip.0.write_all(&Samples((t * HOP) as u64).at(RATE).0.to_le_bytes())?;
        }
        zip.entry("frequencies", "<f8", &[cqt.bins()])?;
        for bin in 0..cqt.bins() {
            zip.0.write_all(&cqt.frequency(bin).to_le_bytes())?;
        }
        for (name, value) in [("sample_rate", RATE.0 as usize), ("hop_length", HOP)] {
            zip.entry(name, "<i8", &[])?;
            zip.0.write_all(&(value as i64).to_le_bytes())?;
        }
        // NumPy's strings have four bytes a character.
        let summary: Vec<char> = serde_json::to_string(figures)?.chars().collect();
        zip.entry("summary", &format!("<U{}", summary.len()), &[])?;
        for c in summary {
            zip.0.write_all(&u32::from(c).to_le_bytes())?;
        }
        zip.0.finish().map_err(failed)?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(staged)
    }
}

/// The zip archive.
struct Archive(ZipWriter<BufWriter<File>>);

impl Archive {
    /// Starts an array in NumPy's format, version 1.0. The first index runs fastest, so values that come frame after
    /// frame have the shape (`bins`, `frames`).
    fn entry(&mut self, name: &str, kind: &str, shape: &[usize]) -> io::Result<()> {
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        self.0.start_file(format!("{name}.npy"), options).map_err(failed)?;
        let shape: String = shape.iter().map(|n| format!("{n},")).collect();
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': True, 'shape': ({shape}), }}");
        // Magic, version and length take ten bytes. The header ends with a line break, and its total length is a
        // multiple of 64.
        let padded = (10 + header.len() + 1).next_multiple_of(64) - 10 - 1;
        header.extend(std::iter::repeat_n(' ', padded - header.len()));
        header.push('\n');
        self.0.write_all(b"\x93NUMPY\x01\x00")?;
        self.0.write_all(&(header.len() as u16).to_le_bytes())?;
        self.0.write_all(header.as_bytes())
    }
}

fn failed(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}
