//! Where an axis has its ticks.
use crate::units::Seconds;

/// Ticks of an axis: their values and labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks(pub Vec<(f64, String)>);

impl Ticks {
    /// Times from `from` to `to` seconds, about `most` of them.
    pub fn times(from: f64, to: f64, most: usize) -> Self {
        const STEPS: [f64; 15] =
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
        let span = to - from;
        let most = most.max(1) as f64;
        let step = STEPS.into_iter().find(|step| span / step <= most);
        let step = step.unwrap_or_else(|| (span / most / 3600.0).ceil() * 3600.0);
        Self(steps(from, to, step).map(|time| (time, short_time(time, step < 1.0))).collect())
    }

    /// Round numbers from `from` to `to`, about `most` of them.
    pub fn numbers(from: f64, to: f64, most: usize) -> Self {
        let span = (to - from).max(f64::MIN_POSITIVE);
        let power = 10f64.powf((span / most.max(1) as f64).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| span / s <= most as f64);
        let step = step.unwrap_or(10.0 * power);
        let places = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        Self(steps(from, to, step).map(|v| (v, format!("{v:.places$}"))).collect())
    }
}

/// The multiples of `step` from `from` to `to`.
fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let count = |v: f64| if (v / step).abs() < 1e6 { v / step } else { 0.0 };
    let (first, last) = ((count(from) - 1e-6).ceil() as i64, (count(to) + 1e-6).floor() as i64);
    (first..=last).map(move |n| n as f64 * step)
}

/// A time as a clock shows it, with tenths of a second if wanted.
pub fn short_time(time: f64, tenths: bool) -> String {
    let clock = Seconds(time).to_string();
    if tenths { clock } else { clock.trim_end_matches(".0").to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Ticks) -> Vec<String> {
        ticks.0.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(Ticks::times(0.0, 10.0, 5)), ["0:00", "0:02", "0:04", "0:06", "0:08", "0:10"]);
        assert_eq!(labels(Ticks::times(61.3, 62.0, 4)), ["1:01.4", "1:01.6", "1:01.8", "1:02.0"]);
        assert_eq!(labels(Ticks::times(-3.0, 4.0, 8)).first().unwrap(), "-0:03");
        assert_eq!(labels(Ticks::numbers(0.0, 34.1, 5)), ["0", "10", "20", "30"]);
        assert_eq!(labels(Ticks::numbers(-0.2, 0.9, 6)), ["-0.2", "0.0", "0.2", "0.4", "0.6", "0.8"]);
    }

    #[test]
    fn empty_and_endless_axes_have_few_ticks() {
        for (from, to) in [(0.0, 0.0), (0.0, 1e9), (5.0, 5.0), (0.0, f64::NAN)] {
            assert!(Ticks::times(from, to, 8).0.len() <= 10, "{from} {to}");
            assert!(Ticks::numbers(from, to, 8).0.len() <= 10, "{from} {to}");
        }
    }
}
