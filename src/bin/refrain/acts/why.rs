//! Why a file was left alone.
use std::io;

use refrain::error::Said;

/// Why nothing was done with a file.
#[derive(Debug)]
pub enum Why {
    /// There is nothing to do. No error.
    Needless(String),
    /// It was left alone because of this.
    Problem(String),
    /// The user asked to stop.
    Interrupted,
    /// Nothing more can be done with any file.
    Fatal(anyhow::Error),
}

impl Why {
    /// What the system refused, and why.
    pub fn system(what: &str, error: &io::Error) -> Self {
        Self::Problem(format!("{what}: {}", Said(error)))
    }
}

/// The outcome of a step.
pub type Outcome<T> = Result<T, Why>;
