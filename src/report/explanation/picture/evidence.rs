//! The evidence over time.
use super::layout::{LEFT, RIGHT};
use crate::{
    draw::{Anchor, Ink, Panel, Point, Scene, Size, Ticks},
    report::{
        answer::Match,
        explanation::model::{EvidenceCurve, Explanation},
    },
};

const PLACE: (f64, f64) = (520.0, 140.0);

/// The share of the panel's height for the bars of single pairs.
const BARS: f64 = 0.3;

/// Most points of a line.
const POINTS: usize = 800;

pub(super) fn draw(
    scene: &mut Scene,
    explained: &Explanation,
    (place, evidence): (&Match, &EvidenceCurve),
    span: (f64, f64),
) {
    let rival = explained.rival_evidence.as_ref();
    let needed = explained.needed_evidence;
    let last = |curve: &EvidenceCurve| curve.sum.last().map_or(0.0, |(_, sum)| *sum);
    let most = [last(evidence), rival.map_or(0.0, last), place.evidence].into_iter().fold(1.0, f64::max);
    // What is needed may be out of reach. Then it is named, and lies above the panel.
    let top = needed.filter(|needed| *needed < 2.5 * most).map_or(most, |needed| most.max(needed)) * 1.12;
    let panel = Panel { place: [LEFT, PLACE.0, RIGHT - LEFT, PLACE.1], across: span, up: (0.0, top) };
    panel.caption(
        scene,
        "Evidence, added up from the start of the place to its end. Bars: what each moment adds or takes",
    );
    let (left, right) = (panel.x(place.query_start.0).max(LEFT), panel.x(place.query_end.0).min(RIGHT));
    scene.fill(&[[left, PLACE.0, right - left, PLACE.1]], Ink::Track, 0.08);
    panel.up(scene, &Ticks::numbers(0.0, top, 4), true);
    panel.across(scene, &Ticks::times(span.0.max(0.0), span.1, 12), false);
    panel.name_across(scene, "time in the clip");
    bars(scene, &panel, evidence);
    if let Some(rival) = rival {
        scene.lines(&[line(&panel, rival)], Ink::Rival, (2.0, 6.0));
    }
    scene.lines(&[line(&panel, evidence)], Ink::Track, (2.5, 0.0));
    let edges = [left, right].map(|x| vec![(x, PLACE.0), (x, PLACE.0 + PLACE.1)]);
    scene.lines(&edges, Ink::Track, (1.5, 0.0));
    panel.frame(scene);
    labels(scene, &panel, explained, place);
}

/// The values at the ends of the lines, on the right, apart from each other.
fn labels(scene: &mut Scene, panel: &Panel, explained: &Explanation, place: &Match) {
    let (low, high) = (panel.place[1] + 4.0, panel.place[1] + panel.place[3]);
    let mut labels = vec![(panel.y(place.evidence), format!("{:.1} track", place.evidence), Ink::Track)];
    if let Some(needed) = explained.needed_evidence {
        let y = panel.y(needed);
        if y >= panel.place[1] {
            scene.lines(&[vec![(LEFT, y), (RIGHT, y)]], Ink::Need, (1.2, 2.0));
        }
        labels.push((y, format!("{needed:.1} needed"), Ink::Text));
    }
    labels.push((panel.y(place.runner_up), format!("{:.1} other track", place.runner_up), Ink::Rival));
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut above = f64::NEG_INFINITY;
    let count = labels.len();
    for (n, (y, label, ink)) in labels.into_iter().enumerate() {
        let lowest = high - 14.0 * (count - 1 - n) as f64;
        let y = y.max(low).max(above + 14.0).min(lowest);
        scene.text((RIGHT + 8.0, y + 4.0), &label, (Anchor::Begin, Size::Small), ink);
        above = y;
    }
}

/// A running sum, which goes down where a moment takes from it.
fn line(panel: &Panel, curve: &EvidenceCurve) -> Vec<Point> {
    let every = curve.sum.len().div_ceil(POINTS).max(1);
    let last = curve.sum.len().saturating_sub(1);
    let points = curve.sum.iter().enumerate().filter(|(n, _)| n % every == 0 || *n == last);
    points.map(|(_, (at, sum))| panel.within(*at, *sum)).collect()
}

/// A bar for each pair of frames, from the bottom up; what takes from the evidence is faint.
fn bars(scene: &mut Scene, panel: &Panel, curve: &EvidenceCurve) {
    let every = curve.frames.len().div_ceil(POINTS).max(1);
    let (mut gains, mut losses) = (Vec::new(), Vec::new());
    let bottom = panel.place[1] + panel.place[3];
    let step = match &curve.frames[..] {
        [first, second, ..] => (panel.x(second.0) - panel.x(first.0)) * every as f64,
        _ => 2.0,
    };
    let width = (step - 0.6).max(0.6);
    for pairs in curve.frames.chunks(every) {
        let mean = pairs.iter().map(|(_, e)| e).sum::<f64>() / pairs.len() as f64;
        let x = panel.x(pairs[0].0) - width / 2.0;
        let height = mean.abs().min(1.0) * BARS * panel.place[3];
        let (x, to) = (x.max(LEFT), (x + width).min(RIGHT));
        let list = if mean > 0.0 { &mut gains } else { &mut losses };
        list.push([x, bottom - height, (to - x).max(0.0), height]);
    }
    scene.fill(&gains, Ink::Track, 0.45);
    scene.fill(&losses, Ink::Bad, 0.45);
}
