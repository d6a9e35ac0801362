//! From bytes to a demuxer. Only the content decides, never the name of the file.
use std::fs::File;
use std::sync::{Arc, LazyLock};

use symphonia::core::common::Tier;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::{Hint, Probe};
#[cfg(feature = "mkv")]
use symphonia::core::formats::well_known::FORMAT_ID_MKV;
use symphonia::core::formats::well_known::{FORMAT_ID_FLAC, FORMAT_ID_OGG};
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadBytes};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::bare::BareReader;
#[cfg(feature = "mp3")]
use super::bytes::Bytes;
use super::catch_panic::catch_panic;
use super::codec::describe;
use super::flac_frames::FlacFrames;
use super::found_tags::FoundTags;
#[cfg(feature = "mp3")]
use super::free_format::{self, FreeFormat};
#[cfg(feature = "mkv")]
use super::matroska::{self, Unpacked};
use super::mkv_times::{self, MkvTimes};
use super::mp4_times::{self, Mp4Times};
use super::mpeg_frames;
use super::ogg_ends::OggEnds;
use super::pcm_file::{self, Content, PcmFile, PcmReader};
use super::read_tags;
use super::repair::{self, View};
use super::sniff::Foreign;
use super::source::{Source, Watch, id3v2_len};
use crate::error::AudioError;

/// The most bytes that are read before the first packet: tags with cover art, the tables of a long MP4.
const MAX_HEADER: u64 = 256 << 20;

/// The same for a stream.
const MAX_LIVE_HEADER: u64 = 16 << 20;

/// Compressed packets may become so many times as long on the whole. Silence does.
#[cfg(feature = "mkv")]
const MAX_GROWTH: u64 = 64;

/// Longer ID3v2 tags are skipped unread.
const MAX_ID3V2: u64 = 64 << 20;

static PROBE: LazyLock<Probe> = LazyLock::new(|| {
    let mut probe = Probe::default();
    probe.register_format_at_tier::<BareReader<'_>>(Tier::Preferred);
    symphonia::default::register_enabled_formats(&mut probe);
    probe
});

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

/// Which part of the tracks of MP4 and of Matroska is the recording.
pub(super) type Times = (Mp4Times, MkvTimes);

/// A demuxer that has found its container.
pub(super) struct Container {
    pub reader: Box<dyn FormatReader>,
    /// The first packet, which shows that there are any.
    pub first: Option<Packet>,
    /// Tags that the demuxer does not read.
    pub tags: FoundTags,
    /// Which part of its tracks is the recording, if it is MP4 or Matroska.
    pub times: Times,
    /// The length of the file in bytes, without the ID3v2 tag at its beginning.
    pub len: u64,
}

/// The ways to open a file, tried in this order.
enum Attempt {
    /// As it should be, where it breaks a rule of its format.
    Repaired,
    Plain,
    /// Without its leading ID3v2 tag, which may be the damaged part.
    Tagless,
    /// As a file whose end is missing.
    Endless,
    /// From the first frames of MPEG audio on, behind anything else.
    Frames,
}

