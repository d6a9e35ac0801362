//! The streams of a track for the fingerprint alone: CELT up to the frequency that it needs.
use std::collections::VecDeque;

use opus_pure::packet::samples_per_frame;
use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder};

use crate::decode::celt::Celt;
use crate::decode::fraction::HIGHEST;

/// How much of the past another decoder needs to go on, in samples at 48 kHz. Most of it fades within a second. But where
/// frames are lost, a decoder makes noise as loud as the quietest sound before: that rises by 2.4 dB a second.
const ENOUGH: usize = 10 * 48_000;

/// A stream of CELT frames. Music is nothing else; anything else is left to a decoder of all of Opus.
pub(super) struct Reduced {
    celt: Celt,
    /// The last frames, each as a packet.
    recent: VecDeque<Vec<u8>>,
    /// Their samples.
    samples: usize,
}

impl Reduced {
    /// Of so many channels, louder by `gain_q8` / 256 dB.
    pub(super) fn new(channels: usize, gain_q8: i32) -> Reduced {
        let loudness = 10_f32.powf(gain_q8 as f32 / (20.0 * 256.0));
        Reduced { celt: Celt::new(channels, HIGHEST, loudness), recent: VecDeque::new(), samples: 0 }
    }

    /// Decodes a frame, which is a packet of its own. Returns whether it could. If not, another decoder has to take over.
    pub(super) fn decode(&mut self, packet: &[u8], out: &mut [f32]) -> bool {
        let Some((&kind, frame)) = packet.split_first() else { return false };
        let Ok(samples) = samples_per_frame(packet, 48_000) else { return false };
        if self.celt.decode(kind, frame, out).is_none() {
            return false;
        }
        self.samples += samples;
        let mut kept = Vec::new();
        while self.samples > ENOUGH + samples {
            // The oldest one's memory is used again.
            kept = self.recent.pop_front().unwrap_or_default();
            self.samples -= samples_per_frame(&kept, 48_000).unwrap_or(self.samples);
        }
        kept.clear();
        kept.extend_from_slice(packet);
        self.recent.push_back(kept);
        true
    }

    /// Brings a fresh decoder to where this one is.
    pub(super) fn hand_over(self, decoder: &mut OpusDecoder) {
        let mut past = vec![0.0; 2 * MAX_PACKET_SAMPLES];
        for packet in self.recent {
            // This one took each of them, and so will the other.
            let samples = samples_per_frame(&packet, 48_000).unwrap_or(0);
            let _ = decoder.decode(&packet, samples, &mut past);
        }
    }
}
