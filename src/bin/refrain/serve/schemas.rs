//! Schemas of the documents that the library writes, for the description of the API. `tests/interop/schemathesis.sh` compares
//! them with the answers; docs/output.md describes each field.
#![expect(dead_code, reason = "only the description of the API uses these types")]
use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// A form with a file.
#[derive(ToSchema)]
pub struct Form {
    /// The audio file. Its name becomes the name of the clip.
    #[schema(value_type = String, format = Binary)]
    clip: Vec<u8>,
}

/// The tags of a file.
#[derive(ToSchema)]
struct TagsDocument {
    title: Option<String>,
    artist: Option<String>,
    other_artists: Vec<String>,
    album: Option<String>,
    track_number: Option<u32>,
    disc_number: Option<u32>,
    recording_mbid: Option<String>,
    release_mbid: Option<String>,
    acoustid: Option<String>,
}

/// Whether there is a match.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum StatusDocument {
    Match,
    NoMatch,
    Error,
}

/// The answer to a query, as `refrain query --json` prints it.
#[derive(ToSchema)]
pub struct AnswerDocument {
    query: String,
    status: StatusDocument,
    matches: Vec<MatchDocument>,
    /// Only if the request says `explain`.
    #[schema(required = false, nullable = false)]
    candidates: Option<Vec<MatchDocument>>,
    /// Missing if the clip cannot be read.
    #[schema(required = false, nullable = false)]
    duration: Option<f64>,
    #[schema(required = false, nullable = false)]
    warnings: Option<Vec<String>>,
    /// Only if the clip cannot be read.
    #[schema(required = false, nullable = false)]
    error: Option<String>,
}

/// A range of a clip that agrees with a range of a track.
#[derive(ToSchema)]
pub struct MatchDocument {
    path: String,
    also_paths: Vec<String>,
    copies: Vec<String>,
    missing: bool,
    id: u32,
    score: f64,
    query_start: f64,
    query_end: f64,
    ref_start: f64,
    ref_end: f64,
    also_at: Vec<f64>,
    tempo: f64,
    pitch: f64,
    evidence: f64,
    similarity: f64,
    rival: f64,
    variants: u32,
    #[schema(inline)]
    #[serde(flatten)]
    tags: TagsDocument,
}

/// Why a clip matches a track, or does not, as `refrain explain --json` prints it; with `format=both`, an object with this
/// document as `document` and the picture as `svg`.
#[derive(ToSchema)]
pub struct ExplanationDocument {
    #[schema(required = false, nullable = false)]
    query: Option<String>,
    #[schema(required = false, nullable = false)]
    status: Option<StatusDocument>,
    /// Which rule decided.
    #[schema(required = false, nullable = false)]
    rule: Option<String>,
    /// The rule in a sentence.
    #[schema(required = false, nullable = false)]
    reason: Option<String>,
    #[schema(required = false)]
    place: Option<MatchDocument>,
    #[schema(required = false)]
    rival: Option<MatchDocument>,
    /// Another performance of the same piece, if the clip has no match.
    #[schema(required = false)]
    version: Option<VersionDocument>,
    /// Only if the clip cannot be read.
    #[schema(required = false, nullable = false)]
    error: Option<String>,
    #[schema(required = false, nullable = false)]
    document: Option<BTreeMap<String, Value>>,
    #[schema(required = false, nullable = false)]
    svg: Option<String>,
}

/// A line of a timeline: `progress` in seconds, a `play`, an `error`, or the whole document as `refrain timeline --json` prints
/// it.
#[derive(ToSchema)]
pub struct TimelineLine {
    #[schema(required = false, nullable = false)]
    progress: Option<f64>,
    #[schema(required = false, nullable = false)]
    play: Option<PlayDocument>,
    #[schema(required = false, nullable = false)]
    file: Option<String>,
    #[schema(required = false, nullable = false)]
    duration: Option<f64>,
    #[schema(required = false, nullable = false)]
    plays: Option<Vec<PlayDocument>>,
    #[schema(required = false, nullable = false)]
    unknown: Option<Vec<[f64; 2]>>,
    #[schema(required = false, nullable = false)]
    silent: Option<Vec<[f64; 2]>>,
    #[schema(required = false, nullable = false)]
    overlap: Option<Vec<[f64; 2]>>,
    #[schema(required = false, nullable = false)]
    warnings: Option<Vec<String>>,
    #[schema(required = false, nullable = false)]
    error: Option<String>,
}

/// A track that was played in a recording.
#[derive(ToSchema)]
pub struct PlayDocument {
    start: f64,
    end: f64,
    path: String,
    ref_start: f64,
    ref_end: f64,
    tempo: f64,
    pitch: f64,
    score: f64,
    id: u32,
    also_paths: Vec<String>,
    copies: Vec<String>,
    missing: bool,
    #[schema(inline)]
    #[serde(flatten)]
    tags: TagsDocument,
}

/// A track of the index, as `refrain list --json` prints it.
#[derive(ToSchema)]
pub struct TrackDocument {
    id: u32,
    path: String,
    missing: bool,
    files: Vec<FileDocument>,
    duration: f64,
    sample_rate: Option<u32>,
    channels: Option<u32>,
    hash: Option<String>,
    frames: u64,
    windows: u64,
    #[schema(inline)]
    #[serde(flatten)]
    tags: TagsDocument,
    /// Places of other tracks with the same sound; only if the request says `copies`.
    #[schema(required = false, nullable = false)]
    copies: Option<Vec<MatchDocument>>,
}

