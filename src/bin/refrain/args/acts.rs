//! Arguments of what `refrain duplicates` does about duplicates.
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// What to do with the files that are not kept.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("act").multiple(false).conflicts_with_all(["csv", "script", "html", "why", "ignore", "unignore"]))]
pub struct ActArgs {
    /// Move the files that are not kept to the trash
    #[arg(long, group = "act")]
    pub trash: bool,
    /// Move the files that are not kept into this folder, each with its whole path
    #[arg(long = "move", group = "act", value_name = "DIR")]
    pub move_to: Option<PathBuf>,
    /// Replace each byte-identical copy by a hard link to the kept file
    #[arg(long, group = "act")]
    pub hardlink: bool,
    /// Let each byte-identical copy share its disk blocks with the kept file
    #[arg(long, group = "act")]
    pub reflink: bool,
    /// Delete the files that are not kept; nothing can undo this
    #[arg(long, group = "act")]
    pub delete: bool,
    /// Do not ask before the files are moved, replaced or deleted
    #[arg(long, requires = "act")]
    pub yes: bool,
}

/// What else can be done with duplicates.
#[derive(Debug, Subcommand)]
pub enum DuplicatesCommand {
    /// Put the files back that the last run moved, trashed or replaced
    Undo(UndoArgs),
}

/// What to undo.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Undo all runs, not only the last one
    #[arg(long)]
    pub all: bool,
    /// Do not ask before files are put back
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON document per file, one per line
    #[arg(long)]
    pub json: bool,
}
