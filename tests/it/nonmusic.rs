//! Sounds that are not music match nothing: made-up signals, looked up among the songs of the fixtures.
use std::{f64::consts::TAU, path::PathBuf};

use fastrand::Rng;

use super::{
    cli::library,
    run::{Place, finish, wav},
};

const RATE: u32 = 11_025;

/// Even over `from..to`.
fn between(from: f64, to: f64, random: &mut Rng) -> f64 {
    from + (to - from) * random.f64()
}

/// A sample of white noise, even over -1..1.
fn hiss(random: &mut Rng) -> f64 {
    between(-1.0, 1.0, random)
}

/// Calls `value` with the time of each sample in seconds.
fn over_time(seconds: f64, mut value: impl FnMut(f64) -> f64) -> Vec<f64> {
    (0..(seconds * f64::from(RATE)) as usize).map(|n| value(n as f64 / f64::from(RATE))).collect()
}

fn sine(hertz: f64, t: f64) -> f64 {
    (TAU * hertz * t).sin()
}

fn harmonics(hertz: f64, t: f64) -> f64 {
    (1..12).map(|k| sine(hertz * f64::from(k), t) / f64::from(k)).sum()
}

/// Noise that begins anew at each of the times and decays.
fn bursts(seconds: f64, at: &[f64], decay: f64, random: &mut Rng) -> Vec<f64> {
    let mut out = over_time(seconds, |_| 0.0);
    for start in at {
        for (n, sample) in
            out.iter_mut().skip((start * f64::from(RATE)) as usize).take(RATE as usize / 8).enumerate()
        {
            *sample += hiss(random) * (-(n as f64) / f64::from(RATE) / decay).exp();
        }
    }
    out
}

/// Mixes each sample with the one before, whose share is `keep`.
fn filtered(noise: Vec<f64>, keep: f64) -> Vec<f64> {
    let mut last = 0.0;
    noise
        .into_iter()
        .map(|x| {
            last = keep * last + (1.0 - keep) * x;
            last
        })
        .collect()
}

/// A buzz at a voice's pitch through two resonances that move from vowel to vowel, with gaps.
fn speech(seconds: f64, random: &mut Rng) -> Vec<f64> {
    let vowels: Vec<[f64; 4]> = (0..(seconds * 5.0) as usize + 2)
        .map(|_| {
            let loud = if random.f64() < 0.25 { 0.0 } else { between(0.4, 1.0, random) };
            [
                between(250.0, 850.0, random),
                between(850.0, 2400.0, random),
                between(90.0, 170.0, random),
                loud,
            ]
        })
        .collect();
    let (mut phase, mut states) = (0.0, [[0.0; 2]; 2]);
    over_time(seconds, |t| {
        let (n, share) = ((t * 5.0) as usize, (t * 5.0).fract());
        let [low, high, pitch, loud] =
            std::array::from_fn(|i| vowels[n][i] * (1.0 - share) + vowels[n + 1][i] * share);
        phase += pitch / f64::from(RATE);
        let mut x = if phase >= 1.0 { 1.0 } else { 0.05 * hiss(random) };
        phase = phase.fract();
        for (state, hertz) in states.iter_mut().zip([low, high]) {
            let (radius, angle) = (0.97, TAU * hertz / f64::from(RATE));
            let y = 0.1 * x + 2.0 * radius * angle.cos() * state[0] - radius * radius * state[1];
            *state = [y, state[0]];
            x = 4.0 * y;
        }
        x * loud
    })
}

