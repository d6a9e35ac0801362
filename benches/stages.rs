//! Measures each stage beside a peer or a plain twin in the same process.
//!
//! `cargo bench` measures on the fixtures, `cargo bench -- FILE` on a file. Columns: CPU milliseconds of one pass,
//! how many times real time that is, and the twin's CPU time over ours (above 1 ours is faster). Each figure is the
//! best of several rounds in which the two take turns. CPU time is the thread's on Linux, wall clock elsewhere.
use std::{
    error::Error,
    fs::File,
    hint::black_box,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use refrain::{
    BuildOptions, CancelToken, Index,
    align::{Alignment, Reference, align},
    ann::{Hit, nearest_exact},
    chroma::OctaveChroma,
    decode::Decoder,
    extract::track,
    fingerprint::{Fingerprint, Fingerprinter, FrameCode, Projection},
    params::{CURRENT, ParameterSet},
    resample::Resampler,
    spectrum::{ConstantQ, Spectrum},
    store::{Store, TrackRecord},
    units::{SampleRate, Samples, Seconds},
};
use refrain_fft::{Fft, num_complex::Complex32};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use symphonia::core::{
    codecs::{audio::AudioDecoderOptions, registry::CodecRegistry},
    formats::{FormatOptions, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Rounds of each measurement. A round repeats a short pass until it takes `LEAST` seconds.
const ROUNDS: usize = 5;
const LEAST: f64 = 0.05;

/// Tracks in the scanned library: copies of the fixtures' fingerprint, made different by noise.
const LIBRARY: u32 = 100;

/// CPU seconds of this thread.
fn cpu() -> f64 {
    thread_local!(static BEGUN: Instant = Instant::now());
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = stat.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGUN.with(|b| b.elapsed().as_secs_f64()), |ns| ns / 1e9)
}

/// CPU seconds of one call of `pass`: the mean over enough calls to take `LEAST`, so that reading the clock does not
/// count.
fn round<T>(mut pass: impl FnMut() -> Done<T>) -> Done<f64> {
    let mut calls = 1;
    loop {
        let begun = cpu();
        for _ in 0..calls {
            black_box(pass()?);
        }
        let spent = cpu() - begun;
        if spent >= LEAST {
            return Ok(spent / f64::from(calls));
        }
        calls *= 2;
    }
}

/// Measures a stage and its twin by turns and prints a row.
fn row<T, U>(
    stage: &str,
    audio: Seconds,
    twin: &str,
    mut ours: impl FnMut() -> Done<T>,
    mut theirs: impl FnMut() -> Done<U>,
) -> Done {
    let (mut best, mut other) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        best = best.min(round(&mut ours)?);
        other = other.min(round(&mut theirs)?);
    }
    println!("{stage:24} {:10.3} ms {:9.0} x {:8.2}  {twin}", best * 1e3, audio.0 / best, other / best,);
    Ok(())
}

fn main() -> Done {
    // `cargo bench` passes --bench.
    let file =
        std::env::args_os().skip(1).find(|a| !a.to_string_lossy().starts_with("--")).map(PathBuf::from);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio");
    let song = |name: &str| fixtures.join("songs").join(name);
    let files = match &file {
        Some(file) => vec![file.clone()],
        None => ["quiet-engines.wav", "paper-lanterns.mp3", "second-orbit.flac", "harbour-lights.ogg"]
            .map(song)
            .to_vec(),
    };
    println!("{:24} {:>13} {:>11} {:>8}  against", "stage", "CPU", "real time", "ratio");
    for file in &files {
        let extension = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        let audio = drained(file)?;
        let ours = || drained(file);
        row(&format!("decode {extension}"), audio, "symphonia alone", ours, || symphonia_alone(file))?;
    }
    let subject = file.clone().unwrap_or_else(|| song("harbour-lights.ogg"));
    let (mono, rate, audio) = first_rate(&subject)?;
    let samples = resampled(&mono, rate);
    row(
        &format!("resample {} Hz", rate.0),
        audio,
        "rubato's FFT resampler alone",
        || Ok(resampled(&mono, rate)),
        || rubato_alone(&mono, rate),
    )?;
    let magnitudes = spectrum(&samples);
    row("spectrum", audio, "one FFT a frame", || Ok(spectrum(&samples)), || Ok(plain_spectrum(&samples)))?;
    let chroma = octave_chroma(&magnitudes);
    row(
        "chroma",
        audio,
        "its definition, sum by sum",
        || Ok(octave_chroma(&magnitudes)),
        || Ok(plain_chroma(&magnitudes)),
    )?;
    row(
        "fingerprint",
        audio,
        "each level searched for, each window anew",
        || Ok(fingerprint(&chroma)),
        || Ok(plain_fingerprint(&chroma)),
    )?;
    let cancel = CancelToken::new();
    row(
        "analyse a file, whole",
        audio,
        "decoding it alone",
        || Ok(track::track(&mut Decoder::open(&subject)?, &CURRENT, &cancel)?),
        || drained(&subject),
    )?;
    scan(&fingerprint(&chroma), audio)?;
    alignment(&chroma)?;
    query(&fixtures, file.as_deref())
}

/// Decodes a file to its end and drops the samples.
fn drained(file: &Path) -> Done<Seconds> {
    let mut decoder = Decoder::open(file)?;
    let (mut block, mut seconds) = (Vec::new(), 0.0);
    while let Some(rate) = decoder.next_block(&mut block)? {
        seconds += Samples(black_box(&block).len() as u64).at(rate).0;
    }
    Ok(Seconds(seconds))
}

/// The samples of a file up to the first change of its rate; in nearly all files that is all of them.
fn first_rate(file: &Path) -> Done<(Vec<f32>, SampleRate, Seconds)> {
    let mut decoder = Decoder::open(file)?;
    let (mut block, mut mono) = (Vec::new(), Vec::new());
    let first = decoder.next_block(&mut block)?.ok_or("no audio")?;
    let mut rate = Some(first);
    while rate == Some(first) {
        mono.extend_from_slice(&block);
        rate = decoder.next_block(&mut block)?;
    }
    let audio = Samples(mono.len() as u64).at(first);
    Ok((mono, first, audio))
}

/// Runs demuxer and codec alone, and ignores the decoded buffers.
fn symphonia_alone(file: &Path) -> Done {
    let mut codecs = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut codecs);
    codecs.register_audio_decoder::<refrain::decode::Opus>();
    let stream = MediaSourceStream::new(Box::new(File::open(file)?), MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let mut reader = symphonia::default::get_probe().probe(&Hint::new(), stream, format, metadata)?;
    let track = reader.default_track(TrackType::Audio).ok_or("no audio track")?;
    let id = track.id;
    let params = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or("no audio codec")?;
    let mut codec = codecs.make_audio_decoder(params, &AudioDecoderOptions::default())?;
    while let Ok(Some(packet)) = reader.next_packet() {
        if packet.track_id == id {
            // Skips a damaged packet, as ours does.
            let _ = black_box(codec.decode(&packet));
        }
    }
    Ok(())
}

fn resampled(mono: &[f32], rate: SampleRate) -> Vec<f32> {
    let mut resampler = Resampler::new(rate, CURRENT.sample_rate);
    let mut out = Vec::new();
    for block in mono.chunks(1_152) {
        resampler.push(block, &mut out);
    }
    resampler.finish(&mut out);
    out
}

/// The same filter length and rates, without halving first.
fn rubato_alone(mono: &[f32], rate: SampleRate) -> Done {
    use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};
    let (from, to) = (rate.0 as usize, CURRENT.sample_rate.0 as usize);
    let window = WindowFunction::BlackmanHarris2;
    let mut resampler =
        Fft::<f32>::new_custom(from, to, 512 * from.div_ceil(to), 1, 1, window, FixedSync::Both)?;
    let chunk = resampler.input_frames_next();
    let mut out = vec![0.0; resampler.output_frames_max()];
    for block in mono.chunks_exact(chunk) {
        let from = InterleavedSlice::new(block, 1, chunk)?;
        let room = out.len();
        let mut to = InterleavedSlice::new_mut(&mut out, 1, room)?;
        resampler.process_into_buffer(&from, &mut to, None)?;
        black_box(&out);
    }
    Ok(())
}

