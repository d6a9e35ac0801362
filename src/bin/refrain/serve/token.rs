//! Secrets that a request shows.
use std::{env, fs, path::Path};

use anyhow::{Context, ensure};

use crate::wording;

/// The variable of the environment that holds the token.
const VARIABLE: &str = "REFRAIN_TOKEN";

/// The shortest token that a person may choose, in bytes.
const SHORTEST: usize = 16;

/// A secret. It is compared in constant time, and never printed.
pub struct Token(String);

impl Token {
    /// One that nobody knows yet: 256 random bits.
    pub fn fresh() -> anyhow::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("cannot make a token: {error}"))?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The one in a file, or else in the environment, if there is any.
    pub fn given(file: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let (text, origin) = match file {
            Some(file) => {
                let shown = wording::shown(file);
                (fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?, shown)
            }
            None => match env::var(VARIABLE) {
                Ok(text) if !text.is_empty() => (text, VARIABLE.to_owned()),
                Ok(_) | Err(env::VarError::NotPresent) => return Ok(None),
                Err(env::VarError::NotUnicode(_)) => anyhow::bail!("{VARIABLE} is not UTF-8"),
            },
        };
        let text = text.trim();
        let plain = text.bytes().all(|b| b.is_ascii_graphic());
        ensure!(
            plain && text.len() >= SHORTEST,
            "the token in {origin} must have at least {SHORTEST} characters, without spaces"
        );
        Ok(Some(Self(text.to_owned())))
    }

    /// Whether `shown` is this secret. Takes the same time wherever the two differ.
    pub fn is(&self, shown: &[u8]) -> bool {
        // Comparing two hashes of BLAKE3 takes constant time.
        blake3::hash(self.0.as_bytes()) == blake3::hash(shown)
    }

    /// The secret itself, for the page.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_no_other() {
        let (one, other) = (Token::fresh().unwrap(), Token::fresh().unwrap());
        assert!(one.is(one.text().as_bytes()) && !one.is(other.text().as_bytes()));
        assert!(!one.is(b"") && !one.is(&one.text().as_bytes()[..63]));
    }
}
