//! The command line of refrain.
mod acts;
mod args;
mod ask;
mod bar;
mod called_fpcalc;
mod cmd;
mod db;
mod folders;
#[cfg(feature = "listen")]
mod listen;
mod messages;
mod needs;
mod remedies;
mod screen;
#[cfg(feature = "serve")]
mod serve;
#[cfg(test)]
mod shown;
mod stop;
mod wording;

use std::{env, process::ExitCode};

use clap::{FromArgMatches, error::ErrorKind, parser::ValueSource};

use args::{Cli, Command, IndexCommand};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(messages::fault));
    refrain::silence_decoder_panics();
    if let Some(code) = called_fpcalc::run_if_called_so() {
        return code;
    }
    let cli = parsed();
    let done = std::panic::catch_unwind(|| match cli.command {
        Command::Build(args) | Command::Index(IndexCommand::Build(args)) => cmd::index_build::run(&args),
        Command::Update(args) | Command::Index(IndexCommand::Update(args)) => cmd::index_update::run(&args),
        Command::Info(args) | Command::Index(IndexCommand::Info(args)) => cmd::index_info::run(&args),
        Command::List(args) | Command::Index(IndexCommand::List(args)) => cmd::index_list::run(&args),
        Command::Index(IndexCommand::Errors(args)) => cmd::index_errors::run(&args),
        Command::Index(IndexCommand::Remove(args)) => cmd::index_remove::run(&args),
        Command::Index(IndexCommand::Prune(args)) => cmd::index_prune::run(&args),
        Command::Index(IndexCommand::Relocate(args)) => cmd::index_relocate::run(&args),
        Command::Index(IndexCommand::Merge(args)) => cmd::index_merge::run(&args),
        Command::Index(IndexCommand::Verify(args)) => cmd::index_verify::run(&args),
        Command::Index(IndexCommand::Rebuild) => cmd::index_rebuild::run(),
        Command::Index(IndexCommand::Compact) => cmd::index_compact::run(),
        Command::Index(IndexCommand::Export(args)) => cmd::index_export::run(&args),
        Command::Query(args) => cmd::query::run(&args),
        #[cfg(feature = "explain")]
        Command::Explain(args) => cmd::explain::run(&args),
        Command::Timeline(args) => cmd::timeline::run(&args),
        #[cfg(feature = "listen")]
        Command::Listen(args) => cmd::listen::run(&args),
        Command::Duplicates(args) => cmd::duplicates::run(&args),
        Command::Versions(args) => cmd::versions::run(&args),
        Command::Similar(args) => cmd::similar::run(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => cmd::serve::run(&args),
        Command::Analyze(args) => cmd::analyze::run(&args),
        Command::Fingerprint(args) => cmd::fingerprint::run(&args),
        Command::Completions(args) => cmd::completions::run(&args),
        Command::Man(args) => cmd::man::run(&args),
    });
    // The panic hook has already reported a panic.
    let Ok(done) = done else { return ExitCode::from(2) };
    let code = code_of(done);
    if stop::at_once() { ExitCode::from(stop::STATUS) } else { code }
}

/// The exit status of what was done. Prints an error.
fn code_of(done: anyhow::Result<ExitCode>) -> ExitCode {
    match done {
        Ok(code) => code,
        // A reader that closes the pipe, such as `head`, has seen enough.
        Err(error) if messages::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            messages::error(&error);
            ExitCode::from(2)
        }
    }
}

/// Reads the command line. Ends the program after help and after a mistake.
fn parsed() -> Cli {
    let command = args::command();
    let line = args::with_double_dashes(&command, env::args_os());
    let mut command = command.color(args::color_in(&line).into());
    let matches = command.try_get_matches_from_mut(line);
    let mut matches = matches.unwrap_or_else(|error| args::hinted(error, &command).exit());
    let typed = matches.value_source("db") == Some(ValueSource::CommandLine);
    let cli = Cli::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit());
    screen::paint::choose(cli.global.color);
    let given = cli.global.db.clone();
    let db: Vec<_> = given.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect();
    // A script passes an empty text if its variable was never set. A variable of the environment that is empty is none.
    if typed && db.len() < given.len() {
        command.error(ErrorKind::InvalidValue, "--db is empty; name the index file").exit();
    }
    db::choose(db, typed);
    cli
}
