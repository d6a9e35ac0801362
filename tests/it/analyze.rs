//! `refrain analyze` as users and their scripts see it, compared with the transforms of whole signals.
use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read},
    path::Path,
};

use refrain::{
    analysis::{
        ChromaCqt, ChromaOptions, CqtScratch, Hpss, HpssOptions, HpssScratch, Tuning, TuningScratch, Yin,
        YinOptions, YinScratch, estimate_key, features, normalise,
    },
    decode::Decoder,
    resample::Resampler,
    units::SampleRate,
};
use serde_json::{Value, json};

use super::run::{Place, Run, fixture, tune, wav};

const RATE: SampleRate = SampleRate(22_050);

/// An array of an archive: its type, its shape and its bytes.
#[derive(Clone, Debug, PartialEq)]
struct Array {
    kind: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    fn floats(&self) -> Vec<f32> {
        assert_eq!(self.kind, "<f4");
        self.bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    fn doubles(&self) -> Vec<f64> {
        assert_eq!(self.kind, "<f8");
        self.bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
    }
}

/// What `numpy.load` would return.
fn npz(path: &Path) -> BTreeMap<String, Array> {
    let mut zip = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = |name: String| {
        let mut bytes = Vec::new();
        zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\0");
        let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert!(end.is_multiple_of(64));
        let header = String::from_utf8(bytes[10..end].to_vec()).unwrap();
        assert!(header.ends_with('\n') && header.contains("'fortran_order': True"), "{header}");
        let between = |from: &str, to: &str| {
            let rest = header.split_once(from).unwrap().1;
            rest.split_once(to).unwrap().0.to_owned()
        };
        let shape = between("'shape': (", ")");
        let shape = shape.split(',').filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
        let array = Array { kind: between("'descr': '", "'"), shape, bytes: bytes[end..].to_vec() };
        (name.strip_suffix(".npy").unwrap().to_owned(), array)
    };
    names.into_iter().map(read).collect()
}

/// The samples of a WAV file of floats.
fn floats(path: &Path) -> Vec<f32> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, RATE.0, 32));
    reader.samples::<f32>().map(Result::unwrap).collect()
}

/// The whole file at the rate of the analysis.
fn samples(path: &Path) -> Vec<f32> {
    let mut decoder = Decoder::open(path).unwrap();
    let (mut block, mut out) = (Vec::new(), Vec::new());
    let mut resampler = None;
    while let Some(rate) = decoder.next_block(&mut block).unwrap() {
        resampler.get_or_insert_with(|| Resampler::new(rate, RATE)).push(&block, &mut out);
    }
    if let Some(mut resampler) = resampler {
        resampler.finish(&mut out);
    }
    out
}

#[track_caller]
fn one(run: &Run) -> Value {
    let mut documents = run.json();
    assert_eq!(documents.len(), 1, "{run:#?}");
    documents.remove(0)
}

#[track_caller]
fn near(value: &Value, expected: f64, by: f64) {
    let found = value.as_f64().unwrap_or_else(|| panic!("{value}, expected {expected}"));
    assert!((found - expected).abs() <= by, "{found}, expected {expected} within {by}");
}

/// All fields of a document. None is left out, and no number is NaN: JSON has none.
fn document_fields() -> Vec<&'static str> {
    let fields = "bpm camelot channels chroma chroma_energy chroma_entropy duration frames harmonic_ratio key key_confidence \
                  key_correlation key_name key_second mode path pitch pitch_cents pitch_note pitch_stability sample_rate \
                  status tuning voiced warnings";
    fields.split_whitespace().collect()
}

