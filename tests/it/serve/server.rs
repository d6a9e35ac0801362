//! A server of its own for each test.
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

use super::client::{Answer, Client, wait_for};
use crate::run::Place;

/// A folder with songs, and their index.
fn prepared() -> &'static Path {
    static INDEX: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = INDEX.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let songs = fs::canonicalize(folder.path()).unwrap().join("songs");
        fs::create_dir(&songs).unwrap();
        let all = fs::read_dir(crate::run::fixture("audio/songs")).unwrap();
        for song in all.map(|entry| entry.unwrap().path()) {
            fs::copy(&song, songs.join(song.file_name().unwrap())).unwrap();
        }
        let file = songs.with_file_name("prepared.refrain");
        let index = refrain::Index::open_or_create(&file).unwrap();
        index.build(&songs).unwrap();
        index.close().unwrap();
        (folder, file)
    });
    file
}

/// A running server. It is killed when dropped.
pub struct Server {
    pub place: Place,
    pub address: SocketAddr,
    pub child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A server of the fixtures' songs.
    pub fn new(options: &[&str]) -> Self {
        Self::with(options, |_, _| {})
    }

    /// Like [`Server::new`]; `prepare` may change the folder and the command.
    pub fn with(options: &[&str], prepare: impl FnOnce(&Place, &mut Command)) -> Self {
        let place = Place::new();
        fs::copy(prepared(), place.at("i.refrain")).unwrap();
        let mut command = place.command();
        command.args(["serve", "--db", "i.refrain", "--port", "0", "--quiet"]).args(options);
        command.env_remove("REFRAIN_TOKEN").stdout(Stdio::piped());
        prepare(&place, &mut command);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/');
        let address: SocketAddr = address.parse().unwrap_or_else(|e| panic!("{e}: {line:?}"));
        // A server that listens everywhere is asked here.
        let address =
            if address.ip().is_unspecified() { ([127, 0, 0, 1], address.port()).into() } else { address };
        Self { place, address, child }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Asks on a connection of its own.
    pub fn ask(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.client().ask(line, headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], b"")
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.ask(&format!("POST {path}"), &[], body)
    }

    /// The token that the page has.
    pub fn token(&self) -> String {
        let page = self.get("/").status(200).text();
        let (_, rest) = page.split_once("name=\"refrain-token\" content=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// The id of the track whose path ends so.
    pub fn track(&self, name: &str) -> u64 {
        let page = self.get("/api/v1/tracks?limit=1000").status(200).json();
        let tracks = page["tracks"].as_array().unwrap();
        let found = tracks.iter().find(|track| track["path"].as_str().unwrap().ends_with(name));
        found.unwrap()["id"].as_u64().unwrap()
    }

    /// The largest memory that the process had, in bytes.
    #[cfg(target_os = "linux")]
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// A figure of `/metrics`, by its whole name.
    pub fn figure(&self, name: &str) -> f64 {
        let text = self.get("/metrics").status(200).text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// Asks the process to end, as systemd does.
    #[cfg(unix)]
    pub fn terminate(&self) {
        crate::run::send("-TERM", &self.child);
    }

    /// Waits for the end of the process.
    pub fn ended(&mut self) -> Option<i32> {
        wait_for("the end of the server", || self.child.try_wait().unwrap()).code()
    }
}

/// A form with one file.
pub fn form(name: &str, content: &[u8]) -> (String, Vec<u8>) {
    let boundary = "----3f9a";
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"clip\"; filename=\"{name}\"\r\n\
         Content-Type: audio/wav\r\n\r\n"
    );
    let body = [head.as_bytes(), content, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    (format!("multipart/form-data; boundary={boundary}"), body)
}
