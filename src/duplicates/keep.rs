//! Which of several copies to keep: rules in order, the first that tells two files apart decides, and says why.
use std::{cmp::Ordering, str::FromStr};

use super::{bit_rate, facts::Facts, sound_quality};

/// A rule that prefers one file to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A lossless format before a lossy one, unless it was made from a lossy file.
    Lossless,
    /// The file that clearly reaches higher frequencies, then the one that is clearly less clipped.
    Quality,
    /// The higher sample rate, up to 44,100 Hz. A higher one is often made of a lower one.
    Rate,
    /// The higher bit rate, if it is a tenth higher. An MP3 file needs more than twice the bit rate of a file of a newer codec.
    Bitrate,
    /// The longer file, if it is two seconds longer.
    Longest,
    /// The file with more tags.
    Tags,
    /// The file that was changed first.
    Oldest,
    /// The file that was changed last.
    Newest,
    /// The shorter path.
    Path,
}

/// A sample rate that holds all that can be heard.
const ENOUGH: u32 = 44_100;

/// Lengths that differ by less are the same.
const SECONDS: f64 = 2.0;

impl Rule {
    /// The rules, unless others are named.
    pub const DEFAULT: [Self; 8] = [
        Self::Lossless,
        Self::Quality,
        Self::Rate,
        Self::Bitrate,
        Self::Longest,
        Self::Tags,
        Self::Oldest,
        Self::Path,
    ];

    /// Every rule and its name.
    pub const NAMES: [(&str, Self); 9] = [
        ("lossless", Self::Lossless),
        ("quality", Self::Quality),
        ("rate", Self::Rate),
        ("bitrate", Self::Bitrate),
        ("longest", Self::Longest),
        ("tags", Self::Tags),
        ("oldest", Self::Oldest),
        ("newest", Self::Newest),
        ("path", Self::Path),
    ];

    /// Less if `a` is to be kept rather than `b`.
    fn compare(self, a: &Facts, b: &Facts) -> Ordering {
        match self {
            Self::Lossless => sound_quality::lossless(a, b),
            Self::Quality => sound_quality::quality(a, b),
            Self::Rate => b.sample_rate.min(ENOUGH).cmp(&a.sample_rate.min(ENOUGH)),
            Self::Bitrate if a.lossless != b.lossless => Ordering::Equal,
            Self::Bitrate if bit_rate::is_higher(a, b) => Ordering::Less,
            Self::Bitrate if bit_rate::is_higher(b, a) => Ordering::Greater,
            Self::Bitrate => Ordering::Equal,
            Self::Longest if (a.seconds - b.seconds).abs() < SECONDS => Ordering::Equal,
            Self::Longest => b.seconds.total_cmp(&a.seconds),
            Self::Tags => b.tags.cmp(&a.tags),
            Self::Oldest => a.modified.cmp(&b.modified),
            Self::Newest => b.modified.cmp(&a.modified),
            Self::Path => a.path.as_os_str().len().cmp(&b.path.as_os_str().len()),
        }
    }

    /// Why `kept` is kept rather than `other`, seen from the other file.
    fn reason(self, kept: &Facts, other: &Facts) -> String {
        match self {
            Self::Lossless if other.lossless => {
                format!("{}; the kept file is lossless", sound_quality::limit(other))
            }
            Self::Lossless => "lossy; the kept file is lossless".to_owned(),
            Self::Quality => sound_quality::reason(kept, other),
            Self::Rate => format!("{} Hz; the kept file has {} Hz", other.sample_rate, kept.sample_rate),
            Self::Bitrate => format!(
                "{:.0} kbit/s; the kept file has {:.0} kbit/s",
                other.bit_rate / 1000.0,
                kept.bit_rate / 1000.0
            ),
            Self::Longest => format!("{:.0} s shorter than the kept file", kept.seconds - other.seconds),
            Self::Tags => format!("{} tags; the kept file has {}", other.tags, kept.tags),
            Self::Oldest => "newer than the kept file".to_owned(),
            Self::Newest => "older than the kept file".to_owned(),
            Self::Path => "longer path than the kept file's".to_owned(),
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|&(_, rule)| rule).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("no rule {name:?}; the rules are {}", names.join(", "))
        })
    }
}

/// The order of two files: less if `a` is to be kept. Files that no rule tells apart are in order of paths.
pub fn compare(rules: &[Rule], a: &Facts, b: &Facts) -> Ordering {
    let mut order = b.preferred.cmp(&a.preferred);
    for rule in rules {
        order = order.then_with(|| rule.compare(a, b));
    }
    order.then_with(|| a.path.cmp(&b.path))
}

