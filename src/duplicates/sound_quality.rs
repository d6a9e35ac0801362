//! Which of two copies sounds better, by what was measured.
use std::cmp::Ordering;

use super::facts::Facts;
use crate::quality::Quality;

/// Bandwidths above this one are alike, in hertz. Few people hear more, and good encoders keep no more.
const ENOUGH: u32 = 20_000;

/// Bandwidths that differ by less are alike, in hertz.
const BANDWIDTH: u32 = 1_000;

/// Sample rates from this one on hold enough, in hertz.
const FULL_RATE: u32 = 2 * ENOUGH;

/// The bandwidth that a good encoder keeps at a normal bit rate, in hertz.
const NORMAL: u32 = 15_000;

/// Some encoders make up high notes at low bit rates. So bandwidth says nothing against a file with so many times the bits.
const MORE_BITS: f64 = 2.0;

/// Shares of clipped samples that differ by less, or by a smaller ratio, are alike.
const CLIPPED: f32 = 3e-4;
const CLIPPED_RATIO: f32 = 3.0;

/// Whether the file is lossless by its name, but what it holds was lossy before.
pub fn was_lossy(file: &Facts) -> bool {
    file.lossless && file.quality.is_some_and(|quality| quality.cut)
}

/// Less if `a` is lossless and `b` is not. A file that was lossy before counts as lossy. A low sample rate says nothing for a
/// file.
pub fn lossless(a: &Facts, b: &Facts) -> Ordering {
    let [truly_a, truly_b] = [a, b].map(|file| file.lossless && !was_lossy(file));
    let low = |file: &Facts| file.sample_rate < FULL_RATE;
    match (truly_a, truly_b) {
        (true, false) if low(a) && wider(b, a) => Ordering::Equal,
        (false, true) if low(b) && wider(a, b) => Ordering::Equal,
        _ => truly_b.cmp(&truly_a),
    }
}

/// Less if `a` sounds better than `b`.
pub fn quality(a: &Facts, b: &Facts) -> Ordering {
    for (better, worse, order) in [(a, b, Ordering::Less), (b, a, Ordering::Greater)] {
        if wider(better, worse) && !is_made_up(better, worse) {
            return order;
        }
    }
    for (better, worse, order) in [(a, b, Ordering::Less), (b, a, Ordering::Greater)] {
        if is_clipped_beside(worse, better) {
            return order;
        }
    }
    Ordering::Equal
}

fn both(a: &Facts, b: &Facts) -> Option<(Quality, Quality)> {
    a.quality.zip(b.quality)
}

/// Whether `a` clearly has higher frequencies than `b`.
fn wider(a: &Facts, b: &Facts) -> bool {
    both(a, b).is_some_and(|(a, b)| a.bandwidth.min(ENOUGH) >= b.bandwidth.min(ENOUGH) + BANDWIDTH)
}

/// Whether the higher frequencies of `wide` may be an encoder's invention.
fn is_made_up(wide: &Facts, narrow: &Facts) -> bool {
    let normal = narrow.quality.is_some_and(|quality| quality.bandwidth >= NORMAL);
    !wide.lossless && !narrow.lossless && normal && narrow.bit_rate >= MORE_BITS * wide.bit_rate
}

/// Whether `a` is clearly more clipped than `b`. Encoders hide the clipping of what they encode, so both must be of one kind.
fn is_clipped_beside(a: &Facts, b: &Facts) -> bool {
    a.lossless == b.lossless
        && both(a, b).is_some_and(|(a, b)| a.clipped > (b.clipped + CLIPPED).max(CLIPPED_RATIO * b.clipped))
}

/// Why `kept` sounds better than `other`, seen from the other file.
pub fn reason(kept: &Facts, other: &Facts) -> String {
    let Some((best, worse)) = both(kept, other) else { return String::new() };
    if wider(kept, other) {
        return format!("{}; the kept file reaches {}", limit(other), kilohertz(best.bandwidth));
    }
    let percent = |quality: Quality| 100.0 * quality.clipped;
    format!("{:.2} % of it is clipped; {:.2} % of the kept file", percent(worse), percent(best))
}

/// How far up the sound of a file reaches, and what that means.
pub fn limit(file: &Facts) -> String {
    let reaches = kilohertz(file.quality.map_or(0, |quality| quality.bandwidth));
    if was_lossy(file) {
        return format!("nothing above {reaches}: made from a lossy file");
    }
    format!("nothing above {reaches}")
}