#[test]
fn a_beat_gives_a_tempo_and_a_drone_gives_none() {
    let place = Place::new();
    // 64 s are several blocks. A tone begins every beat and decays.
    let beats = |bpm: f64| {
        let sample = |n: usize| {
            let t = f64::from(n as u32) / 22_050.0;
            let beat = t * bpm / 60.0;
            let tone = 440.0 * (1.0 + (beat.floor() % 4.0) / 3.0);
            (12_000.0 * (-(beat % 1.0) * 9.0).exp() * (std::f64::consts::TAU * tone * t).sin()) as i16
        };
        (0..64 * 22_050).map(sample).collect::<Vec<i16>>()
    };
    let drone = |n: usize| (9_000.0 * (f64::from(n as u32) * 0.03).sin()) as i16;
    place.write("a.wav", &wav(22_050, 1, &beats(84.0)));
    place.write("b.wav", &wav(22_050, 1, &beats(126.0)));
    place.write("c.wav", &wav(22_050, 1, &(0..441_000).map(drone).collect::<Vec<i16>>()));
    let found = place.line("analyze --json --threads 3 a.wav b.wav c.wav").code(0).json();
    near(&found[0]["bpm"], 84.0, 0.5);
    near(&found[1]["bpm"], 126.0, 0.5);
    assert!(found[2]["bpm"].is_null() && found[2]["pitch"].is_number(), "{}", found[2]);
    assert_eq!(place.line("analyze --json --threads 1 a.wav b.wav c.wav").code(0).json(), found);

    let bpm = found[0]["bpm"].as_f64().unwrap();
    for (file, tempo) in [("a.wav", format!("{bpm:.1} beats a minute")), ("c.wav", "none".to_owned())] {
        let figures = place.line(&format!("analyze {file}")).code(0).out.clone();
        assert!(figures.contains(&format!("\n  tempo     {tempo}\n")), "{figures}");
    }
    let table = place.line("analyze a.wav c.wav").code(0).out.clone();
    // The name of a key has two words.
    let tempi: Vec<&str> =
        table.lines().skip(1).map(|line| line.split_whitespace().nth(5).unwrap()).collect();
    assert_eq!(tempi[..2], [format!("{bpm:.0}").as_str(), "none"], "{table}");
    let rows = place.line("analyze --csv a.wav c.wav").code(0).out.clone();
    let mut rows = csv::Reader::from_reader(rows.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "bpm").unwrap();
    let cells: Vec<String> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(cells, [bpm.to_string(), String::new()]);
}

