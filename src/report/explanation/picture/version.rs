//! The path through another performance of the same piece.
use std::io;

use super::{called, similarity};
use crate::{
    draw::{Ink, Point, Scene, cut},
    report::{explanation::model::SimilarityMap, versions::Version},
};

/// How much higher the picture is with this panel.
pub(super) const HEIGHT: f64 = 330.0;

const TOP: f64 = 30.0;

/// Cosines from this to 1 fill the colour scale: unrelated melodies are often as alike.
const DARKEST: f32 = 0.3;

/// Draws the panel below `above`, what the picture has already.
pub(super) fn draw(
    scene: &mut Scene,
    (version, map): (&Version, &SimilarityMap),
    above: f64,
) -> io::Result<()> {
    let name = cut(&called(&version.tags, &version.path), 60);
    let score = version.score;
    let caption = format!("Another performance: {name} · score {score:.2}. The same melody is a bright line");
    let Some(panel) = similarity::drawn(scene, map, above + TOP, (DARKEST, 1.0), &caption)? else {
        return Ok(());
    };
    // The line itself would hide what it shows, so it is drawn beside.
    let by = 0.02 * (panel.across.1 - panel.across.0);
    for by in [-by, by] {
        let line: Vec<Point> =
            version.alignment.iter().map(|[clip, track]| panel.within(track.0 + by, clip.0)).collect();
        scene.lines(&[line], Ink::OnHeat, (1.2, 4.0));
    }
    panel.frame(scene);
    Ok(())
}