fn kilohertz(hertz: u32) -> String {
    format!("{:.1} kHz", f64::from(hertz) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lossless: bool, bandwidth: u32, kbits: f64) -> Facts {
        let quality = Quality { bandwidth, cut: bandwidth < 19_300, ..Quality::default() };
        Facts {
            lossless,
            sample_rate: 44_100,
            bit_rate: kbits * 1000.0,
            quality: Some(quality),
            ..Facts::default()
        }
    }

    fn clipped(lossless: bool, share: f32) -> Facts {
        let quality = Quality { bandwidth: 20_000, clipped: share, ..Quality::default() };
        Facts { lossless, quality: Some(quality), ..Facts::default() }
    }

    /// Both ways.
    fn order(compare: fn(&Facts, &Facts) -> Ordering, a: &Facts, b: &Facts) -> Ordering {
        let order = compare(a, b);
        assert_eq!(compare(b, a), order.reverse());
        order
    }

    #[test]
    fn a_lossless_file_that_was_lossy_is_no_better_than_a_lossy_one() {
        let (fake, best) = (file(true, 16_000, 900.0), file(false, 20_000, 320.0));
        assert_eq!(order(lossless, &fake, &best), Ordering::Equal);
        assert_eq!(order(quality, &fake, &best), Ordering::Greater);
        assert_eq!(
            reason(&best, &fake),
            "nothing above 16.0 kHz: made from a lossy file; the kept file reaches 20.0 kHz"
        );
        assert_eq!(order(lossless, &file(true, 22_050, 900.0), &fake), Ordering::Less);
        assert_eq!(order(lossless, &file(true, 22_050, 900.0), &best), Ordering::Less);
    }

    #[test]
    fn music_without_high_notes_is_no_fake() {
        let mut piano = file(true, 9_000, 600.0);
        piano.quality = Some(Quality { bandwidth: 9_000, ..Quality::default() });
        assert!(!was_lossy(&piano));
        assert_eq!(order(lossless, &piano, &file(false, 12_000, 320.0)), Ordering::Less);
    }

    #[test]
    fn a_lossless_file_of_a_low_rate_has_no_say_where_the_other_one_reaches_higher() {
        let mut low = file(true, 11_025, 350.0);
        low.sample_rate = 22_050;
        low.quality = Some(Quality { bandwidth: 11_025, ..Quality::default() });
        assert_eq!(order(lossless, &low, &file(false, 20_000, 320.0)), Ordering::Equal);
        assert_eq!(order(lossless, &low, &file(false, 11_500, 64.0)), Ordering::Less);
    }

    #[test]
    fn small_differences_and_frequencies_that_few_people_hear_do_not_count() {
        assert_eq!(order(quality, &file(false, 16_000, 128.0), &file(false, 16_990, 128.0)), Ordering::Equal);
        assert_eq!(
            order(quality, &file(false, 16_000, 128.0), &file(false, 17_000, 128.0)),
            Ordering::Greater
        );
        assert_eq!(order(quality, &file(true, 19_500, 900.0), &file(true, 24_000, 900.0)), Ordering::Equal);
    }

    #[test]
    fn made_up_high_notes_do_not_beat_twice_the_bits() {
        let opus = file(false, 20_000, 32.0);
        assert_eq!(order(quality, &opus, &file(false, 16_000, 128.0)), Ordering::Equal);
        // So many bits and so little sound: it was encoded before.
        assert_eq!(order(quality, &opus, &file(false, 11_000, 320.0)), Ordering::Less);
    }

    #[test]
    fn clear_clipping_counts_among_files_of_one_kind() {
        assert_eq!(order(quality, &clipped(true, 0.002), &clipped(true, 0.0001)), Ordering::Greater);
        assert_eq!(
            reason(&clipped(true, 0.0001), &clipped(true, 0.002)),
            "0.20 % of it is clipped; 0.01 % of the kept file"
        );
        assert_eq!(order(quality, &clipped(true, 0.002), &clipped(true, 0.001)), Ordering::Equal);
        assert_eq!(order(quality, &clipped(true, 0.0002), &clipped(true, 0.0)), Ordering::Equal);
        assert_eq!(order(quality, &clipped(true, 0.002), &clipped(false, 0.0)), Ordering::Equal);
    }

    #[test]
    fn what_was_not_measured_has_no_say() {
        let unknown = Facts { lossless: true, ..Facts::default() };
        assert_eq!(order(quality, &unknown, &file(true, 20_000, 900.0)), Ordering::Equal);
        assert_eq!(order(lossless, &unknown, &file(false, 20_000, 320.0)), Ordering::Less);
    }
}