#[test]
fn blocks_on_any_number_of_threads_are_the_whole_signal_bit_for_bit() {
    let place = Place::new();
    // A tune with clicks, so that there is something percussive, in stereo and longer than several blocks.
    let mut sound = tune(44_100, 63.7, 5);
    sound.iter_mut().enumerate().filter(|(i, _)| i % 9001 < 40).for_each(|(_, s)| *s /= 3);
    let stereo: Vec<i16> = sound.iter().flat_map(|s| [*s, s / 2]).collect();
    let file = place.write("song.wav", &wav(44_100, 2, &stereo));
    let whole = samples(&file);

    let rate = f64::from(RATE.0);
    let tuning = Tuning::new(rate).unwrap();
    let [of_notes, of_chroma] =
        [12, 36].map(|bins| tuning.estimate(&whole, bins, &mut TuningScratch::default()).unwrap());
    let cqt = ChromaCqt::new(rate, ChromaOptions::default().tuning(of_chroma)).unwrap();
    let raw = cqt.raw(&whole, &mut CqtScratch::default()).unwrap();
    let mut normalised = raw.clone();
    normalise(&mut normalised);
    let magnitudes = cqt.cqt().magnitudes(&whole, &mut CqtScratch::default()).unwrap();
    let yin = Yin::new(rate, YinOptions::default()).unwrap();
    let pitch = yin.pitch(&whole, &mut YinScratch::default()).unwrap();
    let (mut harmonic, mut percussive) = (Vec::new(), Vec::new());
    let hpss = Hpss::new(2048, 512, HpssOptions::default()).unwrap();
    hpss.separate(&whole, &mut HpssScratch::default(), &mut harmonic, &mut percussive).unwrap();

    let mut outputs = Vec::new();
    for threads in ["1", "2", "5"] {
        let line = "analyze --json --frames o.npz --harmonic h.wav --percussive p.wav --threads";
        let run = place.line(&format!("{line} {threads} song.wav")).code(0);
        assert_eq!(run.err, "");
        let arrays = npz(&place.at("o.npz"));
        let frames = magnitudes.frames();
        assert_eq!(arrays["cqt"].shape, [252, frames]);
        assert!(arrays["cqt"].floats() == magnitudes.values());
        assert_eq!(arrays["chroma"].shape, [12, frames]);
        assert!(arrays["chroma"].floats() == normalised.values());
        assert!(arrays["f0"].floats() == pitch.iter().map(|p| p.frequency).collect::<Vec<_>>());
        assert!(arrays["aperiodicity"].floats() == pitch.iter().map(|p| p.aperiodicity).collect::<Vec<_>>());
        let voiced: Vec<u8> = pitch.iter().map(|p| u8::from(p.aperiodicity < 0.2)).collect();
        assert_eq!((&*arrays["voiced"].kind, &arrays["voiced"].bytes), ("|b1", &voiced));
        assert!(floats(&place.at("h.wav")) == harmonic);
        assert!(floats(&place.at("p.wav")) == percussive);

        let document = one(&run);
        near(&document["duration"], whole.len() as f64 / rate, 1e-9);
        assert_eq!(document["frames"], frames);
        assert_eq!((&document["sample_rate"], &document["channels"]), (&json!(44_100), &json!(2)));
        near(&document["tuning"], of_notes, 1e-12);
        let ratio = features::harmonic_ratio(&harmonic, &percussive).unwrap();
        near(&document["harmonic_ratio"], ratio, 1e-12);
        let energy = features::chroma_energy(&raw);
        // Single floats are written in the fewest digits that identify them.
        let classes = |name: &str| -> Vec<f32> {
            document[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
        };
        assert_eq!(classes("chroma_energy"), energy);
        assert_eq!(classes("chroma"), features::chroma_energy(&normalised));
        near(&document["chroma_entropy"], features::chroma_entropy(&energy).unwrap(), 1e-12);
        let key = estimate_key(&energy).unwrap();
        assert_eq!(document["key"], key.key.to_string());
        near(&document["key_confidence"], key.confidence, 1e-12);
        let mut found: Vec<f32> =
            pitch.iter().filter(|p| p.aperiodicity < 0.2).map(|p| p.frequency).collect();
        found.sort_by(f32::total_cmp);
        let median = f64::from(found[(found.len() - 1) / 2]);
        near(&document["pitch"], median, median * 1e-4);
        let track = pitch.iter().map(|p| (p.aperiodicity < 0.2).then_some(p.frequency));
        near(&document["pitch_stability"], features::pitch_stability(track, 50.0).unwrap(), 1e-12);
        outputs.push((run.out, arrays));
    }
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn the_archive_has_everything_needed_to_use_its_arrays() {
    let place = Place::new();
    place.song("second-orbit.flac", "a.flac");
    place.line("analyze --quiet --frames a.npz a.flac").code(0);
    let arrays = npz(&place.at("a.npz"));
    let names: Vec<&str> = arrays.keys().map(String::as_str).collect();
    let expected = "aperiodicity chroma cqt f0 frequencies hop_length sample_rate summary times voiced";
    assert_eq!(names.join(" "), expected);
    let times = arrays["times"].doubles();
    assert_eq!(arrays["times"].shape, arrays["f0"].shape);
    assert!((times[2] - 1024.0 / 22_050.0).abs() < 1e-12);
    let frequencies = arrays["frequencies"].doubles();
    assert_eq!(frequencies.len(), 252);
    assert!((frequencies[36] / frequencies[0] - 2.0).abs() < 1e-9);
    let summary: String = arrays["summary"]
        .bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|c| char::from_u32(u32::from_le_bytes(*c)).unwrap())
        .collect();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["frames"], times.len());
    assert_eq!(arrays["hop_length"].bytes, 512i64.to_le_bytes());
    assert_eq!(arrays["sample_rate"].bytes, 22_050i64.to_le_bytes());
    // Only the archive is left.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
}

#[test]
fn a_tone_has_its_pitch_and_a_chord_its_key() {
    let place = Place::new();
    let chord = |hertz: &[f64]| -> Vec<i16> {
        let at = |i: u32| {
            let t = f64::from(i) / 22_050.0;
            let sum: f64 = hertz.iter().map(|f| (std::f64::consts::TAU * f * t).sin()).sum();
            (8000.0 * sum / hertz.len() as f64) as i16
        };
        (0..5 * 22_050).map(at).collect()
    };
    place.write("a.wav", &wav(22_050, 1, &chord(&[440.0 * 1.01])));
    place.write("c.wav", &wav(22_050, 1, &chord(&[261.63, 329.63, 392.0, 523.25])));
    let found = place.line("analyze --json a.wav c.wav").code(0).json();
    assert_eq!(found[0].as_object().unwrap().keys().collect::<Vec<_>>(), document_fields());
    near(&found[0]["pitch"], 444.4, 0.3);
    assert_eq!(found[0]["pitch_note"], "A4");
    near(&found[0]["pitch_cents"], 17.2, 1.0);
    near(&found[0]["tuning"], 0.17, 0.03);
    near(&found[0]["voiced"], 1.0, 0.02);
    near(&found[0]["pitch_stability"], 1.0, 0.01);
    assert!(found[0]["harmonic_ratio"].as_f64() > Some(0.9));
    assert_eq!((&found[1]["key"], &found[1]["mode"]), (&json!("C major"), &json!("major")));
    let told = place.line("analyze c.wav").code(0);
    assert!(
        told.out.starts_with("c.wav\n  duration  0:05.0 (22050 Hz, 1 channel)\n  key       C major ("),
        "{told:#?}"
    );
}

