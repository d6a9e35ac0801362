//! Draws the harmony of a file: constant-Q magnitudes, pitch and chroma over time, with the key.
//!
//! The picture has a background of its own, so it reads well on light and dark pages.
mod canvas;
mod columns;
mod png;
mod svg;

use std::{io, path::Path};

use self::{
    canvas::{Anchor, Canvas, Raster},
    columns::{Columns, PitchColumns},
};
use refrain_analysis::{CLASSES, Spectrogram, blocks::NAMES};

use super::HarmonicFigures;
use crate::units::Seconds;

/// The size of the picture, and the left and right end of its time axis.
const SIZE: (u32, u32) = (1200, 850);
const LEFT: f64 = 70.0;
const RIGHT: f64 = 1180.0;

/// Top and height of each panel.
const MAGNITUDES: (f64, f64) = (80.0, 300.0);
const PITCH: (f64, f64) = (415.0, 150.0);
const CHROMA: (f64, f64) = (600.0, 200.0);

/// The range of magnitudes shown, in decibels below the largest.
const DECIBELS: f64 = 60.0;

const INK: [u8; 3] = [34, 34, 34];
const FAINT: [u8; 3] = [200, 200, 200];
const TRACK: [u8; 3] = [178, 24, 43];

/// The file format of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlotFormat {
    /// Vectors, with the spectra as embedded images.
    Svg,
    /// Pixels.
    Png,
}

impl PlotFormat {
    /// The format by the extension of the name; `None` unless it is `.svg` or `.png`.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }
}

/// Collects what the picture shows, in constant memory.
pub(crate) struct Plot {
    magnitudes: Columns,
    chroma: Columns,
    pitch: PitchColumns,
    /// The lowest and highest possible pitch, in hertz.
    range: (f64, f64),
}

impl Plot {
    /// Starts a picture for pitches in a range of hertz.
    pub(crate) fn new(range: (f64, f64)) -> Self {
        Self {
            magnitudes: Columns::default(),
            chroma: Columns::default(),
            pitch: PitchColumns::default(),
            range,
        }
    }

    /// Adds the pitch of the next frame, if it has one.
    pub(crate) fn pitch(&mut self, frequency: Option<f32>) {
        self.pitch.add(frequency);
    }

    /// Adds the magnitudes of the next frames and their raw chroma.
    pub(crate) fn magnitudes(&mut self, magnitudes: &Spectrogram<f32>, chroma: &Spectrogram<f32>) {
        (0..magnitudes.frames()).for_each(|t| self.magnitudes.add(magnitudes.frame(t)));
        (0..chroma.frames()).for_each(|t| self.chroma.add(chroma.frame(t)));
    }

    /// Writes the picture. `bins` are the frequencies of the lowest bin and of the bin after the highest.
    pub(crate) fn write(
        &self,
        format: PlotFormat,
        name: &str,
        figures: &HarmonicFigures,
        bins: (f64, f64),
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        match format {
            PlotFormat::Svg => {
                let mut canvas = svg::Svg::new(SIZE);
                self.draw(&mut canvas, name, figures, bins)?;
                canvas.write(out)
            }
            PlotFormat::Png => {
                let mut canvas = png::Pixels::new(SIZE);
                self.draw(&mut canvas, name, figures, bins)?;
                canvas.write(out)
            }
        }
    }

