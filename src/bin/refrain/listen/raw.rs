//! Raw samples on standard input.
use std::io::{self, Read};

use clap::ValueEnum;

use super::source::{Out, Piece};

/// Frames that are read at a time, at most. A pipe may have fewer.
const FRAMES: usize = 4096;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// 16-bit integers, little-endian
    S16le,
    /// 32-bit floating-point numbers, little-endian
    F32le,
}

impl Format {
    fn width(self) -> usize {
        match self {
            Self::S16le => 2,
            Self::F32le => 4,
        }
    }

    fn samples(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::S16le => {
                let samples = bytes.as_chunks().0.iter();
                samples.map(|&bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0).collect()
            }
            Self::F32le => bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
        }
    }
}

/// Passes on what `reader` has, as it comes. A last frame that lacks some of its bytes is left out.
pub fn run(mut reader: impl Read, format: Format, channels: u16, rate: u32, out: &Out) {
    let width = format.width() * usize::from(channels);
    let (mut bytes, mut have) = (vec![0; FRAMES * width], 0);
    loop {
        match reader.read(&mut bytes[have..]) {
            Ok(0) => return,
            Ok(n) => have += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let _ = out.send(Piece::Failed(anyhow::anyhow!("cannot read standard input: {error}")));
                return;
            }
        }
        let whole = have / width * width;
        let samples = format.samples(&bytes[..whole]);
        bytes.copy_within(whole..have, 0);
        have -= whole;
        if !samples.is_empty() && out.send(Piece::Sound { samples, channels, rate }).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// Gives one to three bytes at a time, as a pipe may.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1 % 3 + 1;
            let n = self.1.min(self.0.len()).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn read(bytes: &[u8], format: Format, channels: u16) -> Vec<f32> {
        let (out, pieces) = sync_channel(1000);
        run(Drops(bytes, 0), format, channels, 8_000, &out);
        drop(out);
        let samples = |piece| match piece {
            Piece::Sound { samples, channels: found, rate: 8_000 } if found == channels => {
                assert!(samples.len().is_multiple_of(channels.into()));
                samples
            }
            other => panic!("{other:?}"),
        };
        pieces.into_iter().flat_map(samples).collect()
    }

    #[test]
    fn frames_come_whole_however_the_bytes_come() {
        let bytes: Vec<u8> = [i16::MIN, 0, 16_384, -16_384, 1].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(read(&bytes, Format::S16le, 1), [-1.0, 0.0, 0.5, -0.5, 1.0 / 32_768.0]);
        assert_eq!(read(&bytes, Format::S16le, 2), [-1.0, 0.0, 0.5, -0.5]);
        assert!(read(&bytes[..3], Format::S16le, 2).is_empty());
        let bytes: Vec<u8> = [-1.0f32, 0.25].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(read(&bytes, Format::F32le, 2), [-1.0, 0.25]);
        assert_eq!(read(&bytes[..7], Format::F32le, 1), [-1.0]);
    }
}
