//! Where the index is.
use std::path::PathBuf;

use clap::Args;

/// Where the index is.
#[derive(Debug, Args)]
pub struct DbArgs {
    /// The index file [default: refrain/index.refrain in the user's data folder]
    #[arg(long, env = "REFRAIN_DB", value_name = "FILE")]
    pub db: Option<PathBuf>,
}
