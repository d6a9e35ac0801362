//! Calls that find other performances of a piece, and tracks of similar harmony.
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::handle::Index;
use crate::{
    cancel::CancelToken,
    decode::{Audio, BlockSource},
    duplicates::{Measures, Relation, compared_with},
    error::{AudioError, Error, Result},
    extract::track::{self, contained},
    fingerprint::Fingerprint,
    library::Library,
    query::{listen::Hearing, options::QueryOptions, variants::Range},
    report::{Match, Similar, SimilarTrack, Status, Version, Versions},
    store::{Store, TrackId},
    tags::Tags,
    units::{SampleRate, Seconds},
    version::{self, Asked, Found, MAX_SECONDS, MIN_SECONDS},
};

/// What is compared of a longer track, in seconds. The comparison takes time with the product of both lengths.
const MAX_TRACK_SECONDS: f64 = 7200.0;

/// Tracks that are less probable are not compared with the recording: copies are sure.
const COMPARED: f64 = 0.1;

/// Options of [`Index::versions_with`] and its brothers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VersionOptions {
    top: usize,
    min_score: f64,
    copies: bool,
    cancel: CancelToken,
}

impl Default for VersionOptions {
    fn default() -> Self {
        Self { top: 10, min_score: Self::MIN_SCORE, copies: false, cancel: CancelToken::new() }
    }
}

impl VersionOptions {
    /// The lowest score that counts as a version, unless [`min_score`](Self::min_score) sets another one. For the command.
    #[doc(hidden)]
    pub const MIN_SCORE: f64 = 0.8;

    /// The most tracks to return. No more than 100 tracks are looked at as versions.
    #[must_use]
    pub fn top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// The lowest score that counts as a version, 0 to 1. Similar tracks have no such limit.
    #[must_use]
    pub fn min_score(mut self, min_score: f64) -> Self {
        self.min_score = min_score;
        self
    }

    /// Also returns tracks that hold the same recording, rather than another performance.
    #[must_use]
    pub fn copies(mut self, copies: bool) -> Self {
        self.copies = copies;
        self
    }

    /// Ends the call early, with [`Error::Interrupted`].
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }
}

