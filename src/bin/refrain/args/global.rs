//! Options that every command takes.
use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};

use crate::screen::paint::When;

/// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The index file [default: refrain/index.refrain in your data folder, such as ~/.local/share]. Repeat this option to use
    /// several indexes together in `query`, `timeline`, `duplicates`, `list` and `info`
    #[arg(long, short, global = true, env = "REFRAIN_DB", value_name = "FILE", value_parser = any_text())]
    pub db: Vec<PathBuf>,
    /// When to use colour; `auto` uses colour on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: When,
}

/// When to use colour, read before the rest of the command line, for its own help and mistakes.
pub fn color_in(line: &[OsString]) -> When {
    let before = line.iter().position(|arg| arg == "--").unwrap_or(line.len());
    let words = line[..before].iter().map(|arg| arg.to_str().unwrap_or_default());
    let value = words.clone().zip(words.skip(1)).find_map(|(option, value)| match option {
        "--color" => Some(value),
        _ => value.strip_prefix("--color="),
    });
    value.and_then(|value| When::from_str(value, false).ok()).unwrap_or_default()
}

/// Accepts an empty text too, as a variable of the environment may be set to nothing.
fn any_text() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
