//! Arguments of the commands that set up a shell and a manual.
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Which completions to print.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Where to write the manual.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// A new or existing folder for the manual pages
    pub dir: PathBuf,
}
