//! Forms with a file (`multipart/form-data`, RFC 7578), read piece by piece. No part of a form is in memory as a whole,
//! whatever its sender makes of it.
use axum::http::HeaderValue;

use super::failure::Failure;

/// The longest boundary, as RFC 2046 has it.
const MAX_BOUNDARY: usize = 70;

/// The most bytes of the head of a field.
const MAX_HEAD: usize = 8 << 10;

/// The most bytes of all that is passed over.
const MAX_SKIPPED: usize = 64 << 10;

/// Where the bytes of a form come from.
pub trait Pieces {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure>;
}

/// A form that is read.
pub struct Form<P> {
    pieces: P,
    /// What was read and not used yet.
    buffer: Vec<u8>,
    /// What ends each field.
    delimiter: Vec<u8>,
    skipped: usize,
}

/// What the head of a field says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Field {
    pub name: Option<String>,
    pub file: Option<String>,
}

fn broken(what: &str) -> Failure {
    Failure::mistake(format!("the form cannot be read: {what}"))
}

impl<P: Pieces> Form<P> {
    /// A form of this type, which names the boundary.
    pub fn new(kind: &HeaderValue, pieces: P) -> Result<Self, Failure> {
        let kind = kind.to_str().unwrap_or_default();
        let boundary = parameter(kind, "boundary").filter(|b| (1..=MAX_BOUNDARY).contains(&b.len()));
        let boundary = boundary
            .ok_or_else(|| broken("the header Content-Type gives no boundary that separates the fields"))?;
        // The first boundary may stand at the very beginning.
        Ok(Self {
            pieces,
            buffer: b"\r\n".to_vec(),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            skipped: 0,
        })
    }

    async fn more(&mut self) -> Result<(), Failure> {
        let piece = self
            .pieces
            .next()
            .await?
            .ok_or_else(|| broken("the request ended before the end of the form"))?;
        self.buffer.extend(piece);
        Ok(())
    }

    /// Goes on to the next field. Returns `None` after the last one.
    pub async fn field(&mut self) -> Result<Option<Field>, Failure> {
        while let Some(passed) = self.piece().await? {
            self.skipped += passed.len();
            if self.skipped > MAX_SKIPPED {
                return Err(broken("the form has too much data in addition to the file"));
            }
        }
        self.buffer.drain(..self.delimiter.len());
        while self.buffer.len() < 2 {
            self.more().await?;
        }
        if self.buffer.starts_with(b"--") {
            return Ok(None);
        }
        // The head may be empty, so the end of this line is a part of its end.
        let end = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end,
                None if self.buffer.len() > MAX_HEAD => {
                    return Err(broken("the header of a form field is too long"));
                }
                None => self.more().await?,
            }
        };
        if !self.buffer.starts_with(b"\r\n") {
            return Err(broken(
                "the form is not valid multipart/form-data: a boundary line has unexpected text",
            ));
        }
        let rest = self.buffer.split_off(end + 4);
        let head = std::mem::replace(&mut self.buffer, rest);
        Ok(Some(Field::of(&String::from_utf8_lossy(&head))))
    }

    /// The next bytes of the field; `None` at its end.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            let len = match find(&self.buffer, &self.delimiter) {
                Some(0) => return Ok(None),
                Some(end) => end,
                // The end of what there is may be the beginning of the delimiter.
                None => (self.buffer.len() + 1).saturating_sub(self.delimiter.len()),
            };
            if len > 0 {
                let rest = self.buffer.split_off(len);
                return Ok(Some(std::mem::replace(&mut self.buffer, rest)));
            }
            self.more().await?;
        }
    }
}

impl Field {
    fn of(head: &str) -> Self {
        let disposition = head.lines().filter_map(|line| line.split_once(':'));
        let mut disposition =
            disposition.filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
        let Some((_, value)) = disposition.next() else { return Self::default() };
        Self { name: parameter(value, "name"), file: parameter(value, "filename") }
    }
}

/// A parameter of the value of a header, with or without quotes.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = value.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (text, next) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = next.trim_start().strip_prefix(';')?;
    }
}

/// A text up to its closing quote, and what follows. A backslash escapes a quote.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, &quoted[at + 1..])),
            '\\' if chars.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\')) => {
                text.extend(chars.next().map(|(_, escaped)| escaped));
            }
            _ => text.push(c),
        }
    }
    None
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&byte| byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes in pieces of a length.
    struct Cut<'a>(std::slice::Chunks<'a, u8>);

    impl Pieces for Cut<'_> {
        async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
            Ok(self.0.next().map(<[u8]>::to_vec))
        }
    }

    const KIND: HeaderValue = HeaderValue::from_static("multipart/form-data; charset=x; boundary=\"AaB\"");

    /// All fields with their content, or nothing if the form is broken.
    fn read(form: &[u8], piece: usize) -> Option<Vec<(Field, Vec<u8>)>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut form = Form::new(&KIND, Cut(form.chunks(piece))).ok()?;
            let mut all = Vec::new();
            while let Some(field) = form.field().await.ok()? {
                let mut content = Vec::new();
                while let Some(piece) = form.piece().await.ok()? {
                    content.extend(piece);
                }
                all.push((field, content));
            }
            Some(all)
        })
    }

    #[test]
    fn a_form_is_read_however_it_is_cut() {
        let form = b"preamble\r\n--AaB\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--AaB\r\n\
            content-type: audio/wav\r\nCONTENT-DISPOSITION: form-data; filename=\"so \\\"x\\\"; y=1.wav\"; name=clip\r\n\r\n\
            \r\n--AaX\r\n--Aa\r\r\n-\r\n--AaB\r\n\r\nno head\r\n--AaB--\r\nepilogue";
        for piece in 1..form.len() {
            let all = read(form, piece).unwrap();
            assert_eq!(all.len(), 3, "{piece}");
            assert_eq!(all[0], (Field { name: Some("a".into()), file: None }, b"one".to_vec()));
            let field = Field { name: Some("clip".into()), file: Some("so \"x\"; y=1.wav".into()) };
            assert_eq!(all[1], (field, b"\r\n--AaX\r\n--Aa\r\r\n-".to_vec()));
            assert_eq!(all[2], (Field::default(), b"no head".to_vec()));
        }
        assert_eq!(read(b"--AaB--", 3), Some(vec![]));
    }

    #[test]
    fn a_form_without_end_is_refused() {
        let field = b"--AaB\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        for broken in [&b""[..], b"--AaB", b"--AaB\r\n", b"--AaBx\r\n\r\n\r\n--AaB--", field, b"no boundary"]
        {
            assert_eq!(read(broken, 5), None, "{}", String::from_utf8_lossy(broken));
        }
        let long = vec![b'x'; 1 << 20];
        assert_eq!(read(&long, 1000), None, "a preamble");
        assert_eq!(read(&[b"--AaB\r\n", &long[..]].concat(), 1000), None, "a head");
        assert!(Form::new(&HeaderValue::from_static("multipart/form-data"), Cut(long.chunks(9))).is_err());
    }
}
