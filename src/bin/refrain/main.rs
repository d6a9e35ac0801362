//! The command line of refrain.
mod args;
mod bar;
mod called_fpcalc;
mod cmd;
mod db;
mod messages;
mod needs;
mod remedies;
#[cfg(test)]
mod shown;
mod stop;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, IndexCommand};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(messages::fault));
    refrain::silence_decoder_panics();
    if let Some(code) = called_fpcalc::run_if_called_so() {
        return code;
    }
    let cli = Cli::parse_from(args::with_double_dashes(&Cli::command(), std::env::args_os()));
    let done = std::panic::catch_unwind(|| match cli.command {
        Command::Index(IndexCommand::Build(args)) => cmd::index_build::run(&args),
        Command::Index(IndexCommand::Update(args)) => cmd::index_update::run(&args),
        Command::Index(IndexCommand::Info(args)) => cmd::index_info::run(&args),
        Command::Index(IndexCommand::List(args)) => cmd::index_list::run(&args),
        Command::Index(IndexCommand::Errors(args)) => cmd::index_errors::run(&args),
        Command::Index(IndexCommand::Remove(args)) => cmd::index_remove::run(&args),
        Command::Index(IndexCommand::Prune(args)) => cmd::index_prune::run(&args),
        Command::Index(IndexCommand::Relocate(args)) => cmd::index_relocate::run(&args),
        Command::Index(IndexCommand::Merge(args)) => cmd::index_merge::run(&args),
        Command::Index(IndexCommand::Verify(args)) => cmd::index_verify::run(&args),
        Command::Index(IndexCommand::Rebuild(args)) => cmd::index_rebuild::run(&args),
        Command::Index(IndexCommand::Compact(args)) => cmd::index_compact::run(&args),
        Command::Index(IndexCommand::Export(args)) => cmd::index_export::run(&args),
        Command::Query(args) => cmd::query::run(&args),
        Command::Timeline(args) => cmd::timeline::run(&args),
        Command::Analyze(args) => cmd::analyze::run(&args),
        Command::Fingerprint(args) => cmd::fingerprint::run(&args),
        Command::Completions(args) => cmd::completions::run(&args),
        Command::Man(args) => cmd::man::run(&args),
    });
    // The panic hook has already reported a panic.
    let Ok(done) = done else { return ExitCode::from(2) };
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
