//! Draws the harmony of a file: constant-Q magnitudes, pitch and chroma over time, with the key.
mod columns;

use std::{io, path::Path};

use refrain_analysis::{CLASSES, Spectrogram, blocks::NAMES};

use self::columns::{Columns, PitchColumns};
use super::HarmonicFigures;
use crate::draw::{Anchor, Heat, Ink, Panel, Scene, Size, Theme, Ticks, cut, pixels};

/// The size of the picture, and the left and right end of its time axis.
const SIZE: (f64, f64) = (1200.0, 850.0);
const LEFT: f64 = 70.0;
const RIGHT: f64 = 1110.0;

/// Top and height of each panel.
const MAGNITUDES: (f64, f64) = (90.0, 290.0);
const PITCH: (f64, f64) = (413.0, 150.0);
const CHROMA: (f64, f64) = (618.0, 185.0);

/// The range of magnitudes shown, in decibels below the largest.
const DECIBELS: f64 = 60.0;

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

    /// Writes the picture. `bins` are the frequencies of the lowest bin and of the bin after the highest. Returns the
    /// characters of the name that no font has.
    pub(crate) fn write(
        &self,
        format: PlotFormat,
        name: &str,
        figures: &HarmonicFigures,
        bins: (f64, f64),
        out: &mut dyn io::Write,
    ) -> io::Result<String> {
        let svg = self.drawn(name, figures, bins)?.svg(Theme::Auto);
        match format {
            PlotFormat::Svg => out.write_all(svg.as_bytes()).map(|()| String::new()),
            PlotFormat::Png => {
                let pixels = pixels(&svg, 1.0)?;
                out.write_all(&pixels.png)?;
                Ok(pixels.missing)
            }
        }
    }

    fn drawn(&self, name: &str, figures: &HarmonicFigures, bins: (f64, f64)) -> io::Result<Scene> {
        let told = told(figures);
        let mut scene = Scene::new(SIZE, name, &format!("{name}: {told}"));
        let heading = cut(name, Size::Heading.fits(RIGHT - LEFT));
        scene.text((LEFT, 34.0), &heading, (Anchor::Begin, Size::Heading), Ink::Text);
        scene.text((LEFT, 58.0), &told, (Anchor::Begin, Size::Body), Ink::Text);
        let duration = figures.duration.0.max(f64::MIN_POSITIVE);
        let panel = |(top, height): (f64, f64), up| Panel {
            place: [LEFT, top, RIGHT - LEFT, height],
            across: (0.0, duration),
            up,
        };
        let times = Ticks::times(0.0, figures.duration.0, 12);

        let magnitudes = panel(MAGNITUDES, logarithms(bins));
        magnitudes.caption(&mut scene, "Magnitude of each pitch (constant-Q), in dB below the loudest");
        magnitudes.heat(&mut scene, &decibels(&self.magnitudes), (0.0, duration))?;
        octaves(&mut scene, &magnitudes);
        let label = |below: f64| format!("-{below:.0} dB");
        let labels = [label(DECIBELS), label(DECIBELS * 2.0 / 3.0), label(DECIBELS / 3.0)];
        let [low, middle, high] = &labels;
        magnitudes.bar(&mut scene, &[(0.0, low), (1.0 / 3.0, middle), (2.0 / 3.0, high), (1.0, "0 dB")])?;

        let pitch = panel(PITCH, logarithms(self.range));
        pitch.caption(&mut scene, "Pitch: the lowest and the highest of each moment");
        pitch.across(&mut scene, &times, true);
        octaves(&mut scene, &pitch);
        self.pitches(&mut scene, &pitch);

        let chroma = panel(CHROMA, (0.0, CLASSES as f64));
        chroma.caption(
            &mut scene,
            "Chroma: how strong each note of the octave is, as a share of the strongest",
        );
        chroma.heat(&mut scene, &shares(&self.chroma), (0.0, duration))?;
        let notes = NAMES.iter().enumerate().map(|(class, name)| (class as f64 + 0.5, (*name).to_owned()));
        chroma.up(&mut scene, &Ticks(notes.collect()), false);
        chroma.bar(&mut scene, &[(0.0, "0"), (1.0, "1")])?;
        chroma.across(&mut scene, &times, false);
        chroma.name_across(&mut scene, "time");
        [magnitudes, pitch, chroma].iter().for_each(|panel| panel.frame(&mut scene));
        Ok(scene)
    }

    fn pitches(&self, scene: &mut Scene, panel: &Panel) {
        let columns = self.pitch.len().max(1) as f64;
        let across = |column: usize| panel.across.1 * (column as f64 + 0.5) / columns;
        let seen = self.pitch.ranges().enumerate().filter_map(|(i, range)| Some((i, range?)));
        let lines = seen.map(|(i, (low, high))| {
            let [low, high] = [low, high].map(|hertz| panel.within(across(i), f64::from(hertz).log2()));
            // Even a single pitch has some height.
            vec![(low.0, low.1 + 1.0), (high.0, high.1 - 1.0)]
        });
        scene.lines(&lines.collect::<Vec<_>>(), Ink::Track, (2.0, 0.0));
    }
}

