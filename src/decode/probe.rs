//! From bytes to a demuxer. Only the content decides, never the name of the file.
use std::fs::File;
use std::mem;
use std::sync::Arc;

use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::catch_panic::catch_panic;
use super::codec::describe;
use super::sniff::Foreign;
use super::source::{Source, Watch, id3v2_len};
use super::wav;
use crate::error::AudioError;
use crate::tags::Tags;

/// The most bytes that are read before the first packet: tags with cover art, the tables of a long MP4.
const MAX_HEADER: u64 = 256 << 20;

/// Longer ID3v2 tags are skipped unread.
const MAX_ID3V2: u64 = 64 << 20;

/// Why a file could not be opened: the system's fault, the file's, or nobody's.
pub(super) enum Refusal {
    Io(std::io::Error),
    Audio(AudioError),
    /// It needs another decoder.
    Foreign(Foreign),
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Refusal {
        Refusal::Io(error)
    }
}

/// A demuxer that has found its container.
pub(super) struct Container {
    pub reader: Box<dyn FormatReader>,
    /// The first packet, which shows that there are any.
    pub first: Option<Packet>,
    /// Tags that the demuxer does not read.
    pub tags: Tags,
    /// The length of the file in bytes, without the ID3v2 tag at its beginning.
    pub len: u64,
}

/// The ways to open a file, tried in this order.
enum Attempt {
    Plain,
    /// Without its leading ID3v2 tag, which may be the damaged part.
    Tagless,
    /// With the lengths in the header of a WAV file corrected.
    Mended,
    /// As a file whose end is missing.
    Endless,
}

/// Finds the demuxer of `file`. The first attempt that reaches a packet counts.
pub(super) fn container(mut file: File, watch: &Arc<Watch>) -> Result<Container, Refusal> {
    let whole = file.metadata()?.len();
    if whole == 0 {
        return Err(Refusal::Audio(AudioError::Empty));
    }
    let tag = id3v2_len(&mut file)?;
    let len = whole.saturating_sub(tag);
    let mut wav = wav::scan(&mut file)?;
    let open = |base, seekable| Source::new(file.try_clone()?, base, seekable, Arc::clone(watch));
    let (mut first, mut barren) = (None, None);
    for attempt in [Attempt::Plain, Attempt::Tagless, Attempt::Mended, Attempt::Endless] {
        let source = match attempt {
            Attempt::Plain if tag <= MAX_ID3V2 => open(0, true)?,
            Attempt::Tagless if tag > 0 => open(tag, true)?,
            Attempt::Mended if !wav.patches.is_empty() => open(0, true)?.patched(mem::take(&mut wav.patches)),
            Attempt::Endless if !matches!(first, Some(AudioError::UnknownFormat)) => open(0, false)?,
            _ => continue,
        };
        watch.allow(MAX_HEADER);
        match catch_panic(move || format_reader(source)) {
            Ok(Ok((reader, Ok(Some(first))))) => {
                return Ok(Container { reader, first: Some(first), tags: wav.tags, len });
            }
            Ok(Ok((reader, _))) => drop(barren.get_or_insert(reader)),
            Ok(Err(error)) => drop(first.get_or_insert(reason(error))),
            Err(panic) => drop(first.get_or_insert(AudioError::DecoderPanic(panic))),
        }
        if let Some(failure) = watch.take_failure() {
            return Err(Refusal::Io(failure));
        }
    }
    match barren {
        Some(reader) => Ok(Container { reader, first: None, tags: wav.tags, len }),
        None => Err(Refusal::Audio(first.unwrap_or(AudioError::UnknownFormat))),
    }
}

/// A demuxer, and the outcome of reading its first packet.
type Opened = (Box<dyn FormatReader>, Result<Option<Packet>, SymphoniaError>);

fn format_reader(source: Source) -> Result<Opened, SymphoniaError> {
    // The default buffer: a larger one reads no more at a time, and leaves the processor's cache.
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let mut reader = symphonia::default::get_probe().probe(&Hint::new(), stream, format, metadata)?;
    let first = match reader.next_packet() {
        Err(SymphoniaError::ResetRequired) => Ok(None),
        other => other,
    };
    Ok((reader, first))
}

/// Why probing failed.
fn reason(error: SymphoniaError) -> AudioError {
    match error {
        SymphoniaError::Unsupported(what) if what.starts_with("core (probe)") => AudioError::UnknownFormat,
        // Three letters that stand in any text.
        SymphoniaError::Unsupported(what) if what.starts_with("id3v2") => AudioError::UnknownFormat,
        SymphoniaError::Unsupported(what) if !what.contains("missing") => {
            AudioError::Unsupported(what.to_owned())
        }
        // Most encoders write it last.
        SymphoniaError::Unsupported(what) if what.contains("missing moov") => AudioError::Damaged(
            "its table of contents (moov) is missing, it may have been cut off".to_owned(),
        ),
        SymphoniaError::Unsupported(what) => AudioError::Damaged(what.to_owned()),
        other => AudioError::Damaged(describe(&other)),
    }
}
