//! How samples are laid out, and which bytes of a file they are.
use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as id;

/// Blocks of samples, all of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Samples {
    pub codec: AudioCodecId,
    pub rate: u32,
    pub channels: u16,
    /// The bytes of a block.
    pub block: u32,
    /// The frames of a block: 1 for PCM.
    pub frames: u32,
}

impl Samples {
    /// PCM with `width` bytes a sample. `None` without a channel or a rate.
    pub(super) fn pcm(codec: AudioCodecId, width: u16, rate: u32, channels: u16) -> Option<Self> {
        Self::blocks(codec, rate, channels, u32::from(width) * u32::from(channels), 1)
    }

    /// Blocks of several frames. `None` if one of the numbers is 0.
    pub(super) fn blocks(
        codec: AudioCodecId,
        rate: u32,
        channels: u16,
        block: u32,
        frames: u32,
    ) -> Option<Self> {
        let possible = rate > 0 && channels > 0 && block > 0 && frames > 0;
        possible.then_some(Self { codec, rate, channels, block, frames })
    }

    pub(super) fn is_pcm_of_16_bits(&self) -> bool {
        [id::CODEC_ID_PCM_S16LE, id::CODEC_ID_PCM_S16BE].contains(&self.codec)
    }
}

/// Signed integers of so many bytes.
pub(super) fn integer(width: u16, big: bool) -> Option<AudioCodecId> {
    Some(match (width, big) {
        (1, _) => id::CODEC_ID_PCM_S8,
        (2, false) => id::CODEC_ID_PCM_S16LE,
        (2, true) => id::CODEC_ID_PCM_S16BE,
        (3, false) => id::CODEC_ID_PCM_S24LE,
        (3, true) => id::CODEC_ID_PCM_S24BE,
        (4, false) => id::CODEC_ID_PCM_S32LE,
        (4, true) => id::CODEC_ID_PCM_S32BE,
        _ => return None,
    })
}

/// Floating-point numbers of so many bytes.
pub(super) fn float(width: u16, big: bool) -> Option<AudioCodecId> {
    Some(match (width, big) {
        (4, false) => id::CODEC_ID_PCM_F32LE,
        (4, true) => id::CODEC_ID_PCM_F32BE,
        (8, false) => id::CODEC_ID_PCM_F64LE,
        (8, true) => id::CODEC_ID_PCM_F64BE,
        _ => return None,
    })
}

/// The bytes of a file that are samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Where they begin.
    pub start: u64,
    /// How many there are.
    pub len: u64,
    /// How many there were before the file was cut off.
    pub cut_from: Option<u64>,
}

impl Extent {
    /// The bytes from `start` to the end of a file of `whole` bytes.
    pub(super) fn rest(start: u64, whole: u64) -> Self {
        Self { start, len: whole.saturating_sub(start), cut_from: None }
    }

    /// `stated` bytes from `start` on, in a file of `whole` bytes. If the file has less, it was cut off, unless the length is
    /// that of the whole file by mistake.
    pub(super) fn stated(start: u64, stated: u64, whole: u64) -> Self {
        let rest = Self::rest(start, whole);
        let mistaken = stated == whole || stated.checked_add(8) == Some(whole);
        let cut_from = (stated > rest.len && !mistaken).then_some(stated);
        Self { len: stated.min(rest.len), cut_from, ..rest }
    }
}
