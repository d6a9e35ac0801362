//! From the packets of a track to samples.
use std::sync::LazyLock;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions, CODEC_ID_NULL_AUDIO,
};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::well_known::FORMAT_ID_ISOMP4;
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::packet::Packet;

#[cfg(feature = "aac")]
use super::aac_codec::AacCodec;
use super::aac_config;
use super::bare::MpegForm;
use super::buffers;
use super::catch_panic::catch_panic;
#[cfg(feature = "mp3")]
use super::coarse::Coarse;
#[cfg(feature = "opus")]
use super::opus::Opus;
use super::pcm::Pcm;
use super::sniff;
use super::sound::Sound;
#[cfg(feature = "ogg")]
use super::vorbis_codec::VorbisCodec;
use crate::error::{AudioError, Said};
use crate::units::{SampleRate, Seconds};

/// The frames of the longest block. A packet that decodes to more is damage. A second at the highest rate.
const MAX_BLOCK: usize = 768_000;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    codecs
});

/// Turns a track's packets into audio.
pub(super) enum Codec {
    Pcm(Pcm),
    #[cfg(feature = "aac")]
    Aac(Box<AacCodec>),
    /// For the fingerprint alone.
    #[cfg(feature = "mp3")]
    Coarse(Coarse),
    #[cfg(feature = "ogg")]
    Vorbis(Box<VorbisCodec>),
    #[cfg(feature = "opus")]
    Opus(Box<Opus>),
    Other(Box<dyn AudioDecoder>),
}

impl Codec {
    /// Makes a fresh codec for `track`.
    pub(super) fn of(track: &Track) -> Result<Codec, AudioError> {
        let params = track.codec_params.as_ref().and_then(|p| p.audio());
        codec(params.ok_or(AudioError::NoAudioTrack)?)
    }

    /// Replaces `frames` by those of a packet, all channels of one after the other, and returns their kind.
    pub(super) fn decode(&mut self, packet: &Packet, frames: &mut Vec<f32>) -> Result<Sound, SymphoniaError> {
        let sound = match self {
            Codec::Pcm(pcm) => {
                pcm.to_interleaved(&packet.data, frames);
                Sound { rate: pcm.rate, channels: narrow(pcm.channels), fine: pcm.is_fine() }
            }
            #[cfg(feature = "aac")]
            Codec::Aac(aac) => aac.decode(&packet.data, frames).map_err(SymphoniaError::DecodeError)?,
            #[cfg(feature = "mp3")]
            Codec::Coarse(coarse) => coarse.decode(packet, frames)?,
            #[cfg(feature = "ogg")]
            Codec::Vorbis(vorbis) => vorbis.decode(packet, frames).map_err(SymphoniaError::DecodeError)?,
            #[cfg(feature = "opus")]
            Codec::Opus(opus) => {
                let buffer = opus.decode(packet)?;
                buffers::to_interleaved(&buffer, frames);
                let channels = narrow(buffer.spec().channels().count());
                Sound { rate: SampleRate(buffer.spec().rate()), channels, fine: true }
            }
            Codec::Other(codec) => {
                follow(codec, packet);
                let bits = codec.codec_params().bits_per_sample.unwrap_or(u32::MAX);
                let buffer = codec.decode(packet)?;
                buffers::to_interleaved(&buffer, frames);
                let channels = narrow(buffer.spec().channels().count());
                let fine = buffers::is_float(&buffer) || buffers::is_wide(&buffer) && bits > 16;
                Sound { rate: SampleRate(buffer.spec().rate()), channels, fine }
            }
        };
        if frames.len() / usize::from(sound.channels).max(1) > MAX_BLOCK {
            Err(SymphoniaError::LimitError("a packet is too long"))
        } else {
            Ok(sound)
        }
    }
}

/// Replaces a decoder of MPEG audio by a fresh one if the packet has another form.
fn follow(decoder: &mut Box<dyn AudioDecoder>, packet: &Packet) {
    let params = decoder.codec_params();
    if [id::CODEC_ID_MP1, id::CODEC_ID_MP2, id::CODEC_ID_MP3].contains(&params.codec)
        && let Some(form) = MpegForm::of(&packet.data).filter(|form| !form.suits(params))
        && let Ok(Codec::Other(fresh)) = codec(&form.params())
    {
        *decoder = fresh;
    }
}

impl Codec {
    /// The lateness that only the packets so far tell of; see [`lateness`].
    pub(super) fn lateness(&self) -> usize {
        match self {
            #[cfg(feature = "aac")]
            Codec::Aac(aac) => aac.lateness(),
            _ => 0,
        }
    }

    /// The rate of the file. Samples that were decoded in part have a fraction of it.
    pub(super) fn original(&self, rate: SampleRate) -> SampleRate {
        match self {
            #[cfg(feature = "aac")]
            Codec::Aac(aac) => aac.original(),
            #[cfg(feature = "mp3")]
            Codec::Coarse(coarse) => coarse.original,
            #[cfg(feature = "ogg")]
            Codec::Vorbis(vorbis) => vorbis.original(),
            _ => rate,
        }
    }
}

fn narrow(channels: usize) -> u16 {
    u16::try_from(channels).unwrap_or(u16::MAX)
}

