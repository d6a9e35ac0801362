//! Runs the transforms of `refrain::analysis` on raw samples, for `eval/compare_librosa.py`.
//!
//! `analysis_speed speed THREADS FILE` prints a line of JSON for each transform: its name, and CPU and wall-clock
//! seconds of one pass with its plan, the best of several. `analysis_speed dump OUT FILE…` writes results as raw
//! floats, frame after frame. FILE has mono little-endian floats at 22,050 Hz.
use std::{hint::black_box, path::Path, time::Instant};

use refrain::analysis::{
    ChromaCqt, ChromaOptions, CqtScratch, Difference, Hpss, HpssOptions, HpssScratch, Pyin, PyinScratch,
    Tuning, TuningScratch, Yin, YinOptions, YinScratch, normalise,
};

const RATE: f64 = 22_050.0;

/// CPU seconds of all threads of this process, as Linux counts them.
fn cpu() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1e9
}

/// The best of five rounds; a round repeats the pass until it takes 0.1 s.
fn measure(name: &str, threads: usize, mut pass: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (mut least_cpu, mut least_wall) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let mut passes = 1;
        loop {
            let (spent, begun) = (cpu(), Instant::now());
            for _ in 0..passes {
                pass()?;
            }
            let (spent, wall) = (cpu() - spent, begun.elapsed().as_secs_f64());
            if wall > 0.1 && spent > 0.1 {
                least_cpu = least_cpu.min(spent / f64::from(passes));
                least_wall = least_wall.min(wall / f64::from(passes));
                break;
            }
            passes *= 2;
        }
    }
    println!(
        "{{\"what\": \"{name}\", \"threads\": {threads}, \"cpu\": {least_cpu}, \"wall\": {least_wall}}}"
    );
    Ok(())
}

fn chroma(
    samples: &[f32],
    tuning: f64,
    threads: usize,
    scratch: &mut CqtScratch,
) -> anyhow::Result<Vec<f32>> {
    let plan = ChromaCqt::new(RATE, ChromaOptions::default().tuning(tuning))?;
    let mut frames = if threads > 1 { plan.raw_on_threads(samples)? } else { plan.raw(samples, scratch)? };
    normalise(&mut frames);
    Ok(frames.values().to_vec())
}

fn hpss(samples: &[f32], threads: usize, work: &mut (HpssScratch, Vec<f32>, Vec<f32>)) -> anyhow::Result<()> {
    let plan = Hpss::new(2048, 512, HpssOptions::default())?;
    let (scratch, harmonic, percussive) = work;
    if threads > 1 {
        plan.separate_on_threads(samples, harmonic, percussive)?;
    } else {
        plan.separate(samples, scratch, harmonic, percussive)?;
    }
    Ok(())
}

fn yin(
    samples: &[f32],
    difference: Difference,
    threads: usize,
    scratch: &mut YinScratch,
) -> anyhow::Result<Vec<f32>> {
    let plan = Yin::new(RATE, YinOptions::default().difference(difference))?;
    let pitch = if threads > 1 { plan.pitch_on_threads(samples)? } else { plan.pitch(samples, scratch)? };
    Ok(pitch.iter().map(|p| p.frequency).collect())
}

fn speed(samples: &[f32], threads: usize) -> anyhow::Result<()> {
    let mut cqt = CqtScratch::default();
    let mut parts = (HpssScratch::default(), Vec::new(), Vec::new());
    let mut pitch = YinScratch::default();
    let mut tuning = TuningScratch::default();
    let mut tuned = |samples: &[f32]| -> anyhow::Result<f64> {
        Ok(Tuning::new(RATE)?.estimate(samples, 36, &mut tuning)?)
    };
    measure("chroma_cqt", threads, || {
        black_box(chroma(samples, 0.0, threads, &mut cqt)?);
        Ok(())
    })?;
    measure("hpss", threads, || hpss(samples, threads, &mut parts))?;
    measure("yin", threads, || {
        black_box(yin(samples, Difference::Textbook, threads, &mut pitch)?);
        Ok(())
    })?;
    measure("tuning", threads, || {
        black_box(tuned(samples)?);
        Ok(())
    })?;
    measure("all", threads, || {
        let tuning = tuned(samples)?;
        black_box(chroma(samples, tuning, threads, &mut cqt)?);
        hpss(samples, threads, &mut parts)?;
        black_box(yin(samples, Difference::Textbook, threads, &mut pitch)?);
        Ok(())
    })?;
    if threads == 1 {
        let mut scratch = PyinScratch::default();
        measure("pyin", threads, || {
            black_box(Pyin::new(RATE, YinOptions::default())?.pitch(samples, &mut scratch)?);
            Ok(())
        })?;
    }
    Ok(())
}

fn write(out: &Path, name: &str, values: &[f32]) -> anyhow::Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Ok(std::fs::write(out.join(name), bytes)?)
}

fn dump(out: &Path, stem: &str, samples: &[f32]) -> anyhow::Result<()> {
    let mut cqt = CqtScratch::default();
    let plan = ChromaCqt::new(RATE, ChromaOptions::default())?;
    write(out, &format!("{stem}.cqt252"), plan.cqt().magnitudes(samples, &mut cqt)?.values())?;
    write(out, &format!("{stem}.chroma"), &chroma(samples, 0.0, 1, &mut cqt)?)?;
    let tuning = Tuning::new(RATE)?.estimate(samples, 36, &mut TuningScratch::default())?;
    write(out, &format!("{stem}.tuning36"), &[tuning as f32])?;
    let mut parts = (HpssScratch::default(), Vec::new(), Vec::new());
    hpss(samples, 1, &mut parts)?;
    write(out, &format!("{stem}.harmonic"), &parts.1)?;
    write(out, &format!("{stem}.percussive"), &parts.2)?;
    write(out, &format!("{stem}.yin"), &yin(samples, Difference::Librosa, 1, &mut YinScratch::default())?)?;
    let pyin = Pyin::new(RATE, Pyin::librosa_options())?.pitch(samples, &mut PyinScratch::default())?;
    let frequencies: Vec<f32> = pyin.iter().map(|p| p.frequency.unwrap_or(0.0)).collect();
    write(out, &format!("{stem}.pyin"), &frequencies)
}

fn read(file: &str) -> anyhow::Result<Vec<f32>> {
    Ok(std::fs::read(file)?.as_chunks::<4>().0.iter().map(|c| f32::from_le_bytes(*c)).collect())
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["speed", threads, file] => {
            let threads = threads.parse()?;
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
            speed(&read(file)?, threads)
        }
        ["dump", out, files @ ..] => files.iter().try_for_each(|file| {
            let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
            dump(Path::new(out), &stem, &read(file)?)
        }),
        _ => anyhow::bail!("usage: analysis_speed speed THREADS FILE | analysis_speed dump OUT FILE…"),
    }
}
