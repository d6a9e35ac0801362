//! What one track is to another, judged by where and how they agree.
use super::{
    agreement::Agreement,
    follow::Sounds,
    loudness::{Loudness, loudness},
    sound::Sound,
    stretch::Stretch,
    wander::Wander,
};

/// What a track is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relation {
    /// The file of a group with which its other files are compared.
    Reference,
    /// The same bytes.
    SameBytes,
    /// The same audio: in another format, at another level, or a few seconds shorter at its ends.
    SameAudio,
    /// The same performance with other processing.
    Remaster,
    /// The same recording at another speed.
    OtherSpeed,
    /// The same recording, with parts left out or repeated.
    Edit,
    /// One is a part of the other.
    Excerpt,
    /// The same backing under something else: an instrumental, a remix.
    SharedBacking,
}

impl Relation {
    /// Each relation and its name in JSON and in the index.
    const NAMES: [(Self, &str); 8] = [
        (Self::Reference, "reference"),
        (Self::SameBytes, "same_bytes"),
        (Self::SameAudio, "same_audio"),
        (Self::Remaster, "remaster"),
        (Self::OtherSpeed, "other_speed"),
        (Self::Edit, "edit"),
        (Self::Excerpt, "excerpt"),
        (Self::SharedBacking, "shared_backing"),
    ];

    /// Its name in JSON and in the index, such as `same_audio`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(relation, _)| *relation == self).map_or("", |(_, name)| name)
    }

    /// The relation of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, of)| *of == name).map(|(relation, _)| *relation)
    }
}

/// How two tracks agree, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    /// The mean similarity where the tracks agree, -1..=1.
    pub similarity: f64,
    /// How far the second track is early or late at times, weighted by length: see [`Wander`].
    pub wander: Wander,
    /// How differently both spread their energy over the pitches, weighted by length.
    pub balance: f64,
    /// How differently loud they are, if the levels of both are known and enough is loud.
    pub loudness: Option<Loudness>,
    /// Frames of the second track a frame of the first, in the longest stretch.
    pub tempo: f64,
    /// By how many semitones the second track sounds higher, in the longest stretch. Within half a semitone of a whole number it is
    /// nearer to that number than it should be.
    pub pitch: f64,
    /// How far the frames of both are apart in time at the longest stretch, in frames, 0..=0.5.
    pub apart: f64,
    /// How many seconds of the first track lie in stretches.
    pub seconds: f64,
    /// How many stretches there are.
    pub stretches: usize,
    /// The share of frames within stretches that agree nearly perfectly.
    pub perfect: f64,
    /// The longest run within a stretch that agrees much less than the rest, in seconds.
    pub dip: f64,
    /// What of each track lies in no stretch.
    pub missing: [Missing; 2],
}

/// What of a track's sound lies in no stretch, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Missing {
    /// Before the first stretch.
    pub head: f64,
    /// After the last stretch.
    pub tail: f64,
    /// The longest gap between two stretches.
    pub inner: f64,
    /// The share of the track's sound that lies in stretches.
    pub covered: f64,
}

/// Frames with this similarity agree nearly perfectly.
const PERFECT: f32 = 0.9;

/// A frame this much below what a fifth of the frames reach agrees much less: something else sounds there.
const DIP: f32 = 0.25;

/// Measures an agreement; nothing if the tracks agree nowhere.
pub fn measured(one: &Sound, two: &Sound, agreement: &Agreement) -> Option<Measures> {
    let stretches = &agreement.stretches;
    let longest = stretches.iter().max_by_key(|s| s.one.end - s.one.start)?;
    let seconds = one.frame_seconds();
    let frames: f64 = stretches.iter().map(|s| (s.one.end - s.one.start) as f64).sum();
    let weighted = |of: fn(&Stretch) -> f64| {
        stretches.iter().map(|s| of(s) * (s.one.end - s.one.start) as f64).sum::<f64>() / frames
    };
    let mut all: Vec<f32> =
        stretches.iter().flat_map(|s| &s.similarity).copied().filter(|s| !s.is_nan()).collect();
    let count = all.len().max(1) as f64;
    let similarity = all.iter().map(|&s| f64::from(s)).sum::<f64>() / count;
    let perfect = all.iter().filter(|&&s| s >= PERFECT).count() as f64 / count;
    all.sort_by(f32::total_cmp);
    let limit = all.get(all.len() * 4 / 5).copied().unwrap_or(0.0) - DIP;
    let dip = stretches
        .iter()
        .flat_map(|s| s.similarity.split(|&s| s.is_nan() || s >= limit))
        .map(<[f32]>::len)
        .max()
        .unwrap_or(0) as f64
        * seconds;
    let spans = stretches.iter().map(|s| (s.one.start as f64, s.one.end as f64)).collect::<Vec<_>>();
    let others = stretches.iter().map(|s| (s.two().start, s.two().end)).collect::<Vec<_>>();
    Some(Measures {
        similarity,
        wander: Wander {
            frames: weighted(|s| s.wander.frames),
            beyond_noise: weighted(|s| s.wander.beyond_noise),
        },
        balance: weighted(|s| s.balance),
        loudness: loudness(one, two, stretches),
        tempo: longest.tempo,
        pitch: longest.pitch(Sounds { one, two, semitones: longest.semitones }),
        apart: (longest.offset - longest.offset.round()).abs(),
        seconds: frames * seconds,
        stretches: stretches.len(),
        perfect,
        dip,
        missing: [missing(one, &spans), missing(two, &others)],
    })
}

