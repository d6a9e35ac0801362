//! `refrain index merge`
use std::process::ExitCode;

use refrain::{Index, MaintainOptions};

use crate::{args::MergeArgs, db, messages, stop, wording};

/// Merges one index after the other.
pub fn run(args: &MergeArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    // Creates nothing if one of the indexes cannot be used.
    let others = args.others.iter().map(Index::open).collect::<refrain::Result<Vec<_>>>()?;
    let path = db::path_to_write()?;
    let index = Index::open_or_create(&path)?;
    for (other, name) in others.iter().zip(&args.others) {
        let summary = index.merge_with(other, MaintainOptions::default().cancel(&stop))?;
        let mut told =
            format!("{}: {} added", wording::shown(name), wording::count(summary.added as u64, "track"));
        if summary.known > 0 {
            told += &format!(", {} with new paths", summary.known);
        }
        if summary.skipped > 0 {
            told += &format!(
                ", {} skipped because this index already has files at the same paths",
                summary.skipped
            );
        }
        messages::say(&told);
    }
    index.refresh_with(MaintainOptions::default().cancel(&stop))?;
    index.close()?;
    Ok(ExitCode::SUCCESS)
}
