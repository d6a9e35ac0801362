//! The header of a frame of MPEG audio or ADTS.
use symphonia::core::audio::layouts;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};

/// So many bytes show what a frame is.
pub(super) const HEADER: usize = 7;

/// What must not change as long as the same decoder goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub kind: Kind,
    pub rate: u32,
    pub channels: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// MPEG audio of layer 1 to 3.
    Layer(u8),
    /// AAC with this description, as MP4 has it.
    Adts([u8; 2]),
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub form: Form,
    /// The bytes of the frame, with its header.
    pub len: usize,
    /// The bytes of the header that the decoder does not get.
    pub skip: usize,
    /// The samples of each channel.
    pub samples: u32,
    /// Where an encoder's tag begins in a frame of layer 3.
    pub side_info: usize,
}

impl Form {
    pub(super) fn params(&self) -> AudioCodecParameters {
        let mut params = AudioCodecParameters::new();
        params.with_sample_rate(self.rate);
        match self.channels {
            1 => drop(params.with_channels(layouts::CHANNEL_LAYOUT_MONO)),
            2 => drop(params.with_channels(layouts::CHANNEL_LAYOUT_STEREO)),
            _ => {}
        }
        match self.kind {
            Kind::Layer(1) => params.for_codec(CODEC_ID_MP1),
            Kind::Layer(2) => params.for_codec(CODEC_ID_MP2),
            Kind::Layer(_) => params.for_codec(CODEC_ID_MP3),
            Kind::Adts(config) => params.for_codec(CODEC_ID_AAC).with_extra_data(Box::new(config)),
        };
        params
    }
}

/// The form of a packet of MPEG audio, which may change in any container.
pub(crate) struct MpegForm(Form);

impl MpegForm {
    /// Looks at the header in a packet.
    pub(crate) fn of(packet: &[u8]) -> Option<MpegForm> {
        let form = Header::of(packet)?.form;
        matches!(form.kind, Kind::Layer(_)).then_some(MpegForm(form))
    }

    /// Whether a decoder for these parameters decodes such packets.
    pub(crate) fn suits(&self, params: &AudioCodecParameters) -> bool {
        let own = self.params();
        let count = |params: &AudioCodecParameters| params.channels.as_ref().map(|channels| channels.count());
        own.codec == params.codec && own.sample_rate == params.sample_rate && count(&own) == count(params)
    }

    pub(crate) fn params(&self) -> AudioCodecParameters {
        self.0.params()
    }
}

impl Header {
    /// Reads the header at the beginning of `bytes`. They may be fewer than [`HEADER`].
    pub(super) fn of(bytes: &[u8]) -> Option<Header> {
        match bytes {
            [0xff, second, ..] if second & 0xf6 == 0xf0 => adts(bytes.first_chunk()?),
            [0xff, second, ..] if second & 0xe0 == 0xe0 => mpeg(bytes.first_chunk()?),
            _ => None,
        }
    }
}

/// In kbit/s by the index in the header: MPEG-1 layers 1, 2, 3, then MPEG-2 layer 1, and layers 2 and 3.
const BIT_RATES: [[u16; 14]; 5] = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

fn mpeg(&[_, second, third, fourth]: &[u8; 4]) -> Option<Header> {
    // 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5 with half of its rates again.
    let version = second >> 3 & 3;
    let layer = 4 - (second >> 1 & 3);
    let index = usize::from(third >> 4);
    let halvings = [2, 0, 1, 0][usize::from(version)];
    let rate = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? >> halvings;
    let mono = fourth >> 6 == 3;
    if version == 1 || layer == 4 || fourth & 3 == 2 {
        return None;
    }
    let low = version != 3;
    let row = match (low, layer) {
        (false, layer) => usize::from(layer) - 1,
        (true, 1) => 3,
        (true, _) => 4,
    };
    let bit_rate = 1_000 * u32::from(*BIT_RATES[row].get(index.checked_sub(1)?)?);
    let (samples, slot) = match (layer, low) {
        (1, _) => (384, 4),
        (3, true) => (576, 1),
        _ => (1_152, 1),
    };
    let padding = u32::from(third >> 1 & 1);
    let len = (samples / 8 / slot * bit_rate / rate + padding) * slot;
    let side_info = 4 + match (low, mono) {
        (false, false) => 32,
        (false, true) | (true, false) => 17,
        (true, true) => 9,
    };
    let form = Form { kind: Kind::Layer(layer), rate, channels: 2 - u8::from(mono) };
    Some(Header { form, len: len as usize, skip: 0, samples, side_info })
}

