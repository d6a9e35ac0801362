//! A client for one kind of request: a stream that is read for as long as it lasts.
//!
//! Unlike clients for whole documents, it has a limit for the time between two reads, and it takes the status line of SHOUTcast
//! (`ICY 200 OK`). Whatever the server sends, a head has at most 32 kB and comes within the time limit.
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use base64::Engine;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};

use super::url::Url;

/// The most bytes of a head.
const MAX_HEAD: u64 = 32 << 10;

/// The longest line that says how long the next part is.
const MAX_CHUNK_LINE: u64 = 1024;

/// An answer, whose body is read as it comes.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Body,
}

impl Answer {
    /// A field of the head.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// The bytes after the head.
pub struct Body {
    reader: BufReader<Box<dyn Both>>,
    length: Length,
}

/// How far the body goes.
#[derive(Debug)]
enum Length {
    /// To the end of the connection.
    Open,
    /// So many bytes.
    Known(u64),
    /// Parts, of which the present one has so many bytes left.
    Parts(u64),
    Ended,
}

/// A connection.
trait Both: Read + Write + Send + Sync {}
impl<T: Read + Write + Send + Sync> Both for T {}

/// Asks for a stream. Waits at most `patience` for each of connecting, the head, and every read.
pub fn get(url: &Url, patience: Duration) -> anyhow::Result<Answer> {
    let mut connection = connect(url, patience)?;
    let login = url.login.as_ref().map_or_else(String::new, |login| {
        format!("Authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(login))
    });
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: refrain/{}\r\nAccept: */*\r\nIcy-MetaData: 1\r\n\
         {login}Connection: close\r\n\r\n",
        url.path,
        url.authority(),
        env!("CARGO_PKG_VERSION"),
    );
    connection.write_all(request.as_bytes()).and_then(|()| connection.flush())?;
    let mut reader = BufReader::new(connection);
    let (status, headers) = head(&mut reader, patience)?;
    let field = |name: &str| headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let length =
        if field("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
            Length::Parts(0)
        } else {
            field("content-length").and_then(|value| value.parse().ok()).map_or(Length::Open, Length::Known)
        };
    Ok(Answer { status, headers, body: Body { reader, length } })
}

fn connect(url: &Url, patience: Duration) -> anyhow::Result<Box<dyn Both>> {
    let places = (url.host.as_str(), url.port).to_socket_addrs();
    let places = places.with_context(|| format!("cannot find {}", url.host))?;
    let mut failed = None;
    for place in places {
        match TcpStream::connect_timeout(&place, patience) {
            Ok(connection) => {
                connection.set_read_timeout(Some(patience))?;
                connection.set_write_timeout(Some(patience))?;
                return Ok(if url.secure {
                    Box::new(secured(url, connection)?)
                } else {
                    Box::new(connection)
                });
            }
            Err(error) => failed = Some(error),
        }
    }
    let error = failed.unwrap_or_else(|| io::ErrorKind::NotFound.into());
    Err(error).with_context(|| format!("cannot connect to {}", url.authority()))
}

/// A connection that only the host can read. Its certificate must be good.
fn secured(url: &Url, connection: TcpStream) -> anyhow::Result<StreamOwned<ClientConnection, TcpStream>> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(url.host.clone())?;
    Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, connection))
}

/// Reads status and fields.
fn head(reader: &mut impl BufRead, patience: Duration) -> anyhow::Result<(u16, Vec<(String, String)>)> {
    let (until, mut left) = (Instant::now() + patience, MAX_HEAD);
    let mut line = |reader: &mut dyn BufRead| -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        // Byte by byte, so that a server that sends one now and then does not hold up the end.
        while bytes.last() != Some(&b'\n') {
            if left == 0 {
                anyhow::bail!("the server's head is longer than {MAX_HEAD} bytes");
            }
            if Instant::now() >= until {
                anyhow::bail!("the server's head takes too long");
            }
            let byte = reader.fill_buf()?.first().copied();
            let Some(byte) = byte else {
                anyhow::bail!("the server closed the connection without an answer")
            };
            reader.consume(1);
            bytes.push(byte);
            left -= 1;
        }
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    };
    let first = line(reader)?;
    let mut words = first.split_ascii_whitespace();
    let (protocol, status) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let status = status.parse().ok().filter(|_| protocol.starts_with("HTTP/1.") || protocol == "ICY");
    let Some(status) = status else { anyhow::bail!("this is no HTTP server") };
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

impl Body {
    /// Whether it has ended where the server said that it would.
    pub fn is_whole(&self) -> bool {
        matches!(self.length, Length::Known(0) | Length::Ended)
    }

    /// How long the next part is.
    fn part(&mut self) -> io::Result<u64> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "the server's parts are broken");
        let mut line = String::new();
        // After a part comes an empty line.
        while line.trim().is_empty() {
            line.clear();
            let mut bytes = Vec::new();
            self.reader.by_ref().take(MAX_CHUNK_LINE).read_until(b'\n', &mut bytes)?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            line = String::from_utf8(bytes).map_err(|_| broken())?;
        }
        let size = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(size, 16).map_err(|_| broken())
    }
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Length::Parts(0) = self.length {
            self.length = match self.part()? {
                0 => Length::Ended,
                size => Length::Parts(size),
            };
        }
        let most = match self.length {
            Length::Open => buf.len(),
            Length::Known(left) | Length::Parts(left) => {
                buf.len().min(usize::try_from(left).unwrap_or(usize::MAX))
            }
            Length::Ended => 0,
        };
        if most == 0 {
            return Ok(0);
        }
        let n = self.reader.read(&mut buf[..most])?;
        match &mut self.length {
            Length::Known(left) | Length::Parts(left) => {
                if n == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= n as u64;
            }
            _ => {}
        }
        Ok(n)
    }
}
