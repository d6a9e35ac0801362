//! `refrain index update`
use std::process::ExitCode;

use refrain::{BuildOptions, Index};

use super::progress::{self, Names};
use crate::{args::UpdateArgs, db, stop, wording};

/// Updates. Exit 0, even if files are missing.
pub fn run(args: &UpdateArgs) -> anyhow::Result<ExitCode> {
    let stop = stop::token();
    let path = db::path()?;
    let index = Index::open_to_write(&path)?;
    let info = index.info()?;
    if info.roots.is_empty() && info.files + info.failures == 0 {
        anyhow::bail!(
            "no folder is indexed in {}; add one with {}",
            wording::shown(&path),
            db::hint("index build DIR")
        );
    }
    let options = BuildOptions::default()
        .threads(args.work.threads.map(usize::from))
        .ffmpeg(&args.work.ffmpeg.ffmpeg)
        .cancel(&stop);
    progress::tell((&args.work, Names::Shown), &path, index, options, Index::update_with)?;
    Ok(ExitCode::SUCCESS)
}
