//! Colour for what matters: the match and the error. On a terminal only, unless `--color` says otherwise.
use std::{
    env,
    io::{self, IsTerminal},
    sync::OnceLock,
};

use clap::{ColorChoice, ValueEnum};

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    // Comments, as help of values would make all help texts long.
    // On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    // Even into a file or a pipe.
    Always,
    Never,
}

impl From<When> for ColorChoice {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

static WHEN: OnceLock<When> = OnceLock::new();

/// Says when to use colour. The first call counts.
pub fn choose(when: When) {
    let _ = WHEN.set(when);
}

/// Colours text, or leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// For standard output.
    pub fn of_stdout() -> Self {
        Self::of(io::stdout().is_terminal())
    }

    /// For standard error.
    pub fn of_stderr() -> Self {
        Self::of(io::stderr().is_terminal())
    }

    fn of(terminal: bool) -> Self {
        let on = match WHEN.get().copied().unwrap_or_default() {
            When::Always => true,
            When::Never => false,
            // https://no-color.org: set to anything but nothing.
            When::Auto => {
                let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
                terminal && !set("NO_COLOR") && !dumb
            }
        };
        Self { on }
    }

    /// What was found: bold green.
    pub fn found(self, text: &str) -> String {
        self.with("1;32", text)
    }

    /// What went wrong: bold red.
    pub fn error(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
