//! Hashes and analyses files in parallel; one writer commits the results in order.
use std::collections::HashSet;

use super::{
    contents::Contents,
    events::BuildSummary,
    job::{Analyse, Job},
    options::BuildOptions,
    writer::Writer,
};
use crate::{error::Result, failpoint, ordered::in_order, store::Store};

/// How many files may be analysed ahead of the one that is written next. Bounds the results held in memory.
const AHEAD: usize = 64;

/// Reads the files of `jobs` and commits the results in their order.
pub(super) fn run(
    store: &mut Store,
    jobs: &[Job],
    analyse: Analyse<'_>,
    options: &mut BuildOptions<'_>,
    summary: &mut BuildSummary,
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let threads = options.threads.unwrap_or_else(rayon::current_num_threads).clamp(1, jobs.len());
    let mut known = HashSet::new();
    store.contents(|hash, _| {
        known.insert(hash);
        Ok(())
    })?;
    let contents = Contents::new(known);
    let work = |number: usize, stop: &_| {
        let outcome = jobs[number].look(analyse, &contents, stop);
        failpoint::reach("analysed");
        outcome
    };
    let mut writer = Writer::new(store, jobs, analyse, &contents, options, summary);
    in_order((threads, "analyze"), jobs.len(), AHEAD, work, &mut writer)?;
    writer.commit()
}
