//! A recording as a WAV file that every player knows.
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use super::audio::Audio;
use super::sound::Sound;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};

/// The bytes before the samples.
const HEADER: u32 = 44;

/// A WAV file says its length in 32 bits.
const MAX_DATA: u64 = u32::MAX as u64 - HEADER as u64;

/// Writes `audio` as WAV with 16 bits, with its own rate and one or two channels. A recording whose rate changes keeps its
/// first one: what follows in another rate is left out. For the command.
///
/// # Errors
/// [`Error::Io`] and [`Error::Audio`] if the audio cannot be read, or if a WAV file cannot hold it; [`Error::Interrupted`].
#[doc(hidden)]
pub fn write_wav(audio: Audio<'_>, out: impl Write + Seek, cancel: &CancelToken) -> Result<()> {
    let name = audio.name().to_owned();
    let io = |source| Error::Io { path: name.clone(), source };
    let mut source = audio.cancelled_by(cancel).open_frames(None)?;
    let mut out = BufWriter::new(out);
    out.write_all(&[0; HEADER as usize]).map_err(io)?;
    let (mut frames, mut kind, mut data) = (Vec::new(), None::<Sound>, 0_u64);
    while let Some(sound) = source.next_frames(&mut frames)? {
        cancel.check()?;
        let first = *kind.get_or_insert(sound);
        if first.rate != sound.rate {
            break;
        }
        let (from, to) = (usize::from(sound.channels.max(1)), usize::from(first.channels.clamp(1, 2)));
        for frame in frames.chunks_exact(from) {
            for channel in 0..to {
                out.write_all(&sample(mixed(frame, channel, to)).to_le_bytes()).map_err(io)?;
            }
        }
        data += (frames.len() / from * to * 2) as u64;
        if data > MAX_DATA {
            return Err(io(io::Error::new(io::ErrorKind::FileTooLarge, "too long for a WAV file")));
        }
    }
    let (rate, channels) = kind.map_or((44_100, 1), |sound| (sound.rate.0, sound.channels.clamp(1, 2)));
    out.seek(SeekFrom::Start(0)).map_err(io)?;
    out.write_all(&header(rate, channels, data as u32)).map_err(io)?;
    out.flush().map_err(io)
}

/// One channel of a frame for `to` channels. Of more than two, the even ones are heard on the left and the odd ones on the
/// right.
fn mixed(frame: &[f32], channel: usize, to: usize) -> f32 {
    match (frame.len(), to) {
        (1, _) => frame[0],
        (2, 2) => frame[channel],
        _ => {
            let heard = frame.iter().skip(channel).step_by(to);
            let count = heard.len().max(1) as f32;
            heard.sum::<f32>() / count
        }
    }
}

fn sample(x: f32) -> i16 {
    (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

fn header(rate: u32, channels: u16, data: u32) -> Vec<u8> {
    let block = channels * 2;
    let mut header = b"RIFF".to_vec();
    header.extend((HEADER - 8 + data).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    header.extend(channels.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend((rate * u32::from(block)).to_le_bytes());
    header.extend(block.to_le_bytes());
    header.extend(b"\x10\0data");
    header.extend(data.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_copy_has_the_samples() {
        let samples: Vec<f32> = (0..4_000).map(|i| 0.9 * (i as f32 * 0.05).sin()).collect();
        let mut copy = Cursor::new(Vec::new());
        write_wav(Audio::interleaved(&samples, 2, 8_000), &mut copy, &CancelToken::new()).unwrap();
        let copy = copy.into_inner();
        assert_eq!(copy.len(), 44 + 8_000);
        let mut again = Cursor::new(Vec::new());
        write_wav(Audio::reader(&*copy), &mut again, &CancelToken::new()).unwrap();
        assert!(again.into_inner() == copy, "16 bits are copied as they are");
        let read: Vec<i16> = copy[44..].chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        assert!(read.iter().zip(&samples).all(|(a, b)| (f32::from(*a) - b * 32_768.0).abs() <= 0.5));
    }

    #[test]
    fn six_channels_become_two() {
        assert_eq!(mixed(&[0.3, 0.6, 0.3, 0.0, 0.3, 0.0], 0, 2), 0.3);
        assert_eq!(mixed(&[0.3, 0.6, 0.3, 0.0, 0.3, 0.0], 1, 2), 0.2);
    }
}
