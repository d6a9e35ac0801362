//! The path through another performance of the same piece.
use std::io;

use super::{called, layout::LEFT};
use crate::{
    draw::{Heat, Ink, Panel, Point, Scene, Ticks, cut},
    report::{explanation::model::SimilarityMap, versions::Version},
};

/// How much higher the picture is with this panel.
pub(super) const HEIGHT: f64 = 330.0;

const TOP: f64 = 30.0;
const SIZE: (f64, f64) = (330.0, 230.0);

/// Cosines from this to 1 fill the colour scale: unrelated melodies are often as alike.
const DARKEST: f32 = 0.3;

/// Draws the panel below `above`, what the picture has already.
pub(super) fn draw(
    scene: &mut Scene,
    (version, map): (&Version, &SimilarityMap),
    above: f64,
) -> io::Result<()> {
    let columns = map.values.first().map_or(0, Vec::len);
    if columns == 0 {
        return Ok(());
    }
    let across = (map.track_start, map.track_start + map.track_step * columns as f64);
    let up = (map.clip_start, map.clip_start + map.clip_step * map.values.len() as f64);
    let panel = Panel { place: [LEFT, above + TOP, SIZE.0, SIZE.1], across, up };
    let name = cut(&called(&version.tags, &version.path), 60);
    panel.caption(
        scene,
        &format!(
            "Another performance: {name} · score {:.2}. The same melody is a bright line",
            version.score
        ),
    );
    let mut heat = Heat::new(columns, map.values.len());
    for (row, values) in map.values.iter().enumerate() {
        for (x, v) in values.iter().enumerate() {
            heat.set(x, map.values.len() - 1 - row, f64::from((v - DARKEST) / (1.0 - DARKEST)));
        }
    }
    panel.heat(scene, &heat, across)?;
    panel.across(scene, &Ticks::times(across.0.max(0.0), across.1, 6), false);
    panel.up(scene, &Ticks::times(up.0.max(0.0), up.1, 6), false);
    panel.name_across(scene, "time in the track");
    panel.bar(scene, &[(0.0, &format!("{DARKEST}")), (1.0, "1"), (0.5, "cosine")])?;
    // The line itself would hide what it shows, so it is drawn beside.
    let by = 0.02 * (across.1 - across.0);
    for by in [-by, by] {
        let line: Vec<Point> =
            version.alignment.iter().map(|[clip, track]| panel.within(track.0 + by, clip.0)).collect();
        scene.lines(&[line], Ink::OnHeat, (1.2, 4.0));
    }
    panel.frame(scene);
    Ok(())
}
