//! What can go wrong, named after the user's mistake or the file's fault. Messages say what happened and to which file; what to
//! do next depends on the program, so that the command adds it in its own words.
use std::{
    fmt,
    path::{Path, PathBuf},
};

mod said;
#[doc(hidden)]
pub use said::Said;

/// The result of the library's fallible calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that the library reports.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {}", Shown(path), Said(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not audio that can be decoded, or gave no audio at all.
    #[error("{}: {reason}", Shown(path))]
    Audio {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// Why it was refused.
        reason: AudioError,
    },
    /// The index file is not one that can be used.
    #[error("{}: {reason}", Shown(path))]
    Index {
        /// The index file.
        path: PathBuf,
        /// Why it was refused.
        reason: IndexError,
    },
    /// The call was cancelled by its [`CancelToken`](crate::CancelToken).
    #[error("interrupted")]
    Interrupted,
}

/// A path or a text for people. Line breaks and other control characters, which could move a terminal's cursor or forge a
/// line, are written as escapes, and so are characters that reverse the direction of text. For the command.
#[doc(hidden)]
pub struct Shown<T>(pub T);

impl<T: AsRef<Path>> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.as_ref().to_string_lossy().chars() {
            match c {
                '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => write!(f, "{}", c.escape_unicode())?,
                _ if c.is_control() => write!(f, "{}", c.escape_default())?,
                _ => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

impl Error {
    /// The text without the path, for where that stands beside it.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => Said(source).to_string(),
            Self::Audio { reason, .. } => reason.to_string(),
            Self::Index { reason, .. } => reason.to_string(),
            Self::Interrupted => self.to_string(),
        }
    }
}

/// Why a file gave no audio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// No decoder knows the content.
    #[error("not an audio file of a known format")]
    UnknownFormat,
    /// The container is known, its audio codec is not.
    #[error("the audio codec ({0}) is not supported")]
    UnknownCodec(String),
    /// Known, and of a kind that no decoder takes.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A healthy file that only an installed ffmpeg decodes.
    #[error("{format} is not supported; {} ffmpeg to use it", if *.allowed { "install" } else { "allow" })]
    #[non_exhaustive]
    NeedsFfmpeg {
        /// The format, such as `WMA`.
        format: String,
        /// Whether ffmpeg was allowed. It is not installed then.
        allowed: bool,
    },
    /// ffmpeg gave no audio.
    #[error("ffmpeg cannot decode the file ({format}): {said}")]
    #[non_exhaustive]
    Ffmpeg {
        /// The format, such as `WMA`.
        format: String,
        /// What ffmpeg said, or why it was ended.
        said: String,
    },
    /// Only a program with the buyer's key can decode it.
    #[error("protected by DRM")]
    Protected,
    /// The container has no audio track.
    #[error("the file has no audio track")]
    NoAudioTrack,
    /// The decoder gave up before any audio came out.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The decoder panicked. The panic was caught.
    #[error("the decoder failed on the file ({0})")]
    DecoderPanic(String),
    /// Not a sample rate that can be worked with.
    #[error("a sample rate of {0} Hz is outside 1000 to 768000 Hz")]
    SampleRate(u32),
    /// Decoded, and too short to tell anything.
    #[error("too short: {milliseconds} ms of audio; at least {min_milliseconds} ms are needed")]
    TooShort {
        /// How much audio there is.
        milliseconds: u64,
        /// How much is needed.
        min_milliseconds: u64,
    },
    /// The file is cut off, and what is left cannot be used.
    #[error("cut off; {0}")]
    CutOff(Box<AudioError>),
    /// More audio than a recording has: a table or a stream that goes on and on.
    #[error("too long: more than {hours} hours of audio")]
    TooLong {
        /// The most.
        hours: u64,
    },
    /// More audio than the caller takes: see [`Audio::max_duration`](crate::Audio::max_duration).
    #[error("too long: more than {seconds} s of audio")]
    #[non_exhaustive]
    LongerThan {
        /// The most.
        seconds: u64,
    },
    /// More channels than the caller takes: see [`Audio::max_channels`](crate::Audio::max_channels).
    #[error("{channels} channels; at most {max} channels are allowed")]
    #[non_exhaustive]
    Channels {
        /// How many it has.
        channels: u16,
        /// The most.
        max: u16,
    },
    /// Samples so far above full scale that they cannot be worked with.
    #[error("too loud: a sample at {milliseconds} ms is above {max} times full scale")]
    TooLoud {
        /// Where it is.
        milliseconds: u64,
        /// The largest magnitude that can be worked with.
        max: u32,
    },
    /// Decoded again, it was not what it was.
    #[error("the file changed while refrain analysed it; try again")]
    Changed,
    /// Decoded, and nothing in it that could be told from anything else.
    #[error("nothing to fingerprint: the sound is silent, too steady or too short")]
    NoFingerprint,
}

