//! `refrain completions`
use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};

/// Prints the script that a shell reads.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    // Written here first: where standard output is closed, the generator would panic.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "refrain", &mut script);
    io::stdout().write_all(&script).context("cannot write the completions")?;
    Ok(ExitCode::SUCCESS)
}
