//! Tracks that no browser plays, decoded to WAV. A few are kept, because a player asks for one part after the other.
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use refrain::{Audio, write_wav};
use tempfile::NamedTempFile;
use tokio::sync::OnceCell;

use super::{
    app::Shared,
    failure::Failure,
    pool::{Job, Lane},
};

/// How many decoded tracks are kept on the disk.
const KEPT: usize = 4;

/// What is decoded: a file, and when it was written.
type Key = (PathBuf, u64, Option<SystemTime>);

type Cell = Arc<OnceCell<Arc<NamedTempFile>>>;

/// The tracks that were decoded last, the latest at the end.
#[derive(Default)]
pub struct DecodedFiles(Mutex<Vec<(Key, Cell)>>);

impl DecodedFiles {
    /// The entry of a file. The oldest one goes if there are too many.
    fn cell(&self, key: Key) -> Cell {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| *known == key);
        let entry = at.map_or_else(|| (key, Cell::default()), |at| kept.remove(at));
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        let cell = Arc::clone(&entry.1);
        kept.push(entry);
        cell
    }

    fn forget(&self, cell: &Cell) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, kept)| !Arc::ptr_eq(kept, cell));
    }
}

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
