//! `refrain explain`
use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, bail};
use refrain::{Audio, Error, Explanation, Index, Match, QueryOptions, Status, Tags, report, report::Theme};

use super::one_track;
use crate::{args::ExplainArgs, db, folders, messages, needs::Needs, stop, wording};

/// What a picture's name ends in.
const ENDINGS: &str = "the name of the picture must end in .svg, .png or .html";

/// Explains one clip. Exit 0 if the explained track matches it, 1 if not, 2 if the clip could not be read.
pub fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let out = args.out.as_deref().map(|out| Ok::<_, anyhow::Error>((out, format_of(out)?))).transpose()?;
    let path = db::path()?;
    let index = Index::open(&path)?;
    super::warn_if_empty(&index)?;
    let track = args.track.as_deref().map(|track| one_track::named(&index, track)).transpose()?;
    let options = QueryOptions::default()
        .min_score(args.min_score)
        .exact(args.exact)
        .range(args.range.range())
        .cancel(&stop);
    let audio = if args.clip.as_os_str() == "-" {
        Audio::reader(io::stdin())
    } else {
        Audio::file(&args.clip).ffmpeg(&args.ffmpeg.ffmpeg)
    };
    let explained = match index.explain(audio, track, &options) {
        Err(error @ Error::Audio { .. } | error @ Error::Io { .. }) => Err(error),
        other => Ok(other?),
    };
    if args.json {
        print(&format!("{}\n", report::json(&args.clip, &explained)))?;
    }
    let explained = match explained {
        Ok(explained) => explained,
        Err(error) => {
            messages::unreadable(&error);
            let mut needs = Needs::default();
            needs.note(&error);
            needs.tell();
            return Ok(ExitCode::from(2));
        }
    };
    for warning in explained.warnings.iter().filter(|_| !args.quiet) {
        messages::say(&format!("{}: {warning}", wording::shown(&args.clip)));
    }
    if let Some((out, format)) = out {
        let (content, missing) = format.of(&explained, args.theme.into())?;
        folders::for_file(out)?;
        fs::write(out, content).with_context(|| format!("cannot write {}", wording::shown(out)))?;
        if let Some(missing) = missing.filter(|_| !args.quiet) {
            let out = wording::shown(out);
            messages::say(&format!("{out}: {}", report::no_font(&missing)));
        }
    }
    if !args.json && !args.quiet {
        print(&text(&args.clip, &explained))?;
    }
    Ok(if explained.status == Status::Match { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// How a picture is written.
#[derive(Clone, Copy)]
enum Format {
    Svg,
    Png,
    Html,
}

fn format_of(out: &Path) -> anyhow::Result<Format> {
    let extension = out.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        Some("html" | "htm") => Ok(Format::Html),
        _ => bail!("cannot write {}: {ENDINGS}", wording::shown(out)),
    }
}

impl Format {
    /// The content of the file, and the characters that no font has.
    fn of(self, explained: &Explanation, theme: Theme) -> io::Result<(Vec<u8>, Option<String>)> {
        match self {
            Self::Svg => Ok((explained.svg(theme)?.into_bytes(), None)),
            Self::Html => Ok((explained.html(theme)?.into_bytes(), None)),
            Self::Png => {
                let pixels = explained.png(theme)?;
                Ok((pixels.png, Some(pixels.missing).filter(|missing| !missing.is_empty())))
            }
        }
    }
}

/// The explanation in words.
fn text(clip: &Path, explained: &Explanation) -> String {
    let mut text = format!("{}\n  {}\n", wording::shown(clip), wording::shown(&explained.reason));
    if let Some(place) = &explained.place {
        text.push_str(&of_track("track", (&place.tags, &place.path, place.missing)));
        let Match { query_start, query_end, ref_start, ref_end, .. } = place;
        text.push_str(&format!("  in clip {query_start}-{query_end}, in track {ref_start}-{ref_end}\n"));
        let mut numbers = format!("  score {:.3}, similarity {:.2}", place.score, place.similarity);
        if (place.tempo - 1.0).abs() >= 5e-4 {
            numbers.push_str(&format!(", speed {:.3}", place.tempo));
        }
        if place.pitch.abs() >= 5e-3 {
            numbers.push_str(&format!(", pitch {:+.2}", place.pitch));
        }
        text.push_str(&format!("{numbers}\n"));
    }
    if let Some(rival) = &explained.rival {
        text.push_str(&of_track("other track", (&rival.tags, &rival.path, rival.missing)));
    }
    if let Some(version) = &explained.version {
        let file = (&version.tags, &*version.path, version.missing);
        text.push_str(&of_track("another performance of the same piece", file));
        let semitones = match version.transposition {
            0 => String::new(),
            n => format!(", pitch {n:+}"),
        };
        text.push_str(&format!("  score {:.3}{semitones}, speed {:.2}\n", version.score, version.tempo));
    }
    text
}

fn of_track(what: &str, (tags, path, missing): (&Tags, &Path, bool)) -> String {
    let (title, file) = super::title(tags, path, missing);
    let file = file.map_or_else(String::new, |file| format!("\n    {file}"));
    format!("  {what}: {title}{file}\n")
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
