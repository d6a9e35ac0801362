//! What the system said, for people.
use std::{fmt, io};

/// An error of the system in words: without its number, and without the name of a temporary file after it. For
/// the command.
#[doc(hidden)]
pub struct Said<'a>(pub &'a io::Error);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        // An error that was made of another one has the other's number in its text, perhaps with a path after it.
        let Some((said, rest)) = text.split_once(" (os error ") else { return f.write_str(&text) };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        f.write_str(if rest == ")" || rest.starts_with(") at path \"") { said } else { &text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_and_the_temporary_file_are_left_out() {
        let missing = io::Error::from_raw_os_error(2);
        assert!(missing.to_string().ends_with(" (os error 2)"));
        assert_eq!(format!("{} (os error 2)", Said(&missing)), missing.to_string());
        let folder = tempfile::tempdir().unwrap();
        let unnamed =
            tempfile::Builder::new().prefix(".x-").tempfile_in(folder.path().join("gone")).unwrap_err();
        assert!(unnamed.to_string().contains(".x-"), "{unnamed}");
        let said = Said(&unnamed).to_string();
        assert!(!said.contains(".x-") && !said.contains("os error") && !said.is_empty(), "{said}");
        assert_eq!(Said(&io::Error::other("a (os error 2) b")).to_string(), "a (os error 2) b");
    }
}
