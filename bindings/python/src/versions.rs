//! Other performances of a piece, and tracks of similar harmony: what Python asks for, and what it gets.
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use pyo3::prelude::*;
use refrain::{Ffmpeg, Similar, SimilarTrack, Version, VersionOptions, Versions};

use crate::{interrupt::Caller, options};

/// Which versions to return.
#[derive(FromPyObject)]
pub struct Wanted {
    top: usize,
    min_score: f64,
    copies: bool,
    ffmpeg: Option<PathBuf>,
}

impl Wanted {
    pub fn ffmpeg(&self) -> Ffmpeg {
        options::ffmpeg(self.ffmpeg.as_deref())
    }

    pub fn options(&self, caller: &Caller) -> VersionOptions {
        VersionOptions::default()
            .top(self.top)
            .min_score(self.min_score)
            .copies(self.copies)
            .cancel(caller.cancel())
    }
}

fn text(path: &Path) -> OsString {
    path.as_os_str().to_owned()
}

#[derive(IntoPyObject)]
pub struct VersionRecord {
    path: OsString,
    also_paths: Vec<OsString>,
    same_recording: bool,
    missing: bool,
    id: u32,
    score: f64,
    transposition: i32,
    tempo: f64,
    alignment: Vec<(f64, f64)>,
    evidence: f64,
    chance: f64,
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

impl From<Version> for VersionRecord {
    fn from(version: Version) -> Self {
        Self {
            path: text(&version.path),
            also_paths: version.also_paths.iter().map(|path| text(path)).collect(),
            same_recording: version.same_recording,
            missing: version.missing,
            id: version.id.0,
            score: version.score,
            transposition: version.transposition,
            tempo: version.tempo,
            alignment: version.alignment.into_iter().map(|[query, track]| (query.0, track.0)).collect(),
            evidence: version.evidence,
            chance: version.chance,
            title: version.tags.title,
            artist: version.tags.artist,
            other_artists: version.tags.other_artists,
            album: version.tags.album,
            track_number: version.tags.track_number,
            disc_number: version.tags.disc_number,
            recording_mbid: version.tags.recording_mbid,
            release_mbid: version.tags.release_mbid,
            acoustid: version.tags.acoustid,
        }
    }
}

#[derive(IntoPyObject)]
pub struct VersionsRecord {
    query: OsString,
    duration: f64,
    versions: Vec<VersionRecord>,
    warnings: Vec<String>,
    incomplete: bool,
}

impl From<Versions> for VersionsRecord {
    fn from(found: Versions) -> Self {
        Self {
            query: text(&found.query),
            duration: found.duration.0,
            versions: found.versions.into_iter().map(VersionRecord::from).collect(),
            warnings: found.warnings,
            incomplete: found.incomplete,
        }
    }
}

#[derive(IntoPyObject)]
pub struct SimilarTrackRecord {
    path: OsString,
    score: f64,
    id: u32,
    duration: f64,
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

impl From<SimilarTrack> for SimilarTrackRecord {
    fn from(track: SimilarTrack) -> Self {
        Self {
            path: text(&track.path),
            score: track.score,
            id: track.id.0,
            duration: track.duration.0,
            title: track.tags.title,
            artist: track.tags.artist,
            other_artists: track.tags.other_artists,
            album: track.tags.album,
            track_number: track.tags.track_number,
            disc_number: track.tags.disc_number,
            recording_mbid: track.tags.recording_mbid,
            release_mbid: track.tags.release_mbid,
            acoustid: track.tags.acoustid,
        }
    }
}

#[derive(IntoPyObject)]
pub struct SimilarRecord {
    query: OsString,
    similar: Vec<SimilarTrackRecord>,
    incomplete: bool,
}

impl From<Similar> for SimilarRecord {
    fn from(found: Similar) -> Self {
        Self {
            query: text(&found.query),
            similar: found.similar.into_iter().map(SimilarTrackRecord::from).collect(),
            incomplete: found.incomplete,
        }
    }
}