/// Which of `files` to keep, by its number, and why each other one is not kept; the kept one has an empty text.
pub fn best(rules: &[Rule], files: &[Facts]) -> (usize, Vec<String>) {
    let best = (0..files.len()).min_by(|&a, &b| compare(rules, &files[a], &files[b])).unwrap_or(0);
    let why = |n: usize| {
        let (kept, other) = (&files[best], &files[n]);
        if n == best {
            return String::new();
        }
        if kept.preferred && !other.preferred {
            return "the kept file is in a preferred folder".to_owned();
        }
        let deciding = rules.iter().find(|rule| rule.compare(kept, other) == Ordering::Less);
        deciding.map_or_else(|| "as good as the kept file".to_owned(), |rule| rule.reason(kept, other))
    };
    (best, (0..files.len()).map(why).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Facts {
        Facts {
            path: path.into(),
            sample_rate: 22_050,
            bit_rate: 128e3,
            seconds: 200.0,
            tags: 3,
            modified: 5,
            ..Facts::default()
        }
    }

    fn kept(files: &[Facts]) -> (String, Vec<String>) {
        let (best, why) = best(&Rule::DEFAULT, files);
        (files[best].path.display().to_string(), why)
    }

    #[test]
    fn each_rule_decides_if_those_before_it_do_not() {
        let plain = file("/a");
        let better: [(Facts, &str); 7] = [
            (Facts { lossless: true, ..file("/b") }, "lossy; the kept file is lossless"),
            (Facts { sample_rate: 96_000, ..file("/b") }, "22050 Hz; the kept file has 96000 Hz"),
            (Facts { bit_rate: 192e3, ..file("/b") }, "128 kbit/s; the kept file has 192 kbit/s"),
            (Facts { seconds: 203.0, ..file("/b") }, "3 s shorter than the kept file"),
            (Facts { tags: 4, ..file("/b") }, "3 tags; the kept file has 4"),
            (Facts { modified: 4, ..file("/b") }, "newer than the kept file"),
            (file("/"), "longer path than the kept file's"),
        ];
        for (better, why) in &better {
            assert_eq!(
                kept(&[plain.clone(), better.clone()]),
                (better.path.display().to_string(), vec![why.to_string(), String::new()])
            );
        }
        // An earlier rule beats all later ones.
        for pair in better.windows(2).take(5) {
            let (earlier, mut later) = (pair[0].0.clone(), pair[1].0.clone());
            later.path = "/c".into();
            assert_eq!(kept(&[later, earlier]).0, "/b");
        }
        assert_eq!(
            kept(&[file("/b"), file("/a")]),
            ("/a".to_owned(), vec!["as good as the kept file".to_owned(), String::new()])
        );
    }

    #[test]
    fn small_differences_of_length_and_bit_rate_do_not_count() {
        let near = Facts { bit_rate: 135e3, seconds: 201.5, modified: 9, ..file("/b") };
        assert_eq!(kept(&[near, file("/a")]).0, "/a");
    }

    /// An MP3 file without tags that was made from a tagged Vorbis file has more bits and less sound.
    #[test]
    fn more_bits_of_an_older_codec_do_not_beat_the_tags_of_a_newer_one() {
        let vorbis = Facts { bit_rate: 72e3, ..file("/song.ogg") };
        let mp3 = Facts { bit_rate: 96e3, tags: 0, ..file("/a.mp3") };
        let (name, why) = kept(&[mp3.clone(), vorbis.clone()]);
        assert_eq!((name.as_str(), why[0].as_str()), ("/song.ogg", "0 tags; the kept file has 3"));
        let good = Facts { bit_rate: 192e3, ..mp3 };
        let (name, why) = kept(&[good, vorbis]);
        assert_eq!((name.as_str(), why[1].as_str()), ("/a.mp3", "72 kbit/s; the kept file has 192 kbit/s"));
    }

    #[test]
    fn a_preferred_folder_comes_before_all_rules() {
        let lossless = Facts { lossless: true, ..file("/b") };
        let preferred = Facts { preferred: true, ..file("/a") };
        let (name, why) = kept(&[lossless, preferred]);
        assert_eq!((name.as_str(), why[0].as_str()), ("/a", "the kept file is in a preferred folder"));
    }

    #[test]
    fn names_are_those_of_the_rules() {
        for (name, rule) in Rule::NAMES {
            assert_eq!(name.parse(), Ok(rule));
        }
        let error = "size".parse::<Rule>().unwrap_err();
        assert!(error.starts_with("no rule \"size\"; the rules are lossless, quality"), "{error}");
    }
}