/// A track that can be decoded.
pub(super) struct Choice {
    pub codec: Codec,
    pub track: Track,
    /// How much audio lies before the beginning of the recording.
    pub skip: Seconds,
}

/// Picks the container's default audio track, or the first that can be decoded if the default one cannot. Disabled tracks
/// come last.
pub(super) fn choose(
    reader: &dyn FormatReader,
    is_disabled: impl Fn(u32) -> bool,
) -> Result<Choice, AudioError> {
    let tracks = reader.default_track(TrackType::Audio).into_iter().chain(reader.tracks());
    let (disabled, enabled): (Vec<_>, Vec<_>) = tracks.partition(|track| is_disabled(track.id));
    let mut first = None;
    for track in enabled.into_iter().chain(disabled) {
        let mut track = track.clone();
        let Some(params) = audio_params(reader, &mut track) else { continue };
        match codec(params) {
            Ok(codec) => return Ok(Choice { codec, skip: pre_skip(params), track }),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or(AudioError::NoAudioTrack))
}

/// The parameters of an audio track, in the form that its codec expects.
fn audio_params<'a>(reader: &dyn FormatReader, track: &'a mut Track) -> Option<&'a AudioCodecParameters> {
    let Some(CodecParameters::Audio(params)) = &mut track.codec_params else { return None };
    if params.codec == id::CODEC_ID_OPUS && reader.format_info().format == FORMAT_ID_ISOMP4 {
        // MP4 has the numbers of this header in the other byte order.
        for number in [10..12, 12..16, 16..18] {
            params.extra_data.as_deref_mut().and_then(|head| head.get_mut(number)).map(<[u8]>::reverse);
        }
    }
    Some(params)
}

/// How long Opus audio runs before the recording begins. Its header states that in samples at 48 kHz. For other codecs the
/// demuxer takes care of it, and this is 0.
fn pre_skip(params: &AudioCodecParameters) -> Seconds {
    let samples = match &params.extra_data {
        Some(head) if params.codec == id::CODEC_ID_OPUS => head.get(10..12),
        _ => None,
    };
    let samples = samples.map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    Seconds(f64::from(samples) / 48_000.0)
}

/// How many frames earlier than another decoder ours is. HE-AAC comes later where its upper half is computed.
pub(super) fn lateness(track: &Track) -> usize {
    let params = track.codec_params.as_ref().and_then(|params| params.audio());
    let aac = params.filter(|params| params.codec == id::CODEC_ID_AAC);
    let config = aac.and_then(|params| params.extra_data.as_deref());
    if config.is_some_and(aac_config::is_he) { aac_config::HE_DELAY } else { 0 }
}

/// Makes the codec of a track.
fn codec(params: &AudioCodecParameters) -> Result<Codec, AudioError> {
    if let Some(pcm) = Pcm::of(params) {
        return Ok(Codec::Pcm(pcm));
    }
    #[cfg(feature = "aac")]
    if let Some(aac) = AacCodec::of(params) {
        return Ok(Codec::Aac(Box::new(aac)));
    }
    #[cfg(feature = "ogg")]
    if let Some(vorbis) = VorbisCodec::of(params) {
        return Ok(Codec::Vorbis(Box::new(vorbis)));
    }
    #[cfg(feature = "opus")]
    if params.codec == id::CODEC_ID_OPUS {
        return Opus::new(params).map(|opus| Codec::Opus(Box::new(opus))).map_err(refusal);
    }
    let Some(known) = CODECS.get_audio_decoder(params.codec) else {
        return Err(AudioError::UnknownCodec(codec_name(params.codec)));
    };
    let extra_data = match (params.codec, &params.extra_data) {
        (id::CODEC_ID_AAC, Some(config)) => aac_config::core(config)?,
        _ => None,
    };
    let other = extra_data.map(|data| AudioCodecParameters { extra_data: Some(data), ..params.clone() });
    let params = other.as_ref().unwrap_or(params);
    let options = AudioDecoderOptions::default().gapless(true).verify(false);
    match catch_panic(|| (known.factory)(params, &options)) {
        Ok(Ok(codec)) => Ok(Codec::Other(codec)),
        Ok(Err(SymphoniaError::Unsupported(_))) if params.codec == id::CODEC_ID_AAC => {
            let name = sniff::aac_name(params.extra_data.as_deref().unwrap_or_default());
            Err(AudioError::Unsupported(name.to_owned()))
        }
        Ok(Err(error)) => Err(refusal(error)),
        Err(panic) => Err(AudioError::DecoderPanic(panic)),
    }
}

/// Why a codec refuses a track.
fn refusal(error: SymphoniaError) -> AudioError {
    match error {
        SymphoniaError::Unsupported(what) => AudioError::Unsupported(what.to_owned()),
        error => AudioError::Damaged(describe(&error)),
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

/// Words for the error that follow "damaged: ".
pub(super) fn describe(error: &SymphoniaError) -> String {
    match error {
        SymphoniaError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it ends too early".to_owned()
        }
        SymphoniaError::IoError(e) => Said(e).to_string(),
        SymphoniaError::DecodeError(what) | SymphoniaError::LimitError(what) => (*what).to_owned(),
        other => other.to_string(),
    }
}