    fn draw(
        &self,
        canvas: &mut impl Canvas,
        name: &str,
        figures: &HarmonicFigures,
        bins: (f64, f64),
    ) -> io::Result<()> {
        canvas.text((LEFT, 30.0), name, Anchor::Begin, true);
        canvas.text((LEFT, 55.0), &told(figures), Anchor::Begin, false);

        panel(canvas, MAGNITUDES, "constant-Q magnitude, dB below the loudest");
        canvas.image(frame_of(MAGNITUDES), &decibels(&self.magnitudes))?;
        octaves(canvas, MAGNITUDES, bins);

        panel(canvas, PITCH, "pitch");
        octaves(canvas, PITCH, self.range);
        let x =
            |column: usize| LEFT + (RIGHT - LEFT) * (column as f64 + 0.5) / self.pitch.len().max(1) as f64;
        let y = |hertz: f32| {
            let (low, high) = self.range;
            let share = ((f64::from(hertz) / low).log2() / (high / low).log2()).clamp(0.0, 1.0);
            PITCH.0 + PITCH.1 * (1.0 - share)
        };
        let seen = self.pitch.ranges().enumerate().filter_map(|(i, range)| Some((i, range?)));
        // Even a single pitch has some height.
        let lines = seen.map(|(i, (low, high))| ((x(i), y(low) + 1.0), (x(i), y(high) - 1.0)));
        canvas.lines(&lines.collect::<Vec<_>>(), TRACK, 2.0);

        panel(canvas, CHROMA, "chroma, of each frame's largest");
        canvas.image(frame_of(CHROMA), &shares(&self.chroma))?;
        for (class, name) in NAMES.iter().enumerate() {
            let y = CHROMA.0 + CHROMA.1 * (1.0 - (class as f64 + 0.5) / CLASSES as f64);
            canvas.text((LEFT - 8.0, y + 4.0), name, Anchor::End, false);
        }
        times(canvas, figures.duration.0);
        Ok(())
    }
}

/// The line of figures below the name.
fn told(figures: &HarmonicFigures) -> String {
    let key = figures.key_name.as_deref().unwrap_or("no key");
    let tuning = figures.tuning.map_or_else(String::new, |t| format!(", tuning {:+.0} cents", 100.0 * t));
    let pitch = figures.pitch_note.as_ref().map_or_else(String::new, |note| format!(", median pitch {note}"));
    let harmonic =
        figures.harmonic_ratio.map_or_else(String::new, |r| format!(", harmonic {:.0} %", 100.0 * r));
    format!("{key}, {}{tuning}{pitch}{harmonic}", figures.duration)
}

/// Left, top, width and height of a panel.
fn frame_of((top, height): (f64, f64)) -> [f64; 4] {
    [LEFT, top, RIGHT - LEFT, height]
}

fn panel(canvas: &mut impl Canvas, place: (f64, f64), title: &str) {
    canvas.text((LEFT, place.0 - 6.0), title, Anchor::Begin, false);
    canvas.frame(frame_of(place), INK);
}

/// Labels every C between two frequencies.
fn octaves(canvas: &mut impl Canvas, (top, height): (f64, f64), (low, high): (f64, f64)) {
    const C0: f64 = refrain_analysis::C1 / 2.0;
    let mut faint = Vec::new();
    for octave in 0..12 {
        let share = ((C0 * f64::from(octave).exp2()) / low).log2() / (high / low).log2();
        if (-1e-3..=1.001).contains(&share) {
            let y = top + height * (1.0 - share);
            canvas.text((LEFT - 8.0, y + 4.0), &format!("C{octave}"), Anchor::End, false);
            faint.push(((LEFT - 5.0, y), (LEFT, y)));
        }
    }
    canvas.lines(&faint, INK, 1.0);
}

