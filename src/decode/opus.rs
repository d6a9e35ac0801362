//! Opus: a decoder for each stream of a packet, as one codec for the demuxers.
//!
//! The packets and the decoder of a single stream are RFC 6716's, the header with its channels RFC 7845's.
mod frames;
mod layout;
mod reduced;

use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef, layouts,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;

use self::frames::Packet;
use self::layout::{Layout, Place};
use self::reduced::Reduced;

/// Every decoder runs at this rate. Lower ones are possible, but leave out what makes a change between the codec's two
/// halves smooth, and the rate that a container states is that of the encoder's input.
const RATE: u32 = 48_000;

/// What a packet without any data stands for if nothing came before it: 20 ms.
const USUAL_SAMPLES: usize = 960;

/// A packet that does not decode.
const DAMAGED: Error = Error::DecodeError("a damaged Opus packet");

/// Decodes Opus of one or several streams.
pub struct Opus {
    params: AudioCodecParameters,
    layout: Layout,
    /// One for each stream. The first `layout.coupled` are stereo.
    decoders: Vec<OpusDecoder>,
    /// For the fingerprint alone: takes a stream's place in `decoders` as long as it can. Empty otherwise.
    reduced: Vec<Option<Reduced>>,
    /// The samples of one stream.
    stream: Vec<f32>,
    /// A packet of one frame.
    frame: Vec<u8>,
    buffer: AudioBuffer<f32>,
    /// How long the last packet was, in samples.
    samples: usize,
}

impl Opus {
    /// A decoder of this track. Its header may be damaged, or ask for what nothing here decodes.
    pub(super) fn new(params: &AudioCodecParameters) -> Result<Opus> {
        let layout = Layout::of(params)?;
        let decoder = |stream| {
            let channels = layout.width(stream);
            let mut decoder = OpusDecoder::new(RATE.cast_signed(), channels)
                .map_err(|_| Error::Unsupported("Opus at another rate"))?;
            decoder.gain_q8 = layout.gain_q8;
            Ok(decoder)
        };
        let decoders = (0..layout.streams).map(decoder).collect::<Result<_>>()?;
        let channels = match layout.places.len() {
            1 => layouts::CHANNEL_LAYOUT_MONO,
            2 => layouts::CHANNEL_LAYOUT_STEREO,
            // In the header's order, which is not that of Symphonia's positions.
            more => Channels::Discrete(u16::try_from(more).unwrap_or(u16::MAX)),
        };
        Ok(Opus {
            params: params.clone(),
            layout,
            decoders,
            reduced: Vec::new(),
            stream: vec![0.0; 2 * MAX_PACKET_SAMPLES],
            frame: Vec::new(),
            buffer: AudioBuffer::new(AudioSpec::new(RATE, channels), MAX_PACKET_SAMPLES),
            samples: USUAL_SAMPLES,
        })
    }

    /// From now on leaves out what the fingerprint does not need.
    pub(super) fn reduce(&mut self) {
        let stream = |stream| Some(Reduced::new(self.layout.width(stream), self.layout.gain_q8));
        self.reduced = (0..self.layout.streams).map(stream).collect();
    }

    /// Fills the buffer from a packet. Looks at all of it before a decoder gets any.
    fn decode_packet(&mut self, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return self.conceal();
        }
        let mut packets: Vec<Packet<'_>> = Vec::with_capacity(self.decoders.len());
        for left in (0..self.decoders.len()).rev() {
            let data = packets.last().map_or(data, |before| before.rest);
            packets.push(frames::parse(data, left > 0).ok_or(DAMAGED)?);
        }
        let samples = packets[0].samples();
        if packets.iter().any(|packet| packet.samples() != samples) {
            return Err(DAMAGED);
        }
        self.samples = samples;
        self.buffer.resize_uninit(self.samples);
        for (stream, packet) in packets.iter().enumerate() {
            self.decode_stream(stream, packet)?;
            self.place(stream);
        }
        self.silence();
        Ok(())
    }

    /// Decodes the packet of one stream, frame by frame.
    fn decode_stream(&mut self, stream: usize, packet: &Packet<'_>) -> Result<()> {
        let (decoder, width, samples) =
            (&mut self.decoders[stream], self.layout.width(stream), packet.frame_samples);
        for (frame, out) in packet.frames.iter().zip(self.stream.chunks_exact_mut(samples * width)) {
            self.frame.clear();
            // An encoder that has nothing to say, or no room for it, sends a frame of one byte or none. The decoder is to
            // go on as if the frame was lost; opus-pure would decode it.
            if frame.len() > 1 {
                // A packet of this frame alone.
                self.frame.push(packet.kind & !3);
                self.frame.extend_from_slice(frame);
            }
            if let Some(reduced) = self.reduced.get_mut(stream) {
                if reduced.as_mut().is_some_and(|reduced| reduced.decode(&self.frame, out)) {
                    continue;
                }
                if let Some(reduced) = reduced.take() {
                    reduced.hand_over(decoder);
                }
            }
            if decoder.decode(&self.frame, samples, out).map_err(|_| DAMAGED)? != samples {
                return Err(DAMAGED);
            }
        }
        Ok(())
    }

    /// Fills the buffer with what may have been in a packet that is lost.
    fn conceal(&mut self) -> Result<()> {
        self.buffer.resize_uninit(self.samples);
        for stream in 0..self.decoders.len() {
            if let Some(reduced) = self.reduced.get_mut(stream).and_then(Option::take) {
                reduced.hand_over(&mut self.decoders[stream]);
            }
            let made = self.decoders[stream].decode(&[], self.samples, &mut self.stream);
            if made.map_err(|_| DAMAGED)? != self.samples {
                return Err(DAMAGED);
            }
            self.place(stream);
        }
        self.silence();
        Ok(())
    }

    /// Copies what a stream's decoder made to the channels that it belongs to.
    fn place(&mut self, stream: usize) {
        for (channel, place) in self.layout.places.iter().enumerate() {
            let &Place::Stream { stream: from, side } = place else { continue };
            let Some(plane) = self.buffer.plane_mut(channel).filter(|_| from == stream) else { continue };
            if self.layout.width(stream) == 1 {
                plane.copy_from_slice(&self.stream[..self.samples]);
            } else {
                for (to, pair) in plane.iter_mut().zip(self.stream.as_chunks::<2>().0) {
                    *to = pair[side];
                }
            }
        }
    }

    /// Silences the channels that no stream belongs to.
    fn silence(&mut self) {
        for (channel, place) in self.layout.places.iter().enumerate() {
            if let (Place::Silence, Some(plane)) = (place, self.buffer.plane_mut(channel)) {
                plane.fill(0.0);
            }
        }
    }
}

impl AudioDecoder for Opus {
    fn reset(&mut self) {
        for decoder in &mut self.decoders {
            // It has no way to fail.
            let _ = decoder.reset_state();
        }
        if !self.reduced.is_empty() {
            self.reduce();
        }
    }

    fn codec_info(&self) -> &CodecInfo {
        &Opus::supported_codecs()[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        if let Err(error) = self.decode_packet(packet.data) {
            self.buffer.clear();
            return Err(error);
        }
        let samples = |trim: u64| usize::try_from(trim).unwrap_or(usize::MAX);
        self.buffer.trim(samples(packet.trim_start.get()), samples(packet.trim_end.get()));
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for Opus {
    fn try_registry_new(
        params: &AudioCodecParameters,
        _options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Opus::new(params)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        const INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };
        &[SupportedAudioCodec { id: CODEC_ID_OPUS, info: INFO }]
    }
}

#[cfg(test)]
mod tests;
