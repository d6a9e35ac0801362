//! A shell script plays ffmpeg here: what it writes, says and how it ends is what a test wants.
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::*;

/// A script as the program, and a file to decode.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("ffmpeg");
        fs::write(&program, format!("#!/bin/sh\ncd \"{}\"\n{script}\n", folder.path().display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("song.wma"), b"whatever").unwrap();
        Self { folder }
    }

    /// Puts a file beside the script.
    fn with(self, name: &str, content: &[u8]) -> Self {
        fs::write(self.at(name), content).unwrap();
        self
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> Result<FfmpegDecoder> {
        self.open_within(Limits { silent: Duration::from_secs(30), whole: Duration::from_secs(60) })
    }

    fn open_within(&self, limits: Limits) -> Result<FfmpegDecoder> {
        let (program, song) = (self.at("ffmpeg"), self.at("song.wma"));
        FfmpegDecoder::open_within(&program, ("WMA", "asf"), &song, limits, &CancelToken::new())
    }

    /// Whether the process whose number the script wrote is gone.
    fn is_gone(&self) -> bool {
        let pid = fs::read_to_string(self.at("pid")).unwrap();
        let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        // Where there is no `/proc`, nothing is found out.
        state.is_err()
    }
}

/// What ffmpeg writes: a header with a tag, and these samples.
fn output(rate: u32, channels: u32, samples: &[f32]) -> Vec<u8> {
    let text = b"Title=A Title\n\0\0";
    let fields = [24 + text.len() as u32, u32::MAX, 6, rate, channels];
    let mut all = b".snd".to_vec();
    all.extend(fields.iter().flat_map(|n| n.to_be_bytes()));
    all.extend(text);
    all.extend(samples.iter().flat_map(|x| x.to_be_bytes()));
    all
}

fn ramp(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 1000) as f32 / 1000.0 - 0.5).collect()
}

fn read(decoder: &mut FfmpegDecoder) -> Result<Vec<f32>> {
    let (mut all, mut mono) = (Vec::new(), Vec::new());
    while decoder.next_block(&mut mono)?.is_some() {
        assert!(!mono.is_empty());
        all.append(&mut mono);
    }
    assert!(decoder.next_block(&mut mono)?.is_none() && mono.is_empty(), "the end stays the end");
    Ok(all)
}

fn reason(result: Result<impl Sized>) -> AudioError {
    match result {
        Err(Error::Audio { path, reason }) if path.ends_with("song.wma") => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("no error"),
    }
}

