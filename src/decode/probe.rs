//! From bytes to a demuxer and a codec, told by the content alone.
use std::fs::File;
use std::mem;
use std::sync::{Arc, LazyLock};

use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions, CODEC_ID_NULL_AUDIO,
};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::FORMAT_ID_ISOMP4;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::contain::contained;
use super::pcm::Pcm;
use super::source::{Source, Watch, id3v2_len};
use super::{Tags, wav};
use crate::error::AudioError;
use crate::units::Seconds;

/// The most that is read before the first packet: tags with cover art, the tables of a long MP4.
const LARGEST_HEADER: u64 = 256 << 20;

/// Longer ID3v2 tags are skipped unread.
const LARGEST_ID3V2: u64 = 64 << 20;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    #[cfg(feature = "opus")]
    codecs.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
    codecs
});

/// Why a file could not be opened: the system's fault, or the file's.
pub(super) enum Refusal {
    Io(std::io::Error),
    Audio(AudioError),
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
    /// Tags that the demuxer does not know of.
    pub tags: Tags,
    /// The bytes of the file that are no ID3v2 tag at its beginning.
    pub len: u64,
}

/// The ways to open a file, tried in this order.
enum Attempt {
    Plain,
    /// Without its leading ID3v2 tag, which may be the damaged part.
    Tagless,
    /// With the header of a WAV file put right.
    Mended,
    /// As one whose end is missing.
    Endless,
}

/// Finds out what `file` is: the first attempt that comes to a packet counts.
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
            Attempt::Plain if tag <= LARGEST_ID3V2 => open(0, true)?,
            Attempt::Tagless if tag > 0 => open(tag, true)?,
            Attempt::Mended if !wav.patches.is_empty() => open(0, true)?.patched(mem::take(&mut wav.patches)),
            Attempt::Endless if !matches!(first, Some(AudioError::UnknownFormat)) => open(0, false)?,
            _ => continue,
        };
        watch.allow(LARGEST_HEADER);
        match contained(move || format_reader(source)) {
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

/// A demuxer and what it makes of its first packet.
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

/// The error in words that follow "damaged: ".
pub(super) fn describe(error: &SymphoniaError) -> String {
    match error {
        SymphoniaError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it ends too early".to_owned()
        }
        SymphoniaError::IoError(e) => e.to_string(),
        SymphoniaError::DecodeError(what) | SymphoniaError::LimitError(what) => (*what).to_owned(),
        other => other.to_string(),
    }
}

/// What turns a track's packets into audio.
pub(super) enum Codec {
    Pcm(Pcm),
    Other(Box<dyn AudioDecoder>),
}

/// A track that can be decoded.
pub(super) struct Choice {
    pub codec: Codec,
    pub track: Track,
    /// How much the encoder put before the beginning.
    pub skip: Seconds,
}

/// Takes the container's default audio track or, where that cannot be decoded, the first that can.
pub(super) fn choose(reader: &dyn FormatReader) -> Result<Choice, AudioError> {
    let preferred = reader.default_track(TrackType::Audio);
    let mut first = None;
    for track in preferred.into_iter().chain(reader.tracks()) {
        let Some(params) = track.codec_params.as_ref().and_then(|p| p.audio()) else { continue };
        match codec(params) {
            Ok(codec) => return Ok(Choice { codec, skip: pre_skip(reader, params), track: track.clone() }),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or(AudioError::NoAudioTrack))
}

/// How long Opus audio runs before the recording begins, as its header states in samples at 48 kHz; 0 for other codecs,
/// which leave that to the demuxer.
fn pre_skip(reader: &dyn FormatReader, params: &AudioCodecParameters) -> Seconds {
    let head = match &params.extra_data {
        Some(head) if params.codec == id::CODEC_ID_OPUS => head,
        _ => return Seconds(0.0),
    };
    let samples = match head.get(10..12) {
        Some(&[a, b]) if reader.format_info().format == FORMAT_ID_ISOMP4 => u16::from_be_bytes([a, b]),
        Some(&[a, b]) => u16::from_le_bytes([a, b]),
        _ => 0,
    };
    Seconds(f64::from(samples) / 48_000.0)
}

/// Makes the decoder of a track.
pub(super) fn codec(params: &AudioCodecParameters) -> Result<Codec, AudioError> {
    if let Some(pcm) = Pcm::of(params) {
        return Ok(Codec::Pcm(pcm));
    }
    let Some(known) = CODECS.get_audio_decoder(params.codec) else {
        return Err(AudioError::UnknownCodec(codec_name(params.codec)));
    };
    let mut params = params.clone();
    if params.codec == id::CODEC_ID_OPUS {
        let channels = params.channels.as_ref().map_or(0, |c| c.count());
        if channels > 2 {
            return Err(AudioError::Unsupported(format!("Opus with {channels} channels")));
        }
        // The codec takes the pre-skip out of one packet at most, and reads MP4's in the wrong byte order: it is left to
        // `pre_skip`, and the codec must not see it.
        params.extra_data = None;
    }
    let options = AudioDecoderOptions::default().gapless(true).verify(false);
    match contained(|| (known.factory)(&params, &options)) {
        Ok(Ok(codec)) => Ok(Codec::Other(codec)),
        Ok(Err(SymphoniaError::Unsupported(what))) => Err(AudioError::Unsupported(what.to_owned())),
        Ok(Err(error)) => Err(AudioError::Damaged(describe(&error))),
        Err(panic) => Err(AudioError::DecoderPanic(panic)),
    }
}

/// The name that people know the codec by.
fn codec_name(codec: AudioCodecId) -> String {
    let name = match codec {
        CODEC_ID_NULL_AUDIO => "unknown",
        id::CODEC_ID_SPEEX => "Speex",
        id::CODEC_ID_MUSEPACK => "Musepack",
        id::CODEC_ID_AC3 => "AC-3",
        id::CODEC_ID_EAC3 => "E-AC-3",
        id::CODEC_ID_AC4 => "AC-4",
        id::CODEC_ID_DCA => "DTS",
        id::CODEC_ID_WMA => "WMA",
        id::CODEC_ID_WAVPACK => "WavPack",
        id::CODEC_ID_MONKEYS_AUDIO => "Monkey's Audio",
        id::CODEC_ID_TTA => "TTA",
        id::CODEC_ID_TRUEHD => "TrueHD",
        other => return format!("code {other}"),
    };
    name.to_owned()
}
