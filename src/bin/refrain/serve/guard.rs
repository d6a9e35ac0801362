//! Who may ask: looks at each request before anything else does.
//!
//! A page of a stranger, open in the user's browser, can send requests to this server, and can give its own name this server's
//! address. So the name that a request is for must be one of ours, and where the browser says who asks, that must be us.
use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, StatusCode, Uri, header, uri::Authority};

use super::{failure::Failure, token::Token};

/// The header that shows a token.
pub const TOKEN: &str = "x-refrain-token";

/// The cookie that the page gets for the token.
pub const COOKIE: &str = "refrain-session";

/// Calls that change nothing, although they have a body.
const READING: [&str; 6] = ["query", "explain", "timeline", "analyze", "fingerprint", "session"];

/// What anybody may ask who may ask at all: the page without its token, and whether the server is alive.
const OPEN: [&str; 4] = ["/", "/livez", "/readyz", "/api/v1/session"];

/// Who may ask.
pub struct Guard {
    /// The values of `Host` that mean this server.
    hosts: Vec<String>,
    /// The values of `Origin` of its own pages.
    origins: Vec<String>,
    /// Shows that a request comes from the page. It lasts as long as the process.
    page: Token,
    /// What the cookie shows: that the browser knows the secret.
    session: Token,
    /// What a request must show to be answered at all, if the user chose it.
    secret: Option<Token>,
}

/// Why a request was refused, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Host,
    Origin,
    Token,
}

impl Refusal {
    pub const ALL: [Self; 3] = [Self::Host, Self::Origin, Self::Token];

    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Origin => "origin",
            Self::Token => "token",
        }
    }

    pub fn failure(self) -> Failure {
        match self {
            Self::Host => Failure::new(
                StatusCode::FORBIDDEN,
                "this server does not accept the host name of the request; add the name with `refrain serve --host NAME`",
            ),
            Self::Origin => Failure::new(
                StatusCode::FORBIDDEN,
                "this server refuses requests from web pages of other servers",
            ),
            Self::Token => Failure::new(
                StatusCode::UNAUTHORIZED,
                "this request needs the token, as `Authorization: Bearer TOKEN` or `X-Refrain-Token: TOKEN`",
            ),
        }
    }
}

