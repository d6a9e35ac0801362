//! Asks a running server whether it is alive, for container engines that have no other program at hand.
use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, ensure};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fails unless the server at `address` says that it is alive.
pub fn check(mut address: SocketAddr) -> anyhow::Result<()> {
    // A server that listens everywhere is also here.
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        write!(stream, "GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().with_context(|| format!("no server answers at {address}"))?;
    let line = answer.lines().next().unwrap_or_default();
    ensure!(line.contains(" 200 "), "the server at {address} is not alive: {line}");
    Ok(())
}