impl Index {
    /// Finds other performances of the piece that a file, a stream or samples hold: live, covers, in other keys, at other
    /// tempi, with other instruments. Copies of the recording are left out. The audio must last
    /// at least 20 s. Only its first ten minutes are compared.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// for version in refrain::Index::open("music.refrain")?.versions("song.mp3")?.versions {
    ///     println!("{} {:.2}", version.path.display(), version.score);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Audio`] if the audio cannot be used; [`Error::Index`] if the index cannot be used. Silence is no
    /// error: it has no versions.
    pub fn versions<'a>(&self, audio: impl Into<Audio<'a>>) -> Result<Versions> {
        self.versions_with(audio, &VersionOptions::default())
    }

    /// Like [`Index::versions`], with options.
    ///
    /// # Errors
    /// Those of [`Index::versions`]; [`Error::Interrupted`].
    pub fn versions_with<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        options: &VersionOptions,
    ) -> Result<Versions> {
        let audio = audio.into();
        let name = audio.name().to_owned();
        contained(&name, || {
            // An id says nothing among several files.
            self.only()?;
            let readers = self.readers()?;
            let library = readers.library();
            let params = *library.params();
            let mut blocks = audio.cancelled_by(&options.cancel).for_fingerprint()?;
            let mut tee = Tee::new(&mut *blocks, &library, &name, options);
            let piece = match track::track(&mut tee, &params, &options.cancel) {
                Ok(analysis) => Piece {
                    same: tee.matches()?.iter().filter(|found| is_one_speed(found)).flat_map(paths).collect(),
                    fingerprint: analysis.fingerprint,
                    track: None,
                    duration: analysis.duration,
                    warnings: analysis.warnings.iter().map(ToString::to_string).collect(),
                },
                Err(Error::Audio { reason: reason @ AudioError::NoFingerprint, .. }) => {
                    let incomplete = self.lacks_sections()?;
                    let nothing = none(name.clone(), Seconds(tee.seconds), vec![reason.to_string()]);
                    return Ok(Versions { incomplete, ..nothing });
                }
                Err(error) => return Err(error),
            };
            let store = self.only()?.reader()?;
            let _cancellable = store.cancellable(&options.cancel);
            let _snapshot = store.snapshot()?;
            versions_in(&store, name.clone(), &piece, options)
        })
    }

    /// Finds other performances of the piece that track `id` holds. Reads no audio. Returns `None` if there is no such track.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be used; [`Error::Audio`] if the track is shorter than 20 s; [`Error::Interrupted`].
    pub fn versions_of_track(&self, id: TrackId, options: &VersionOptions) -> Result<Option<Versions>> {
        let store = self.only()?.reader()?;
        let _cancellable = store.cancellable(&options.cancel);
        let _snapshot = store.snapshot()?;
        let Some(track) = store.track(id)? else { return Ok(None) };
        let piece = Piece {
            fingerprint: piece_of(&store, id)?,
            track: Some(id),
            duration: track.record.duration,
            same: BTreeSet::new(),
            warnings: Vec::new(),
        };
        versions_in(&store, track.record.path, &piece, options).map(Some)
    }

    /// Finds tracks whose harmony moves like that of track `id`, in any key: without the recording itself, and without a claim
    /// that they are the same piece. Leaves out tracks whose files are missing. Returns `None` if there is no such track.
    ///
    /// # Errors
    /// Those of [`Index::versions_of_track`].
    pub fn similar_to_track(&self, id: TrackId, options: &VersionOptions) -> Result<Option<Similar>> {
        let store = self.only()?.reader()?;
        let _cancellable = store.cancellable(&options.cancel);
        let _snapshot = store.snapshot()?;
        let Some(track) = store.track(id)? else { return Ok(None) };
        let fingerprint = piece_of(&store, id)?;
        let path = track.record.path;
        let asked = asked(&path, &fingerprint, track.record.duration, &store)?;
        let mut similar: Vec<SimilarTrack> = Vec::new();
        let (mut wanted, mut seen) = (options.top.saturating_mul(2), 0);
        // Some of the first tracks may be the recording itself.
        loop {
            let candidates = version::candidates(&store, &asked, wanted, &|other| other == id)?;
            for candidate in candidates.iter().skip(seen) {
                if similar.len() == options.top {
                    break;
                }
                let Some(other) = store.track(candidate.track)?.filter(|other| !other.missing) else {
                    continue;
                };
                if is_same_recording(&store, &fingerprint, candidate.track)? {
                    continue;
                }
                similar.push(SimilarTrack {
                    path: other.record.path,
                    score: f64::from(candidate.score).clamp(0.0, 1.0),
                    id: candidate.track,
                    duration: other.record.duration,
                    tags: other.record.tags,
                });
            }
            seen = candidates.len();
            if similar.len() == options.top || seen < wanted {
                break;
            }
            wanted = wanted.saturating_mul(4);
        }
        Ok(Some(Similar { query: path, similar, incomplete: store.lacks_sections()? }))
    }

    /// Says how probable it is that track `two` is another performance of the piece that track `one` holds, whether or not it is the
    /// same recording. Returns `None` if one of the tracks does not exist, is too short, or was added by an older refrain.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be used.
    pub fn version_between(&self, one: TrackId, two: TrackId) -> Result<Option<Version>> {
        let store = self.only()?.reader()?;
        let _snapshot = store.snapshot()?;
        if store.track(one)?.is_none() || store.track(two)?.is_none() {
            return Ok(None);
        }
        let print = store.fingerprint(one)?;
        let Some(asked) = Asked::of(&print.frames, store.params()) else { return Ok(None) };
        let found = version::version(&store, &asked, two)?;
        found.map_or(Ok(None), |found| described(&store, &found))
    }

    /// Whether some tracks have no sections, because an older refrain added them. For the command.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be read.
    #[doc(hidden)]
    pub fn lacks_sections(&self) -> Result<bool> {
        self.only()?.reader()?.lacks_sections()
    }
}