fn spectrum(samples: &[f32]) -> Vec<Vec<f32>> {
    let mut spectrum = Spectrum::new(&CURRENT, CURRENT.hop, 0);
    let mut out = Vec::new();
    spectrum.push(samples, |m| out.push(m.to_vec()));
    spectrum.finish(|m| out.push(m.to_vec()));
    out
}

/// One complex FFT for each frame, with an empty imaginary part.
fn plain_spectrum(samples: &[f32]) -> Vec<Vec<f32>> {
    let length = CURRENT.frame_length;
    let fft: Arc<dyn Fft<f32>> = refrain_fft::forward(length);
    let window = |n: usize| {
        let phase = std::f64::consts::TAU * n as f64 / length as f64;
        ((0.5 - 0.5 * phase.cos()) * 4.0 / length as f64) as f32
    };
    let window: Vec<f32> = (0..length).map(window).collect();
    let bank = ConstantQ::new(&CURRENT, 0);
    samples
        .windows(length)
        .step_by(CURRENT.hop)
        .map(|frame| {
            let mut bins: Vec<Complex32> =
                frame.iter().zip(&window).map(|(x, w)| Complex32::new(x * w, 0.0)).collect();
            fft.process(&mut bins);
            let power: Vec<f32> = bins[..=length / 2].iter().map(|z| z.norm_sqr()).collect();
            let mut magnitudes = vec![0.0; bank.bins()];
            bank.magnitudes(&power, &mut magnitudes);
            magnitudes
        })
        .collect()
}

