//! Extended M3U playlists in UTF-8 (M3U8), with VLC's options for parts of files.
use std::{
    io::{self, Write},
    path::Path,
};

use super::{Play, format::Format, names};

/// An entry for each play, which plays that part of the recording.
#[derive(Default)]
pub(super) struct M3u {
    path: Vec<u8>,
}

impl Format for M3u {
    fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "#EXTM3U")
    }

    fn begin(&mut self, _: &mut dyn Write, file: &Path) -> io::Result<()> {
        let refused = |reason| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        if file.as_os_str() == "-" {
            return refused("a playlist cannot name standard input");
        }
        let path = std::path::absolute(file)?;
        self.path = path.as_os_str().as_encoded_bytes().to_owned();
        // A line break would end the line. On Windows, a path that is not Unicode cannot be written.
        if self.path.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
            || (cfg!(windows) && path.to_str().is_none())
        {
            return refused("a playlist cannot hold this path");
        }
        Ok(())
    }

    fn play(&mut self, out: &mut dyn Write, play: &Play) -> io::Result<()> {
        let (start, end) = (play.start.0, play.end.0);
        writeln!(out, "#EXTINF:{:.0},{}", end - start, names::full(play))?;
        writeln!(out, "#EXTVLCOPT:start-time={start:.3}\n#EXTVLCOPT:stop-time={end:.3}")?;
        out.write_all(&self.path)?;
        out.write_all(b"\n")
    }
}
