//! A small HTTP client that also sends what no proper client would.
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long an answer may take. It is only reached if something is broken.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The documents of an answer in lines.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    #[track_caller]
    pub fn status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "{}", self.text());
        self
    }
}

/// A connection.
pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
    address: SocketAddr,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: Vec::new(), address }
    }

    /// Sends bytes as they are. The server may have ended the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A request with a body, as a proper client sends it.
    pub fn ask(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.start(line, headers, body);
        self.answer().unwrap()
    }

    /// Sends a request.
    pub fn start(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut head = format!("{line} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || line.starts_with("POST") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        // A server that refuses may not read the body to its end.
        let _ = self.send(head.as_bytes()).and_then(|()| self.send(body));
    }

    /// Reads one more piece. Returns false at the end.
    fn more(&mut self) -> io::Result<bool> {
        let mut piece = [0; 64 << 10];
        let n = self.stream.read(&mut piece)?;
        self.read.extend(&piece[..n]);
        Ok(n > 0)
    }

    /// Reads up to and with `end`, without it.
    fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|window| window == end) {
                let rest = self.read.split_off(at + end.len());
                let mut before = std::mem::replace(&mut self.read, rest);
                before.truncate(at);
                return Ok(before);
            }
            if !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.read.len() < count {
            if !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.read.split_off(count);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    /// Reads all that comes until the server ends the connection.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.more().unwrap() {}
        std::mem::take(&mut self.read)
    }

    /// Reads an answer, whole.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let head = String::from_utf8_lossy(&self.until(b"\r\n\r\n")?).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|n| n.parse().ok());
        let status: u16 = status.ok_or(io::ErrorKind::InvalidData)?;
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = pairs.map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned())).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.bytes(length)?;
        } else if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = String::from_utf8(self.until(b"\r\n")?).unwrap();
                let size = usize::from_str_radix(&size, 16).unwrap();
                let piece = self.bytes(size + 2)?;
                if size == 0 {
                    break;
                }
                answer.body.extend(&piece[..size]);
            }
        }
        Ok(answer)
    }

    /// Whether the connection is open now.
    pub fn is_open(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let open =
            matches!(self.stream.peek(&mut [0; 1]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        self.stream.set_nonblocking(false).unwrap();
        open
    }
}

/// Asks again and again until the answer is as wanted.
#[track_caller]
pub fn wait_for<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
