//! Streams that are decoded as they come: radio. There is no end to wait for, nothing to seek in, and nothing is kept.
use std::{
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use symphonia::core::io::MediaSource;

use super::{decoder::Decoder, source::Watch};
use crate::{error::Result, tags::Tags};

/// Decodes a stream while it comes, from wherever in it the bytes begin. Memory does not grow.
///
/// It knows MP3 and AAC (ADTS), which may begin anywhere, and Ogg, FLAC and WAV, which begin with a header. Ogg streams may
/// follow one another, each with its own tags.
///
/// ```no_run
/// # fn main() -> refrain::Result<()> {
/// # let connection = std::io::empty();
/// let mut decoder = refrain::LiveDecoder::new(connection, "radio")?;
/// let mut mono = Vec::new();
/// while let Some(rate) = decoder.next_block(&mut mono)? {
///     println!("{} samples at {rate} Hz", mono.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LiveDecoder {
    decoder: Decoder,
}

impl LiveDecoder {
    /// Reads until the format is known. Errors show `name`.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if `reader` fails; [`Error::Audio`](crate::Error::Audio) if there is no audio of a known
    /// format within the first megabyte.
    pub fn new(reader: impl Read + Send + Sync + 'static, name: impl AsRef<Path>) -> Result<Self> {
        let decoder = Decoder::live(Box::new(reader), name.as_ref())?.for_fingerprint();
        Ok(Self { decoder })
    }

    /// Replaces the content of `mono` with the next samples, full scale -1.0..=1.0, of one channel. Returns their rate in hertz,
    /// which may change, and may be a fraction of the stream's. Returns `None` at the end.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the reader fails; [`Error::Audio`](crate::Error::Audio) if this turns out to be no
    /// audio.
    pub fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<u32>> {
        Ok(self.decoder.next_block(mono)?.map(|rate| rate.0))
    }

    /// The tags of the stream that is decoded now, if it has some. A stream that follows has its own.
    pub fn tags(&self) -> &Tags {
        self.decoder.tags()
    }
}

/// Bytes that come once.
pub(super) struct Once {
    reader: Box<dyn Read + Send + Sync>,
    watch: Arc<Watch>,
}

impl Once {
    pub(super) fn new(reader: Box<dyn Read + Send + Sync>, watch: Arc<Watch>) -> Self {
        Self { reader, watch }
    }
}

impl Read for Once {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.watch.most(buf.len())?;
        loop {
            match self.reader.read(&mut buf[..most]) {
                Ok(n) => {
                    self.watch.took(n);
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.watch.note(e)),
            }
        }
    }
}

impl Seek for Once {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl MediaSource for Once {
    fn is_seekable(&self) -> bool {
        false
    }

    fn byte_len(&self) -> Option<u64> {
        None
    }
}