fn octave_chroma(magnitudes: &[Vec<f32>]) -> Vec<f32> {
    let mut chroma = OctaveChroma::new(&CURRENT, CURRENT.hop);
    let mut out = Vec::new();
    for m in magnitudes {
        chroma.push(m, |frame| out.extend_from_slice(frame));
    }
    chroma.finish(|frame| out.extend_from_slice(frame));
    out
}

/// Sums every mean anew for every value.
fn plain_chroma(magnitudes: &[Vec<f32>]) -> Vec<f32> {
    let p: &ParameterSet = &CURRENT;
    let fps = f64::from(p.sample_rate.0) / p.hop as f64;
    let around = |t: usize, span: Seconds| {
        let half = (span.0 * fps / 2.0).round() as usize;
        t.saturating_sub(half)..(t + half + 1).min(magnitudes.len())
    };
    let peak = |m: &Vec<f32>| m.iter().copied().fold(0.0, f32::max);
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let semitones: Vec<Vec<f32>> = (0..magnitudes.len())
        .map(|t| {
            let peaks: Vec<f32> = magnitudes[around(t, p.level_span)].iter().map(peak).collect();
            let level = mean(&peaks).max(p.level_floor);
            let x: Vec<f32> = magnitudes[t].iter().map(|m| (p.log_gain * m / level).ln_1p()).collect();
            let near = |b: usize| {
                b.saturating_sub(p.whitening_bins / 2)..(b + p.whitening_bins / 2 + 1).min(x.len())
            };
            let w: Vec<f32> = (0..x.len()).map(|b| (x[b] - mean(&x[near(b)])).max(0.0)).collect();
            let below = |s: usize| if s > 0 { w[3 * s - 1] } else { 0.0 };
            (0..p.frame_values()).map(|s| below(s) + w[3 * s] + w[3 * s + 1]).collect()
        })
        .collect();
    let frame = |t: usize| {
        let rows = &semitones[around(t, p.mean_span)];
        let moved: Vec<f32> = (0..p.frame_values())
            .map(|s| semitones[t][s] - rows.iter().map(|r| r[s]).sum::<f32>() / rows.len() as f32)
            .collect();
        let norm = moved.iter().map(|v| v * v).sum::<f32>().sqrt().max(p.norm_floor);
        moved.into_iter().map(move |v| v / norm)
    };
    (0..magnitudes.len()).flat_map(frame).collect()
}

fn fingerprint(chroma: &[f32]) -> Fingerprint {
    let mut fingerprinter = Fingerprinter::new(&CURRENT);
    chroma.chunks_exact(CURRENT.frame_values()).for_each(|frame| fingerprinter.push(frame));
    fingerprinter.finish()
}

fn plain_fingerprint(chroma: &[f32]) -> Vec<i8> {
    let nearest = |v: &f32| {
        let best = CURRENT.levels.iter().min_by(|a, b| (*a - v).abs().total_cmp(&(*b - v).abs()));
        best.copied().unwrap_or(0.0)
    };
    let frames: Vec<f32> = chroma.iter().map(nearest).collect();
    let mut projection = Projection::new(&CURRENT);
    let mut out = Vec::new();
    for window in frames.windows(CURRENT.window_values()).step_by(CURRENT.window_hop * CURRENT.frame_values())
    {
        projection.project(window, &mut out);
    }
    out
}

