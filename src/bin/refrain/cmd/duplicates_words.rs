//! Files of a group in words: what they are, and what differs from the first one.
use refrain::{DuplicateFile, DuplicateGroup, Relation, Seconds, Tags};

use crate::{screen::near::near, wording};

/// Lengths that differ by less are the same: encoders add some silence at both ends.
const SAME_LENGTH: f64 = 0.5;

/// A relation.
pub fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Reference => "first",
        Relation::SameBytes => "same bytes",
        Relation::SameAudio => "same audio",
        Relation::Remaster => "remaster",
        Relation::OtherSpeed => "other speed",
        Relation::Edit => "edit",
        Relation::Excerpt => "excerpt",
        Relation::SharedBacking => "same backing",
        _ => "other",
    }
}

/// What a file is: its format as its name says, sample rate and channels, each if known.
pub fn kind(file: &DuplicateFile) -> Vec<String> {
    [format(file), rate(file), channels(file)].into_iter().flatten().collect()
}

fn format(file: &DuplicateFile) -> Option<String> {
    let name = wording::shown(file.path.extension()?).to_uppercase();
    // Two names of one format are no difference.
    Some(match name.as_str() {
        "AIF" => "AIFF".to_owned(),
        "WAVE" => "WAV".to_owned(),
        _ => name,
    })
}

fn rate(file: &DuplicateFile) -> Option<String> {
    file.sample_rate.map(|rate| format!("{rate} Hz"))
}

fn channels(file: &DuplicateFile) -> Option<String> {
    file.channels.map(|channels| match channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        n => format!("{n} channels"),
    })
}

/// How good a file sounds, if that was measured.
pub fn measured(file: &DuplicateFile) -> Vec<String> {
    let Some(quality) = file.quality else { return Vec::new() };
    let reach = format!("sound up to {:.1} kHz", f64::from(quality.bandwidth) / 1000.0);
    let cut = if quality.cut { "; ends abruptly" } else { "" };
    let mut all = vec![format!("{reach}{cut}")];
    let clipped = format!("{:.2} %", 100.0 * quality.clipped);
    if clipped != "0.00 %" {
        all.push(format!("{clipped} clipped"));
    }
    all
}

/// Which file has the same bytes, if what the file is to the first one does not say it.
pub fn same_bytes(file: &DuplicateFile) -> Option<String> {
    let other = file.same_bytes_as.as_ref().filter(|_| file.relation != Relation::SameBytes)?;
    Some(format!("same bytes as {}", near(other)))
}

/// What differs between a file and the first one of its group.
pub fn differences(file: &DuplicateFile, first: &DuplicateFile) -> Vec<String> {
    let mut all = Vec::new();
    for of in [format, rate, channels] {
        if let (Some(here), Some(there)) = (of(file), of(first))
            && here != there
        {
            all.push(format!("{here} instead of {there}"));
        }
    }
    all.extend(length(file, first));
    tags(&file.tags, &first.tags, &mut all);
    all
}

fn length(file: &DuplicateFile, first: &DuplicateFile) -> Option<String> {
    let more = file.duration.0 - first.duration.0;
    let by = match more.abs() {
        ..SAME_LENGTH => return None,
        seconds @ ..60.0 => format!("{seconds:.1} s"),
        seconds => Seconds(seconds).to_string(),
    };
    Some(format!("{by} {}", if more > 0.0 { "longer" } else { "shorter" }))
}

fn tags(here: &Tags, there: &Tags, all: &mut Vec<String>) {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let quoted = |text: &Option<String>| text.as_ref().map(|text| format!("\"{}\"", wording::shown(text)));
    for (what, here, there) in [
        ("title", quoted(&here.title), quoted(&there.title)),
        ("artist", quoted(&artists(here)), quoted(&artists(there))),
        ("album", quoted(&here.album), quoted(&there.album)),
        ("track", number(here.track_number), number(there.track_number)),
        ("disc", number(here.disc_number), number(there.disc_number)),
    ] {
        match (here, there) {
            (Some(here), Some(there)) if here != there => {
                all.push(format!("{what} {here} instead of {there}"))
            }
            (Some(here), None) => all.push(format!("{what} {here} (the first has none)")),
            (None, Some(there)) => all.push(format!("no {what} (the first has {there})")),
            _ => {}
        }
    }
    // Nobody compares these by eye.
    for (what, here, there) in [
        ("MusicBrainz recording", &here.recording_mbid, &there.recording_mbid),
        ("MusicBrainz release", &here.release_mbid, &there.release_mbid),
        ("AcoustID", &here.acoustid, &there.acoustid),
    ] {
        match (here, there) {
            (Some(here), Some(there)) if here != there => all.push(format!("another {what}")),
            (Some(_), None) => all.push(format!("{what} (the first has none)")),
            (None, Some(_)) => all.push(format!("no {what}")),
            _ => {}
        }
    }
}

fn artists(tags: &Tags) -> Option<String> {
    let all: Vec<&str> = tags.artist.iter().chain(&tags.other_artists).map(String::as_str).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Where a file agrees with the first one: each part of it, and where that is in the first.
pub fn agreeing(file: &DuplicateFile) -> Vec<String> {
    file.agrees.iter().map(|[from, to, start]| format!("{from}-{to} is {start} of the first")).collect()
}

/// The last line: how many groups there are, and what they free. `filtered` tells whether others may exist.
pub fn summary(groups: &[DuplicateGroup], filtered: bool) -> String {
    if groups.is_empty() {
        let none = if filtered {
            "no group of duplicates fits your options"
        } else {
            "no recording is in the library more than once"
        };
        return none.to_owned();
    }
    let spare: usize = groups.iter().flat_map(|group| &group.files).filter(|file| !file.keep).count();
    let bytes: u64 = groups.iter().map(|group| group.bytes).sum();
    let of = wording::count(groups.len() as u64, "group");
    if spare == 0 {
        return format!("{of}; every file is another version");
    }
    format!(
        "{of}; without the {} not kept, {} are free",
        wording::count(spare as u64, "file"),
        wording::size(bytes)
    )
}
