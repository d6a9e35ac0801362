//! The votes for where the clip begins.
use super::layout::RIGHT;
use crate::{
    draw::{Anchor, Ink, Panel, Scene, Size, Ticks},
    report::{
        answer::Match,
        explanation::model::{Explanation, Votes},
    },
    units::Seconds,
};

const LEFT_EDGE: f64 = 520.0;
const UP: (f64, f64) = (735.0, 115.0);

/// Columns of the histogram.
const COLUMNS: usize = 180;

pub(super) fn draw(scene: &mut Scene, explained: &Explanation, place: &Match, votes: &Votes) {
    let most = votes.track.iter().chain(&votes.rival).map(|(_, votes)| *votes).fold(0.0, f64::max);
    let first = votes.track.iter().chain(&votes.rival).map(|(at, _)| *at).fold(0.0, f64::min);
    let last = votes.track.iter().chain(&votes.rival).map(|(at, _)| *at).fold(0.0, f64::max);
    let last = last.max(explained.track_duration.unwrap_or_default().0);
    let (top, height) = UP;
    let width = RIGHT - LEFT_EDGE;
    let panel = Panel {
        place: [LEFT_EDGE, top, width, height],
        across: (first, last),
        up: (0.0, (1.1 * most).max(1.0)),
    };
    let mirror = Panel { place: [LEFT_EDGE, top + height, width, height], up: (panel.up.1, 0.0), ..panel };
    panel.caption(scene, "Votes of the clip's windows for where the clip begins in the track");
    panel.up(scene, &Ticks::numbers(0.0, panel.up.1, 3), true);
    mirror.up(scene, &Ticks::numbers(0.0, panel.up.1, 3), true);
    mirror.across(scene, &Ticks::times(first.max(0.0), last, 6), false);
    mirror.name_across(scene, "time in the track, and in the other track");
    for (panel, votes, ink) in [(&panel, &votes.track, Ink::Track), (&mirror, &votes.rival, Ink::Rival)] {
        scene.fill(&bars(panel, votes), ink, 1.0);
    }
    panel.frame(scene);
    mirror.frame(scene);
    peak(scene, &panel, &votes.track, ("track", Ink::Track), top + 14.0);
    if votes.rival.is_empty() {
        let (x, y) = (LEFT_EDGE + width / 2.0, top + 1.5 * height);
        let text = if place.runner_up > 0.0 {
            "the other track has no votes here"
        } else {
            "no other track comes near"
        };
        scene.text((x, y), text, (Anchor::Middle, Size::Small), Ink::Soft);
    } else {
        peak(scene, &mirror, &votes.rival, ("other track", Ink::Rival), top + 2.0 * height - 6.0);
    }
    if votes.track.is_empty() {
        let (x, y) = (LEFT_EDGE + width / 2.0, top + height / 2.0);
        scene.text((x, y), "no vote for this track", (Anchor::Middle, Size::Small), Ink::Soft);
    }
}

/// A bar for each column that has votes: the most of any of its offsets.
fn bars(panel: &Panel, votes: &[(f64, f64)]) -> Vec<[f64; 4]> {
    let [left, _, width, _] = panel.place;
    let mut columns = vec![0.0f64; COLUMNS];
    for (at, votes) in votes {
        let column = ((panel.x(*at) - left) / width * COLUMNS as f64) as usize;
        let column = column.min(COLUMNS - 1);
        columns[column] = columns[column].max(*votes);
    }
    let step = width / COLUMNS as f64;
    let bar = |(n, votes): (usize, f64)| {
        let (zero, y) = (panel.y(0.0), panel.y(votes));
        [left + n as f64 * step, y.min(zero), step, (y - zero).abs()]
    };
    columns.into_iter().enumerate().filter(|(_, votes)| *votes > 0.0).map(bar).collect()
}

/// Names the highest bar, at height `y`.
fn peak(scene: &mut Scene, panel: &Panel, votes: &[(f64, f64)], (whose, ink): (&str, Ink), y: f64) {
    let Some((at, most)) = votes.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
    let x = panel.x(at);
    let is_left = x < panel.place[0] + panel.place[2] / 2.0;
    let (x, anchor) = if is_left { (x + 8.0, Anchor::Begin) } else { (x - 8.0, Anchor::End) };
    let text = format!("{whose}: {most:.1} at {}", Seconds(at));
    scene.text((x, y), &text, (anchor, Size::Small), ink);
}
