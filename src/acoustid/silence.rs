//! Silence at the beginning, which algorithm 4 leaves out.

/// The level is averaged over so many samples, 5 ms.
const WINDOW: usize = 55;

/// Leaves out the silence at the beginning of a stream.
#[derive(Debug)]
pub(super) struct Silence {
    /// The largest mean magnitude of silence.
    max: u32,
    /// The last magnitudes, in a ring.
    magnitudes: [u32; WINDOW],
    seen: usize,
    sum: u32,
    over: bool,
}

impl Silence {
    pub(super) fn new(max: u32) -> Silence {
        Silence { max, magnitudes: [0; WINDOW], seen: 0, sum: 0, over: false }
    }

    /// The part of `samples` after the silence.
    pub(super) fn after<'a>(&mut self, samples: &'a [i16]) -> &'a [i16] {
        let mut silent = 0;
        while !self.over && silent < samples.len() {
            let magnitude = u32::from(samples[silent].unsigned_abs());
            let old = std::mem::replace(&mut self.magnitudes[self.seen % WINDOW], magnitude);
            self.sum = self.sum + magnitude - old;
            self.seen += 1;
            self.over = self.sum / self.seen.min(WINDOW) as u32 > self.max;
            silent += usize::from(!self.over);
        }
        &samples[silent..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_the_sample_that_lifts_the_mean() {
        let mut samples = vec![10; 200];
        samples.extend([2_000; 100]);
        let whole = Silence::new(50).after(&samples).len();
        // The second loud sample: (53 * 10 + 2 * 2000) / 55 = 82; with one it is 46.
        assert_eq!(whole, 99);
        let mut silence = Silence::new(50);
        let pieces: usize = samples.chunks(7).map(|piece| silence.after(piece).len()).sum();
        assert_eq!(pieces, whole);
    }

    #[test]
    fn what_is_quiet_later_stays() {
        let mut silence = Silence::new(50);
        assert_eq!(silence.after(&[i16::MIN, 0, 0]).len(), 3);
        assert_eq!(silence.after(&[0; 500]).len(), 500);
        assert_eq!(Silence::new(50).after(&[50; 500]).len(), 0);
    }
}
