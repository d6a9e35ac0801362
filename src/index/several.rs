//! The files of an index that are read together.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::connections::{Connections, Reader};
use crate::{
    ann::SearchCache,
    error::Result,
    library::{Files, Opened, same_content::SameContent},
    store::Store,
};

/// Size and time of a file; `None` if there is none.
type FileState = Option<(u64, Option<SystemTime>)>;

/// What is known of the content of several files, until one of them changes.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<(Vec<FileState>, Arc<SameContent>)>>);

/// A reader of each file, for one call.
pub(super) struct Readers<'i> {
    readers: Vec<(Reader<'i>, Arc<SearchCache>)>,
    same: Option<Arc<SameContent>>,
}

impl<'i> Readers<'i> {
    pub fn of(files: &[&'i Connections], known: &Known) -> Result<Self> {
        let open = |file: &&'i Connections| Ok((file.reader()?, file.search_cache().clone()));
        let readers = files.iter().map(open).collect::<Result<Vec<_>>>()?;
        let same = if readers.len() > 1 { Some(known.of(&readers)?) } else { None };
        Ok(Self { readers, same })
    }

    /// The stores of all files.
    #[cfg(feature = "explain")]
    pub fn stores(&self) -> impl Iterator<Item = &Store> {
        self.readers.iter().map(|(reader, _)| &**reader)
    }

    /// The tracks of all files.
    pub fn library(&self) -> Files<'_> {
        match &self.same {
            None => Files::one(&self.readers[0].0, &self.readers[0].1),
            Some(same) => {
                let opened = self.readers.iter().map(|(store, cache)| Opened { store, cache: cache.clone() });
                Files::several(opened.collect(), same.clone())
            }
        }
    }
}

impl Known {
    fn of(&self, readers: &[(Reader<'_>, Arc<SearchCache>)]) -> Result<Arc<SameContent>> {
        // Taken before the tracks are read, so that a change meanwhile is seen the next time.
        let now: Vec<FileState> = readers.iter().flat_map(|(store, _)| state(store.path())).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, same)) = &*known
            && *then == now
        {
            return Ok(same.clone());
        }
        let stores: Vec<&Store> = readers.iter().map(|(store, _)| &**store).collect();
        let same = Arc::new(SameContent::of(&stores)?);
        *known = Some((now, same.clone()));
        Ok(same)
    }
}

/// The state of an index file and of its log. A commit changes one of them.
fn state(path: &Path) -> [FileState; 2] {
    let of = |path: &Path| fs::metadata(path).ok().map(|meta| (meta.len(), meta.modified().ok()));
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [of(path), of(&PathBuf::from(log))]
}