/// Searches 64 windows in a library; "real time" is the library's length.
fn scan(fingerprint: &Fingerprint, audio: Seconds) -> Done {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("library.refrain");
    let (mut random, dims) = (fastrand::Rng::with_seed(1), CURRENT.window_dims);
    let mut store = Store::open_write(&file)?;
    let copies = (LIBRARY as usize * 400 / fingerprint.positions.len().max(1)).max(1);
    store.write(|batch| {
        for n in 0..copies {
            let mut copy = fingerprint.clone();
            for v in &mut copy.windows {
                *v = (i32::from(*v) + random.i32(-20..=20)).clamp(-127, 127) as i8;
            }
            batch.add_track(&TrackRecord::new(format!("{n}")), &copy)?;
        }
        Ok(())
    })?;
    store.close()?;
    let store = Store::open_read(&file)?;
    let queries: Vec<i8> = fingerprint.windows.iter().copied().cycle().take(64 * dims).collect();
    let windows = copies * fingerprint.positions.len();
    let library = Seconds(audio.0 * copies as f64);
    let mut plain_hits = Vec::new();
    row(
        &format!("exact scan, {windows}"),
        library,
        "plain dot products, all sorted",
        || Ok(nearest_exact(&store, &queries, 20)?),
        || {
            plain_hits = plain_scan(&store, &queries)?;
            Ok(())
        },
    )?;
    if plain_hits != nearest_exact(&store, &queries, 20)? {
        return Err("the scan and its twin disagree".into());
    }
    Ok(())
}

fn plain_scan(store: &Store, queries: &[i8]) -> Done<Vec<Vec<Hit>>> {
    let dims = CURRENT.window_dims;
    let mut all: Vec<Vec<Hit>> = vec![Vec::new(); queries.len() / dims];
    store.windows(Store::ALL_TRACKS, |track, block| {
        for (i, vector) in block.vectors().chunks_exact(dims).enumerate() {
            let position = refrain::units::Frames(block.position(i));
            for (query, hits) in queries.chunks_exact(dims).zip(&mut all) {
                let dot = query.iter().zip(vector).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
                hits.push(Hit::new(track, position, dot));
            }
        }
        Ok(())
    })?;
    for hits in &mut all {
        hits.sort_unstable_by_key(|h| (-h.dot, h.track, h.position));
        hits.truncate(20);
    }
    Ok(all)
}

/// Aligns a clip of at most 10 s with its own place in the track.
fn alignment(chroma: &[f32]) -> Done {
    let values = CURRENT.frame_values();
    let mut stored = Vec::new();
    FrameCode::new(&CURRENT).pack(chroma, &mut stored);
    let mut reference = Reference { first: 0, frames: vec![0.0; chroma.len()] };
    FrameCode::new(&CURRENT).unpack(&stored, &mut reference.frames);
    // Every frame twice stands in for a query's half frames.
    let clip = chroma.chunks_exact(values).skip(20).take(54).flat_map(|f| [f, f]).flatten().copied();
    let query: Vec<f32> = clip.collect();
    let audio = Seconds(query.len() as f64 / values as f64 * CURRENT.frame_seconds().0 / 2.0);
    let found = align(&query, &reference, values, 40);
    row(
        "alignment, one place",
        audio,
        "every range of every offset",
        || Ok(align(&query, &reference, values, 40)),
        || Ok(plain_align(&query, &reference, values, 40)),
    )?;
    let evidence = found.map_or(0.0, |a: Alignment| a.evidence);
    println!(
        "{:24} evidence {evidence:.2}, by the twin {:.2}",
        "",
        plain_align(&query, &reference, values, 40)
    );
    Ok(())
}

/// The greatest evidence of any range at any offset; sums each range anew.
fn plain_align(query: &[f32], reference: &Reference, values: usize, offset: i32) -> f32 {
    const TOLL: f32 = 0.15;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let mut best = f32::MIN;
    for offset in offset - 2..=offset + 2 {
        let pairs: Vec<f32> = (0..(query.len() / values) as i32)
            .filter(|h| (offset + h) % 2 == 0)
            .filter_map(|h| {
                let at = usize::try_from((offset + h) / 2 - reference.first).ok()? * values;
                let r = reference.frames.get(at..at + values)?;
                let q = &query[h as usize * values..(h as usize + 1) * values];
                Some(dot(q, r) - TOLL * (dot(q, q) * dot(r, r)).sqrt())
            })
            .collect();
        for from in 0..pairs.len() {
            for to in from + 1..=pairs.len() {
                best = best.max(pairs[from..to].iter().sum());
            }
        }
    }
    best
}

/// Queries a clip against the ten fixtures, beside fingerprinting the same clip for an index.
fn query(fixtures: &Path, file: Option<&Path>) -> Done {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("songs.refrain");
    let index = Index::open_or_create(&path)?;
    let cancel = CancelToken::new();
    index.build_with([fixtures.join("songs")], BuildOptions::default())?;
    index.close()?;
    let clip = file.map_or_else(|| fixtures.join("clips/clean.wav"), Path::to_owned);
    let audio = drained(&clip)?;
    row(
        "query, ten songs",
        audio,
        "fingerprinting the clip",
        || Ok(Index::open(&path)?.query(&clip)?),
        || Ok(track::track(&mut Decoder::open(&clip)?, &CURRENT, &cancel)?),
    )
}
