//! Audio that comes with a request: the body itself, a file in a form, or a path if paths are allowed.
//!
//! An upload goes to a temporary file, so that memory does not grow with it. It is decoded by refrain's own decoders, never by
//! ffmpeg.
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, StatusCode, header},
};
use hyper::body::Body as HttpBody;
use refrain::{Audio, Error, Ffmpeg};
use tokio::time::timeout;

use super::{
    app::App,
    failure::Failure,
    limits::{LARGEST_UPLOADS, PAUSE, SLOWEST},
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

/// An upload on the disk.
struct Stored {
    file: File,
    bytes: u64,
    all: Arc<Spool>,
}

/// How many bytes of uploads lie on the disk.
#[derive(Default)]
pub struct Spool(AtomicU64);

impl Spool {
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stored {
    fn new(all: &Arc<Spool>) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, bytes: 0, all: Arc::clone(all) })
    }

    /// Takes room for more bytes, if there is any.
    fn reserve(&mut self, more: u64, most: u64) -> Result<(), Failure> {
        self.bytes += more;
        let before = self.all.0.fetch_add(more, Ordering::Relaxed);
        if self.bytes > most {
            return Err(too_large(most));
        }
        if before + more > most.saturating_mul(LARGEST_UPLOADS) {
            return Err(Failure::busy());
        }
        Ok(())
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn too_large(most: u64) -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the upload is larger than {most} bytes"))
}

fn cannot_store(_: io::Error) -> Failure {
    Failure::new(StatusCode::INSUFFICIENT_STORAGE, "the server has no room for the upload")
}

/// Where bytes come from.
enum Bits<'a> {
    Body(Body),
    Field(axum::extract::multipart::Field<'a>),
}

impl Bits<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let broken = || Failure::mistake("the upload broke off");
        match self {
            Self::Body(body) => loop {
                let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx)).await;
                match frame {
                    None => return Ok(None),
                    Some(Err(_)) => return Err(broken()),
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some(bytes));
                        }
                    }
                }
            },
            Self::Field(field) => field.chunk().await.map_err(|_| broken()),
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
    if !is_form(request.headers()) {
        let name = named(place.name.as_deref());
        let stored = store(app, &mut Bits::Body(request.into_body())).await?;
        return Ok(Clip { name, content: Content::Upload(stored) });
    }
    let bad = |_| Failure::mistake("the form cannot be read");
    let mut form =
        Multipart::from_request(request, &()).await.map_err(|_| Failure::mistake("the form has no boundary"))?;
    let fields = async {
        for _ in 0..MAX_FIELDS {
            let field = timeout(PAUSE, form.next_field()).await.map_err(|_| too_slow())?.map_err(bad)?;
            let Some(field) = field else { break };
            if field.file_name().is_none() && field.name() != Some(FIELD) {
                continue;
            }
            let name = named(place.name.as_deref().or(field.file_name()));
            let stored = store(app, &mut Bits::Field(field)).await?;
            return Ok(Clip { name, content: Content::Upload(stored) });
        }
        Err(Failure::mistake(format!("the form has no file; name its field {FIELD:?}")))
    };
    fields.await
}

/// The field of a form that has the clip.
const FIELD: &str = "clip";

/// How many fields of a form are looked at.
const MAX_FIELDS: usize = 16;

/// The most bytes of a form besides its file.
const MAX_ENVELOPE: u64 = 4096;

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.get(..19).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"))
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
        return Err(Failure::not_found("there is no such file"));
    }
    Ok(Clip { name: path, content: Content::Path(app.ffmpeg.clone()) })
}

/// Whether a request may name this file or folder.
pub fn may_name(app: &App, path: &Path) -> Result<(), Failure> {
    if !app.allow_paths {
        let text = "this server takes no paths; `refrain serve --allow-paths` allows them";
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

/// Writes an upload to the disk.
async fn store(app: &App, bits: &mut Bits<'_>) -> Result<Stored, Failure> {
    let began = Instant::now();
    let mut stored = Stored::new(&app.spool).map_err(cannot_store)?;
    while let Some(bytes) = timeout(PAUSE, bits.next()).await.map_err(|_| too_slow())?? {
        stored.reserve(bytes.len() as u64, app.limits.upload)?;
        // A write to the page cache takes a moment; only a full disk takes longer.
        stored.file.write_all(&bytes).map_err(cannot_store)?;
        let took = began.elapsed();
        if took > PAUSE && stored.bytes < took.as_secs().saturating_mul(SLOWEST) {
            return Err(too_slow());
        }
    }
    Ok(stored)
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
