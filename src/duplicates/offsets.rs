//! The distance of two tracks at which they agree best as a whole, by trying every one.
use super::sound::Sound;

/// Of so many frames of the first track one is compared.
const STEP: usize = 6;

/// The least frames that two tracks share at a distance: 10 s.
const MIN_SHARED: i64 = 54;

/// Longer tracks are not compared this way: about 20 min.
const MAX_FRAMES: i64 = 6_500;

/// By how many frames the second track begins after the first, if they agree best then. Nothing if one is too long or too
/// short.
pub(super) fn best(one: &Sound, two: &Sound) -> Option<i64> {
    let (shorter, longer) = (one.count().min(two.count()), one.count().max(two.count()));
    if longer > MAX_FRAMES || shorter < MIN_SHARED {
        return None;
    }
    let values = one.values();
    let (a, b) = (unit(one), unit(two));
    let (n, m) = (one.count(), two.count());
    let mut best: Option<(f32, i64)> = None;
    for distance in MIN_SHARED - m..=n - MIN_SHARED {
        let (from, to) = (distance.max(0), (distance + m).min(n));
        let (mut sum, mut count) = (0.0, 0.0f32);
        for at in (from..to).step_by(STEP) {
            let row = |frames: &[f32], at: i64| -> std::ops::Range<usize> {
                let from = at as usize * values;
                debug_assert!(from + values <= frames.len());
                from..from + values
            };
            let (x, y) = (&a[row(&a, at)], &b[row(&b, at - distance)]);
            sum += x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
            count += 1.0;
        }
        // What agrees over a longer part counts for more.
        let worth = sum / count.sqrt();
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, distance));
        }
    }
    best.map(|(_, distance)| distance)
}

/// All frames, smoothed over time, each of length one.
fn unit(sound: &Sound) -> Vec<f32> {
    let values = sound.values();
    let raw = sound.frames(0..sound.count()).frames;
    let count = raw.len() / values;
    let row = |n: usize| &raw[n.min(count - 1) * values..][..values];
    let mut smoothed = Vec::with_capacity(raw.len());
    for n in 0..count {
        let neighbours = row(n.saturating_sub(1)).iter().zip(row(n + 1));
        let from = smoothed.len();
        smoothed.extend(row(n).iter().zip(neighbours).map(|(x, (p, q))| 0.5 * x + 0.25 * (p + q)));
        let norm = smoothed[from..].iter().map(|v: &f32| v * v).sum::<f32>().sqrt().max(1e-3);
        smoothed[from..].iter_mut().for_each(|v| *v /= norm);
    }
    smoothed
}