/// Compares with what `fixtures/make_songs.py` composed; dorian counts as minor.
#[test]
fn songs_have_the_key_and_the_tuning_in_which_they_were_composed() {
    let place = Place::new();
    let songs = [
        ("copper-rain.m4a", "F minor", 0.15),
        ("embers-at-four.opus", "E minor", 0.10),
        ("harbour-lights.ogg", "F minor", -0.07),
        ("north-platform.opus", "B major", -0.03),
        ("paper-lanterns.mp3", "A minor", 0.15),
        ("winter-ferry.m4a", "F# minor", 0.06),
    ];
    let files = songs.map(|(name, ..)| fixture("audio/songs").join(name));
    let told = place.run(["analyze".into(), "--json".into()].into_iter().chain(files)).code(0).json();
    for (document, (name, key, tuning)) in told.iter().zip(songs) {
        assert_eq!(document["key"], key, "{name}");
        near(&document["tuning"], tuning, 0.021);
    }
}

#[test]
fn a_bad_file_is_reported_in_its_place_and_the_run_goes_on() {
    let place = Place::new();
    place.song("second-orbit.flac", "m/a.flac");
    place.write("m/b.mp3", b"no music");
    place.write("m/c/d.wav", &wav(8000, 1, &tune(8000, 2.0, 1)));
    place.write("m/notes.txt", b"hello");
    let one = place.line("analyze --json --threads 1 m gone.wav").code(2);
    assert_eq!(
        one.err.lines().collect::<Vec<_>>()[..2],
        [
            "refrain: cannot read m/b.mp3: not an audio file of a known format",
            "refrain: cannot read gone.wav: No such file or directory",
        ]
    );
    let told = one.json();
    let path = |name: &str| json!(place.at(name).to_str().unwrap());
    assert_eq!(
        told.iter().map(|d| d["path"].clone()).collect::<Vec<_>>(),
        [path("m/a.flac"), path("m/b.mp3"), path("m/c/d.wav"), json!("gone.wav")]
    );
    assert_eq!(told.iter().map(|d| &d["status"]).collect::<Vec<_>>(), ["ok", "error", "ok", "error"]);
    assert_eq!(told[1].as_object().unwrap().keys().collect::<Vec<_>>(), ["error", "path", "status"]);
    for threads in ["2", "4"] {
        assert_eq!(
            place.line(&format!("analyze --json --threads {threads} m gone.wav")).code(2).out,
            one.out
        );
    }
    place.line("analyze m/a.flac").code(0);
    // Nothing to do is an error here, too, as it is for a build.
    place.write("empty/notes.txt", b"hello");
    let none = place.line("analyze empty").code(2);
    assert_eq!((&*none.out, &*none.err), ("", "refrain: no audio files in empty\n"));
    // Also if there are other files.
    let mixed = place.line("analyze empty m/a.flac").code(2);
    assert_eq!(mixed.err.lines().next(), Some("refrain: no audio files in empty"), "{mixed:#?}");
}

#[test]
fn the_csv_has_the_figures_of_the_json() {
    let place = Place::new();
    place.write("a, \"b\".wav", &wav(8000, 1, &tune(8000, 3.0, 2)));
    place.write("bad.wav", b"");
    let args = |format: &'static str| ["analyze", format, "a, \"b\".wav", "bad.wav"];
    let documents = place.run(args("--json")).code(2).json();
    let table = place.run(args("--csv")).code(2).out;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let cell = |row: usize, name: &str| {
        let at = columns.iter().position(|c| c == name).unwrap_or_else(|| panic!("{name} in {columns:?}"));
        rows[row][at].to_owned()
    };
    for name in document_fields() {
        match &documents[0][name] {
            Value::Array(classes) if !classes.is_empty() => {
                let notes = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
                for (note, value) in notes.iter().zip(classes) {
                    near(value, cell(0, &format!("{name}_{note}")).parse().unwrap(), 1e-6);
                }
            }
            Value::Number(n) => near(&json!(n), cell(0, name).parse().unwrap(), 1e-9),
            Value::String(text) => assert_eq!(&cell(0, name), text),
            _ => assert_eq!(cell(0, name), ""),
        }
    }
    assert_eq!((cell(1, "status"), cell(1, "error")), ("error".into(), "bad.wav: the file is empty".into()));
    assert_eq!(cell(1, "key"), "");
}