fn versions_in(store: &Store, name: PathBuf, piece: &Piece, options: &VersionOptions) -> Result<Versions> {
    let asked = asked(&name, &piece.fingerprint, piece.duration, store)?;
    let mut versions = Vec::new();
    for found in version::versions(store, &asked, &|track| piece.track == Some(track))? {
        options.cancel.check()?;
        if versions.len() == options.top || found.probability < options.min_score {
            break;
        }
        let Some(mut version) = described(store, &found)? else { continue };
        version.same_recording = piece.same.contains(&version.path)
            || found.probability >= COMPARED && is_same_recording(store, &piece.fingerprint, found.track)?;
        if options.copies || !version.same_recording {
            versions.push(version);
        }
    }
    let status = if versions.is_empty() { Status::NoMatch } else { Status::Match };
    let incomplete = store.lacks_sections()?;
    Ok(Versions { status, versions, incomplete, ..none(name, piece.duration, piece.warnings.clone()) })
}

/// The piece that is looked for.
struct Piece {
    fingerprint: Fingerprint,
    /// The track that holds it, if one does.
    track: Option<TrackId>,
    duration: Seconds,
    /// Files of the same recording, as far as a query found them.
    same: BTreeSet<PathBuf>,
    warnings: Vec<String>,
}

fn none(query: PathBuf, duration: Seconds, warnings: Vec<String>) -> Versions {
    Versions { query, status: Status::NoMatch, versions: Vec::new(), duration, warnings, incomplete: false }
}

fn asked(name: &Path, fingerprint: &Fingerprint, duration: Seconds, store: &Store) -> Result<Asked> {
    let milliseconds = |seconds: f64| (seconds * 1000.0) as u64;
    Asked::of(&fingerprint.frames, store.params()).ok_or_else(|| Error::Audio {
        path: name.to_owned(),
        reason: AudioError::TooShort {
            milliseconds: milliseconds(duration.0),
            min_milliseconds: milliseconds(MIN_SECONDS),
        },
    })
}

/// What is looked at of a track whose versions are looked for.
fn piece_of(store: &Store, track: TrackId) -> Result<Fingerprint> {
    let frames = (MAX_SECONDS / store.params().frame_seconds().0) as usize;
    Ok(store.fingerprint(track)?.first(frames, store.params()))
}

/// Whether the pitch of a match goes with its speed. A query also knows recordings that were stretched, and takes some performances
/// for them; those are versions.
fn is_one_speed(found: &Match) -> bool {
    Measures { tempo: 1.0 / found.tempo, pitch: found.pitch, ..Measures::default() }.is_one_speed()
}

/// All files that a match names.
fn paths(found: &Match) -> Vec<PathBuf> {
    [&found.path].into_iter().chain(&found.also_paths).chain(&found.copies).cloned().collect()
}

/// Whether a track is the same recording: a copy, another speed, a part, an edit.
pub(super) fn is_same_recording(store: &Store, one: &Fingerprint, two: TrackId) -> Result<bool> {
    let frames = (MAX_TRACK_SECONDS / store.params().frame_seconds().0) as usize;
    let relation = compared_with(store, one, two, frames)?.relation;
    Ok(relation.is_some_and(|relation| relation != Relation::SharedBacking))
}

pub(super) fn described(store: &Store, found: &Found) -> Result<Option<Version>> {
    let Some(track) = store.track(found.track)? else { return Ok(None) };
    let files = store.files(found.track)?.into_iter().filter(|file| !file.missing);
    let also_paths = files.map(|file| file.path).filter(|path| *path != track.record.path).collect();
    Ok(Some(Version {
        path: track.record.path,
        also_paths,
        same_recording: false,
        missing: track.missing,
        id: found.track,
        score: found.probability,
        transposition: found.transposition,
        tempo: found.tempo,
        alignment: found.path.clone(),
        evidence: found.evidence.counted(),
        chance: found.evidence.chance(),
        tags: track.record.tags,
    }))
}