/// A file of a track.
#[derive(ToSchema)]
struct FileDocument {
    path: String,
    size: u64,
    mtime_ns: i64,
    missing: bool,
}

/// The versions of a track, as `refrain versions --json` prints them.
#[derive(ToSchema)]
pub struct VersionsDocument {
    query: String,
    status: StatusDocument,
    versions: Vec<VersionDocument>,
    duration: f64,
    warnings: Vec<String>,
    /// Whether the index has tracks that an older refrain added. They were not compared; `refrain index rebuild` includes them.
    incomplete: bool,
}

/// Another performance of a piece.
#[derive(ToSchema)]
struct VersionDocument {
    path: String,
    also_paths: Vec<String>,
    /// Never true unless the request says `copies`.
    same_recording: bool,
    missing: bool,
    id: u32,
    score: f64,
    transposition: i32,
    tempo: f64,
    alignment: Vec<[f64; 2]>,
    evidence: f64,
    chance: f64,
    #[schema(inline)]
    #[serde(flatten)]
    tags: TagsDocument,
}

/// Tracks of similar harmony, as `refrain similar --json` prints them.
#[derive(ToSchema)]
pub struct SimilarDocument {
    query: String,
    similar: Vec<SimilarTrackDocument>,
    /// Whether the index has tracks that an older refrain added. They were not compared; `refrain index rebuild` includes them.
    incomplete: bool,
}

/// A track of similar harmony.
#[derive(ToSchema)]
struct SimilarTrackDocument {
    path: String,
    /// How similar it is, 0 to 1. No probability.
    score: f64,
    id: u32,
    duration: f64,
    #[schema(inline)]
    #[serde(flatten)]
    tags: TagsDocument,
}

/// What the index holds, as `refrain index info --json` prints it, but for the path of the index.
#[derive(ToSchema)]
pub struct InfoDocument {
    tracks: u64,
    seconds: f64,
    bytes: u64,
    frames: u64,
    windows: u64,
    failures: u64,
    through_ffmpeg: u64,
    files: u64,
    missing: u64,
    /// The folders that a build looks through.
    roots: Vec<String>,
    neighbour_index: Option<NeighbourIndexDocument>,
    parameter_set: u32,
    format: u32,
    version: String,
    sqlite: String,
}

/// What makes searches fast.
#[derive(ToSchema)]
struct NeighbourIndexDocument {
    lists: u64,
    windows: u64,
}

/// A page of tracks.
#[derive(ToSchema)]
pub struct TrackPage {
    /// How many tracks there are, on all pages.
    total: u64,
    /// How many tracks are before the page.
    offset: u32,
    tracks: Vec<TrackDocument>,
}

/// The harmony of a file, as `refrain analyze --json` prints it.
#[derive(ToSchema)]
pub struct AnalysisDocument {
    path: String,
    /// `ok` or `error`.
    status: String,
    /// Only if the file cannot be read.
    #[schema(required = false, nullable = false)]
    error: Option<String>,
    #[schema(required = false, nullable = false)]
    duration: Option<f64>,
    #[schema(required = false)]
    key: Option<String>,
    #[schema(required = false)]
    bpm: Option<f64>,
    #[schema(required = false, nullable = false)]
    chroma: Option<[f32; 12]>,
}

/// An AcoustID fingerprint, as `refrain fingerprint --json` prints it.
#[derive(ToSchema)]
pub struct FingerprintDocument {
    /// Of the whole file, in seconds.
    duration: f64,
    /// Text, or numbers if the request says `raw`.
    #[schema(value_type = FingerprintForm)]
    fingerprint: Value,
}

/// A fingerprint as compressed text or as numbers.
#[derive(ToSchema)]
#[schema(as = Fingerprint)]
#[serde(untagged)]
enum FingerprintForm {
    Text(String),
    Numbers(Vec<u32>),
}

/// A line of a list of duplicates: `progress`, a group as `refrain duplicates --json` prints it, the number of `groups` at the
/// end, or an `error`.
#[derive(ToSchema)]
pub struct DuplicateLine {
    #[schema(required = false, nullable = false)]
    progress: Option<ShareDocument>,
    #[schema(required = false, nullable = false)]
    files: Option<Vec<DuplicateFileDocument>>,
    #[schema(required = false, nullable = false)]
    bytes: Option<u64>,
    #[schema(required = false, nullable = false)]
    groups: Option<u64>,
    #[schema(required = false, nullable = false)]
    error: Option<String>,
}

/// How far a search for duplicates has got.
#[derive(ToSchema)]
struct ShareDocument {
    /// `compare` or `measure`.
    step: String,
    done: u64,
    total: u64,
}

/// A file of a group.
#[derive(ToSchema)]
struct DuplicateFileDocument {
    path: String,
    relation: String,
    same_bytes_as: Option<String>,
    keep: bool,
    why: String,
    score: f64,
    agrees: Vec<[f64; 3]>,
    speed: f64,
    id: u32,
    duration: f64,
    size: u64,
}
