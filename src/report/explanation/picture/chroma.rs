//! The chroma of the clip and of the track, one above the other.
use std::io;

use super::layout::{LEFT, RIGHT};
use crate::{
    draw::{Heat, Ink, Panel, Point, Scene, Ticks},
    report::explanation::model::{ChromaMap, Explanation},
};

const CLIP: (f64, f64) = (140.0, 130.0);
const TRACK: (f64, f64) = (325.0, 130.0);

/// The semitone of C3 above A2, where the lowest value lies.
const C3: usize = 3;

/// The value that has the brightest colour: hardly any is higher.
const BRIGHTEST: f32 = 0.45;

/// About how many columns of pixels a chroma has.
const WHOLE: usize = 800;

/// Lines between the two, at most.
const LINES: usize = 24;

pub(super) fn draw(scene: &mut Scene, explained: &Explanation, span: (f64, f64)) -> io::Result<()> {
    let Some(map) = &explained.clip_chroma else { return Ok(()) };
    let place = explained.place.as_ref();
    let pitch = place.map_or(0.0, |place| place.pitch);
    let read = if pitch.abs() < 0.05 { "" } else { ", read at the pitch of the track" };
    let clip = panel(map, CLIP, span);
    clip.caption(scene, &format!("Clip: notes louder than their mean over 2 s{read}"));
    one(scene, &clip, map)?;
    clip.bar(scene, &[(0.0, "0"), (1.0, &format!("{BRIGHTEST} louder"))])?;
    let below = explained.track_chroma.as_ref().filter(|_| place.is_some());
    clip.across(scene, &Ticks::times(span.0.max(0.0), span.1, 12), false);
    let (Some(map), Some(place)) = (below, place) else {
        clip.name_across(scene, "time in the clip");
        return Ok(());
    };
    // Both panels have as many seconds, and the middle of the place in the same column.
    let middle = (place.query_start.0 + place.query_end.0) / 2.0;
    let in_track = in_track(explained, middle);
    let track = panel(map, TRACK, (span.0 - middle + in_track, span.1 - middle + in_track));
    one(scene, &track, map)?;
    track.across(scene, &Ticks::times(track.across.0.max(0.0), track.across.1, 12), false);
    track.caption(scene, "Track, at the place. Lines join the moments that belong together");
    joined(scene, explained, (&clip, &track));
    Ok(())
}

/// The time in the track that belongs to a time in the clip, on the line through the ends of the place.
pub(super) fn in_track(explained: &Explanation, time: f64) -> f64 {
    let (Some(first), Some(last)) = (explained.path.first(), explained.path.last()) else { return time };
    let tempo = if last.0 > first.0 { (last.1 - first.1) / (last.0 - first.0) } else { 1.0 };
    first.1 + (time - first.0) * tempo
}

fn panel(map: &ChromaMap, (top, height): (f64, f64), across: (f64, f64)) -> Panel {
    let values = map.values.first().map_or(1, Vec::len);
    Panel { place: [LEFT, top, RIGHT - LEFT, height], across, up: (0.0, values as f64) }
}

/// Draws one chroma, as far as it is within its panel.
fn one(scene: &mut Scene, panel: &Panel, map: &ChromaMap) -> io::Result<()> {
    let (from, to) = panel.across;
    // A column at the edge may be within in part only, so each is drawn as several.
    let each = (WHOLE / map.values.len().max(1)).max(1);
    let (step, most) = (map.step / each as f64, map.values.len() * each);
    let column = |time: f64| ((time - map.start) / step).clamp(0.0, most as f64);
    let (first, last) = (column(from + 0.5 * step) as usize, column(to + 0.5 * step) as usize);
    if first < last {
        let columns: Vec<&[f32]> = (first..last).map(|n| &map.values[n / each][..]).collect();
        let values = columns[0].len();
        let heat = Heat::of_columns(columns.into_iter(), values, |_, v| f64::from(v / BRIGHTEST));
        let time = |n: usize| map.start + step * n as f64;
        panel.heat(scene, &heat, (time(first), time(last)))?;
    }
    panel.frame(scene);
    let octaves = (C3..panel.up.1 as usize).step_by(12).enumerate();
    let ticks = octaves.map(|(n, v)| (v as f64 + 0.5, format!("C{}", n + 3)));
    panel.up(scene, &Ticks(ticks.collect()), false);
    Ok(())
}

/// Draws lines between moments of both panels that belong together, and marks the place in both.
fn joined(scene: &mut Scene, explained: &Explanation, (clip, track): (&Panel, &Panel)) {
    let Some(place) = &explained.place else { return };
    let (from, to) = (place.query_start.0, place.query_end.0);
    let (upper, lower) = (CLIP.0 + CLIP.1, TRACK.0);
    // Room for the labels of the clip's axis and for the caption.
    let (begin, end) = (upper + 20.0, lower - 20.0);
    let line = |time: f64| vec![(clip.x(time), begin), (track.x(in_track(explained, time)), end)];
    // The edges of a frame may lie a little beyond the middle of the first and the last one.
    let inside = |line: &Vec<Point>| line.iter().all(|(x, _)| (LEFT - 12.0..=RIGHT + 12.0).contains(x));
    let ticks = Ticks::times(from, to, LINES).0;
    let between: Vec<Vec<Point>> = ticks.iter().map(|(time, _)| line(*time)).filter(inside).collect();
    scene.lines(&between, Ink::Track, (1.0, 0.0));
    let ends: Vec<Vec<Point>> = [from, to].into_iter().map(line).filter(inside).collect();
    scene.lines(&ends, Ink::Track, (2.5, 0.0));
    for (panel, from, to) in [(clip, from, to), (track, in_track(explained, from), in_track(explained, to))] {
        let (x, to) = (panel.x(from).max(LEFT), panel.x(to).min(RIGHT));
        scene.frame([x, panel.place[1], to - x, panel.place[3]], Ink::OnHeat);
    }
}
