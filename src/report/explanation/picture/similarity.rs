//! The similarity around the place.
use std::io;

use super::layout::LEFT;
use crate::{
    draw::{Heat, Ink, Panel, Point, Scene, Ticks},
    report::explanation::model::SimilarityMap,
};

/// Width and height of a map.
const SIZE: (f64, f64) = (330.0, 230.0);
const TOP: f64 = 735.0;

/// Similarities from 0 to this fill the colour scale: single frames of the same sound are seldom more alike under noise.
const BRIGHTEST: f32 = 0.9;

pub(super) fn draw(scene: &mut Scene, map: &SimilarityMap, path: &[(f64, f64)]) -> io::Result<()> {
    let caption = "Similarity of each moment: the same sound is a bright line";
    let Some(panel) = drawn(scene, map, TOP, (0.0, BRIGHTEST), caption)? else { return Ok(()) };
    let (across, up) = (panel.across, panel.up);
    // The line itself would hide what it shows, so it is drawn beside.
    let part = |by: f64, ends: &[(f64, f64)]| -> Option<Vec<Point>> {
        let [(from, track), (to, last)] = *ends else { return None };
        let tempo = if to > from { (last - track) / (to - from) } else { 1.0 };
        // Of a long place, the panel shows a part.
        let (begin, end) = (from.max(up.0), to.min(up.1));
        let at = |clip: f64| panel.within(track + (clip - from) * tempo + by, clip);
        (begin <= end).then(|| vec![at(begin), at(end)])
    };
    let beside = |by: f64| -> Vec<Vec<Point>> { path.chunks(2).filter_map(|ends| part(by, ends)).collect() };
    let by = 0.02 * (across.1 - across.0);
    scene.lines(&beside(-by), Ink::OnHeat, (1.2, 4.0));
    scene.lines(&beside(by), Ink::OnHeat, (1.2, 4.0));
    panel.frame(scene);
    Ok(())
}

/// Draws a map without its frame, its top at `top`; cosines from `dark` to `bright` fill the colour scale. `None` if the map is empty.
pub(super) fn drawn(
    scene: &mut Scene,
    map: &SimilarityMap,
    top: f64,
    (dark, bright): (f32, f32),
    caption: &str,
) -> io::Result<Option<Panel>> {
    let columns = map.values.first().map_or(0, Vec::len);
    if columns == 0 {
        return Ok(None);
    }
    let across = (map.track_start, map.track_start + map.track_step * columns as f64);
    let up = (map.clip_start, map.clip_start + map.clip_step * map.values.len() as f64);
    let panel = Panel { place: [LEFT, top, SIZE.0, SIZE.1], across, up };
    panel.caption(scene, caption);
    let mut heat = Heat::new(columns, map.values.len());
    for (row, values) in map.values.iter().enumerate() {
        for (x, v) in values.iter().enumerate() {
            heat.set(x, map.values.len() - 1 - row, f64::from((v - dark) / (bright - dark)));
        }
    }
    panel.heat(scene, &heat, across)?;
    panel.across(scene, &Ticks::times(across.0.max(0.0), across.1, 6), false);
    panel.up(scene, &Ticks::times(up.0.max(0.0), up.1, 6), false);
    panel.name_across(scene, "time in the track");
    panel.bar(scene, &[(0.0, &format!("{dark}")), (1.0, &format!("{bright}")), (0.5, "cosine")])?;
    Ok(Some(panel))
}
