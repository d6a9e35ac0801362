//! Questions on the terminal.
use std::{
    io::{self, IsTerminal},
    sync::mpsc::{RecvTimeoutError, channel},
    time::Duration,
};

use refrain::CancelToken;

use crate::messages;

/// Whether somebody can answer.
pub fn can() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and returns the answer without the spaces around it. Nothing if there is none, or once `stop` is cancelled.
pub fn line(question: &str, stop: &CancelToken) -> Option<String> {
    messages::ask(question);
    let (send, receive) = channel();
    // Reading cannot be interrupted, so that another thread waits for the answer.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = send.send(read.ok().filter(|&bytes| bytes > 0).map(|_| line.trim().to_owned()));
    });
    loop {
        match receive.recv_timeout(Duration::from_millis(50)) {
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Timeout) if !stop.is_cancelled() => {}
            Err(_) => {
                messages::say("");
                return None;
            }
        }
    }
}

/// Whether the answer is yes.
pub fn yes(question: &str, stop: &CancelToken) -> bool {
    let answer = line(&format!("{question} [y/N] "), stop).unwrap_or_default().to_lowercase();
    ["y", "yes"].contains(&answer.as_str())
}