const ADTS_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

fn adts(&[_, second, third, fourth, fifth, sixth, seventh]: &[u8; 7]) -> Option<Header> {
    let (profile, index) = (third >> 6, third >> 2 & 15);
    let channels = third << 2 & 4 | fourth >> 6;
    let len = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let skip = if second & 1 == 0 { 9 } else { 7 };
    let blocks = seventh & 3;
    let rate = *ADTS_RATES.get(usize::from(index))?;
    // The kind of AAC in five bits, the rate in four, the channels in four.
    let config = [(profile + 1) << 3 | index >> 1, index << 7 | channels << 3];
    let form = Form { kind: Kind::Adts(config), rate, channels: if channels == 7 { 8 } else { channels } };
    let samples = 1_024 * (u32::from(blocks) + 1);
    (len > skip).then_some(Header { form, len, skip, samples, side_info: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_mpeg_audio() {
        let of = |bytes: [u8; 4]| {
            Header::of(&bytes)
                .map(|h| (h.form.kind, h.form.rate, h.form.channels, h.len, h.samples, h.side_info))
        };
        // What LAME and others write.
        assert_eq!(of([0xff, 0xfb, 0x90, 0x64]), Some((Kind::Layer(3), 44_100, 2, 417, 1_152, 36)));
        assert_eq!(of([0xff, 0xfb, 0x92, 0xc4]), Some((Kind::Layer(3), 44_100, 1, 418, 1_152, 21)));
        assert_eq!(of([0xff, 0xf3, 0x40, 0xc4]), Some((Kind::Layer(3), 22_050, 1, 104, 576, 13)));
        assert_eq!(of([0xff, 0xe3, 0x18, 0xc4]), Some((Kind::Layer(3), 8_000, 1, 72, 576, 13)));
        assert_eq!(of([0xff, 0xfd, 0xa4, 0x04]), Some((Kind::Layer(2), 48_000, 2, 576, 1_152, 36)));
        assert_eq!(of([0xff, 0xff, 0xc0, 0x04]), Some((Kind::Layer(1), 44_100, 2, 416, 384, 36)));
        // No version, no layer, a free or forbidden bit rate, no rate, a forbidden emphasis.
        for bytes in [
            [0xff, 0xeb, 0x90, 0],
            [0xff, 0xfb, 0, 0],
            [0xff, 0xfb, 0xf0, 0],
            [0xff, 0xfb, 0x9c, 0],
            [0xff, 0xfb, 0x90, 2],
        ] {
            assert_eq!(of(bytes), None, "{bytes:?}");
        }
        assert_eq!(Header::of(&[0xff, 0xfb, 0x90]), None);
        assert_eq!(Header::of(b"RIFF"), None);
    }

    #[test]
    fn headers_of_adts() {
        let header = Header::of(&[0xff, 0xf1, 0x50, 0x80, 0x2e, 0x7f, 0xfc]).expect("a header");
        assert_eq!(
            (header.form.rate, header.form.channels, header.len, header.skip, header.samples),
            (44_100, 2, 371, 7, 1_024)
        );
        // AAC-LC at 44,100 Hz, two channels.
        assert_eq!(header.form.kind, Kind::Adts([0x12, 0x10]));
        assert_eq!(Header::of(&[0xff, 0xf1, 0x50, 0x80, 0x00, 0xdf, 0xfc]), None, "shorter than its header");
        assert_eq!(Header::of(&[0xff, 0xf1, 0x74, 0x80, 0x2e, 0x7f, 0xfc]), None, "no rate");
        assert_eq!(Header::of(&[0xff, 0xf1, 0x50, 0x80]), None);
    }
}
