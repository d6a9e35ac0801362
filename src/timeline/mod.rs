//! What was played when in a recording of any length.
//!
//! A recording is looked up like many clips: each look takes the last 12 s, every 6 s. What a look finds ([`play`]) is
//! followed along its line, back to where its evidence begins and on to where it ends. Only the last minute of the
//! recording ([`recent`]) is kept. What has ended is described in order of the starts ([`finish`]).
mod early;
mod finish;
pub(crate) mod live;
mod lookups;
mod monitor;
pub(crate) mod options;
mod other_line;
mod play;
mod recent;
#[cfg(test)]
mod tests;
mod told;

use std::path::Path;

use crate::{
    decode::BlockSource,
    error::Result,
    extract::chunks::chunks,
    library::Library,
    report::{Play, Timeline},
    store::TrackId,
    units::Seconds,
};
use monitor::{HOP, Monitor};
use options::TimelineOptions;

/// The timeline of the recording in `source`, which the caller calls `name`.
pub(crate) fn timeline(
    library: &dyn Library,
    options: &TimelineOptions,
    name: &Path,
    source: &mut dyn BlockSource,
    on_play: &mut dyn FnMut(&Play),
) -> Result<Timeline> {
    let params = *library.params();
    let mut query = monitor::query(library, options)?;
    let mut monitor = Monitor::new(&params, options);
    let mut timeline = Timeline { file: name.to_owned(), ..Timeline::default() };
    let mut tell = |plays: Vec<(TrackId, Play)>| {
        for (_, play) in plays {
            on_play(&play);
            timeline.plays.push(play);
        }
    };
    timeline.duration = chunks(source, &params, HOP, &options.cancel, |chunk| {
        // A build may replace a track between two statements. The snapshot ends with the look, because a writer may have
        // to wait for it.
        let _snapshot = library.hold()?;
        tell(monitor.push(&mut query, chunk)?);
        Ok(())
    })?;
    let end = timeline.duration;
    let _snapshot = library.hold()?;
    // The last frame reaches beyond the end.
    let cut = |(track, play): (TrackId, Play)| (track, Play { end: Seconds(play.end.0.min(end.0)), ..play });
    tell(monitor.finish(&query)?.into_iter().map(cut).collect());
    timeline.warnings = source.warnings().iter().map(ToString::to_string).collect();
    finish::stretches(&mut timeline, monitor.silent());
    Ok(timeline)
}
