//! From samples of subbands to audio at a fraction of the rate.
//!
//! The standard makes 32 samples of a slot of 32 subbands. Without the upper subbands there is nothing above the kept
//! part of the spectrum, so that it is enough to compute every fourth sample, or every second one. These samples are those of the full
//! synthesis, at the same times: which ones they are is the `phase`.
use std::f64::consts::PI;

use super::hybrid::{SLOTS, Slot};
use super::window::WINDOW;

/// A sample is a sum over so many slots.
const SPAN: usize = 16;

/// The synthesis of one channel with `B` subbands.
pub(super) struct Polyphase<const B: usize> {
    /// Which of `32 / B` samples is computed.
    phase: usize,
    /// By subband: its part in the two halves of the vector of a slot.
    cosines: Vec<[Slot<B>; 2]>,
    /// What each slot adds to the output, from the oldest to the newest in pairs.
    window: [[Slot<B>; 2]; SPAN / 2],
    /// The samples of the subbands, and the vectors that they make: of the slots before, then of this granule.
    slots: [Slot<B>; SPAN - 1 + SLOTS],
    vectors: [[Slot<B>; 2]; SPAN - 1 + SLOTS],
}

impl<const B: usize> Polyphase<B> {
    pub(super) fn new() -> Self {
        let mut polyphase = Polyphase {
            phase: 0,
            cosines: Vec::new(),
            window: [[[0.0; B]; 2]; SPAN / 2],
            slots: [[0.0; B]; SPAN - 1 + SLOTS],
            vectors: [[[0.0; B]; 2]; SPAN - 1 + SLOTS],
        };
        polyphase.plan();
        polyphase
    }

    /// Computes other samples from now on.
    pub(super) fn set_phase(&mut self, phase: usize) {
        if phase != self.phase {
            self.phase = phase;
            self.plan();
            self.multiply(0..SPAN - 1);
        }
    }

    fn plan(&mut self) {
        // The place in a slot of the standard's 32 samples.
        let place = |i: usize| i * (32 / B) + self.phase;
        let cosine = |i: usize, k: usize| ((16 + i) as f64 * (2 * k + 1) as f64 * PI / 64.0).cos() as f32;
        self.cosines =
            (0..B).map(|k| [0, 32].map(|half| std::array::from_fn(|i| cosine(half + place(i), k)))).collect();
        self.window = std::array::from_fn(|pair| {
            [0, 1].map(|newer| {
                let back = SPAN - 1 - 2 * pair - newer;
                std::array::from_fn(|i| coefficient(32 * back + place(i)))
            })
        });
    }

    /// Where the samples of the next granule belong, before [`make`](Self::make).
    pub(super) fn granule(&mut self) -> &mut [Slot<B>] {
        &mut self.slots[SPAN - 1..]
    }

    /// Makes audio of the granule.
    pub(super) fn make(&mut self, audio: &mut [Slot<B>]) {
        self.multiply(SPAN - 1..SPAN - 1 + SLOTS);
        for (slot, audio) in audio.iter_mut().enumerate() {
            // The halves of the vectors take turns; the newest one gives its first half.
            let vectors = self.vectors[slot..slot + SPAN].as_chunks::<2>().0;
            let mut sums = [0.0; B];
            for ([older, newer], [of_older, of_newer]) in vectors.iter().zip(&self.window) {
                for i in 0..B {
                    sums[i] += older[1][i] * of_older[i] + newer[0][i] * of_newer[i];
                }
            }
            *audio = sums;
        }
        self.slots.copy_within(SLOTS.., 0);
        self.vectors.copy_within(SLOTS.., 0);
    }

    fn multiply(&mut self, range: std::ops::Range<usize>) {
        for (slot, vector) in self.slots[range.clone()].iter().zip(&mut self.vectors[range]) {
            let mut sums = [[0.0; B]; 2];
            for (&sample, cosines) in slot.iter().zip(&self.cosines) {
                for (sums, cosines) in sums.iter_mut().zip(cosines) {
                    sums.iter_mut().zip(cosines).for_each(|(sum, cosine)| *sum += sample * cosine);
                }
            }
            *vector = sums;
        }
    }
}

/// Of 512.
fn coefficient(at: usize) -> f32 {
    let value = match WINDOW.get(at) {
        Some(&value) => value,
        None if at.is_multiple_of(64) => WINDOW[512 - at],
        None => -WINDOW[512 - at],
    };
    value as f32 / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The synthesis of the standard, step by step, with all subbands.
    struct Full {
        vector: Vec<f64>,
    }

    impl Full {
        fn slot(&mut self, samples: &[f64]) -> Vec<f64> {
            self.vector.truncate(1_024 - 64);
            let first = (0..64).map(|i| {
                let angle = |k: usize| (16 + i) as f64 * (2 * k + 1) as f64 * PI / 64.0;
                samples.iter().enumerate().map(|(k, x)| x * angle(k).cos()).sum::<f64>()
            });
            self.vector.splice(0..0, first);
            let term = |at: usize| {
                let (block, within) = (at / 64, at % 64);
                let from = 128 * block + if within < 32 { within } else { 64 + within };
                self.vector[from] * f64::from(coefficient(at))
            };
            (0..32).map(|i| (0..16).map(|j| term(32 * j + i)).sum()).collect()
        }
    }

    fn check<const B: usize>() {
        let mut random = fastrand::Rng::with_seed(9);
        let mut full = Full { vector: vec![0.0; 1_024] };
        let mut polyphase = Polyphase::<B>::new();
        for granule in 0..12 {
            // Another phase in the middle is right from its first sample on.
            let phase = granule / 2 % (32 / B);
            polyphase.set_phase(phase);
            for slot in polyphase.granule() {
                *slot = std::array::from_fn(|_| 2.0 * random.f32() - 1.0);
            }
            let slots = polyphase.granule().to_vec();
            let mut audio = [[0.0; B]; SLOTS];
            polyphase.make(&mut audio);
            for (slot, found) in slots.iter().zip(&audio) {
                let samples: Vec<f64> = slot.iter().map(|&x| x.into()).chain([0.0; 32]).take(32).collect();
                let expected = full.slot(&samples);
                for (i, &found) in found.iter().enumerate() {
                    let expected = expected[i * (32 / B) + phase];
                    assert!((f64::from(found) - expected).abs() < 1e-5, "{granule} {i}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn samples_are_every_fourth_or_second_of_the_full_synthesis() {
        check::<8>();
        check::<16>();
    }
}