/// Why an index file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// There is none.
    #[error("no index here")]
    Missing,
    /// A folder stands where the file should be.
    #[error("this is a folder")]
    IsFolder,
    /// Some other kind of file.
    #[error("this is not an SQLite file")]
    NotSqlite,
    /// An SQLite file of another program.
    #[error(
        "this is an SQLite file of another program (its application_id is {found:#010x}; files of refrain have {expected:#010x})"
    )]
    #[non_exhaustive]
    Foreign {
        /// Its application_id.
        found: u32,
        /// refrain's.
        expected: u32,
    },
    /// Made by a newer refrain.
    #[error(
        "a newer version of refrain made this index (the index has format {found}; this refrain reads formats up to {newest})"
    )]
    #[non_exhaustive]
    Newer {
        /// Its format version.
        found: u32,
        /// The newest known one.
        newest: u32,
    },
    /// Its fingerprints were made with other parameters.
    #[error(
        "the settings of this index differ from the settings that refrain uses (the index has parameter set {found}; this \
         refrain uses set {expected})"
    )]
    #[non_exhaustive]
    Parameters {
        /// The file's set.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// Its content contradicts itself.
    #[error("the index is damaged (problem: {0})")]
    Damaged(String),
    /// Its derived part contradicts the rest, which is whole.
    #[error("the neighbour index, which makes searches fast, is damaged; no data is lost (problem: {0})")]
    Neighbours(String),
    /// It has no track with this id.
    #[error("the index has no track with the id {0}")]
    NoTrack(u32),
    /// Files cannot be moved onto others.
    #[error("already holds {}", Shown(.0))]
    Occupied(PathBuf),
    /// An index cannot be merged into itself.
    #[error("this is the index itself; choose another index to merge")]
    Itself,
    /// Another process holds the writer.
    #[error("{} is writing to this index", Holder::named(.holder.as_ref()))]
    #[non_exhaustive]
    Busy {
        /// The process, where the system tells which.
        holder: Option<Holder>,
    },
    /// The call takes one index file, and several are open.
    #[error("this call can use only one index file, but several are open; open only one index file")]
    Several,
    /// A shard cannot take part in an answer.
    #[error("is a shard that cannot take part: {0}")]
    Shard(String),
    /// A callback of a call that writes may not write itself.
    #[error("a callback cannot write to the index while refrain is still writing to the index")]
    AtWork,
    /// No room left.
    #[error("the disk is full; the index keeps the data that was saved before")]
    DiskFull,
    /// Opened for reading only.
    #[error("cannot be written: {0}")]
    ReadOnly(String),
    /// Anything else that SQLite says.
    #[error("SQLite: {0}")]
    Sqlite(String),
}

impl IndexError {
    /// Another process holds the writer, and it may be known which. For tests of programs.
    #[doc(hidden)]
    pub fn busy(holder: Option<Holder>) -> Self {
        Self::Busy { holder }
    }
}

/// A process that holds a lock on an index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// The name of its program; empty if it is not known.
    pub name: String,
}

impl Holder {
    fn named(holder: Option<&Self>) -> String {
        holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "process {}", self.pid),
            name => write!(f, "process {} ({name})", self.pid),
        }
    }
}
