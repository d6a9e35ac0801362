//! Paths in JSON, whatever bytes they have.
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A path that a JSON document keeps byte by byte: as text if it is UTF-8, else as hexadecimal digits in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPath(pub PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Bytes { hex: String },
}

impl Serialize for StoredPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match self.0.to_str() {
            Some(text) => Form::Text(text.to_owned()),
            None => Form::Bytes { hex: hex(&self.0) },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StoredPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self(text.into())),
            Form::Bytes { hex } => path(&hex).map(Self).ok_or_else(|| D::Error::custom("no path")),
        }
    }
}

fn hex(path: &Path) -> String {
    path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The path with these bytes. Only Unix has paths of any bytes.
fn path(hex: &str) -> Option<PathBuf> {
    let digits = hex.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = digits.0.iter().map(byte).collect::<Option<_>>()?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        digits.1.is_empty().then(|| std::ffi::OsString::from_vec(bytes).into())
    }
    #[cfg(not(unix))]
    {
        let _ = bytes;
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    use super::*;

    #[test]
    fn every_path_comes_back() {
        for bytes in [b"/m/a.wav".as_slice(), b"/m/\xff\xfe.wav", "/m/\u{e9}\n\"'\\".as_bytes(), b"/\x01\xc3"]
        {
            let path = StoredPath(OsStr::from_bytes(bytes).into());
            let line = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<StoredPath>(&line).unwrap(), path, "{line}");
            assert!(!line.contains('\n'));
        }
        for line in ["{\"hex\":\"2f6\"}", "{\"hex\":\"2fzz\"}", "7"] {
            assert!(serde_json::from_str::<StoredPath>(line).is_err(), "{line}");
        }
    }
}
