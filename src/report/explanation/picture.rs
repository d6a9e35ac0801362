//! Draws an explanation.
//!
//! From the top: what was decided, the chroma of the clip and of the track with lines between what belongs together, the
//! evidence over time, the similarity around the place, and the votes. Below them, the path through another performance.
mod chroma;
mod evidence;
mod layout;
mod similarity;
mod version;
mod votes;

use std::{io, path::Path};

use super::model::Explanation;
use crate::{
    draw::{Anchor, Ink, Scene, Size, cut},
    report::answer::{Match, Status},
    tags::Tags,
};

use self::layout::{LEFT, RIGHT, WIDTH};

/// The seconds of the clip that the time axis shows.
fn clip_span(explained: &Explanation) -> (f64, f64) {
    match &explained.clip_chroma {
        Some(map) => (map.start, map.start + map.step * map.values.len() as f64),
        None => (0.0, explained.duration.0.max(1.0)),
    }
}

/// What a match is called.
fn name(found: &Match) -> String {
    called(&found.tags, &found.path)
}

/// What a track is called: its title and artist, or else the name of its file.
fn called(tags: &Tags, path: &Path) -> String {
    let file = || path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match (&tags.title, &tags.artist) {
        (Some(title), Some(artist)) => format!("{title} – {artist}"),
        (Some(title), None) => title.clone(),
        _ => file(),
    }
}

/// Draws the picture.
pub(super) fn drawn(explained: &Explanation) -> io::Result<Scene> {
    let has_place = explained.place.is_some() && explained.evidence.is_some();
    let own = if has_place { 1020.0 } else { 330.0 };
    let height = own + if explained.version_similarity.is_some() { version::HEIGHT } else { 0.0 };
    let clip =
        explained.query.file_name().unwrap_or(explained.query.as_os_str()).to_string_lossy().into_owned();
    let title = match &explained.place {
        Some(place) => format!("{clip} and {}", name(place)),
        None => clip.clone(),
    };
    let mut scene = Scene::new((WIDTH, height), &title, &description(explained));
    head(&mut scene, explained, &clip);
    let span = clip_span(explained);
    chroma::draw(&mut scene, explained, span)?;
    if let (Some(place), Some(evidence)) = (&explained.place, &explained.evidence) {
        evidence::draw(&mut scene, explained, (place, evidence), span);
        if let Some(map) = &explained.similarity {
            similarity::draw(&mut scene, map, &explained.path)?;
        }
        if let Some(votes) = &explained.votes {
            votes::draw(&mut scene, explained, place, votes);
        }
    }
    if let (Some(version), Some(map)) = (&explained.version, &explained.version_similarity) {
        version::draw(&mut scene, (version, map), own)?;
    }
    Ok(scene)
}

/// The picture in words.
fn description(explained: &Explanation) -> String {
    let place = explained.place.as_ref().map_or_else(String::new, |place| format!(" {}.", numbers(place)));
    format!("{}.{place}", explained.reason)
}

/// Where a match is and what speaks for it.
fn numbers(place: &Match) -> String {
    let Match { query_start, query_end, ref_start, ref_end, .. } = place;
    let mut numbers = format!(
        "clip {query_start} to {query_end} is track {ref_start} to {ref_end} · score {:.3} · similarity {:.2}",
        place.score, place.similarity
    );
    if let Some((first, more)) = place.also_at.split_first() {
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        numbers.push_str(&format!(" · the same sound also at {first}{more}"));
    }
    if (place.tempo - 1.0).abs() >= 5e-4 {
        numbers.push_str(&format!(" · speed {:.3}", place.tempo));
    }
    if place.pitch.abs() >= 5e-3 {
        numbers.push_str(&format!(" · pitch {:+.2} semitones", place.pitch));
    }
    numbers
}

/// The names, the sentence and the numbers.
fn head(scene: &mut Scene, explained: &Explanation, clip: &str) {
    let most = Size::Heading.fits(RIGHT - LEFT);
    let heading = match &explained.place {
        Some(place) => {
            let track = cut(&name(place), most.saturating_sub(clip.chars().count().min(most / 3) + 3));
            format!("{} · {track}", cut(clip, most / 3))
        }
        None => cut(clip, most),
    };
    scene.text((LEFT, 34.0), &heading, (Anchor::Begin, Size::Heading), Ink::Text);
    let ink = if explained.status == Status::Match { Ink::Good } else { Ink::Bad };
    scene.fill(&[[LEFT, 48.0, 5.0, 22.0]], ink, 1.0);
    scene.text((LEFT + 14.0, 64.0), &explained.reason, (Anchor::Begin, Size::Body), ink);
    if let Some(place) = &explained.place {
        scene.text((LEFT, 90.0), &numbers(place), (Anchor::Begin, Size::Small), Ink::Soft);
    }
    let rival = explained.rival.as_ref().map(|rival| format!("other track: {}", cut(&name(rival), 100)));
    if let Some(rival) = rival {
        scene.text((LEFT, 107.0), &rival, (Anchor::Begin, Size::Small), Ink::Rival);
    }
}