/// Finds the demuxer of `file`. The first attempt that reaches a packet counts.
pub(super) fn container(mut file: File, watch: &Arc<Watch>) -> Result<Container, Refusal> {
    let whole = file.metadata()?.len();
    if whole == 0 {
        return Err(Refusal::Audio(AudioError::Empty));
    }
    let tag = id3v2_len(&mut file)?;
    let mut tags = FoundTags::default();
    let mut view = match pcm_file::find(&mut file, tag)? {
        None => repair::view(&mut file, tag)?,
        Some(Err(reason)) => return Err(Refusal::Audio(reason)),
        Some(Ok(PcmFile { content: Content::Mpeg(base), tags: found })) => {
            tags = found;
            Some(View { base, ..View::default() })
        }
        Some(Ok(PcmFile { content: Content::Blocks(samples, extent), tags })) => {
            watch.allow(MAX_HEADER);
            let source = Source::new(file, 0, true, Arc::clone(watch))?;
            let mut reader = PcmReader::new(stream(source), samples, extent)?;
            let first = reader.next_packet().ok().flatten();
            return match watch.take_failure() {
                Some(failure) => Err(Refusal::Io(failure)),
                None => Ok(Container {
                    reader: Box::new(reader),
                    first,
                    tags,
                    times: Times::default(),
                    len: extent.len,
                }),
            };
        }
    };
    #[cfg(feature = "mp3")]
    if free_format::begins(&mut file, tag)? {
        return free(file, tag, watch);
    }
    let times = (mp4_times::scan(&mut file)?, mkv_times::scan(&mut file)?);
    let open = |base, seekable| Source::new(file.try_clone()?, base, seekable, Arc::clone(watch));
    let (mut first, mut barren) = (None, None);
    use Attempt::{Endless, Frames, Plain, Repaired, Tagless};
    for attempt in [Repaired, Plain, Tagless, Endless, Frames] {
        let unknown = matches!(first, Some(AudioError::UnknownFormat));
        let (mut base, mut mp4) = (tag, false);
        let source = match attempt {
            Repaired => {
                let Some(view) = view.take() else { continue };
                (base, mp4) = (view.base, view.mp4);
                open(base, true)?.patched(view.patches).behind(view.before).followed_by(view.after)
            }
            Plain if tag <= MAX_ID3V2 => open(0, true)?,
            Tagless if tag > 0 => open(tag, true)?,
            Endless if !unknown => open(0, false)?,
            Frames if unknown && barren.is_none() => {
                let Some(at) = mpeg_frames::find(&mut file.try_clone()?, tag)? else { continue };
                base = at;
                open(base, true)?
            }
            _ => continue,
        };
        watch.allow(MAX_HEADER);
        match catch_panic(move || format_reader(source, mp4)) {
            Ok(Ok((reader, Ok(Some(first))))) => {
                let container =
                    Container { reader, first: Some(first), tags, times, len: whole.saturating_sub(base) };
                return described(container, &mut file, base);
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
        Some(reader) => {
            let container = Container { reader, first: None, tags, times, len: whole.saturating_sub(tag) };
            described(container, &mut file, 0)
        }
        None => Err(Refusal::Audio(first.unwrap_or(AudioError::UnknownFormat))),
    }
}

/// Finds the demuxer of a stream that comes once.
pub(super) fn live(
    source: impl MediaSource + 'static,
    watch: &Watch,
) -> Result<(Box<dyn FormatReader>, Option<Packet>), Refusal> {
    watch.allow(MAX_LIVE_HEADER);
    let opened = catch_panic(move || format_reader(source, false));
    if let Some(failure) = watch.take_failure() {
        return Err(Refusal::Io(failure));
    }
    match opened {
        Ok(Ok((reader, first))) => Ok((reader, first.ok().flatten())),
        Ok(Err(error)) => Err(Refusal::Audio(reason(error))),
        Err(panic) => Err(Refusal::Audio(AudioError::DecoderPanic(panic))),
    }
}

/// Opens MPEG audio of free format behind an ID3v2 tag.
#[cfg(feature = "mp3")]
fn free(mut file: File, tag: u64, watch: &Arc<Watch>) -> Result<Container, Refusal> {
    let tags = if (1..=MAX_ID3V2).contains(&tag) {
        Bytes::new(&mut file, 0)?.vec(0, tag)?.map(read_tags::of_id3v2).unwrap_or_default()
    } else {
        FoundTags::default()
    };
    let len = file.metadata()?.len().saturating_mul(free_format::GROWTH);
    watch.allow(MAX_HEADER);
    let source = Source::new(file, tag, true, Arc::clone(watch))?;
    let opened = catch_panic(move || {
        let mut reader = FreeFormat::new(source)?;
        let first = reader.next_packet()?;
        Ok((reader, first))
    });
    match (watch.take_failure(), opened) {
        (Some(failure), _) => Err(Refusal::Io(failure)),
        (None, Ok(Ok((reader, first)))) => {
            Ok(Container { reader: Box::new(reader), first, tags, times: Times::default(), len })
        }
        (None, Ok(Err(error))) => Err(Refusal::Audio(reason(error))),
        (None, Err(panic)) => Err(Refusal::Audio(AudioError::DecoderPanic(panic))),
    }
}

/// The same with tracks as the file describes them, where the demuxer passes over that.
#[cfg(feature = "mkv")]
fn described(container: Container, file: &mut File, base: u64) -> Result<Container, Refusal> {
    if container.reader.format_info().format != FORMAT_ID_MKV {
        return Ok(container);
    }
    let Some(about) = matroska::find(file, base)? else {
        let what = "its tracks are not described where they should be";
        return Err(Refusal::Audio(AudioError::Damaged(what.to_owned())));
    };
    let reader = Unpacked::new(container.reader, &about);
    if let Some(what) = reader.refusal(&about) {
        return Err(Refusal::Audio(AudioError::Unsupported(what.to_owned())));
    }
    let first = container.first.and_then(|first| reader.unpack(first).ok());
    let len = if reader.grows() { container.len.saturating_mul(MAX_GROWTH) } else { container.len };
    Ok(Container { reader: Box::new(reader), first, len, ..container })
}

#[cfg(not(feature = "mkv"))]
fn described(container: Container, _: &mut File, _: u64) -> Result<Container, Refusal> {
    Ok(container)
}

/// A demuxer, and the outcome of reading its first packet.
type Opened = (Box<dyn FormatReader>, Result<Option<Packet>, SymphoniaError>);

fn stream(source: impl MediaSource + 'static) -> MediaSourceStream<'static> {
    // The default buffer: a larger one reads no more at a time, and leaves the processor's cache.
    MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default())
}

/// `mp4` says that it is MP4, which is not recognised where its type does not come first.
fn format_reader(source: impl MediaSource + 'static, mp4: bool) -> Result<Opened, SymphoniaError> {
    #[cfg_attr(not(feature = "mp4"), expect(unused_mut))]
    let mut stream = stream(source);
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let mut reader = match mp4 {
        #[cfg(feature = "mp4")]
        true => {
            // The reader expects to be called where the type stands in a usual file.
            stream.read_quad_bytes()?;
            Box::new(symphonia::default::formats::IsoMp4Reader::try_new(stream, format)?)
        }
        _ => PROBE.probe(&Hint::new(), stream, format, metadata)?,
    };
    if reader.format_info().format == FORMAT_ID_FLAC {
        reader = FlacFrames::after(reader);
    }
    if reader.format_info().format == FORMAT_ID_OGG {
        reader = OggEnds::of(reader);
    }
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
