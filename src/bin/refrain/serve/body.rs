//! Bodies of answers that are not whole in memory.
use std::{
    fs::File,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::mpsc,
};

/// How much of a file is read at a time.
const PIECE: usize = 64 << 10;

/// The next bytes of a file.
struct FileBody {
    file: tokio::fs::File,
    left: u64,
    piece: Vec<u8>,
}

/// `len` bytes of a file, from where it is read next.
pub fn of_file(file: File, len: u64) -> Body {
    Body::new(FileBody { file: tokio::fs::File::from_std(file), left: len, piece: Vec::new() })
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self { file, left, piece } = self.get_mut();
        if *left == 0 {
            return Poll::Ready(None);
        }
        piece.resize(PIECE.min(usize::try_from(*left).unwrap_or(PIECE)), 0);
        let mut read = ReadBuf::new(piece);
        ready!(Pin::new(file).poll_read(cx, &mut read))?;
        let bytes = Bytes::copy_from_slice(read.filled());
        if bytes.is_empty() {
            // The file is shorter than it was.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        *left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// What comes out of a channel, while something is kept.
struct Told<K> {
    pieces: mpsc::Receiver<Bytes>,
    _kept: K,
}

/// A body of what comes out of a channel. `kept` is dropped with it.
pub fn of_channel(pieces: mpsc::Receiver<Bytes>, kept: impl Send + Unpin + 'static) -> Body {
    Body::new(Told { pieces, _kept: kept })
}

impl<K: Unpin> HttpBody for Told<K> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.get_mut().pieces.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
