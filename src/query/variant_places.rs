//! The places of a query's variants: transposed, and at other speeds.
use super::{
    engine::Query,
    place::Place,
    variant_frames::VariantFrames,
    variants::{Group, Variant},
    windows::Windows,
};
use crate::{
    align::{WindowHits, candidates},
    ann::Hit,
    error::Result,
};

/// Half frames from one window to the next. This has no divisor in common with the library's step (8 half frames), so that
/// some windows coincide with a window of the library.
pub(crate) const STEP: usize = 5;

/// Nearest windows for each window.
const NEAREST: usize = 8;

/// Places for each variant, and alignments in all.
const PLACES: usize = 3;
const ALIGNED: usize = 160;

/// The nearest library windows of one window of a variant.
#[derive(Clone, Debug)]
pub(crate) struct VariantHits {
    /// The centre of the window in half frames of the query, which is the same for all variants of a group.
    pub centre: f64,
    /// Its nearest library windows.
    pub hits: Vec<Hit>,
}

impl Query<'_> {
    /// Looks up the variants of each group. `windows` returns the windows of a variant.
    pub(crate) fn variant_hits(
        &mut self,
        groups: &[Group],
        windows: impl Fn(&mut Self, &Variant) -> Result<Windows>,
    ) -> Result<Vec<Vec<VariantHits>>> {
        let (mut vectors, mut centres) = (Vec::new(), Vec::new());
        for group in groups {
            self.options.cancel.check()?;
            let mut of_group = windows(self, &group.searched)?;
            vectors.append(&mut of_group.vectors);
            let centre = |start: i32| group.searched.centre(start, self.params.window_frames);
            centres.push(of_group.starts.into_iter().map(centre).collect::<Vec<f64>>());
        }
        let hits = self.searcher.nearest(&vectors, NEAREST, Some(self.effort.variant_nprobe))?;
        let mut hits = hits.into_iter();
        let of_group = |centres: Vec<f64>| {
            centres
                .into_iter()
                .zip(hits.by_ref())
                .map(|(centre, hits)| VariantHits { centre, hits })
                .collect()
        };
        Ok(centres.into_iter().map(of_group).collect())
    }

    /// Finds the places of all variants of a chunk, from what was found for each group.
    pub(super) fn places_of_variants(
        &mut self,
        variants: &VariantFrames<'_>,
        groups: &[Group],
        found: &[Vec<VariantHits>],
    ) -> Result<Vec<Place>> {
        let half = self.params.window_frames;
        let mut proposed = Vec::new();
        for (group, found) in groups.iter().zip(found) {
            self.options.cancel.check()?;
            let mut windows: Vec<WindowHits> =
                found.iter().map(|w| WindowHits { start: 0, hits: w.hits.clone() }).collect();
            for member in &group.members {
                for (window, found) in windows.iter_mut().zip(found) {
                    window.start = member.start(found.centre, half);
                }
                let best = candidates(&windows, PLACES, &self.params.projection);
                proposed.extend(best.into_iter().map(|candidate| (*member, candidate)));
            }
        }
        proposed.sort_by(|a, b| b.1.votes.total_cmp(&a.1.votes));
        proposed.truncate(ALIGNED);
        Ok(self.best(variants, proposed)?.0)
    }
}