fn said(result: Result<impl Sized>) -> String {
    match reason(result) {
        AudioError::Ffmpeg { format, said } if format == "WMA" => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn samples_rate_channels_and_tags_are_those_of_the_output() {
    let samples = ramp(100_001);
    let place = Place::new("cat out").with("out", &output(8_000, 1, &samples));
    let mut decoder = place.open().unwrap();
    assert_eq!(decoder.spec(), Some((SampleRate(8_000), 1)));
    assert_eq!(decoder.tags().title.as_deref(), Some("A Title"));
    assert!(decoder.is_through_ffmpeg());
    assert_eq!(read(&mut decoder).unwrap(), samples);
    assert!(BlockSource::warnings(&decoder).is_empty());
    // Two channels, of which the mean is taken; and a last frame that lacks its last bytes.
    let mut out = output(44_100, 2, &samples);
    out.truncate(out.len() - 2);
    let mut decoder = Place::new("cat out").with("out", &out).open().unwrap();
    let mean: Vec<f32> = samples[..100_000].chunks(2).map(|c| (c[0] + c[1]) * 0.5).collect();
    assert_eq!(read(&mut decoder).unwrap(), mean);
}

#[cfg(feature = "acoustid")]
#[test]
fn all_channels_and_the_length_are_there_for_words() {
    let samples = ramp(88_200);
    let place = Place::new("cat out").with("out", &output(44_100, 2, &samples));
    let mut decoder = place.open().unwrap().with_all_channels();
    let (mut all, mut frames) = (Vec::new(), Vec::new());
    while let Some(sound) = decoder.next_frames(&mut frames).unwrap() {
        assert_eq!(sound, Sound { rate: SampleRate(44_100), channels: 2, fine: true });
        all.append(&mut frames);
    }
    assert_eq!(all, samples);
    let mut decoder = place.open().unwrap().with_all_channels();
    decoder.next_frames(&mut frames).unwrap();
    assert_eq!(decoder.duration().unwrap(), Seconds(1.0));
}

#[test]
fn samples_that_are_no_numbers_are_silence() {
    let out = output(8_000, 1, &[0.5, f32::NAN, f32::INFINITY, -1e9, -0.5]);
    let mut decoder = Place::new("cat out").with("out", &out).open().unwrap();
    assert_eq!(read(&mut decoder).unwrap(), [0.5, 0.0, 0.0, 0.0, -0.5]);
}

#[test]
fn the_program_gets_the_fixed_arguments_and_the_whole_path() {
    let place = Place::new("for a; do printf '%s\\n' \"$a\"; done > args; env > env; cat out")
        .with("out", &output(8_000, 1, &[0.0]));
    let song = place.at("-i http:'$(touch x)'\n.wma");
    fs::write(&song, b"").unwrap();
    let open =
        |demuxer| FfmpegDecoder::open(&place.at("ffmpeg"), ("WMA", demuxer), &song, &CancelToken::new());
    open("asf").unwrap();
    let args = fs::read_to_string(place.at("args")).unwrap();
    let input = format!("file:{}\n", song.display());
    assert!(args.contains(&format!("-protocol_whitelist\nfile\n-f\nasf\n-i\n{input}-vn\n")), "{args}");
    assert!(!place.at("x").exists());
    assert!(!fs::read_to_string(place.at("env")).unwrap().contains("FFREPORT"));
}

#[test]
fn a_path_that_is_not_utf_8_reaches_the_program_byte_by_byte() {
    let place = Place::new("for a; do printf '%s\\n' \"$a\"; done > args; cat out")
        .with("out", &output(8_000, 1, &[0.0]));
    let song = place.folder.path().join(std::ffi::OsStr::from_bytes(b"\xff:\xfe.wma"));
    // Some file systems take no such name.
    if fs::write(&song, b"").is_err() {
        return;
    }
    FfmpegDecoder::open(&place.at("ffmpeg"), ("WMA", "asf"), &song, &CancelToken::new()).unwrap();
    let args = fs::read(place.at("args")).unwrap();
    assert!(args.windows(10).any(|bytes| bytes == b"/\xff:\xfe.wma\n-"));
}

#[test]
fn without_audio_the_error_is_what_the_program_said() {
    for (script, expected) in [
        ("echo '[asf @ 0x1] no header' >&2; exit 1", "no header"),
        ("exit 3", "exit status: 3"),
        ("exit 0", "ffmpeg gave no audio"),
        ("kill -SEGV $$", "signal: 11 (SIGSEGV)"),
        ("echo nonsense", "the output of ffmpeg has no header"),
        ("printf '.snd'; exit 1", "exit status: 1"),
    ] {
        let got = said(Place::new(script).open());
        assert!(got.starts_with(expected), "{script}: {got}");
    }
    // A header alone is no audio either.
    let empty = Place::new("cat out; echo none >&2").with("out", &output(8_000, 1, &[]));
    assert_eq!(said(empty.open().and_then(|mut d| read(&mut d))), "none");
    let slow = Place::new("cat out").with("out", &output(999, 1, &[0.0]));
    assert_eq!(reason(slow.open()), AudioError::SampleRate(999));
}

#[test]
fn a_program_that_fails_midway_leaves_a_warning_and_one_that_somebody_ended_an_error() {
    let out = output(8_000, 1, &ramp(9_000));
    let after = |script: &str| {
        let place = Place::new(script).with("out", &out);
        let mut decoder = place.open().unwrap();
        read(&mut decoder).map(|samples| (samples.len(), BlockSource::warnings(&decoder)))
    };
    let cut = |reason: &str| Warning::CutShort { reason: reason.to_owned() };
    assert_eq!(after("cat out; echo bad >&2; exit 1").unwrap(), (9_000, vec![cut("ffmpeg: bad")]));
    assert_eq!(
        after("cat out; echo odd >&2").unwrap(),
        (9_000, vec![Warning::Ffmpeg { said: "odd".into() }])
    );
    // Not INT: a shell that was started in the background ignores it.
    for end in ["kill -TERM $$", "kill -KILL $$", "exit 255"] {
        assert!(matches!(after(&format!("cat out; {end}")), Err(Error::Io { .. })), "{end}");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let place = Place::new("");
    fs::remove_file(place.at("ffmpeg")).unwrap();
    let Err(Error::Io { path, source }) = place.open() else { panic!("it started") };
    assert!(path.ends_with("song.wma"));
    assert!(source.to_string().contains("ffmpeg cannot be started"), "{source}");
}

#[test]
fn a_silent_program_is_ended() {
    let limits = Limits { silent: Duration::from_millis(300), whole: Duration::from_secs(60) };
    let out = output(8_000, 1, &ramp(9_000));
    for script in [
        "echo $$ > pid; exec sleep 600",
        "echo $$ > pid; cat out; exec sleep 600",
        "echo $$ > pid; cat out; exec >&-; exec sleep 600",
    ] {
        let place = Place::new(script).with("out", &out);
        let began = Instant::now();
        let got = said(place.open_within(limits).and_then(|mut decoder| read(&mut decoder)));
        assert!(got.starts_with("ffmpeg gave nothing for 0 s"), "{script}: {got}");
        assert!(began.elapsed() < Duration::from_secs(20), "{script}");
        assert!(place.is_gone(), "{script}");
    }
}

#[test]
fn a_program_that_drips_is_ended_too() {
    let limits = Limits { silent: Duration::from_secs(30), whole: Duration::from_millis(700) };
    let place = Place::new("echo $$ > pid; cat out; while :; do sleep 0.1; printf 'abcd'; done")
        .with("out", &output(8_000, 1, &[0.0]));
    let got = said(place.open_within(limits).and_then(|mut decoder| read(&mut decoder)));
    assert_eq!(got, "ffmpeg took more than 1 s");
    assert!(place.is_gone());
}

#[test]
fn time_in_which_nobody_asks_does_not_count() {
    let limits = Limits { silent: Duration::from_millis(400), whole: Duration::from_millis(400) };
    let samples = ramp(1_000_000);
    let place = Place::new("cat out").with("out", &output(8_000, 1, &samples));
    let mut decoder = place.open_within(limits).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(read(&mut decoder).unwrap().len(), samples.len());
}

#[test]
fn endless_messages_neither_block_the_program_nor_fill_the_memory() {
    let place = Place::new("i=0; while [ $i -lt 3000 ]; do echo 'one line of many that it says on and on' >&2; i=$((i+1)); done; cat out")
        .with("out", &output(8_000, 1, &ramp(9_000)));
    let mut decoder = place.open().unwrap();
    assert_eq!(read(&mut decoder).unwrap().len(), 9_000);
    assert_eq!(BlockSource::warnings(&decoder).len(), 1);
}

#[test]
fn endless_audio_ends_at_the_longest_length() {
    // A thousand hertz, so that a week is 2.4 GB: too much for a test. Many channels make a frame long, not the audio.
    let place =
        Place::new("echo $$ > pid; cat out; exec cat /dev/zero").with("out", &output(1_000, 1, &[0.5]));
    let mut decoder = place.open().unwrap();
    decoder.frames = MAX_HOURS * 3600 * 1_000 - 100_000;
    assert_eq!(reason(read(&mut decoder)), AudioError::TooLong { hours: MAX_HOURS });
    assert!(place.is_gone());
}

#[test]
fn a_dropped_decoder_ends_the_program() {
    let place =
        Place::new("echo $$ > pid; cat out; exec cat /dev/zero").with("out", &output(8_000, 1, &[0.5]));
    let mut decoder = place.open().unwrap();
    decoder.next_block(&mut Vec::new()).unwrap();
    assert!(!place.is_gone() || !Path::new("/proc").exists());
    drop(decoder);
    assert!(place.is_gone());
}

#[test]
fn a_cancelled_call_ends_at_once_and_the_program_with_it() {
    let place = Place::new("echo $$ > pid; exec sleep 600");
    let cancel = CancelToken::new();
    let other = cancel.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        other.cancel();
    });
    let began = Instant::now();
    let opened = FfmpegDecoder::open(&place.at("ffmpeg"), ("WMA", "asf"), &place.at("song.wma"), &cancel);
    assert!(matches!(opened, Err(Error::Interrupted)));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(place.is_gone());
    canceller.join().unwrap();
}
