//! Audio that comes with a request: the body itself, a file in a form, or a path if paths are allowed.
//!
//! An upload goes to a temporary file, so that memory does not grow with it. It is decoded by refrain's own decoders, never by
//! ffmpeg.
use std::{
    future::poll_fn,
    io::{self, Write},
    path::{Path, PathBuf},
    pin::Pin,
    time::Instant,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use hyper::body::Body as HttpBody;
use refrain::{Audio, Error, Ffmpeg};
use tokio::time::timeout;

use super::{
    app::App,
    failure::Failure,
    form::{Form, Pieces},
    limits::{PAUSE, SLOWEST},
    spool::{Stored, too_large},
};

/// What a clip is called that has no name, as on the command line.
const UNNAMED: &str = "-";

/// Where the clip is, besides the request.
#[derive(Default)]
pub struct Where {
    pub name: Option<String>,
    pub path: Option<PathBuf>,
}

/// A clip that was received.
pub struct Clip {
    pub name: PathBuf,
    content: Content,
}

enum Content {
    Upload(Stored),
    Path(Ffmpeg),
}

impl Clip {
    /// The audio. Errors show its name.
    pub fn audio(&self) -> refrain::Result<Audio<'static>> {
        Ok(match &self.content {
            Content::Upload(stored) => {
                let file = stored.file.try_clone();
                let file = file.map_err(|source| Error::Io { path: self.name.clone(), source })?;
                Audio::opened(file).named(&self.name)
            }
            Content::Path(ffmpeg) => Audio::file(&self.name).ffmpeg(ffmpeg),
        })
    }
}

fn cannot_store(_: io::Error) -> Failure {
    Failure::new(StatusCode::INSUFFICIENT_STORAGE, "the server has no disk space for the upload")
}

/// The bytes of a body, as they come. They must come fast enough.
struct Bits {
    body: Body,
    began: Instant,
    bytes: u64,
}

impl Pieces for Bits {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.piece().await?.map(Into::into))
    }
}

impl Bits {
    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let next = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx));
            match timeout(PAUSE, next).await.map_err(|_| too_slow())? {
                None => return Ok(None),
                Some(Err(_)) => return Err(Failure::mistake("the upload broke off")),
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.bytes += bytes.len() as u64;
                    let took = self.began.elapsed();
                    if took > PAUSE && self.bytes < took.as_secs().saturating_mul(SLOWEST) {
                        return Err(too_slow());
                    }
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// Receives the clip of a request.
pub async fn receive(app: &App, request: Request, place: Where) -> Result<Clip, Failure> {
    if let Some(path) = place.path {
        return at(app, path);
    }
    let most = app.limits.upload;
    if announced(request.headers()).is_some_and(|bytes| bytes > most.saturating_add(MAX_ENVELOPE)) {
        return Err(too_large(most));
    }
    let form = request.headers().get(header::CONTENT_TYPE).filter(|kind| is_form(kind)).cloned();
    let mut bits = Bits { body: request.into_body(), began: Instant::now(), bytes: 0 };
    let mut storing = Storing::new(app)?;
    let Some(kind) = form else {
        while let Some(piece) = bits.piece().await? {
            storing.write(&piece)?;
        }
        return Ok(storing.clip(named(place.name.as_deref())));
    };
    let mut form = Form::new(&kind, bits)?;
    while let Some(field) = form.field().await? {
        if field.file.is_none() && field.name.as_deref() != Some(FIELD) {
            continue;
        }
        while let Some(piece) = form.piece().await? {
            storing.write(&piece)?;
        }
        return Ok(storing.clip(named(place.name.as_deref().or(field.file.as_deref()))));
    }
    Err(Failure::mistake(format!("the form has no file; name its field {FIELD:?}")))
}

/// The field of a form that has the clip.
const FIELD: &str = "clip";

/// The most bytes of a form besides its file.
const MAX_ENVELOPE: u64 = 4096;

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_form(kind: &HeaderValue) -> bool {
    const FORM: &[u8] = b"multipart/form-data";
    kind.as_bytes().get(..FORM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(FORM))
}

/// The last part of a name, without folders.
fn named(name: Option<&str>) -> PathBuf {
    let name = name.unwrap_or(UNNAMED);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.is_empty() { UNNAMED.into() } else { name.into() }
}

/// A file of this computer.
fn at(app: &App, path: PathBuf) -> Result<Clip, Failure> {
    may_name(app, &path)?;
    if !path.is_file() {
        return Err(Failure::not_found("there is no file with this name"));
    }
    Ok(Clip { name: path, content: Content::Path(app.ffmpeg.clone()) })
}

/// Whether a request may name this file or folder.
pub fn may_name(app: &App, path: &Path) -> Result<(), Failure> {
    if !app.allow_paths {
        let text = "this server does not accept file paths; to allow paths, start it with `refrain serve --allow-paths`";
        return Err(Failure::new(StatusCode::FORBIDDEN, text));
    }
    if !path.is_absolute() {
        return Err(Failure::mistake("a path must be absolute"));
    }
    Ok(())
}

fn too_slow() -> Failure {
    Failure::new(StatusCode::REQUEST_TIMEOUT, "the upload is too slow")
}

/// An upload on its way to the disk.
struct Storing<'a> {
    app: &'a App,
    stored: Stored,
}

impl<'a> Storing<'a> {
    fn new(app: &'a App) -> Result<Self, Failure> {
        let stored = Stored::new(&app.spool).map_err(cannot_store)?;
        Ok(Self { app, stored })
    }

    /// A write to the page cache takes a moment, so it needs no thread of its own.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stored.reserve(bytes.len() as u64, self.app.limits.upload)?;
        self.stored.file.write_all(bytes).map_err(cannot_store)
    }

    fn clip(self, name: PathBuf) -> Clip {
        Clip { name, content: Content::Upload(self.stored) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_folders() {
        for (given, name) in [
            (None, "-"),
            (Some("clip.wav"), "clip.wav"),
            (Some("../../etc/passwd"), "passwd"),
            (Some(r"C:\music\a.mp3"), "a.mp3"),
            (Some("folder/"), "-"),
            (Some(""), "-"),
        ] {
            assert_eq!(named(given), Path::new(name), "{given:?}");
        }
    }
}
