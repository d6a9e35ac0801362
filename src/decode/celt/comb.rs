//! The filter that makes a tone stand out again (RFC 6716, section 4.3.7.1).
use super::side::Tone;
use super::tables::SHORT;

/// How far back it looks.
pub(super) const REACH: usize = 1_024;

/// The shortest period.
const SHORTEST: usize = 15;

/// The middle weight, and those on both sides, of each kind.
const WEIGHTS: [[f32; 3]; 3] =
    [[0.306_640_6, 0.217_041, 0.129_638_7], [0.463_867_2, 0.268_066_4, 0.0], [0.799_804_7, 0.100_097_7, 0.0]];

impl Tone {
    fn delay(&self) -> usize {
        self.period.max(SHORTEST)
    }

    fn weights(&self) -> [f32; 3] {
        WEIGHTS[self.kind].map(|weight| weight * self.gain)
    }
}

/// Filters `samples[from..to]`, and fades from one filter to the next on the slope of a window.
pub(super) fn filter(
    samples: &mut [f32],
    (from, to): (usize, usize),
    [old, new]: [Tone; 2],
    slope: &[f32; SHORT],
) {
    if old.gain == 0.0 && new.gain == 0.0 {
        return;
    }
    let mut at = from;
    if old != new {
        let tones = [old, new].map(|tone| (tone.delay(), tone.weights()));
        for (i, slope) in (from..to).zip(slope) {
            let part = slope * slope;
            let [old, new] = tones.map(|(delay, [middle, near, far])| {
                let past = i - delay;
                middle * samples[past]
                    + near * (samples[past + 1] + samples[past - 1])
                    + far * (samples[past + 2] + samples[past - 2])
            });
            samples[i] += (1.0 - part) * old + part * new;
        }
        at = (from + SHORT).min(to);
    }
    if new.gain == 0.0 {
        return;
    }
    let (delay, [middle, near, far]) = (new.delay(), new.weights());
    while at < to {
        // So many samples depend on none of each other.
        let len = (delay - 2).min(to - at);
        let (past, now) = samples.split_at_mut(at);
        let past = &past[at - delay - 2..][..len + 4];
        for (x, past) in now[..len].iter_mut().zip(past.windows(5)) {
            *x += middle * past[2] + near * (past[1] + past[3]) + far * (past[0] + past[4]);
        }
        at += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_sample_by_sample() {
        let mut random = fastrand::Rng::with_seed(6);
        let slope: [f32; SHORT] = std::array::from_fn(|i| i as f32 / SHORT as f32);
        for _ in 0..100 {
            let mut tone = || Tone {
                period: [0, 15, 17, 100, 1_022][random.usize(..5)],
                gain: [0.0, 0.3, 0.7][random.usize(..3)],
                kind: random.usize(..3),
            };
            let tones = [tone(), tone()];
            let mut samples: Vec<f32> = (0..REACH + 900).map(|i| (i as f32 * 0.7).sin()).collect();
            let mut slow = samples.clone();
            filter(&mut samples, (REACH, REACH + 900), tones, &slope);
            for i in 0..900 {
                let part = if i < SHORT && tones[0] != tones[1] { slope[i].powi(2) } else { 1.0 };
                let sum = |tone: &Tone| {
                    let at = |by: isize| slow[(REACH + i - tone.delay()).strict_add_signed(by)];
                    let [middle, near, far] = tone.weights();
                    middle * at(0) + near * (at(-1) + at(1)) + far * (at(-2) + at(2))
                };
                slow[REACH + i] += (1.0 - part) * sum(&tones[0]) + part * sum(&tones[1]);
            }
            for (fast, slow) in samples.iter().zip(&slow) {
                assert!((fast - slow).abs() < 1e-4 * slow.abs().max(1.0), "{tones:?}");
            }
        }
    }
}
