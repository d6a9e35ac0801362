//! The part of a file that a request wants.
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

/// The part of a file that a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The bytes from the first to the last.
    Bytes(u64, u64),
    /// A part that the file does not have.
    Beyond,
}

impl Part {
    /// What `headers` ask for of a file of `len` bytes. `tag` names its content: who has a part of other content gets all.
    pub fn of(headers: &HeaderMap, len: u64, tag: &HeaderValue) -> Self {
        let mut ranges = headers.get_all(header::RANGE).iter();
        let (Some(range), None) = (ranges.next(), ranges.next()) else { return Self::Whole };
        if headers.get(header::IF_RANGE).is_some_and(|known| known != tag) {
            return Self::Whole;
        }
        let range = range.to_str().unwrap_or_default();
        let Some(range) = range.strip_prefix("bytes=") else { return Self::Whole };
        parse(range.trim(), len)
    }

    /// The status, and how many bytes from where.
    pub fn answer(self, len: u64) -> (StatusCode, u64, u64) {
        match self {
            Self::Whole => (StatusCode::OK, 0, len),
            Self::Bytes(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Self::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
        }
    }
}

/// Reads `first-last`, `first-` or `-count`. Of several ranges, or of what is none, nothing is promised: all is sent.
fn parse(range: &str, len: u64) -> Part {
    let Some((first, last)) = range.split_once('-') else { return Part::Whole };
    let (Some(first), Some(last)) = (number(first), number(last)) else { return Part::Whole };
    match (first, last) {
        (None, None) => Part::Whole,
        (None, Some(0)) => Part::Beyond,
        (None, Some(count)) if len > 0 => Part::Bytes(len.saturating_sub(count), len - 1),
        (Some(first), last) if first < len => match last.unwrap_or(u64::MAX).min(len - 1) {
            last if last < first => Part::Beyond,
            last => Part::Bytes(first, last),
        },
        _ => Part::Beyond,
    }
}

/// A number, or nothing where there is none. A number beyond 64 bits is as good as the largest.
fn number(text: &str) -> Option<Option<u64>> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let huge = "99999999999999999999999999";
        for (range, part) in [
            ("0-0", Part::Bytes(0, 0)),
            ("10-19", Part::Bytes(10, 19)),
            ("10-", Part::Bytes(10, 99)),
            ("10-1000", Part::Bytes(10, 99)),
            (&format!("10-{huge}"), Part::Bytes(10, 99)),
            ("-10", Part::Bytes(90, 99)),
            ("-1000", Part::Bytes(0, 99)),
            (&format!("-{huge}"), Part::Bytes(0, 99)),
            ("-0", Part::Beyond),
            ("100-", Part::Beyond),
            ("18446744073709551615-", Part::Beyond),
            (&format!("{huge}-"), Part::Beyond),
            (&format!("{huge}-{huge}"), Part::Beyond),
            ("19-10", Part::Beyond),
            ("-", Part::Whole),
            ("", Part::Whole),
            ("a-b", Part::Whole),
            ("--1", Part::Whole),
            ("0-1,5-6", Part::Whole),
            ("+1-2", Part::Whole),
        ] {
            assert_eq!(parse(range, 100), part, "{range}");
        }
        for range in ["0-", "-1", "0-0"] {
            assert_eq!(parse(range, 0), Part::Beyond, "{range}");
        }
    }

    #[test]
    fn a_part_of_other_content_is_not_asked_for() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
        let tag = HeaderValue::from_static("\"a\"");
        assert_eq!(Part::of(&headers, 100, &tag), Part::Bytes(1, 2));
        headers.insert(header::IF_RANGE, tag.clone());
        assert_eq!(Part::of(&headers, 100, &tag), Part::Bytes(1, 2));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"b\""));
        assert_eq!(Part::of(&headers, 100, &tag), Part::Whole);
        headers.remove(header::IF_RANGE);
        headers.insert(header::RANGE, HeaderValue::from_static("lines=1-2"));
        assert_eq!(Part::of(&headers, 100, &tag), Part::Whole);
    }
}
