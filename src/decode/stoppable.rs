//! Streams whose reading ends once a call is cancelled. A stream is read to its end before it is decoded, which may take as long
//! as it is recorded.
use std::{
    error, fmt,
    io::{self, Read},
    path::Path,
};

use crate::{cancel::CancelToken, error::Error};

/// A stream that fails once the token is cancelled. A read that waits for data cannot be ended.
pub(super) struct Stoppable<R> {
    pub reader: R,
    pub cancel: CancelToken,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other(Stopped));
        }
        self.reader.read(buf)
    }
}

/// Why the stream ended.
#[derive(Debug)]
struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl error::Error for Stopped {}

/// The error of a stream called `name`.
pub(super) fn failed(name: &Path, source: io::Error) -> Error {
    match source.get_ref() {
        Some(inner) if inner.is::<Stopped>() => Error::Interrupted,
        _ => Error::Io { path: name.to_owned(), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_ends_with_its_token() {
        let cancel = CancelToken::new();
        let mut stream = Stoppable { reader: io::repeat(1), cancel: cancel.clone() };
        stream.read_exact(&mut [0; 100]).unwrap();
        cancel.cancel();
        let error = stream.read(&mut [0; 100]).unwrap_err();
        assert!(matches!(failed(Path::new("-"), error), Error::Interrupted));
        assert!(matches!(failed(Path::new("-"), io::ErrorKind::BrokenPipe.into()), Error::Io { .. }));
    }
}