#[test]
fn sounds_without_harmony_get_none_and_do_not_fail() {
    let place = Place::new();
    let documented = |samples: &[i16]| {
        let file = place.write("x.wav", &wav(22_050, 1, samples));
        let run =
            place.run(["analyze", "--json", "--frames", "x.npz", "--plot", "x.svg", file.to_str().unwrap()]);
        let document = one(&run.code(0));
        assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), document_fields());
        let arrays = npz(&place.at("x.npz"));
        assert!(arrays["cqt"].floats().iter().chain(&arrays["f0"].floats()).all(|v| v.is_finite()));
        assert_eq!(arrays["cqt"].shape[1], document["frames"].as_u64().unwrap() as usize);
        document
    };
    let silent = ["bpm", "key", "mode", "tuning", "harmonic_ratio", "pitch", "pitch_note", "pitch_stability"];
    for samples in [0, 1, 600, 100_000] {
        let document = documented(&vec![0; samples]);
        assert!(silent.iter().all(|name| document[name].is_null()), "{document}");
        assert_eq!(document["chroma"], json!([0.0f32; 12].to_vec()));
        assert_eq!(document["chroma_entropy"], Value::Null);
        assert_eq!(document["frames"], if samples == 0 { 0 } else { 1 + samples / 512 });
    }
    // One sample, a constant, and a tone that is cut off at full scale.
    assert_eq!(documented(&[12_345])["frames"], 1);
    near(&documented(&[12_345; 40_000])["duration"], 40_000.0 / 22_050.0, 1e-9);
    let clipped: Vec<i16> = tune(22_050, 3.0, 3).iter().map(|s| s.saturating_mul(20)).collect();
    assert!(documented(&clipped)["key"].is_string());
    // NaN counts as silence, as in all decoding.
    let mut floats = wav(22_050, 2, &vec![0; 40_000]);
    (floats[20], floats[32], floats[34]) = (3, 4, 32);
    floats[22] = 1;
    floats.truncate(44);
    floats.extend([f32::NAN; 20_000].map(f32::to_le_bytes).as_flattened());
    place.write("nan.wav", &floats);
    let document = one(&place.line("analyze --json nan.wav").code(0));
    assert!(document["pitch"].is_null() && document["frames"] == 40, "{document}");
}

#[test]
fn samples_far_above_full_scale_are_refused() {
    let place = Place::new();
    let mut loud = wav(44_100, 2, &vec![0; 40_000]);
    (loud[20], loud[22], loud[32], loud[34]) = (3, 1, 4, 32);
    loud.truncate(44);
    // A square wave at the limit overshoots it when its rate is changed.
    let square = |n: u32| if (n / 50).is_multiple_of(2) { 999_999.0f32 } else { -999_999.0 };
    loud.extend((0..20_000).flat_map(|n| square(n).to_le_bytes()));
    place.write("loud.wav", &loud);
    let run = place.line("analyze --harmonic h.wav loud.wav").code(2);
    assert!(run.err.starts_with("refrain: cannot read loud.wav: too loud: a sample at "), "{run:#?}");
    // Nothing is left of the output that was begun.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn standard_input_is_a_file_too() {
    let place = Place::new();
    let song = fs::read(fixture("audio/songs/second-orbit.flac")).unwrap();
    place.write("a.flac", &song);
    let by_name = one(&place.line("analyze --json a.flac").code(0));
    let mut piped = one(&place.fed("analyze --json -", &song).code(0));
    assert_eq!(piped["path"], "-");
    piped["path"] = by_name["path"].clone();
    assert_eq!(piped, by_name);
    assert_eq!(one(&place.fed("analyze --json -", b"").code(2))["error"], "-: the file is empty");
    let twice = place.fed("analyze - -", &song).code(2);
    assert_eq!(twice.err, "refrain: refrain can read standard input (-) only once; name - only once\n");
}