/// Labels the time below the last panel, and marks it in the panel without an image.
fn times(canvas: &mut impl Canvas, duration: f64) {
    const STEPS: [f64; 15] =
        [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
    let most = 12.0;
    let step = STEPS.into_iter().find(|s| duration / s <= most);
    let step = step.unwrap_or_else(|| (duration / most / 3600.0).ceil() * 3600.0);
    let bottom = CHROMA.0 + CHROMA.1;
    let (mut ticks, mut faint) = (Vec::new(), Vec::new());
    for n in 0..=(duration / step).floor() as u32 {
        let time = f64::from(n) * step;
        let x = LEFT + (RIGHT - LEFT) * if duration > 0.0 { time / duration } else { 0.0 };
        let label = Seconds(time).to_string();
        let label = if step < 1.0 { &label[..] } else { label.trim_end_matches(".0") };
        canvas.text((x, bottom + 20.0), label, Anchor::Middle, false);
        ticks.push(((x, bottom), (x, bottom + 5.0)));
        faint.push(((x, PITCH.0), (x, PITCH.0 + PITCH.1)));
    }
    canvas.lines(&faint, FAINT, 1.0);
    canvas.lines(&ticks, INK, 1.0);
    canvas.text(((LEFT + RIGHT) / 2.0, bottom + 40.0), "time", Anchor::Middle, false);
}

/// Draws columns as an image; `share` maps each value to 0..=1.
fn image(columns: &Columns, share: impl Fn(&[f32], f32) -> f64) -> Raster {
    let (width, height) = (columns.len().max(1), columns.values());
    let mut raster = Raster::new(width, height, colour(0.0));
    for x in 0..columns.len() {
        let column = columns.means(x);
        for (bin, v) in column.iter().enumerate() {
            raster.set(x, height - 1 - bin, colour(share(&column, *v)));
        }
    }
    raster
}

fn decibels(columns: &Columns) -> Raster {
    let largest = (0..columns.len()).flat_map(|x| columns.means(x)).fold(0.0f32, f32::max);
    image(columns, |_, v| {
        let below = 20.0 * f64::from(v / largest.max(f32::MIN_POSITIVE)).max(1e-12).log10();
        1.0 + below / DECIBELS
    })
}

fn shares(columns: &Columns) -> Raster {
    image(columns, |column, v| {
        let largest = column.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        f64::from(v / largest)
    })
}

/// A colour scale from dark to bright, even to the eye and in grey.
fn colour(share: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 6] = [
        [12.0, 7.0, 40.0],
        [66.0, 16.0, 104.0],
        [138.0, 34.0, 106.0],
        [212.0, 72.0, 66.0],
        [249.0, 143.0, 30.0],
        [252.0, 250.0, 170.0],
    ];
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (place as usize).min(STOPS.len() - 2);
    let part = place - below as f64;
    std::array::from_fn(|i| (STOPS[below][i] * (1.0 - part) + STOPS[below + 1][i] * part).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(frames: usize) -> Plot {
        let mut plot = Plot::new((65.4, 2093.0));
        let mut magnitudes = Spectrogram::new(frames, 252);
        let mut chroma = Spectrogram::new(frames, CLASSES);
        for t in 0..frames {
            magnitudes.frame_mut(t)[t % 252] = 1.0;
            chroma.frame_mut(t)[t / 3 % 12] = 2.0;
            plot.pitch((t % 3 > 0).then_some(100.0 + t as f32 % 500.0));
        }
        plot.magnitudes(&magnitudes, &chroma);
        plot
    }

    #[test]
    fn both_kinds_of_files_are_written_and_do_not_grow_with_the_length() {
        let mut sizes = Vec::new();
        for frames in [0, 1, 3000, 100_000] {
            let figures = HarmonicFigures {
                duration: Seconds(frames as f64 * 512.0 / 22_050.0),
                ..HarmonicFigures::default()
            };
            let plot = plot(frames);
            for format in [PlotFormat::Svg, PlotFormat::Png] {
                let mut out = Vec::new();
                plot.write(format, "<a> & b\u{7}", &figures, (32.7, 4186.0), &mut out).unwrap();
                match format {
                    PlotFormat::Svg => {
                        let text = String::from_utf8(out.clone()).unwrap();
                        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
                        assert!(text.contains("&lt;a&gt; &amp; b") && text.contains("no key"));
                    }
                    PlotFormat::Png => {
                        let reader = ::png::Decoder::new(io::Cursor::new(&out)).read_info().unwrap();
                        assert_eq!((reader.info().width, reader.info().height), SIZE);
                    }
                }
                sizes.push(out.len());
            }
        }
        assert!(sizes.iter().all(|size| *size < 2_000_000), "{sizes:?}");
    }

    #[test]
    fn colours_get_brighter() {
        let light = |share| colour(share).iter().map(|c| u32::from(*c)).sum::<u32>();
        assert!((0..100).all(|n| light(f64::from(n) / 100.0) <= light(f64::from(n + 1) / 100.0)));
        assert_eq!(colour(f64::NEG_INFINITY), colour(0.0));
    }

    #[test]
    fn the_extension_decides_the_format() {
        assert_eq!(PlotFormat::of("a/b.SVG".as_ref()), Some(PlotFormat::Svg));
        assert_eq!(PlotFormat::of("b.png".as_ref()), Some(PlotFormat::Png));
        assert_eq!(PlotFormat::of("b.pdf".as_ref()), None);
        assert_eq!(PlotFormat::of("svg".as_ref()), None);
    }
}
