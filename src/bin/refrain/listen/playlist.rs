//! Playlists that name a stream: M3U and PLS.
use std::io::Read;

use super::http::Answer;

/// The longest playlist that is read.
const MAX: u64 = 64 << 10;

/// Whether an answer is a playlist, by its type or the end of its path.
pub fn is_playlist(answer: &Answer, path: &str) -> bool {
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let path = path.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let by_type = ["mpegurl", "scpls", "pls+xml"].iter().any(|word| kind.contains(word));
    let is_sound =
        ["audio/mpeg", "audio/aac", "audio/aacp", "audio/ogg", "application/ogg"].contains(&kind.as_str());
    by_type || !is_sound && [".m3u", ".m3u8", ".pls"].iter().any(|end| path.ends_with(end))
}

/// The first stream that a playlist names.
pub fn first(answer: Answer) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    answer.body.take(MAX).read_to_end(&mut bytes)?;
    stream(&String::from_utf8_lossy(&bytes))
}

fn stream(text: &str) -> anyhow::Result<String> {
    if text.contains("#EXT-X-") {
        anyhow::bail!("refrain cannot follow an HLS playlist; name an Icecast or plain HTTP stream");
    }
    let lines = || text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let is_pls = lines().any(|line| line.eq_ignore_ascii_case("[playlist]"));
    let of_pls = |line: &'_ str| {
        let (name, value) = line.split_once('=')?;
        name.trim().to_ascii_lowercase().starts_with("file").then(|| value.trim().to_owned())
    };
    let found = if is_pls {
        lines().find_map(of_pls)
    } else {
        lines().find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
    };
    found.ok_or_else(|| anyhow::anyhow!("the playlist contains no stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stream_counts() {
        assert_eq!(stream("#EXTM3U\n#EXTINF:-1,Radio\r\n\nhttp://a/b\nhttp://c/").unwrap(), "http://a/b");
        assert_eq!(
            stream("[Playlist]\nNumberOfEntries=1\nTitle1=x\nFile1 = http://a/b\n").unwrap(),
            "http://a/b"
        );
        assert!(stream("#EXTM3U\n").is_err());
        assert!(stream("[playlist]\nTitle1=x\n").is_err());
        assert!(stream("#EXTM3U\n#EXT-X-VERSION:3\na.ts\n").unwrap_err().to_string().contains("HLS"));
    }
}
