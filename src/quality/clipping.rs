//! Runs of samples at full scale.
//!
//! Full scale is the largest sample of a channel, so that a file is recognised whose level was lowered later. Tops of loud low
//! notes are flat for a few samples, too. What clipping adds is a corner: the wave arrives at full speed.

/// Fewer samples are no run.
const RUN: u64 = 3;

/// Samples that differ by less are at one level: dithered ones of 16 bits.
const NEAR: f32 = 4.0 / 32_768.0;

/// A corner: from one sample to the next, this share of full scale.
const CORNER: f32 = 0.01;

/// Quieter channels are not clipped.
const LEAST: f32 = 0.01;

/// Files whose samples run to 32,768 rather than 1 have no known full scale.
const OTHER_SCALE: f32 = 16.0;

/// Counts clipped samples of all channels.
pub struct Clipping {
    /// The upper and the lower side of each channel.
    sides: Vec<[Side; 2]>,
    peak: f32,
}

/// One side of a channel.
#[derive(Clone, Copy, Default)]
struct Side {
    /// The largest sample, or one that is near to it.
    top: f32,
    /// The sample before.
    last: f32,
    /// How many samples were near the top just now, and whether they began with a corner.
    run: u64,
    corner: bool,
    clipped: u64,
}

impl Clipping {
    pub fn new(channels: usize) -> Self {
        Self { sides: vec![[Side::default(); 2]; channels], peak: 0.0 }
    }

    /// Takes whole frames of all channels.
    pub fn push(&mut self, frames: &[f32]) {
        for frame in frames.chunks_exact(self.sides.len()) {
            for ([up, down], &sample) in self.sides.iter_mut().zip(frame) {
                self.peak = self.peak.max(sample.abs());
                up.push(sample);
                down.push(-sample);
            }
        }
    }

    /// The largest magnitude.
    pub fn peak(&self) -> f32 {
        self.peak
    }

    /// How many samples are clipped.
    pub fn finish(mut self) -> u64 {
        if self.peak > OTHER_SCALE {
            return 0;
        }
        self.sides.iter_mut().flatten().map(Side::finish).sum()
    }
}

impl Side {
    fn push(&mut self, sample: f32) {
        // What is played ends at full scale, even if a decoder goes beyond.
        let sample = sample.min(1.0);
        let falls = |from: f32, to: f32| from - to >= CORNER * from;
        if sample > self.top + NEAR {
            *self = Self { top: sample, run: 1, corner: falls(sample, self.last), clipped: 0, ..*self };
        } else if sample >= self.top - NEAR {
            if self.run == 0 {
                self.corner = falls(sample, self.last);
            }
            self.run += 1;
        } else if self.run > 0 {
            self.corner |= falls(self.last, sample);
            self.end_run();
        }
        self.last = sample;
    }

    fn end_run(&mut self) {
        if self.run >= RUN && self.corner {
            self.clipped += self.run;
        }
        self.run = 0;
    }

    fn finish(&mut self) -> u64 {
        self.end_run();
        if self.top < LEAST { 0 } else { self.clipped }
    }
}
