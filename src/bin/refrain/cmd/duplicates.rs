//! `refrain duplicates`
use std::{
    cell::{Cell, RefCell},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use refrain::{
    Compared, DuplicateGroup, DuplicateOptions, Index, Progress, Relation, Track, Version, VersionOptions,
};
use serde_json::json;

use super::{
    NAMES_CUT, duplicates_act, duplicates_csv, duplicates_html, duplicates_script, duplicates_text,
    duplicates_undo, duplicates_words, title, warn_if_empty,
};
use crate::{
    args::{DuplicatesArgs, DuplicatesCommand},
    bar::Steps,
    db, messages,
    screen::near::near,
    stop, wording,
};

/// Lists groups of files that hold the same recording. Exit 1 if there is none.
pub fn run(args: &DuplicatesArgs) -> anyhow::Result<ExitCode> {
    if let Some(DuplicatesCommand::Undo(undo)) = &args.command {
        anyhow::ensure!(
            duplicates_act::action(args).is_none() && args.below.is_empty(),
            "`duplicates undo` does not take folders or the options of `duplicates`"
        );
        return duplicates_undo::run(undo);
    }
    let changes = duplicates_act::action(args).is_some()
        || [&args.why, &args.ignore, &args.unignore].into_iter().any(|files| !files.is_empty());
    let index = match db::paths()?.as_slice() {
        // What was compared is remembered.
        [path] => Index::open_to_write(path)?,
        _ if changes => Index::open_to_write(db::path()?)?,
        _ => db::open()?,
    };
    let action = duplicates_act::action(args);
    let journal = action.map(|_| duplicates_act::open(&index, args)).transpose()?;
    if let [one, two] = args.why.as_slice() {
        return why(args, &index, one, two);
    }
    for (files, not) in [(&args.ignore, true), (&args.unignore, false)] {
        if let [one, two] = files.as_slice() {
            return ignore(&index, one, two, not);
        }
    }
    warn_if_empty(&index)?;
    let stop = stop::token();
    let (steps, measuring) = (RefCell::new(Steps::new("track")), Cell::new(false));
    let options = options(args)?
        .cancel(&stop)
        .on_progress(|Progress { done, total, .. }| steps.borrow_mut().at(done, total))
        .on_measured(|Progress { done, total, .. }| {
            if !measuring.replace(true) {
                steps.borrow().end();
                steps.replace(Steps::new("file"));
            }
            steps.borrow_mut().at(done, total);
        });
    let groups = index.duplicates_with(options);
    steps.into_inner().end();
    let groups = groups?;
    if let (Some(action), Some(journal)) = (action, journal) {
        if !args.act.yes && !args.json {
            print(args, &groups).context("cannot write the list")?;
        }
        return duplicates_act::run(args, action, &groups, absolute(&args.prefer)?, (index, journal), &stop);
    }
    if let Some(script) = &args.script {
        let relations: Vec<Relation> = args.relation.iter().copied().map(Into::into).collect();
        duplicates_script::write(script, &groups, &relations)?;
        messages::say(&format!("{}: read it before you run it", near(script)));
    }
    if let Some(page) = &args.html {
        duplicates_html::write(page, &groups, &summary(args, &groups))?;
        messages::say(&format!("{}: open it in a browser", near(page)));
    }
    print(args, &groups).context("cannot write the list")?;
    Ok(if groups.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn options(args: &DuplicatesArgs) -> anyhow::Result<DuplicateOptions<'static>> {
    let options = DuplicateOptions::default()
        .relations(args.relation.iter().copied().map(Into::into))
        .prefer(absolute(&args.prefer)?)
        .only(args.only.iter().copied())
        .below(absolute(&args.below)?)
        .min_free(args.min_free.unwrap_or(0));
    let options = if args.no_measure { options } else { options.measure_with(&args.ffmpeg.ffmpeg) };
    Ok(if args.keep.is_empty() { options } else { options.keep(args.keep.iter().copied()) })
}

/// The folders as absolute paths, and as the index names them: with all links resolved.
fn absolute(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let whole = |path: &PathBuf| {
        std::path::absolute(path).with_context(|| format!("cannot find {}", wording::shown(path)))
    };
    let mut all = paths.iter().map(whole).collect::<anyhow::Result<Vec<_>>>()?;
    all.extend(paths.iter().filter_map(|path| path.canonicalize().ok()));
    Ok(all)
}

fn print(args: &DuplicatesArgs, groups: &[DuplicateGroup]) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if args.csv {
        return Ok(duplicates_csv::write(&mut out, groups)?);
    }
    if args.json {
        for group in groups {
            serde_json::to_writer(&mut out, group)?;
            writeln!(out)?;
        }
        return Ok(out.flush()?);
    }
    if args.script.is_none() && args.html.is_none() && duplicates_text::write(&mut out, groups)? {
        messages::say(NAMES_CUT);
    }
    out.flush()?;
    messages::say(&summary(args, groups));
    Ok(())
}

fn summary(args: &DuplicatesArgs, groups: &[DuplicateGroup]) -> String {
    let filtered = !args.below.is_empty() || !args.only.is_empty() || args.min_free.is_some();
    duplicates_words::summary(groups, filtered)
}

/// Remembers that two files are no duplicates, or that they may be.
fn ignore(index: &Index, one: &Path, two: &Path, not: bool) -> anyhow::Result<ExitCode> {
    let tracks = (track(index, one)?, track(index, two)?);
    anyhow::ensure!(
        tracks.0.id != tracks.1.id,
        "{} and {} have the same bytes",
        wording::shown(one),
        wording::shown(two)
    );
    index.set_not_duplicates(tracks.0.id, tracks.1.id, not)?;
    let are = if not { "count as different recordings" } else { "may be duplicates again" };
    messages::say(&format!("{} and {} {are}", near(one), near(two)));
    Ok(ExitCode::SUCCESS)
}

/// Says what two files are to each other.
fn why(args: &DuplicatesArgs, index: &Index, one: &Path, two: &Path) -> anyhow::Result<ExitCode> {
    let (one, two) = (track(index, one)?, track(index, two)?);
    let mut out = io::stdout().lock();
    if one.id == two.id {
        if args.json {
            writeln!(out, "{}", json!({"relation": "same_bytes", "agrees": []}))?;
        } else {
            writeln!(out, "the same bytes")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let compared = index.compare(one.id, two.id)?;
    let version = if compared.relation.is_none() { index.version_between(one.id, two.id)? } else { None };
    let version = version.filter(|version| version.score >= VersionOptions::MIN_SCORE);
    if args.json {
        writeln!(out, "{}", document(&compared, version.as_ref()))?;
    } else {
        let names = [&one, &two].map(|track| title(&track.record.tags, &track.record.path, track.missing).0);
        duplicates_text::why(&mut out, &names, &compared)?;
        if let Some(version) = version {
            let (score, tempo, key) = (version.score, version.tempo, version.transposition);
            writeln!(
                out,
                "  another performance of the same piece: score {score:.2}, tempo {tempo:.2}, key {key:+}"
            )?;
        }
    }
    Ok(if compared.relation.is_some() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn document(compared: &Compared, version: Option<&Version>) -> serde_json::Value {
    let agrees: Vec<_> = compared.parts.iter().map(|part| part.map(|at| at.0)).collect();
    let mut document = json!({"relation": compared.relation, "agrees": agrees});
    if let Some(measures) = &compared.measures {
        document["score"] = json!(measures.similarity.clamp(0.0, 1.0));
        document["speed"] = json!(1.0 / measures.tempo);
        document["balance"] = json!(measures.balance);
        let loudness = measures.loudness.map(|loudness| json!([loudness.octaves, loudness.times]));
        document["loudness"] = json!(loudness);
        document["wander"] = json!(measures.wander.frames);
        document["pitch"] = json!(measures.pitch);
    }
    document["version"] = json!(version.map(
        |version| json!({"score": version.score, "transposition": version.transposition, "tempo": version.tempo})
    ));
    document
}

/// The track of an indexed file.
fn track(index: &Index, path: &Path) -> anyhow::Result<Track> {
    let whole = std::path::absolute(path)?;
    let mut found = None;
    index.tracks(|track, files| {
        if found.is_none() && files.iter().any(|file| file.path == whole) {
            found = Some(track);
        }
        Ok(())
    })?;
    found.with_context(|| format!("no track for {} in the index", wording::shown(path)))
}