impl Guard {
    /// Guards a server that listens at `address`. `names` are further names that it has.
    pub fn new(address: SocketAddr, names: &[String], secret: Option<Token>) -> anyhow::Result<Self> {
        let port = address.port();
        let mut hosts = Vec::new();
        let mut add = |host: &str| {
            hosts.push(format!("{host}:{port}"));
            if port == 80 {
                hosts.push(host.to_owned());
            }
        };
        ["127.0.0.1", "[::1]", "localhost"].into_iter().for_each(&mut add);
        if !address.ip().is_loopback() && !address.ip().is_unspecified() {
            let ip = address.ip();
            add(&if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() });
        }
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        for name in names {
            let authority: Authority =
                name.parse().map_err(|_| anyhow::anyhow!("{name:?} is no host name"))?;
            anyhow::ensure!(
                !name.contains('@'),
                "{name:?} is no host name; write a name, or a name and a port"
            );
            let mut named = vec![authority.as_str().to_ascii_lowercase()];
            if authority.port().is_none() {
                named.push(format!("{}:{port}", named[0]));
            }
            for name in named {
                origins.extend([format!("http://{name}"), format!("https://{name}")]);
                hosts.push(name);
            }
        }
        Ok(Self { hosts, origins, page: Token::fresh()?, session: Token::fresh()?, secret })
    }

    /// Refuses a request that may not be answered.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        self.host(uri, headers)?;
        self.origin(method, uri, headers)?;
        let path = uri.path();
        let rest = path.strip_prefix("/api/v1/").unwrap_or_default();
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
            && !READING.contains(&rest.trim_end_matches('/'));
        let is_open = OPEN.contains(&path) || path.starts_with("/assets/");
        let allowed = match &self.secret {
            _ if changes => self.shows_token(headers),
            Some(_) if !is_open => self.shows_token(headers) || self.has_session(headers),
            _ => true,
        };
        if allowed { Ok(()) } else { Err(Refusal::Token) }
    }

    /// The request must be for one of our names, and say so once.
    fn host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut named = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return Err(Refusal::Host) };
        let is_ours = |host: &[u8]| self.hosts.iter().any(|ours| ours.as_bytes().eq_ignore_ascii_case(host));
        let whole = uri.authority().is_none_or(|authority| is_ours(authority.as_str().as_bytes()));
        if whole && is_ours(host.as_bytes()) { Ok(()) } else { Err(Refusal::Host) }
    }

    /// If a browser says which page asks, it must be ours. Following a link to the page is no request of the other page.
    fn origin(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if !origins.all(|origin| self.origins.iter().any(|ours| ours.as_bytes() == origin.as_bytes())) {
            return Err(Refusal::Origin);
        }
        let is_link = matches!(*method, Method::GET | Method::HEAD) && uri.path() == "/";
        let mut sites = headers.get_all("sec-fetch-site").iter();
        if is_link || sites.all(|site| [&b"same-origin"[..], b"none"].contains(&site.as_bytes())) {
            Ok(())
        } else {
            Err(Refusal::Origin)
        }
    }

    /// Whether the request shows the page's token, or the secret.
    fn shows_token(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let bearer = bearer.and_then(|value| {
            let (scheme, token) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
        });
        let shown = headers.get(TOKEN).map(|value| value.as_bytes()).or(bearer);
        shown.is_some_and(|shown| self.page.is(shown) || self.is_secret(shown))
    }

    /// Whether `shown` is the token that the user chose.
    pub fn is_secret(&self, shown: &[u8]) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.is(shown))
    }

    /// Whether the browser showed the secret before.
    fn has_session(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == COOKIE && self.session.is(value.as_bytes()))
    }

    /// The page's token, if this request may have it.
    pub fn token_for(&self, headers: &HeaderMap) -> Option<&str> {
        (self.secret.is_none() || self.has_session(headers)).then(|| self.page.text())
    }

    /// The cookie for a browser that showed the secret.
    pub fn cookie(&self) -> String {
        format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.session.text())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const SECRET: &str = "a-secret-of-some-length";

    fn guard(secret: bool) -> Guard {
        let names = ["Music.example.org".to_owned(), "nas.local:9000".to_owned()];
        let secret = secret.then(|| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
            Token::given(Some(file.path())).unwrap().unwrap()
        });
        Guard::new("127.0.0.1:8333".parse().unwrap(), &names, secret).unwrap()
    }

    fn ask(guard: &Guard, line: &str, headers: &[(&'static str, &str)]) -> Result<(), Refusal> {
        let (method, uri) = line.split_once(' ').unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        guard.check(&method.parse().unwrap(), &uri.parse().unwrap(), &map)
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:8333");

    #[test]
    fn only_our_own_names_are_answered() {
        let guard = guard(false);
        for host in [
            "127.0.0.1:8333",
            "localhost:8333",
            "LOCALHOST:8333",
            "[::1]:8333",
            "music.example.org",
            "music.example.org:8333",
        ] {
            assert_eq!(ask(&guard, "GET /", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example:8333",
            "localhost.evil.example:8333",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:83333",
            "127.0.0.1:8334",
            "0.0.0.0:8333",
            "nas.local:8333",
            "user@localhost:8333",
            " localhost:8333",
            "",
        ] {
            assert_eq!(ask(&guard, "GET /livez", &[("host", host)]), Err(Refusal::Host), "{host}");
        }
        assert_eq!(ask(&guard, "GET /", &[]), Err(Refusal::Host));
        assert_eq!(ask(&guard, "GET /", &[HOST, HOST]), Err(Refusal::Host));
        assert_eq!(ask(&guard, "GET http://evil.example/", &[HOST]), Err(Refusal::Host));
        assert_eq!(ask(&guard, "GET http://localhost:8333/", &[HOST]), Ok(()));
    }

    #[test]
    fn pages_of_others_may_not_ask() {
        let guard = guard(false);
        for origin in ["http://127.0.0.1:8333", "http://localhost:8333", "https://music.example.org"] {
            assert_eq!(ask(&guard, "POST /api/v1/query", &[HOST, ("origin", origin)]), Ok(()), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://127.0.0.1",
            "https://127.0.0.1:8333",
            "http://127.0.0.1:8333.evil.example",
        ] {
            let answer = ask(&guard, "POST /api/v1/query", &[HOST, ("origin", origin)]);
            assert_eq!(answer, Err(Refusal::Origin), "{origin}");
        }
        for (site, ours) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("x", false)]
        {
            let answer = ask(&guard, "GET /api/v1/tracks", &[HOST, ("sec-fetch-site", site)]);
            assert_eq!(answer.is_ok(), ours, "{site}");
            assert_eq!(ask(&guard, "GET /", &[HOST, ("sec-fetch-site", site)]), Ok(()), "a link");
        }
    }

    #[test]
    fn changes_need_the_token() {
        let guard = guard(false);
        let token = guard.page.text().to_owned();
        for line in [
            "DELETE /api/v1/tracks/1",
            "POST /api/v1/tracks",
            "POST /api/v1/builds",
            "DELETE /api/v1/builds/1",
            "PUT /api/v1/query",
            "PATCH /",
            "POST /api/v1/queryx",
            "POST /api/v1/query/../builds",
        ] {
            let changes = !line.starts_with("PUT /api/v1/query");
            if changes {
                assert_eq!(ask(&guard, line, &[HOST]), Err(Refusal::Token), "{line}");
            }
            assert_eq!(ask(&guard, line, &[HOST, (TOKEN, &token)]), Ok(()), "{line}");
            let bearer = format!("Bearer {token}");
            assert_eq!(ask(&guard, line, &[HOST, ("authorization", &bearer)]), Ok(()), "{line}");
        }
        for line in ["GET /api/v1/tracks", "POST /api/v1/query", "HEAD /metrics", "GET /"] {
            assert_eq!(ask(&guard, line, &[HOST]), Ok(()), "{line}");
        }
    }

    #[test]
    fn a_chosen_token_is_needed_to_read_too() {
        let guard = guard(true);
        let cookie = guard.cookie();
        let cookie = ("cookie", cookie.split(';').next().unwrap());
        for line in ["GET /api/v1/tracks", "POST /api/v1/query", "GET /metrics", "GET /api/v1/openapi.json"] {
            assert_eq!(ask(&guard, line, &[HOST]), Err(Refusal::Token), "{line}");
            assert_eq!(ask(&guard, line, &[HOST, (TOKEN, SECRET)]), Ok(()), "{line}");
            assert_eq!(ask(&guard, line, &[HOST, cookie]), Ok(()), "{line}");
            assert_eq!(
                ask(&guard, line, &[HOST, (TOKEN, "another-secret-of-it")]),
                Err(Refusal::Token),
                "{line}"
            );
        }
        // The browser sends a cookie by itself, so it is not enough for a change.
        assert_eq!(ask(&guard, "DELETE /api/v1/tracks/1", &[HOST, cookie]), Err(Refusal::Token));
        for line in ["GET /", "GET /livez", "GET /readyz", "POST /api/v1/session", "GET /assets/page.js"] {
            assert_eq!(ask(&guard, line, &[HOST]), Ok(()), "{line}");
        }
        assert_eq!(guard.token_for(&HeaderMap::new()), None);
    }
}
