//! One run of ffmpeg: its command line, its output, its end.
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::cancel::CancelToken;

/// Bytes of output that are read at a time.
const CHUNK: usize = 64 << 10;

/// Chunks that wait to be taken. ffmpeg waits when there are so many.
const AHEAD: usize = 4;

/// How often a call that waits looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// The most bytes of messages that are kept.
const MAX_SAID: usize = 4 << 10;

/// How long ffmpeg may take. Only time in which somebody waits for it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Without any output.
    pub silent: Duration,
    /// In all.
    pub whole: Duration,
}

impl Limits {
    /// The limits for a file of so many bytes. Decoders need a small part of this; a slow disk may need more.
    pub fn of_file(bytes: u64) -> Self {
        const BYTES_A_SECOND: u64 = 100_000;
        let whole = Duration::from_secs(120 + bytes / BYTES_A_SECOND);
        Limits { silent: Duration::from_secs(60), whole }
    }
}

/// A running ffmpeg. It is killed and reaped when this is dropped.
pub(super) struct Process {
    child: Child,
    chunks: Receiver<io::Result<Vec<u8>>>,
    said: Receiver<Vec<u8>>,
    limits: Limits,
    waited: Duration,
    cancel: CancelToken,
}

/// What came of waiting for output.
pub(super) enum Output {
    Chunk(Vec<u8>),
    /// All of it has come. ffmpeg ended so, and said this.
    End(ExitStatus, String),
}

/// Why there is no more output.
#[derive(Debug)]
pub(super) enum Stop {
    Cancelled,
    /// It took too long.
    Limit(String),
    Io(io::Error),
}

