//! `refrain completions`
use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;

use crate::args::{self, CompletionsArgs};

/// Prints the completion script.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    // The generator would panic if standard output is closed, so it writes to memory first.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "refrain", &mut script);
    io::stdout().write_all(&script).context("cannot write the completions")?;
    Ok(ExitCode::SUCCESS)
}
