//! The JSON documents that the command prints: one line for each clip or file, whether it worked or not.
use std::path::Path;

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::error::{Error, Result};

/// A result that [`json`] writes as a document. Nothing else can be one.
pub trait Document: sealed::Sealed {
    /// The document of the audio called `name`.
    #[doc(hidden)]
    fn document(name: &Path, outcome: Result<&Self, &Error>) -> String;
}

pub(super) mod sealed {
    /// Closes [`Document`](super::Document).
    pub trait Sealed {}
}

/// The JSON document of a query ([`Answer`](super::Answer)) or an analysis of the audio called `name`: one line without a line
/// break. A failure is a document too, with `"status":"error"` and `"error"`.
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

/// Writes a document.
pub(super) fn line(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("strings and finite numbers always serialise")
}

/// A path as text; what is not UTF-8 in it becomes U+FFFD.
pub(super) fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Paths as a list of text.
pub(super) fn all_lossy<S: Serializer>(
    paths: &[std::path::PathBuf],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(paths.len()))?;
    paths.iter().try_for_each(|path| list.serialize_element(&path.to_string_lossy()))?;
    list.end()
}
