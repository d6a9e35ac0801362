//! Decodes the file of a track to WAV.
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use refrain::{Audio, write_wav};
use tempfile::NamedTempFile;

use super::{
    app::Shared,
    failure::Failure,
    pool::{Job, Lane},
};

/// The file at `path`, as WAV. Requests for the same file wait for one decoder.
pub async fn decoded(app: &Shared, path: &Path) -> Result<File, Failure> {
    let unreadable = |_: io::Error| Failure::not_found("the file of this track cannot be read");
    let about = fs::metadata(path).map_err(unreadable)?;
    let cell = app.decoded.cell((path.to_owned(), about.len(), about.modified().ok()));
    let made = cell.get_or_try_init(|| decode(app, path.to_owned())).await;
    if made.is_err() {
        app.decoded.forget(&cell);
    }
    made?.reopen().map_err(unreadable)
}

async fn decode(app: &Shared, path: PathBuf) -> Result<Arc<NamedTempFile>, Failure> {
    let place = app.pool.place(Lane::Quick)?;
    let work = {
        let app = Arc::clone(app);
        move |job: &Arc<Job>| -> Result<_, Failure> {
            let file = NamedTempFile::new().map_err(|_| Failure::fault())?;
            let audio = app.limits.recording(Audio::file(&path).ffmpeg(&app.ffmpeg));
            write_wav(audio, file.as_file(), &job.cancel)?;
            Ok(Arc::new(file))
        }
    };
    app.pool.run(place, work).await?
}
