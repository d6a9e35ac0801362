//! Commands of `refrain index` that were typed without `index`.
use clap::{
    Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// Adds the right command to the message, if there is one of this name.
pub fn hinted(mut error: Error, command: &Command) -> Error {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let below = command.find_subcommand("index").and_then(|index| index.find_subcommand(name));
    if let (ErrorKind::InvalidSubcommand, Some(meant)) = (error.kind(), below) {
        let meant = format!("index {}", meant.get_name());
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![meant]));
    }
    error
}
