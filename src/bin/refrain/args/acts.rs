//! Arguments of what `refrain duplicates` does about duplicates.
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// What to do with the files that are not kept.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("act").multiple(false).conflicts_with_all(["csv", "script", "html", "why", "ignore", "unignore"]))]
pub struct ActArgs {
    /// Move the spare files (the files that refrain does not keep) to the trash
    #[arg(long, group = "act")]
    pub trash: bool,
    /// Move the spare files into the folder DIR, for example /music/a.mp3 to DIR/music/a.mp3
    #[arg(long = "move", group = "act", value_name = "DIR")]
    pub move_to: Option<PathBuf>,
    /// Replace a spare file with a hard link to the kept file, if the spare file is an exact copy
    #[arg(long, group = "act")]
    pub hardlink: bool,
    /// Let each spare file that is an exact copy share the disk space of the kept file
    #[arg(long, group = "act")]
    pub reflink: bool,
    /// Delete the spare files; nothing can undo this
    #[arg(long, group = "act")]
    pub delete: bool,
    /// Move, replace or delete files without asking first
    #[arg(long, requires = "act")]
    pub yes: bool,
}

/// What else can be done with duplicates.
#[derive(Debug, Subcommand)]
pub enum DuplicatesCommand {
    /// Put back the files that the last run moved, trashed or replaced
    Undo(UndoArgs),
}

/// What to undo.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Undo all runs, not only the last run
    #[arg(long)]
    pub all: bool,
    /// Put files back without asking first
    #[arg(long)]
    pub yes: bool,
    /// Print one line of JSON for each file
    #[arg(long)]
    pub json: bool,
}