/// Every signal by name, of so many seconds.
fn signals(seconds: f64) -> Vec<(&'static str, Vec<f64>)> {
    let mut random = Rng::with_seed(2_026);
    let r = &mut random;
    let white = |r: &mut Rng| over_time(seconds, |_| hiss(r));
    let every = |step: f64| (0..(seconds / step) as usize).map(|n| n as f64 * step).collect::<Vec<_>>();
    let claps: Vec<f64> = (0..(seconds * 90.0) as usize).map(|_| between(0.0, seconds, r)).collect();
    let drops: Vec<f64> = (0..(seconds * 300.0) as usize).map(|_| between(0.0, seconds, r)).collect();
    let keys: Vec<(f64, f64)> = (0..(seconds * 4.0) as usize + 1)
        .map(|_| {
            let one = |of: [f64; 4], r: &mut Rng| of[r.usize(..4)];
            (one([697.0, 770.0, 852.0, 941.0], r), one([1209.0, 1336.0, 1477.0, 1633.0], r))
        })
        .collect();
    let pink = [0.0, 0.7, 0.93, 0.985].map(|keep| filtered(white(r), keep));
    let mut firing = 0.0;
    vec![
        ("silence", over_time(seconds, |_| 0.0)),
        ("least bit", over_time(seconds, |_| if r.bool() { 1e-4 } else { 0.0 })),
        ("constant", over_time(seconds, |_| 0.7)),
        ("hum of 50 Hz", over_time(seconds, |t| harmonics(50.0, t))),
        ("hum of 60 Hz under hiss", over_time(seconds, |t| harmonics(60.0, t) + 0.05 * hiss(r))),
        ("tone of 440 Hz", over_time(seconds, |t| sine(440.0, t))),
        ("tone of 1 kHz, pulsed", over_time(seconds, |t| if t % 1.0 < 0.5 { sine(1000.0, t) } else { 0.0 })),
        ("square wave", over_time(seconds, |t| sine(220.0, t).signum())),
        ("chirp", over_time(seconds, |t| sine(100.0 + 1500.0 * t / seconds, t))),
        ("siren", over_time(seconds, |t| (TAU * 700.0 * t - 200.0 * (TAU * 0.5 * t).cos()).sin())),
        ("white noise", white(r)),
        ("pink noise", (0..pink[0].len()).map(|n| pink.iter().map(|p| p[n]).sum()).collect()),
        ("brown noise", filtered(white(r), 0.998)),
        ("metronome", bursts(seconds, &every(0.5), 0.004, r)),
        ("clicks", bursts(seconds, &every(0.13), 0.0005, r)),
        ("applause", bursts(seconds, &claps, 0.01, r)),
        ("rain", bursts(seconds, &drops, 0.002, r)),
        ("speech", speech(seconds, r)),
        (
            "engine",
            over_time(seconds, |t| {
                firing += (28.0 + 9.0 * sine(0.3, t)) / f64::from(RATE);
                (-6.0 * firing.fract()).exp() * (1.0 + 0.3 * hiss(r))
            }),
        ),
        (
            "dial tones",
            over_time(seconds, |t| {
                let (low, high) = keys[(t * 4.0) as usize];
                if (t * 4.0).fract() < 0.7 { sine(low, t) + sine(high, t) } else { 0.0 }
            }),
        ),
        ("busy tone", over_time(seconds, |t| if t % 0.96 < 0.48 { sine(425.0, t) } else { 0.0 })),
    ]
}

/// Signals that are like music, but like no song in the index.
fn like_music(seconds: f64) -> Vec<(&'static str, Vec<f64>)> {
    vec![
        (
            "scale",
            over_time(seconds, |t| {
                let step = [0, 2, 4, 5, 7, 9, 11, 12][(t * 3.0) as usize % 8];
                harmonics(220.0 * f64::powf(2.0, f64::from(step) / 12.0), t)
                    * (-3.0 * (t * 3.0).fract()).exp()
            }),
        ),
        (
            "drone of chords",
            over_time(seconds, |t| {
                let root = [0, 5, 7, 0][(t / 2.0) as usize % 4];
                let note = |by: i32| harmonics(130.8 * f64::powf(2.0, f64::from(root + by) / 12.0), t);
                note(0) + note(4) + note(7)
            }),
        ),
    ]
}

