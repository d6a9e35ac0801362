//! The performance of the same piece that an explanation names.
use super::versions::{VersionOptions, described, is_same_recording};
use crate::{
    error::Result,
    fingerprint::Fingerprinter,
    params::ParameterSet,
    query::options::QueryOptions,
    report::{Explanation, SimilarityMap},
    store::{Store, TrackId},
    version::{self, Asked, Found},
};

/// Adds to the explanation of a clip without a match the track of these files that is most probably another performance of its
/// piece; or `track` if it is one. `frames` are the clip's.
pub(super) fn add<'s>(
    explained: &mut Explanation,
    frames: &[u8],
    stores: impl Iterator<Item = &'s Store>,
    track: Option<TrackId>,
    (params, options): (&ParameterSet, &QueryOptions),
) -> Result<()> {
    let Some(asked) = Asked::of(frames, params) else { return Ok(()) };
    let mut fingerprinter = Fingerprinter::new(params);
    frames.chunks_exact(params.frame_bytes()).for_each(|frame| fingerprinter.push_packed(frame));
    let fingerprint = fingerprinter.finish();
    let mut best: Option<(&Store, Found)> = None;
    for store in stores {
        let _cancellable = store.cancellable(&options.cancel);
        let _snapshot = store.snapshot()?;
        let found = match track {
            Some(track) => version::version(store, &asked, track)?.into_iter().collect(),
            None => version::versions(store, &asked, &|_| false)?,
        };
        for found in found {
            let better = best.as_ref().is_none_or(|(_, best)| found.probability > best.probability);
            if found.probability < VersionOptions::MIN_SCORE || !better {
                break;
            }
            // A recording that is too noisy for a match is no other performance.
            if !is_same_recording(store, &fingerprint, found.track)? {
                best = Some((store, found));
                break;
            }
        }
    }
    let Some((store, found)) = best else { return Ok(()) };
    let _snapshot = store.snapshot()?;
    let Some((_, map)) = version::drawn(store, &asked, found.track)? else { return Ok(()) };
    explained.version = described(store, &found)?;
    explained.version_similarity = Some(SimilarityMap {
        clip_start: map.start[0],
        clip_step: map.step[0],
        track_start: map.start[1],
        track_step: map.step[1],
        values: map.values,
    });
    Ok(())
}
