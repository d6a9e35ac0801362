//! The JSON documents that the command prints: one line for each clip or file, whether or not it worked.
use std::path::Path;

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::error::{Error, Result};

/// A result that [`json`] can write. Sealed: only types of this crate implement it.
#[doc(hidden)]
pub trait Document: sealed::Sealed {
    /// Writes the document of the audio called `name`.
    #[doc(hidden)]
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String;
}

pub(super) mod sealed {
    /// Closes [`Document`](super::Document).
    pub trait Sealed {}
}

/// Writes the JSON document of a query ([`Answer`](super::Answer)) or of an analysis of the audio called `name`. The
/// document is one line, without a line break. A failure gives a document with `"status":"error"` and `"error"`.
///
/// ```
/// use std::path::Path;
///
/// use refrain::{Answer, Error};
///
/// let failed: refrain::Result<Answer> = Err(Error::Interrupted);
/// let line = refrain::report::json(Path::new("clip.wav"), &failed);
/// assert_eq!(line, r#"{"query":"clip.wav","status":"error","matches":[],"error":"interrupted"}"#);
/// ```
pub fn json<T: Document>(name: &Path, outcome: &Result<T>) -> String {
    T::document(name, outcome.as_ref())
}

/// Writes a document as one line.
pub(super) fn line(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("strings and finite numbers always serialise")
}

/// Writes a path as text; bytes that are not UTF-8 become U+FFFD.
pub(super) fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Writes a path as text, or `null`.
pub(super) fn lossy_or_none<S: Serializer>(
    path: &Option<std::path::PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    path.as_deref().map(Path::to_string_lossy).serialize(serializer)
}

/// Writes paths as a list of text.
pub(super) fn all_lossy<S: Serializer>(
    paths: &[std::path::PathBuf],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(paths.len()))?;
    paths.iter().try_for_each(|path| list.serialize_element(&path.to_string_lossy()))?;
    list.end()
}
