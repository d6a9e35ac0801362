//! Which decoded stream each channel is: the header of an Opus track (RFC 7845, section 5.1).
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::{Error, Result};

/// More channels are refused: a packet of two bytes would become megabytes. Ambisonics of the sixth order has 49.
const MAX_CHANNELS: usize = 64;

/// What a channel of the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A channel of a stream: side 0 or 1 of a stereo one, 0 of a mono one.
    Stream {
        stream: usize,
        side: usize,
    },
    Silence,
}

/// The streams of a packet, and where they go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub streams: usize,
    /// So many streams are stereo; they come first.
    pub coupled: usize,
    /// One for each channel of the output.
    pub places: Vec<Place>,
    /// By how much the output is louder, in 1/256 dB.
    pub gain_q8: i32,
}

impl Layout {
    /// Reads the header of a track. A track without one has as many channels as its container says.
    pub(super) fn of(params: &AudioCodecParameters) -> Result<Layout> {
        match params.extra_data.as_deref() {
            Some(head) if head.len() >= 19 && head.starts_with(b"OpusHead") => Layout::of_head(head),
            _ => match params.channels.as_ref().map_or(0, |channels| channels.count()) {
                channels @ (1 | 2) => Ok(Layout::single(channels, 0)),
                _ => Err(Error::Unsupported("Opus of several channels without a header")),
            },
        }
    }

    fn of_head(head: &[u8]) -> Result<Layout> {
        let channels = usize::from(head[9]);
        let gain_q8 = i32::from(i16::from_le_bytes([head[16], head[17]]));
        match (head[18], channels) {
            (0, 1 | 2) => return Ok(Layout::single(channels, gain_q8)),
            (0, _) | (_, 0) | (1, 9..) => return Err(Error::DecodeError("its number of channels is wrong")),
            // Matrices mix the streams of family 3. The others only differ in what the channels mean.
            (3, _) => return Err(Error::Unsupported("Opus with a mixing matrix")),
            (_, channels) if channels > MAX_CHANNELS => {
                return Err(Error::Unsupported("Opus of more than 64 channels"));
            }
            _ => {}
        }
        let wrong = Error::DecodeError("its table of channels is wrong");
        let Some(&[streams, coupled, ref table @ ..]) = head.get(19..21 + channels) else {
            return Err(wrong);
        };
        let (streams, coupled) = (usize::from(streams), usize::from(coupled));
        let place = |&entry: &u8| match usize::from(entry) {
            255 => Some(Place::Silence),
            entry if entry < 2 * coupled => Some(Place::Stream { stream: entry / 2, side: entry % 2 }),
            entry if entry < streams + coupled => Some(Place::Stream { stream: entry - coupled, side: 0 }),
            _ => None,
        };
        let places: Option<Vec<Place>> = table.iter().map(place).collect();
        match places {
            Some(places) if (1..=MAX_CHANNELS).contains(&streams) && coupled <= streams => {
                Ok(Layout { streams, coupled, places, gain_q8 })
            }
            _ => Err(wrong),
        }
    }

    /// One stream of one or two channels.
    fn single(channels: usize, gain_q8: i32) -> Layout {
        let places = (0..channels).map(|side| Place::Stream { stream: 0, side }).collect();
        Layout { streams: 1, coupled: channels - 1, places, gain_q8 }
    }

    /// The number of channels of a stream.
    pub(super) fn width(&self, stream: usize) -> usize {
        if stream < self.coupled { 2 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symphonia::core::audio::Channels;

    fn head(channels: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        [b"OpusHead\x01", &[channels][..], &[0x38, 1, 0, 0, 0, 0, 0, 0xfa, family], rest].concat()
    }

    fn of(head: &[u8], channels: u16) -> Result<Layout> {
        let mut params = AudioCodecParameters::new();
        params.with_extra_data(head.into()).with_channels(Channels::Discrete(channels));
        Layout::of(&params)
    }

    fn stream(stream: usize, side: usize) -> Place {
        Place::Stream { stream, side }
    }

    #[test]
    fn the_header_tells_which_stream_a_channel_is() {
        let layout = of(&head(2, 0, &[]), 2).unwrap();
        assert_eq!((layout.streams, layout.coupled, layout.gain_q8), (1, 1, -1_536));
        assert_eq!(layout.places, [stream(0, 0), stream(0, 1)]);
        // 5.1 as libopus writes it: left, centre, right, two at the back, bass.
        let layout = of(&head(6, 1, &[4, 2, 0, 4, 1, 2, 3, 5]), 2).unwrap();
        assert_eq!((layout.width(1), layout.width(2)), (2, 1));
        let places = [stream(0, 0), stream(2, 0), stream(0, 1), stream(1, 0), stream(1, 1), stream(3, 0)];
        assert_eq!(layout.places, places);
        // One stream in two channels, and a silent one.
        let layout = of(&head(3, 255, &[1, 0, 0, 255, 0]), 3).unwrap();
        assert_eq!(layout.places, [stream(0, 0), Place::Silence, stream(0, 0)]);
    }

    #[test]
    fn a_track_without_a_header_is_mono_or_stereo() {
        for head in [&b""[..], b"OpusHead\x01\x06", b"SomethingElse......."] {
            assert_eq!(of(head, 2).unwrap().places, [stream(0, 0), stream(0, 1)]);
            assert_eq!(of(head, 1).unwrap().coupled, 0);
            assert!(matches!(of(head, 6), Err(Error::Unsupported(_))));
        }
    }

    #[test]
    fn headers_that_are_wrong_are_refused() {
        let wrong = [
            head(0, 0, &[]),
            head(3, 0, &[]),
            head(0, 1, &[1, 0]),
            head(9, 1, &[9, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
            // No streams, more stereo streams than streams, a stream that is not there, a table that is cut.
            head(1, 1, &[0, 0, 255]),
            head(1, 1, &[1, 2, 0]),
            head(2, 255, &[1, 0, 0, 1]),
            head(3, 255, &[3, 0, 0, 1]),
            head(1, 255, &[65, 0, 0]),
        ];
        for head in wrong {
            assert!(matches!(of(&head, 2), Err(Error::DecodeError(_))), "{head:x?}");
        }
        for head in [head(4, 3, &[4, 0]), head(65, 255, &[0; 67])] {
            assert!(matches!(of(&head, 2), Err(Error::Unsupported(_))), "{head:x?}");
        }
    }
}
