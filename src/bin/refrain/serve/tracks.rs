//! The tracks of the index: a page of them, and one.
use std::{path::Path, slice, sync::Arc};

use axum::{extract::State, response::Response};
use clap::ValueEnum;
use refrain::{FileEntry, Index, QueryOptions, Track, TrackId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use super::{
    app::Shared,
    asked::{Asked, Id},
    failure::{Failure, Problem, json},
    pool::{Job, Lane},
    query::working,
    schemas::{TrackDocument, TrackPage},
};
use crate::{
    args::SortBy,
    cmd::{
        index_list::document,
        list_rows::{Wanted, each},
    },
};

/// How many tracks a page has.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 1000;

/// Which tracks to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Words that a track must have in its title, artist, album or path, separated by spaces.
    q: Option<String>,
    /// `title`, `artist`, `album`, `length` or `path`; in the order in which they were added if nothing is said.
    #[param(value_type = Option<TrackOrder>, inline)]
    sort: Option<String>,
    /// How many tracks to leave out before the page.
    #[serde(default)]
    #[param(required = false)]
    offset: u32,
    /// The most tracks of a page; 50 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// What tracks are sorted by.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes the values of `args::SortBy`")]
enum TrackOrder {
    Title,
    Artist,
    Album,
    Length,
    Path,
}

/// A page of tracks.
#[derive(Serialize)]
struct Page {
    total: u64,
    offset: u32,
    tracks: Vec<Value>,
}

/// Lists tracks, page by page.
#[utoipa::path(
    get,
    path = "/tracks",
    tag = "tracks",
    params(ListParams),
    responses(
        (status = 200, description = "A page of tracks, and the number of all tracks.", body = TrackPage),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn list(State(app): State<Shared>, Asked(asked): Asked<ListParams>) -> Result<Response, Failure> {
    let sort = asked.sort.as_deref().map(|sort| SortBy::from_str(sort, false)).transpose();
    let sort = sort.map_err(|_| Failure::mistake("`sort` must be title, artist, album, length or path"))?;
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(Failure::mistake(format!("`limit` is a number from 1 to {LONGEST_PAGE}")));
    }
    let place = app.pool.place(Lane::Quick)?;
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| page(&app.index, &asked, sort, limit, job)
    };
    Ok(json(&app.pool.run(place, work).await??))
}

fn page(
    index: &Index,
    asked: &ListParams,
    sort: Option<SortBy>,
    limit: u32,
    job: &Job,
) -> Result<Page, Failure> {
    let words = asked.q.as_deref().unwrap_or_default();
    let wanted = Wanted::words(index, words).map_err(Failure::from)?;
    let (mut at, mut tracks) = (0, Vec::new());
    let range = asked.offset..asked.offset.saturating_add(limit);
    let listed = each(slice::from_ref(index), &wanted, sort, |(track, files, _), _| {
        anyhow::ensure!(!job.cancel.is_cancelled(), "interrupted");
        if range.contains(&at) {
            tracks.push(document(track, files));
        }
        at += 1;
        Ok(())
    });
    let total = listed.map_err(|error| match error.downcast::<refrain::Error>() {
        Ok(error) => Failure::from(error),
        Err(_) => Failure::ending(),
    })?;
    Ok(Page { total, offset: asked.offset, tracks })
}

/// What to tell of a track.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrackParams {
    /// Also search for other tracks that hold the same sound: copies, edits, tracks that sample it.
    #[serde(default)]
    #[param(required = false)]
    copies: bool,
}

/// Shows one track, with all of its files.
#[utoipa::path(
    get,
    path = "/tracks/{id}",
    tag = "tracks",
    params(("id" = u32, Path, description = "The id of a track."), TrackParams),
    responses(
        (status = 200, description = "The track.", body = TrackDocument),
        (status = 400, description = "The request has a mistake.", body = Problem),
        (status = 404, description = "There is no track with this id.", body = Problem),
        (status = 429, description = "Too many requests wait.", body = Problem),
        (status = 503, description = "The request took too long.", body = Problem),
    )
)]
pub async fn get(
    State(app): State<Shared>,
    Id(id): Id<u32>,
    Asked(asked): Asked<TrackParams>,
) -> Result<Response, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let work = {
        let app = Arc::clone(&app);
        move |job: &Arc<Job>| -> Result<Value, Failure> {
            let (track, files) = track_of(&app.index, id)?;
            let mut shown = document(&track, &files);
            if asked.copies {
                let options = working(job, QueryOptions::default().top(100));
                let answer = app.index.query_track(track.id, &options)?;
                let matches = answer.map(|answer| answer.matches).unwrap_or_default();
                shown["copies"] = serde_json::to_value(matches).map_err(|_| Failure::fault())?;
            }
            Ok(shown)
        }
    };
    Ok(json(&app.pool.run(place, work).await??))
}

/// A track and its files.
pub fn track_of(index: &Index, id: u32) -> Result<(Track, Vec<FileEntry>), Failure> {
    let track = index.track(TrackId(id))?.ok_or_else(|| Failure::no_track(id))?;
    let files = index.files(track.id)?;
    Ok((track, files))
}

/// The first of the files that is there. A track that was added as a stream has a name that is no path.
pub fn file_of(files: &[FileEntry]) -> Result<&Path, Failure> {
    let there =
        files.iter().map(|file| file.path.as_path()).find(|path| path.is_absolute() && path.is_file());
    there.ok_or_else(|| Failure::not_found("the file of this track is missing"))
}
