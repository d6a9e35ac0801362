//! `refrain man`
use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{
    args::{self, ManArgs, examples},
    folders, messages, wording,
};

/// The footer of each page.
const SOURCE: &str = concat!("refrain ", env!("CARGO_PKG_VERSION"));

/// Writes a page for refrain and one for each of its commands.
pub fn run(args: &ManArgs) -> anyhow::Result<ExitCode> {
    let folder = &args.dir;
    folders::made(folder)?;
    let mut command = args::command().disable_help_subcommand(true);
    // Gives nested commands their full names.
    command.build();
    let pages = pages(&command, "", folder)?;
    messages::say(&format!("wrote {} to {}", wording::count(pages, "page"), wording::shown(folder)));
    Ok(ExitCode::SUCCESS)
}

/// Writes the pages of a command and of its subcommands. Returns how many.
fn pages(command: &Command, words: &str, folder: &Path) -> anyhow::Result<u64> {
    let man = Man::new(command.clone()).source(SOURCE).manual("refrain");
    let target = folder.join(man.get_filename());
    let mut page = Vec::new();
    render(&man, command, words, &mut page)
        .and_then(|()| write(&page, &target))
        .with_context(|| format!("cannot write {}", wording::shown(&target)))?;
    command.get_subcommands().try_fold(1, |sum, command| {
        let words = format!("{words} {}", command.get_name());
        Ok(sum + pages(command, words.trim_start(), folder)?)
    })
}

/// Writes one page: what clap knows of the command, then what else a manual page has.
fn render(man: &Man, command: &Command, words: &str, page: &mut Vec<u8>) -> io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    // Notes above the examples of the help text.
    let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let notes = notes.split("Examples:").next().unwrap_or_default().trim();
    if !notes.is_empty() && !words.is_empty() {
        let mut roff = Roff::new();
        roff.control("PP", []).text([roman(notes.replace('\n', " "))]);
        roff.to_writer(page)?;
    }
    man.render_options_section(page)?;
    if command.get_subcommands().next().is_some() {
        man.render_subcommands_section(page)?;
    }
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for (what, line) in examples::of(words) {
        if !what.is_empty() {
            roff.control("PP", []).text([roman(format!("{what}:"))]);
        }
        roff.control("PP", []).control("RS", ["4"]).text([roman(*line)]).control("RE", []);
    }
    let list = |roff: &mut Roff, heading: &str, items: &[(&str, &str)]| {
        roff.control("SH", [heading]);
        for (name, what) in items {
            roff.control("TP", []).text([bold(*name)]).text([roman(*what)]);
        }
    };
    list(&mut roff, "EXIT STATUS", EXIT_STATUS);
    list(&mut roff, "ENVIRONMENT", ENVIRONMENT);
    list(&mut roff, "FILES", FILES);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(if words.is_empty() { "refrain-build(1), refrain-query(1)" } else { "refrain(1)" })]);
    roff.to_writer(page)?;
    if command.get_version().is_some() {
        man.render_version_section(page)?;
    }
    Ok(())
}

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Success: something was found, or the command did its work."),
    ("1", "Nothing found: no clip matched, or the index does not have what you asked for."),
    (
        "2",
        "Error: refrain could not read an input, could not use the index, or did not understand the command line.",
    ),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("REFRAIN_DB", "The index file, unless --db names another file."),
    (
        "REFRAIN_FFMPEG",
        "Which ffmpeg to use: auto, never, or the path of the program. The option --ffmpeg overrides this variable.",
    ),
    ("NO_COLOR", "If this variable is set, refrain uses colour only with --color always."),
    ("COLUMNS", "The width of the output, if the terminal does not report its width."),
    ("XDG_DATA_HOME", "The data folder. If this variable is not set, refrain uses ~/.local/share."),
];

const FILES: &[(&str, &str)] = &[
    (
        "~/.local/share/refrain/index.refrain",
        "The default index, an SQLite file. --db or REFRAIN_DB can name another file.",
    ),
    (
        "FILE-wal, FILE-shm",
        "Files that SQLite keeps beside an open index. SQLite removes these files when refrain closes the index.",
    ),
    (
        "FILE.undo",
        "A record of the files that `refrain duplicates` moved, replaced or deleted. `refrain duplicates undo` reads the \
         record to put files back.",
    ),
];

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
