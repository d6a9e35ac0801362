//! The files that an analysis may write besides its figures.
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use refrain_analysis::{Cqt, Pitch, Spectrogram};

use super::{
    atomic_file::{AtomicFile, io_error},
    npz::Npz,
    pitch_summary::voiced,
    wav_parts::PartFile,
};
use crate::{
    draw::no_font,
    error::{Error, Result},
    report::{
        HarmonicFigures,
        plot::{Plot, PlotFormat},
    },
};

/// Where to write the outputs of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    pub frames: Option<PathBuf>,
    pub harmonic: Option<PathBuf>,
    pub percussive: Option<PathBuf>,
    pub plot: Option<PathBuf>,
}

impl Targets {
    /// The paths of all outputs.
    pub fn each(&self) -> impl Iterator<Item = &Path> {
        [&self.frames, &self.harmonic, &self.percussive, &self.plot]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }
}

/// The outputs of one file while they are written. If dropped before the end, they leave nothing.
pub(super) struct Outputs {
    frames: Option<Npz>,
    parts: [Option<PartFile>; 2],
    plot: Option<(Plot, PlotFormat, AtomicFile, File)>,
}

impl Outputs {
    /// Starts the wanted outputs. `range` is the range of pitches in hertz.
    pub fn new(targets: &Targets, range: (f64, f64)) -> Result<Self> {
        let plot = |path: &PathBuf| {
            let format = PlotFormat::of(path).ok_or_else(|| {
                io_error(path)(io::Error::new(io::ErrorKind::InvalidInput, "a plot ends in .svg or .png"))
            })?;
            let (staged, file) = AtomicFile::new(path)?;
            Ok::<_, Error>((Plot::new(range), format, staged, file))
        };
        let part = |path: &Option<PathBuf>| path.as_deref().map(PartFile::new).transpose();
        Ok(Self {
            frames: targets.frames.as_deref().map(Npz::new).transpose()?,
            parts: [part(&targets.harmonic)?, part(&targets.percussive)?],
            plot: targets.plot.as_ref().map(plot).transpose()?,
        })
    }

    /// Whether harmonic or percussive samples are needed.
    pub fn wants_parts(&self) -> bool {
        self.parts.iter().any(Option::is_some)
    }

    /// Whether constant-Q magnitudes are needed.
    pub fn wants_magnitudes(&self) -> bool {
        self.frames.is_some() || self.plot.is_some()
    }

    /// Adds the results of the next block in the first pass.
    pub fn first(&mut self, pitch: &[Pitch], parts: Option<&[Vec<f32>; 2]>) -> Result<()> {
        if let Some(frames) = &mut self.frames {
            frames.pitch(pitch)?;
        }
        if let Some((plot, ..)) = &mut self.plot {
            pitch.iter().for_each(|p| plot.pitch(voiced(p)));
        }
        for (file, part) in self.parts.iter_mut().zip(parts.into_iter().flatten()) {
            file.as_mut().map_or(Ok(()), |file| file.write(part))?;
        }
        Ok(())
    }

    /// Prepares for the magnitudes of `frames` frames.
    pub fn begin_magnitudes(&mut self, cqt: &Cqt, frames: usize) -> Result<()> {
        let bins = cqt.bins();
        self.frames.as_mut().map_or(Ok(()), |file| file.begin_magnitudes(bins, frames))
    }

    /// Adds the results of the next block in the second pass.
    pub fn second(&mut self, magnitudes: Option<&Spectrogram<f32>>, chroma: &Spectrogram<f32>) -> Result<()> {
        let Some(magnitudes) = magnitudes else { return Ok(()) };
        if let Some((plot, ..)) = &mut self.plot {
            plot.magnitudes(magnitudes, chroma);
        }
        self.frames.as_mut().map_or(Ok(()), |file| file.magnitudes(magnitudes, chroma))
    }

    /// Completes all files and gives them their names. Returns a warning if the plot lacks characters.
    pub fn finish(self, name: &Path, cqt: &Cqt, figures: &HarmonicFigures) -> Result<Option<String>> {
        if let Some(frames) = self.frames {
            frames.finish(cqt, figures)?;
        }
        self.parts.into_iter().flatten().try_for_each(PartFile::finish)?;
        if let Some((plot, format, staged, file)) = self.plot {
            let name = name.file_name().unwrap_or(name.as_os_str()).to_string_lossy();
            let bins = (cqt.frequency(0), cqt.frequency(cqt.bins()));
            let mut out = BufWriter::new(file);
            let written = plot.write(format, &name, figures, bins, &mut out);
            let missing = written.and_then(|missing| out.flush().map(|()| missing));
            let missing = missing.map_err(io_error(staged.target()))?;
            staged.commit()?;
            return Ok((!missing.is_empty()).then(|| no_font(&missing)));
        }
        Ok(None)
    }
}
