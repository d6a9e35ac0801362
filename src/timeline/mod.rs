//! What was played when in a recording of any length.
pub(crate) mod options;

use std::{path::Path, sync::Arc};

use crate::{
    ann::SearchCache,
    decode::BlockSource,
    error::Result,
    query::{Query, options::QueryOptions},
    report::{Play, Timeline},
    store::Store,
    units::Seconds,
};
use options::TimelineOptions;

/// The timeline of the recording in `source`.
pub(crate) fn timeline(
    store: &Store,
    cache: &Arc<SearchCache>,
    options: &TimelineOptions,
    name: &Path,
    source: &mut dyn BlockSource,
    on_play: &mut dyn FnMut(&Play),
) -> Result<Timeline> {
    let query = QueryOptions::default().top(1000).cancel(&options.cancel).min_score(options.min_score);
    let answer = Query::new(store, &query, cache)?.answer(name, source)?;
    options.tell(answer.duration);
    let mut plays: Vec<Play> = answer
        .matches
        .into_iter()
        .map(|m| Play {
            start: m.query_start,
            end: m.query_end,
            path: m.path,
            ref_start: m.ref_start,
            ref_end: m.ref_end,
            tempo: m.tempo,
            pitch: m.pitch,
            score: m.score,
            id: m.id,
            also_paths: m.also_paths,
            copies: Vec::new(),
            tags: m.tags,
        })
        .collect();
    plays.sort_by(|a, b| a.start.0.total_cmp(&b.start.0));
    plays.iter().for_each(on_play);
    let file = name.to_owned();
    Ok(Timeline { file, duration: Seconds(answer.duration.0), plays, ..Timeline::default() })
}