fn logarithms((low, high): (f64, f64)) -> (f64, f64) {
    (low.log2(), high.log2())
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

/// Labels every C of a panel whose vertical axis has logarithms of hertz.
fn octaves(scene: &mut Scene, panel: &Panel) {
    const C0: f64 = refrain_analysis::C1 / 2.0;
    let within = (panel.up.0 - 1e-3)..(panel.up.1 + 1e-3);
    let notes = (0..12).map(|octave| (C0.log2() + f64::from(octave), format!("C{octave}")));
    panel.up(scene, &Ticks(notes.filter(|(v, _)| within.contains(v)).collect()), false);
}

/// Draws columns as a heat map; `share` maps each value to 0..=1.
fn image(columns: &Columns, share: impl Fn(&[f32], f32) -> f64) -> Heat {
    let means: Vec<Vec<f32>> = (0..columns.len()).map(|x| columns.means(x)).collect();
    Heat::of_columns(means.iter().map(Vec::as_slice), columns.values(), share)
}

fn decibels(columns: &Columns) -> Heat {
    let largest = (0..columns.len()).flat_map(|x| columns.means(x)).fold(0.0f32, f32::max);
    image(columns, |_, v| {
        let below = 20.0 * f64::from(v / largest.max(f32::MIN_POSITIVE)).max(1e-12).log10();
        1.0 + below / DECIBELS
    })
}

fn shares(columns: &Columns) -> Heat {
    image(columns, |column, v| {
        let largest = column.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        f64::from(v / largest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

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
                let missing = plot.write(format, "<a> & b\u{7}", &figures, (32.7, 4186.0), &mut out).unwrap();
                assert_eq!(missing, "");
                match format {
                    PlotFormat::Svg => {
                        let text = String::from_utf8(out.clone()).unwrap();
                        resvg::usvg::roxmltree::Document::parse(&text).unwrap();
                        assert!(text.contains("&lt;a&gt; &amp; b") && text.contains("no key"));
                    }
                    PlotFormat::Png => {
                        let reader = ::png::Decoder::new(io::Cursor::new(&out)).read_info().unwrap();
                        let (width, height) = (reader.info().width, reader.info().height);
                        assert_eq!((f64::from(width), f64::from(height)), SIZE);
                    }
                }
                sizes.push(out.len());
            }
        }
        assert!(sizes.iter().all(|size| *size < 300_000), "{sizes:?}");
    }

    #[test]
    fn the_extension_decides_the_format() {
        assert_eq!(PlotFormat::of("a/b.SVG".as_ref()), Some(PlotFormat::Svg));
        assert_eq!(PlotFormat::of("b.png".as_ref()), Some(PlotFormat::Png));
        assert_eq!(PlotFormat::of("b.pdf".as_ref()), None);
        assert_eq!(PlotFormat::of("svg".as_ref()), None);
    }
}
