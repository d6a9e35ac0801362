//! Runs the real program on files made for the test.
use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use rusqlite::{Connection, types::ValueRef};
use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own, in which the binary runs. The user's settings do not reach it.
pub struct Place {
    folder: TempDir,
}

/// The outcome of a run. A failed assertion shows the command.
#[derive(Debug)]
pub struct Run {
    pub command: String,
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(command: String, output: Output) -> Self {
        Self {
            command,
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{}: {self:#?}", self.command);
        self
    }

    /// Parses one JSON document from each line.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {self:#?}")))
            .collect()
    }
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder, as the binary names it.
    pub fn path(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    pub fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, name: impl AsRef<Path>, content: &[u8]) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A copy of a song of the fixtures.
    pub fn song(&self, song: &str, name: impl AsRef<Path>) -> PathBuf {
        self.write(name, &fs::read(fixture("audio/songs").join(song)).unwrap())
    }

    /// The binary, to be run in this folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refrain"));
        command.current_dir(self.path()).env_remove("REFRAIN_DB").env_remove("XDG_DATA_HOME");
        // What is installed here does not change the outcome of a test.
        command.env("HOME", self.path()).env("REFRAIN_FFMPEG", "never").stdin(Stdio::null());
        command
    }

    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        finish(self.command().args(args))
    }

    /// Like `run`, but the arguments are one line; no argument may contain a space.
    pub fn line(&self, args: &str) -> Run {
        self.run(args.split_whitespace())
    }

    /// Like `line`, with `input` on standard input.
    pub fn fed(&self, args: &str, input: &[u8]) -> Run {
        let mut command = self.command();
        command.args(args.split_whitespace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The program may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input);
        Run::of(format!("{command:?}"), child.wait_with_output().unwrap())
    }

    /// `text` without the parts that differ between runs: this folder, and times.
    pub fn told(&self, text: &str) -> String {
        let text = text.replace(self.path().to_str().unwrap(), "DIR");
        let line = |line: &str| match (line.find(" of audio in "), line.find(" x)")) {
            (Some(from), Some(to)) => format!("{} of audio in TIME{}", &line[..from], &line[to + 2..]),
            _ => line.to_owned(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run::of(format!("{command:?}"), output)
}

/// Sends a signal, such as `-INT`, to a process that runs. A small Debian has no program `kill`, but every shell has a command of
/// that name.
#[cfg(unix)]
pub fn send(signal: &str, child: &Child) {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"kill "$0" "$1""#, signal, &child.id().to_string()]);
    assert!(shell.status().unwrap().success());
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

pub fn clip(name: &str) -> PathBuf {
    fixture("audio/clips").join(name)
}

/// A WAV file of 16 bit; `samples` are interleaved.
pub fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut out = [b"RIFF".as_slice(), &(36 + data).to_le_bytes(), b"WAVEfmt \x10\0\0\0\x01\0"].concat();
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(channels) * 2).to_le_bytes());
    out.extend((channels * 2).to_le_bytes());
    out.extend(b"\x10\0data");
    out.extend(data.to_le_bytes());
    out.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    out
}

/// A tune of `seconds` seconds: a note and its fifth, four times a second. Each `seed` gives another tune.
pub fn tune(rate: u32, seconds: f64, seed: u64) -> Vec<i16> {
    let mut random = fastrand::Rng::with_seed(seed);
    let samples = (seconds * f64::from(rate)) as usize;
    let mut notes = vec![0.0; samples * 4 / rate as usize + 1];
    notes.iter_mut().for_each(|note| *note = 220.0 * f64::powf(2.0, f64::from(random.u8(0..24)) / 12.0));
    let sound = |i: usize| {
        let hertz = notes[i * 4 / rate as usize];
        let phase = i as f64 / f64::from(rate) * std::f64::consts::TAU * hertz;
        (8000.0 * phase.sin() + 4000.0 * (1.5 * phase).sin()) as i16
    };
    (0..samples).map(sound).collect()
}

/// `samples` at half their level under noise from `-level` to `level`.
pub fn noisy(samples: &[i16], level: i16) -> Vec<i16> {
    let mut random = fastrand::Rng::with_seed(5);
    samples.iter().map(|sample| sample / 2 + random.i16(-level..level)).collect()
}

/// Bytes that mean nothing, the same every time.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..len).map(|_| random.u8(..)).collect()
}

/// Every row of every table, including SQLite's own.
pub fn dump(db: &Path) -> Vec<String> {
    let db = Connection::open_with_flags(db, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut out = Vec::new();
    for table in tables {
        let mut rows = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let value = |i| match row.get_ref(i).unwrap() {
                ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                other => format!("{other:?}"),
            };
            out.push(format!("{table}: {}", (0..columns).map(value).collect::<Vec<_>>().join(" | ")));
        }
    }
    out
}