impl Process {
    /// Starts `program` on the file at `path`, which it reads as what `demuxer` reads.
    ///
    /// # Errors
    /// What the system says if the program cannot be started.
    pub fn start(
        program: &Path,
        demuxer: &str,
        path: &Path,
        limits: Limits,
        cancel: &CancelToken,
    ) -> io::Result<Process> {
        let mut command = Command::new(program);
        command.args(arguments(demuxer, &std::path::absolute(path)?));
        // ffmpeg would write a report into the working folder.
        command.env_remove("FFREPORT").env("AV_LOG_FORCE_NOCOLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        apart(&mut command);
        let mut child = spawn(&mut command)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // From here on, an early return ends the program.
        let (to_chunks, chunks) = mpsc::sync_channel(AHEAD);
        let (to_said, said) = mpsc::channel();
        let process = Process { child, chunks, said, limits, waited: Duration::ZERO, cancel: cancel.clone() };
        let (Some(mut stdout), Some(mut stderr)) = (stdout, stderr) else {
            return Err(io::Error::other("no pipe"));
        };
        let thread = |name: &str| std::thread::Builder::new().name(format!("ffmpeg {name}"));
        thread("out").spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match stdout.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(n) => {
                        chunk.truncate(n);
                        Ok(chunk)
                    }
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                    Err(e) => Err(e),
                };
                let failed = read.is_err();
                // Nobody wants more.
                if to_chunks.send(read).is_err() || failed {
                    return;
                }
            }
        })?;
        thread("err").spawn(move || {
            let _ = to_said.send(first_and_drain(&mut stderr));
        })?;
        Ok(process)
    }

    /// Waits for the next output.
    pub fn next(&mut self) -> Result<Output, Stop> {
        let began = Instant::now();
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let got = self.chunks.recv_timeout(TICK);
            let waited = began.elapsed();
            match got {
                Ok(chunk) => {
                    self.waited += waited;
                    return chunk.map(Output::Chunk).map_err(Stop::Io);
                }
                // The pipe is closed.
                Err(RecvTimeoutError::Disconnected) => return self.end(),
                Err(RecvTimeoutError::Timeout) => self.check(waited)?,
            }
        }
    }

    /// Fails if a wait has taken too long.
    fn check(&self, waited: Duration) -> Result<(), Stop> {
        let Limits { silent, whole } = self.limits;
        if waited >= silent {
            return Err(Stop::Limit(format!("ffmpeg gave nothing for {:.0} s", silent.as_secs_f64())));
        }
        if self.waited + waited >= whole {
            return Err(Stop::Limit(format!("ffmpeg took more than {:.0} s", whole.as_secs_f64())));
        }
        Ok(())
    }

    /// Waits for the end of a program that has closed its output.
    fn end(&mut self) -> Result<Output, Stop> {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().map_err(Stop::Io)? {
                break status;
            }
            if self.cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            self.check(began.elapsed())?;
            std::thread::sleep(Duration::from_millis(1));
        };
        // Another program may have inherited the pipe and keep it open.
        let said = self.said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        Ok(Output::End(status, plain(&said)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole command line. Nothing in it is chosen by the file except the name of the demuxer.
fn arguments(demuxer: &str, path: &Path) -> Vec<OsString> {
    // No questions, one thread, and no block of memory that a small file could not need.
    let mut all = "-nostdin -hide_banner -loglevel error -threads 1 -max_alloc 268435456".to_owned();
    // One local file, read in one way, that leads to no other.
    all += " -protocol_whitelist file";
    if demuxer == "mov" {
        all += " -enable_drefs 0 -use_absolute_path 0";
    }
    all += &format!(" -f {demuxer} -i");
    let mut arguments: Vec<OsString> = all.split(' ').map(OsString::from).collect();
    // With the protocol in front, no path reads as another protocol or as an option.
    let mut input = OsString::from("file:");
    input.push(path);
    arguments.push(input);
    let mut rest = "-vn -sn -dn".to_owned();
    match demuxer {
        // Its tags are those of the stream.
        "ogg" => rest += " -map_metadata 0:s:0",
        // The noise of DSD above what anybody hears would cost time only.
        "dsf" | "iff" => rest += " -ar 44100",
        _ => {}
    }
    rest += " -c:a pcm_f32be -f au pipe:1";
    arguments.extend(rest.split(' ').map(OsString::from));
    arguments
}

/// Starts a program. One that was just written may be busy for a moment.
fn spawn(command: &mut Command) -> io::Result<Child> {
    for _ in 0..20 {
        match command.spawn() {
            Err(e) if e.kind() == io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
    command.spawn()
}

/// Keeps a Ctrl-C of the terminal from the program: refrain decides what becomes of the file.
fn apart(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(command, {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW
    });
}

/// Reads all, and returns the first bytes.
fn first_and_drain(stderr: &mut impl Read) -> Vec<u8> {
    let (mut said, mut chunk) = (Vec::new(), vec![0; MAX_SAID]);
    loop {
        match stderr.read(&mut chunk) {
            Ok(0) => return said,
            Ok(n) => said.extend_from_slice(&chunk[..n.min(MAX_SAID - said.len())]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return said,
        }
    }
}

/// The first message as one short line, without what differs from run to run and without control characters.
fn plain(said: &[u8]) -> String {
    const MOST: usize = 160;
    let text = String::from_utf8_lossy(said);
    let mut lines: VecDeque<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(mut line) = lines.pop_front() else { return String::new() };
    // `[wv @ 0x5581d0]`: a part of ffmpeg and where it lies in memory.
    while let Some(("[", rest)) = line.split_at_checked(1)
        && let Some((part, rest)) = rest.split_once("] ")
        && part.contains(" @ ")
    {
        line = rest;
    }
    // The path, which stands beside the reason already.
    if line.starts_with("file:")
        && let Some((_, rest)) = line.rsplit_once(": ")
    {
        line = rest;
    }
    line.chars().filter(|c| !c.is_control()).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_without_addresses_paths_and_control_characters() {
        for (said, line) in [
            ("", ""),
            ("\n\n", ""),
            ("[wv @ 0x55d7] invalid block header\nmore", "invalid block header"),
            ("[in#0 @ 0x1] [dec:a @ 0x2] no\x1b[31m good\n", "no[31m good"),
            (
                "file:/a: b/x.wma: Invalid data found when processing input\n",
                "Invalid data found when processing input",
            ),
            ("[1] is kept", "[1] is kept"),
        ] {
            assert_eq!(plain(said.as_bytes()), line);
        }
        assert_eq!(plain("é".repeat(1000).as_bytes()).chars().count(), 160);
        assert_eq!(first_and_drain(&mut &vec![b'x'; 100_000][..]).len(), MAX_SAID);
    }

    #[test]
    fn the_command_line_names_the_protocol_the_format_and_one_file() {
        let line = |demuxer, path: &str| {
            let all = arguments(demuxer, Path::new(path));
            all.iter().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            line("asf", "/m/-y https://x|a.wma"),
            "-nostdin -hide_banner -loglevel error -threads 1 -max_alloc 268435456 -protocol_whitelist file -f asf -i \
             file:/m/-y https://x|a.wma -vn -sn -dn -c:a pcm_f32be -f au pipe:1"
        );
        assert!(line("mov", "/a").contains("-enable_drefs 0 -use_absolute_path 0 -f mov -i file:/a -vn"));
        assert!(line("ogg", "/a").contains("-map_metadata 0:s:0 -c:a"));
        assert!(line("dsf", "/a").contains("-ar 44100"));
    }
}
