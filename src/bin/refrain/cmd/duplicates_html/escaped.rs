//! Text of strangers in a page: nothing in a path or a tag is markup, and none of it reorders the text beside it.
use std::{fmt, path::Path};

use crate::wording;

/// Text between tags or in a quoted attribute.
pub struct Escaped(String);

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

/// A path or a text, without control characters.
pub fn escaped(text: impl AsRef<Path>) -> Escaped {
    Escaped(wording::shown(text))
}

/// Several texts with commas between them.
pub fn list(texts: &[String]) -> Escaped {
    escaped(texts.join(", "))
}

/// The address of a file, so that a person can listen to it. None for what is no file.
#[cfg(unix)]
pub fn address(path: &Path) -> Option<String> {
    use std::{fmt::Write, os::unix::ffi::OsStrExt};
    if !path.is_absolute() {
        return None;
    }
    let mut address = "file://".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    Some(address)
}

/// Elsewhere, browsers know paths by other names.
#[cfg(not(unix))]
pub fn address(_: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        let text = "<script>alert('\"&amp;')</script>\n\u{202e}gpj.mp3\0";
        assert_eq!(
            escaped(text).to_string(),
            "&lt;script&gt;alert(&#39;&quot;&amp;amp;&#39;)&lt;/script&gt;\\n\\u{202e}gpj.mp3\\u{0}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn an_address_has_the_bytes_of_the_path() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let path = Path::new(OsStr::from_bytes(b"/m/50% \"a\"#b?\xff'.mp3"));
        assert_eq!(address(path).unwrap(), "file:///m/50%25%20%22a%22%23b%3F%FF%27.mp3");
        assert_eq!(escaped(path).to_string(), "/m/50% &quot;a&quot;#b?\u{fffd}&#39;.mp3");
        assert_eq!(address(Path::new("javascript:alert(1)")), None);
    }
}
