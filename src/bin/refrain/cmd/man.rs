//! `refrain man`
use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::{
    args::{Cli, ManArgs},
    messages,
};

/// The footer of each page.
const SOURCE: &str = concat!("refrain ", env!("CARGO_PKG_VERSION"));

/// Writes a page for refrain and one for each of its commands.
pub fn run(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let folder = &args.dir;
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", messages::shown(folder)))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives nested commands their full names.
    command.build();
    let pages = pages(&command, folder)?;
    messages::say(&format!("{}: {}", messages::shown(folder), messages::count(pages, "page")));
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of a command and of its subcommands. Returns how many.
fn pages(command: &Command, folder: &Path) -> anyhow::Result<u64> {
    let man = Man::new(command.clone()).source(SOURCE).manual("refrain");
    let target = folder.join(man.get_filename());
    let mut page = Vec::new();
    man.render(&mut page)
        .and_then(|()| write(&page, &target))
        .with_context(|| format!("cannot write {}", messages::shown(&target)))?;
    command.get_subcommands().try_fold(1, |sum, command| Ok(sum + pages(command, folder)?))
}

/// Writes a file that appears whole or not at all.
fn write(content: &[u8], target: &Path) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".refrain-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The permissions of any new file, less the user's umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(target.parent().unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    file.persist(target)?;
    Ok(())
}
