//! Titles within a stream: after every so many bytes of sound, Icecast and SHOUTcast send a block of text.
use std::{
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

/// The longest title that is kept, in characters.
const MAX_TITLE: usize = 500;

/// What the stream said last, until somebody takes it.
#[derive(Clone, Debug, Default)]
pub struct Title(Arc<Mutex<Option<String>>>);

impl Title {
    /// Says a title.
    fn say(&self, title: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(title);
    }

    /// Takes what was said since the last time.
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A stream without the texts in it.
pub struct Icy<R> {
    reader: R,
    /// Bytes of sound between two texts; `None` if there are none.
    every: Option<u64>,
    left: u64,
    title: Title,
}

impl<R: Read> Icy<R> {
    /// A stream with a text after `every` bytes.
    pub fn new(reader: R, every: Option<u64>, title: &Title) -> Self {
        let every = every.filter(|every| *every > 0);
        Self { reader, every, left: every.unwrap_or(0), title: title.clone() }
    }

    /// Reads a text: its length in 16 bytes, then the text, filled up with zeros.
    fn text(&mut self) -> io::Result<()> {
        let mut length = [0];
        self.reader.read_exact(&mut length)?;
        let mut bytes = vec![0; usize::from(length[0]) * 16];
        self.reader.read_exact(&mut bytes)?;
        if let Some(title) = title(&bytes) {
            self.title.say(title);
        }
        Ok(())
    }
}

impl<R: Read> Read for Icy<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(every) = self.every else { return self.reader.read(buf) };
        if self.left == 0 {
            match self.text() {
                // The stream may end there.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                other => other?,
            }
            self.left = every;
        }
        let most = buf.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.reader.read(&mut buf[..most])?;
        self.left -= n as u64;
        Ok(n)
    }
}

/// The title in a text such as `StreamTitle='Artist - Title';StreamUrl='';`. A title may have quotes.
fn title(bytes: &[u8]) -> Option<String> {
    let bytes = &bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())];
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // Old servers send Latin-1.
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let (_, rest) = text.split_once("StreamTitle='")?;
    let title = match rest.split_once("';") {
        Some((title, _)) => title,
        None => rest.strip_suffix('\'').unwrap_or(rest),
    };
    Some(cleaned(title))
}

/// A title of a sane length without control characters.
pub fn cleaned(title: &str) -> String {
    let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TITLE).collect();
    title.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_taken_out_of_the_stream() {
        let text = b"StreamTitle='It's a \x1b[2Jtitle';StreamUrl='';";
        let mut bytes = b"abcde".to_vec();
        bytes.push(text.len().div_ceil(16) as u8);
        bytes.extend(text);
        bytes.resize(6 + text.len().div_ceil(16) * 16, 0);
        bytes.extend(b"fghij\0klmno");
        let title = Title::default();
        let mut sound = Vec::new();
        Icy::new(&bytes[..], Some(5), &title).read_to_end(&mut sound).unwrap();
        assert_eq!(sound, b"abcdefghijklmno");
        assert_eq!(title.take().as_deref(), Some("It's a  [2Jtitle"));
        assert_eq!(title.take(), None);
        let mut all = Vec::new();
        Icy::new(&bytes[..], None, &title).read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes);
        // Zero would mean a text after every byte of nothing.
        Icy::new(&bytes[..], Some(0), &title).read_to_end(&mut all).unwrap();
    }

    #[test]
    fn odd_texts_are_no_titles() {
        assert_eq!(super::title(b""), None);
        assert_eq!(super::title(b"\0\0StreamTitle='a';"), None);
        assert_eq!(super::title(b"StreamTitle='';"), Some(String::new()));
        assert_eq!(super::title(b"StreamTitle='cut"), Some("cut".into()));
        assert_eq!(super::title(b"StreamTitle='caf\xe9';"), Some("café".into()));
        assert_eq!(
            super::title(&[b"StreamTitle='".to_vec(), vec![b'a'; 4000]].concat()).unwrap().len(),
            MAX_TITLE
        );
    }
}