/// Queries every signal at every length in one run, and asserts that nothing matches and nothing fails.
#[track_caller]
fn none_matches(lengths: &[f64], args: &[&str]) {
    let place = Place::new();
    let mut clips: Vec<PathBuf> = Vec::new();
    for &seconds in lengths {
        // A second of a scale is three notes, which a song may have, too.
        let notes = if seconds < 3.0 { Vec::new() } else { like_music(seconds) };
        for (name, signal) in signals(seconds).into_iter().chain(notes) {
            let peak = signal.iter().fold(1.0f64, |p, x| p.max(x.abs()));
            let samples: Vec<i16> = signal.iter().map(|x| (30_000.0 * x / peak) as i16).collect();
            clips.push(place.write(format!("{name}, {seconds} s.wav"), &wav(RATE, 1, &samples)));
        }
    }
    let mut command = place.command();
    command.args(["query", "--json", "--db"]).arg(library()).args(args).args(&clips);
    let run = finish(&mut command);
    // Standard error names silent clips, and then how many were found.
    let told: Vec<&str> = run.err.lines().filter(|line| !line.ends_with(": the clip is silent")).collect();
    assert_eq!(told, [format!("0 of {} clips found", clips.len())]);
    let answers = run.json();
    assert_eq!(answers.len(), clips.len());
    let wrong = answers.iter().filter(|answer| answer["status"] != "no_match");
    let wrong: Vec<String> =
        wrong.map(|a| format!("{}: {} {}", a["query"], a["status"], a["matches"])).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(run.code, Some(1));
}

#[test]
fn no_signal_matches_as_it_is() {
    none_matches(&[1.0, 3.0, 10.0, 60.0], &["--fast"]);
}

#[test]
fn no_signal_matches_at_other_pitches_and_speeds() {
    none_matches(&[1.0, 5.0], &[]);
}

/// A note that swells and fades again and again.
fn swelling(seconds: f64, hertz: f64, overtones: i32) -> Vec<f64> {
    over_time(seconds, |t| {
        let note: f64 = (1..=overtones).map(|k| sine(hertz * f64::from(k), t) / f64::from(k * k)).sum();
        0.1 * note * (1.5 * sine(0.4, t)).exp()
    })
}

#[test]
fn a_tone_that_swells_matches_no_held_note() {
    let place = Place::new();
    let write = |name: &str, signal: &[f64]| {
        let samples: Vec<i16> = signal.iter().map(|x| (30_000.0 * x) as i16).collect();
        place.write(name, &wav(RATE, 1, &samples))
    };
    let mut random = Rng::with_seed(1);
    let notes: Vec<[f64; 3]> =
        (0..31).map(|_| [(); 3].map(|()| 130.0 * (f64::from(random.i32(0..36)) / 12.0).exp2())).collect();
    let chords =
        over_time(15.0, |t| notes[(2.0 * t) as usize].iter().map(|&hertz| 0.15 * sine(hertz, t)).sum());
    // Two chords by turns: their chroma is one chord and its opposite.
    let turns =
        over_time(9.0, |t| notes[(t / 0.75) as usize % 2].iter().map(|&hertz| 0.15 * sine(hertz, t)).sum());
    let song = write("song.wav", &[&chords[..], &swelling(12.0, 440.0, 3), &turns, &chords].concat());
    let built = finish(place.command().args(["index", "build", "--db", "i.refrain"]).arg(&song));
    assert_eq!(built.code, Some(0), "{}", built.err);
    let tones = [3.0, 5.0, 10.0].map(|s| write(&format!("tone of {s} s.wav"), &swelling(s, 440.0, 1)));
    let run = finish(place.command().args(["query", "--json", "--db", "i.refrain"]).args(&tones));
    assert_eq!(run.code, Some(1), "{}", run.out);
    let parts = [
        write("part.wav", &chords[3 * RATE as usize..9 * RATE as usize]),
        write("turns.wav", &turns[RATE as usize..4 * RATE as usize]),
    ];
    let found = finish(place.command().args(["query", "--json", "--db", "i.refrain"]).args(&parts));
    assert_eq!(found.code, Some(0), "{}", found.out);
    assert!(found.json().iter().all(|answer| answer["status"] == "match"), "{}", found.out);
}