#[test]
fn several_files_write_into_a_folder_under_their_names() {
    let place = Place::new();
    for name in ["m/a.wav", "m/deep/a.wav"] {
        place.write(name, &wav(8000, 1, &tune(8000, 1.5, 4)));
    }
    let refused = place.line("analyze --frames o.npz m").code(2);
    assert_eq!(refused.err, "refrain: o.npz: several files need a folder for their outputs\n");
    assert_eq!(refused.out, "");
    fs::create_dir(place.at("out")).unwrap();
    place.line("analyze --quiet --frames out --harmonic out --percussive out --plot out m").code(0);
    for name in ["a.wav", "deep/a.wav"] {
        for ending in ["npz", "harmonic.wav", "percussive.wav", "svg"] {
            assert!(place.at(format!("out/{name}.{ending}")).is_file(), "{name}.{ending}");
        }
    }
    // The outputs of a single file may be in a folder, too.
    place.line("analyze --quiet --plot out m/deep/a.wav").code(0);
    // Two files of one name would overwrite each other, so the second is refused. No output may overwrite the input.
    let clash = place.line("analyze --json --frames out m/a.wav m/deep/a.wav").code(2);
    let status: Vec<Value> = clash.json().iter().map(|d| d["status"].clone()).collect();
    assert_eq!(status, ["ok", "error"]);
    assert!(clash.err.contains("or also the output of another file"), "{clash:#?}");
    let content = fs::read(place.at("m/a.wav")).unwrap();
    place.line("analyze --harmonic m/a.wav m/a.wav").code(2);
    place.line("analyze --harmonic x.wav --percussive x.wav m/a.wav").code(2);
    // Another spelling of the same output is recognised, even before the file exists.
    place.line("analyze --harmonic x.wav --percussive ./x.wav m/a.wav").code(2);
    place.line("analyze --harmonic x.wav --percussive m/../x.wav m/a.wav").code(2);
    assert!(fs::read(place.at("m/a.wav")).unwrap() == content && !place.at("x.wav").exists());
}

#[test]
fn a_picture_is_svg_or_png() {
    let place = Place::new();
    place.song("quiet-engines.wav", "quiet & loud.wav");
    let plot = |out: &str| place.run(["analyze", "--quiet", "--plot", out, "quiet & loud.wav"]);
    plot("p.svg").code(0);
    let svg = fs::read_to_string(place.at("p.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    // Chroma and pitch, each with the bar of its colours.
    assert_eq!(svg.matches("data:image/png;base64,").count(), 4);
    let document = one(&place.run(["analyze", "--json", "quiet & loud.wav"]).code(0));
    assert!(svg.contains("quiet &amp; loud.wav") && svg.contains(document["key"].as_str().unwrap()));
    plot("p.png").code(0);
    let content = fs::read(place.at("p.png")).unwrap();
    let mut decoder = png::Decoder::new(Cursor::new(&content));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let colours: std::collections::HashSet<[u8; 3]> = pixels.as_chunks::<3>().0.iter().copied().collect();
    assert!(colours.len() > 100 && colours.contains(&[255; 3]), "{}", colours.len());
    let refused = plot("p.pdf").code(2);
    assert_eq!(refused.err, "refrain: cannot write p.pdf: a plot ends in .svg or .png\n");
    assert!(!place.at("p.pdf").exists());
}

/// A day of silence. Most of it takes no room on the disk.
#[cfg(unix)]
fn endless(path: &Path) {
    let bytes = 8_000 * 2 * 86_400_u32;
    let mut head = wav(8_000, 1, &[]);
    head[4..8].copy_from_slice(&(36 + bytes).to_le_bytes());
    head[40..44].copy_from_slice(&bytes.to_le_bytes());
    fs::write(path, head).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_len(44 + u64::from(bytes)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_stopped_run_leaves_no_half_output() {
    use std::process::Stdio;
    for (signal, code) in [("-INT", Some(2)), ("-KILL", None)] {
        let place = Place::new();
        endless(&place.at("day.wav"));
        place.write("h.wav", b"what was there before");
        let mut command = place.command();
        command.args(["analyze", "--json", "--harmonic", "h.wav", "--frames", "f.npz", "day.wav"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = || {
            let names = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap());
            names.filter(|entry| entry.file_name().to_string_lossy().starts_with(".refrain-")).count() == 2
        };
        while !begun() {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before it began to write");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        super::run::send(signal, &child);
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), code, "{err}");
        assert_eq!(fs::read(place.at("h.wav")).unwrap(), b"what was there before");
        assert!(!place.at("f.npz").exists());
        if signal == "-INT" {
            assert_eq!(err, "refrain: interrupted; refrain did not analyse all files\n");
            assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
        }
    }
}