fn missing(sound: &Sound, spans: &[(f64, f64)]) -> Missing {
    let sounding = sound.sounding();
    let (from, to) = (sounding.start as f64, sounding.end as f64);
    let seconds = sound.frame_seconds();
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Missing::default() };
    let covered: f64 = spans.iter().map(|&(a, b)| (b.min(to) - a.max(from)).max(0.0)).sum();
    let inner = spans.windows(2).map(|pair| pair[1].0 - pair[0].1).fold(0.0, f64::max);
    Missing {
        head: (first.0 - from).max(0.0) * seconds,
        tail: (to - last.1).max(0.0) * seconds,
        inner: inner.max(0.0) * seconds,
        covered: covered / (to - from).max(1.0),
    }
}

/// Two tracks are one performance if the similarity is so much above [`BALANCE_COST`] times the balance. Of 504 copies in
/// the messy library of the development corpus 501 are, of 154 pairs of renderings with other instruments none.
const MIN_ALIKE: f64 = 0.65;
const BALANCE_COST: f64 = 0.3;

/// Two tracks keep the same time if frames and noise (times [`NOISE_COST`]) wander no further. Of 504 copies in the messy
/// library of the development corpus 493 do. The steadiest pair of some 300 renderings with the same instruments, whose tempo
/// drifts, reaches .157.
const MAX_WANDER: f64 = 0.12;
const NOISE_COST: f64 = 0.3;

/// At another speed than this share, it is another speed.
const MAX_SPEED: f64 = 0.002;

/// What is played faster sounds higher. A record or a tape that runs at another speed by this many semitones has a pitch that follows
/// by this share at least; what keeps its pitch is another performance, or was stretched. Of 59 recordings of the development corpus
/// at speeds from .93 to 1.07 all follow by .15 or more. Of 195 renderings of the same notes at other tempi, nine in ten reach .06.
const OTHER_PITCH: f64 = 0.1;
const MIN_FOLLOWS: f64 = 0.13;

/// What may be missing at an end, or between two stretches, in seconds, while a track is still whole.
const MAX_END: f64 = 7.0;
const MAX_INNER: f64 = 4.0;

/// The longest dip of a recording that is the same throughout, in seconds.
const MAX_DIP: f64 = 12.0;

/// The share of the shorter track that an edit has in common with the longer one.
const MIN_EDIT: f64 = 0.9;

/// Frames with the same backing agree nearly perfectly in this share, and over this share of the shorter track at all.
const MIN_PERFECT: f64 = 0.1;
const MIN_BACKING: f64 = 0.5;

/// A recording is a remaster if its loudness differs more over time, in decibels, its octaves counting so many times as much.
/// Of 2,159 pairs of copies in the messy library of the development corpus one does, of 668 pairs with a remaster all.
const MAX_LOUDNESS: f64 = 1.2;
const OCTAVE_COST: f64 = 4.0;

/// Where levels are not known, it is one if its energies are spread more differently over the pitches. Frames that lie half a
/// hop apart differ by more than frames that meet.
const MAX_BALANCE: f64 = 0.05;
const APART_BALANCE: f64 = 0.05;

/// An excerpt and an edit agree for at least so many seconds: less is a sound that many tracks may use.
const MIN_PART: f64 = 10.0;

impl Missing {
    fn is_whole(&self) -> bool {
        self.head <= MAX_END && self.tail <= MAX_END && self.inner <= MAX_INNER
    }
}

impl Measures {
    /// Whether both tracks have the same pitches, as loud against each other.
    pub fn is_alike(&self) -> bool {
        self.similarity - BALANCE_COST * self.balance >= MIN_ALIKE
    }

    /// Whether one is processed: by an equaliser or a compressor, not merely encoded.
    pub fn is_processed(&self) -> bool {
        self.loudness.map_or(self.balance > MAX_BALANCE + 2.0 * APART_BALANCE * self.apart, |loudness| {
            OCTAVE_COST * loudness.octaves + loudness.times > MAX_LOUDNESS
        })
    }

    /// Whether the pitch goes with the speed, as far as can be told.
    pub fn is_one_speed(&self) -> bool {
        let expected = -12.0 * self.tempo.log2();
        expected.abs() < OTHER_PITCH || self.pitch / expected >= MIN_FOLLOWS
    }

    /// Whether both tracks keep the same time.
    pub fn is_steady(&self) -> bool {
        self.wander.frames + NOISE_COST * self.wander.beyond_noise <= MAX_WANDER
    }
}

/// What the second track is to the first, if anything.
pub fn relation(measures: &Measures) -> Option<Relation> {
    let [one, two] = &measures.missing;
    let covered = one.covered.max(two.covered);
    if !measures.is_steady() {
        return None;
    }
    if !measures.is_alike() || !measures.is_one_speed() || measures.dip > MAX_DIP {
        let shares = measures.perfect >= MIN_PERFECT && covered >= MIN_BACKING;
        return shares.then_some(Relation::SharedBacking);
    }
    match [one.is_whole(), two.is_whole()] {
        [true, true] if measures.stretches == 1 => Some(if (measures.tempo - 1.0).abs() > MAX_SPEED {
            Relation::OtherSpeed
        } else if measures.is_processed() {
            Relation::Remaster
        } else {
            Relation::SameAudio
        }),
        _ if measures.seconds < MIN_PART => None,
        [true, true] => Some(Relation::Edit),
        [true, false] | [false, true] if measures.stretches == 1 => Some(Relation::Excerpt),
        _ if covered >= MIN_EDIT => Some(Relation::Edit),
        _ if covered >= MIN_BACKING && measures.perfect >= MIN_PERFECT => Some(Relation::SharedBacking),
        _ => None,
    }
}
