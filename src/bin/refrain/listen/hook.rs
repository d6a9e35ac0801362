//! The user's program, which is run when a track begins or ends.
use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use refrain::{LivePlay, Moment};

use crate::{messages, wording};

/// A program that takes longer is killed.
const LONGEST: Duration = Duration::from_secs(10);

/// How often the program is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Events that may wait for the program. More are left out.
const WAITING: usize = 32;

/// The program. It runs once at a time, in the order of the events.
pub struct Hook {
    events: Option<SyncSender<Vec<(&'static str, String)>>>,
    thread: Option<thread::JoinHandle<()>>,
    longest: Duration,
}

impl Hook {
    /// Makes ready to run `program`, a path or a name that the system finds.
    pub fn new(program: &Path) -> io::Result<Self> {
        let (events, all) = sync_channel::<Vec<(&'static str, String)>>(WAITING);
        let (program, longest) = (program.to_owned(), LONGEST);
        let work = move || all.into_iter().for_each(|event| run(&program, event, longest));
        let thread = thread::Builder::new().name("exec".to_owned()).spawn(work)?;
        Ok(Self { events: Some(events), thread: Some(thread), longest })
    }

    /// Runs the program for an event as soon as it is not running.
    pub fn tell(&self, told: &LivePlay, stream_title: Option<&str>) {
        let Some(events) = &self.events else { return };
        match events.try_send(variables(told, stream_title)) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => messages::problem(&format!(
                "--exec: {WAITING} events already wait for the program; refrain leaves out this event (each run may take {} s)",
                self.longest.as_secs()
            )),
        }
    }
}

impl Drop for Hook {
    /// Waits for the events that were told.
    fn drop(&mut self) {
        drop(self.events.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The variables of the environment that tell the program what happened. None has a control character.
fn variables(told: &LivePlay, stream_title: Option<&str>) -> Vec<(&'static str, String)> {
    let play = &told.play;
    let number = |x: f64| format!("{x:.3}");
    let mut all = vec![
        ("REFRAIN_EVENT", if told.moment == Moment::Start { "start" } else { "end" }.to_owned()),
        ("REFRAIN_PLAY", told.number.to_string()),
        ("REFRAIN_START", number(play.start.0)),
        ("REFRAIN_REF_START", number(play.ref_start.0)),
        ("REFRAIN_SCORE", number(play.score)),
        ("REFRAIN_ID", play.id.0.to_string()),
    ];
    if told.moment == Moment::End {
        all.push(("REFRAIN_END", number(play.end.0)));
    }
    let texts = [
        ("REFRAIN_TITLE", play.tags.title.as_deref()),
        ("REFRAIN_ARTIST", play.tags.artist.as_deref()),
        ("REFRAIN_ALBUM", play.tags.album.as_deref()),
        ("REFRAIN_STREAM_TITLE", stream_title),
    ];
    all.extend(texts.map(|(name, text)| (name, cleaned(text.unwrap_or_default()))));
    // A path that is not text, or has control characters, would name another file.
    let path = play.path.to_str().filter(|path| !path.chars().any(char::is_control));
    all.push(("REFRAIN_PATH", path.unwrap_or_default().to_owned()));
    all
}

/// A text without control characters.
fn cleaned(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Runs the program to its end, or until it has taken too long. Reports what goes wrong.
fn run(program: &PathBuf, variables: Vec<(&'static str, String)>, longest: Duration) {
    let mut command = Command::new(program);
    // What the program prints is no part of this command's output.
    command.envs(variables).stdin(Stdio::null()).stdout(io::stderr());
    let name = wording::shown(program);
    let ended = command.spawn().and_then(|mut child| wait(&mut child, longest));
    match ended {
        Ok(Some(status)) if status.success() => {}
        Ok(Some(status)) => messages::problem(&format!("--exec: {name}: {status}")),
        Ok(None) => messages::problem(&format!("--exec: {name} took over {} s; killed", longest.as_secs())),
        Err(error) => messages::problem(&format!("--exec: cannot run {name}: {error}")),
    }
}

/// Waits for a program. Kills it if it takes too long; then there is no status.
fn wait(child: &mut Child, longest: Duration) -> io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() >= longest {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        let began = Instant::now();
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        assert!(wait(&mut child, Duration::from_millis(50)).unwrap().is_none());
        assert!(began.elapsed() < Duration::from_secs(10));
        let mut child = Command::new("true").spawn().unwrap();
        assert!(wait(&mut child, LONGEST).unwrap().unwrap().success());
    }

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(cleaned("a\0b\nc\x1b[2Jd\u{85}e é"), "a b c [2Jd e é");
    }
}
