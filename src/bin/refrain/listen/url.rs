//! Addresses of streams.
use std::fmt;

/// The longest address that is taken.
const MAX: usize = 8192;

/// An address: `http://user:password@host:port/path?query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub secure: bool,
    /// Name and password, as they are sent.
    pub login: Option<String>,
    pub host: String,
    pub port: u16,
    /// Path and query, which begin with a slash.
    pub path: String,
}

/// Whether a text is an address rather than a file.
pub fn is_url(text: &str) -> bool {
    let lower = text.get(..8.min(text.len())).unwrap_or_default().to_ascii_lowercase();
    lower.starts_with("http://") || lower == "https://"
}

impl Url {
    /// Reads an address.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        if text.len() > MAX {
            anyhow::bail!("the address is longer than {MAX} bytes");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            anyhow::bail!("an address must begin with http:// or https://");
        };
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => anyhow::bail!("an address must begin with http:// or https://, not {other}://"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(decoded(login)), place),
            None => (None, authority),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                let port = if port.is_empty() { None } else { Some(port.parse()?) };
                (host, port)
            }
            _ => (place, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let usual = |c: char| c.is_ascii_alphanumeric() || "-._~:%".contains(c);
        if host.is_empty() || !host.chars().all(usual) {
            anyhow::bail!("the address has no host name, or the host name has characters that are not ASCII");
        }
        Ok(Self {
            secure,
            login,
            host: host.to_owned(),
            port: port.unwrap_or(if secure { 443 } else { 80 }),
            path: sent(path),
        })
    }

    /// The address that a server names in place of this one. Another host does not get the login.
    pub fn join(&self, text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("//") {
            let scheme = if self.secure { "https" } else { "http" };
            return self.join(&format!("{scheme}://{rest}"));
        }
        if text.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':')) {
            let mut url = Self::parse(text)?;
            if url.login.is_none()
                && (&url.host, url.port, url.secure) == (&self.host, self.port, self.secure)
            {
                url.login.clone_from(&self.login);
            }
            return Ok(url);
        }
        let own = self.path.split(['?', '#']).next().unwrap_or("/");
        let path = match text.chars().next() {
            Some('/') => text.to_owned(),
            Some('?') => format!("{own}{text}"),
            _ => format!("{}/{text}", own.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        Ok(Self { path: sent(&path), ..self.clone() })
    }

    /// What the server is told that it is called.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.secure { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

/// The address without the login.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// Path and query as they are sent: without a fragment, and without anything that could end the line.
fn sent(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut out = if path.starts_with('/') { String::new() } else { "/".to_owned() };
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A login without percent signs for other characters.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Url::parse(text).map_or_else(|error| error.to_string(), |url| url.to_string())
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(shown("http://a.example"), "http://a.example/");
        assert_eq!(shown("HTTPS://a.example:443/b c?d#e"), "https://a.example/b%20c?d");
        assert_eq!(shown("http://a.example:8000?x=1"), "http://a.example:8000/?x=1");
        assert_eq!(shown("http://[::1]:8000/a"), "http://[::1]:8000/a");
        let url = Url::parse("http://me:a%40b@host/").unwrap();
        assert_eq!((url.login.as_deref(), url.to_string().as_str()), (Some("me:a@b"), "http://host/"));
        for wrong in ["ftp://a/", "a.example/b", "http://", "http:///a", "http://a b/", "http://a:99999/"] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
        assert!(is_url("http://a") && is_url("HTTPS://a") && !is_url("-") && !is_url("http.mp3"));
        // Nothing in an address becomes a line of its own.
        assert_eq!(shown("http://a/b\r\nHost: c"), "http://a/b%0D%0AHost:%20c");
    }

    #[test]
    fn a_redirect_may_be_relative_and_keeps_the_login_at_home() {
        let base = Url::parse("http://me:pw@a.example:8000/x/y?z").unwrap();
        let joined = |text: &str| {
            let url = base.join(text).unwrap();
            (url.to_string(), url.login.is_some())
        };
        assert_eq!(joined("/b"), ("http://a.example:8000/b".into(), true));
        assert_eq!(joined("b"), ("http://a.example:8000/x/b".into(), true));
        assert_eq!(joined("?b"), ("http://a.example:8000/x/y?b".into(), true));
        assert_eq!(joined("//c.example/b"), ("http://c.example/b".into(), false));
        assert_eq!(joined("http://a.example:8000/b"), ("http://a.example:8000/b".into(), true));
        assert_eq!(joined("https://a.example:8000/b"), ("https://a.example:8000/b".into(), false));
        assert_eq!(joined("http://c.example/b"), ("http://c.example/b".into(), false));
        assert!(base.join("file:///etc/passwd").is_err());
    }
}