/// Audio that a query hears while it is fingerprinted, so that it is decoded once.
struct Tee<'a> {
    blocks: &'a mut dyn BlockSource,
    library: &'a dyn Library,
    hearing: Hearing,
    heard: Vec<Match>,
    /// Sound that the query has not heard yet, and its rate.
    waiting: Vec<f32>,
    rate: SampleRate,
    /// How much sound there was. More than [`MAX_SECONDS`] is not looked at.
    seconds: f64,
}

impl<'a> Tee<'a> {
    fn new(
        blocks: &'a mut dyn BlockSource,
        library: &'a dyn Library,
        name: &Path,
        options: &VersionOptions,
    ) -> Self {
        let query = QueryOptions::default().range(Range::PLAIN).cancel(&options.cancel);
        let hearing = Hearing::new(library.params(), &query, name);
        Self {
            blocks,
            library,
            hearing,
            heard: Vec::new(),
            waiting: Vec::new(),
            rate: SampleRate(0),
            seconds: 0.0,
        }
    }

    fn hear(&mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            self.heard.extend(self.hearing.push(self.library, &self.waiting, self.rate)?);
            self.waiting.clear();
        }
        Ok(())
    }

    /// What the query recognised.
    fn matches(mut self) -> Result<Vec<Match>> {
        self.hear()?;
        self.heard.extend(self.hearing.finish(self.library)?);
        Ok(self.heard)
    }
}

impl BlockSource for Tee<'_> {
    fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<SampleRate>> {
        if self.seconds >= MAX_SECONDS {
            return Ok(None);
        }
        let rate = self.blocks.next_block(mono)?;
        if let Some(rate) = rate {
            self.seconds += mono.len() as f64 / f64::from(rate.0);
            // A query hears a second at a time.
            if rate != self.rate || self.waiting.len() >= rate.0 as usize {
                self.hear()?;
            }
            self.rate = rate;
            self.waiting.extend_from_slice(mono);
        }
        Ok(rate)
    }

    fn path(&self) -> &Path {
        self.blocks.path()
    }

    fn bytes(&self) -> u64 {
        self.blocks.bytes()
    }

    fn tags(&self) -> Tags {
        self.blocks.tags()
    }

    fn spec(&self) -> Option<(SampleRate, u16)> {
        self.blocks.spec()
    }

    fn warnings(&self) -> Vec<crate::decode::Warning> {
        self.blocks.warnings()
    }

    fn is_through_ffmpeg(&self) -> bool {
        self.blocks.is_through_ffmpeg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode::Decoder, params::CURRENT};

    const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/songs/second-orbit.flac");

    #[test]
    fn a_query_and_the_fingerprint_both_hear_all_of_what_is_decoded_once() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open_or_create(folder.path().join("i.refrain")).unwrap();
        index.add(SONG).unwrap();
        let readers = index.readers().unwrap();
        let library = readers.library();
        let (options, token) = (VersionOptions::default(), CancelToken::new());
        let expected = track::track(&mut Decoder::open(Path::new(SONG)).unwrap(), &CURRENT, &token).unwrap();
        let mut once = Decoder::open(Path::new(SONG)).unwrap();
        let mut tee = Tee::new(&mut once, &library, Path::new("-"), &options);
        let analysis = track::track(&mut tee, &CURRENT, &token).unwrap();
        assert_eq!(analysis.fingerprint, expected.fingerprint);
        assert_eq!(analysis.duration, expected.duration);
        let found = tee.matches().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].path.ends_with("second-orbit.flac"));
        let whole = found[0].query_end.0 - found[0].query_start.0;
        assert!(whole > 0.9 * expected.duration.0, "{whole} s of {} s", expected.duration.0);
    }
}
