//! Adding one recording: a file, or audio that is none.
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::atomic::AtomicBool,
};

use super::analyse::{self, Analysis};
#[cfg(feature = "decode")]
use super::{
    content,
    find::{self, FoundFile},
    work,
};
use crate::{
    Error, Result, ann,
    decode::{Audio, Tags},
    error::AudioError,
    store::{Store, TrackRecord},
};
#[cfg(feature = "decode")]
use crate::{decode::Decoder, params::Params};

/// Adds a file, whether it is known or not; see `Index::add`.
#[cfg(feature = "decode")]
pub(super) fn add_file(store: &mut Store, path: &Path) -> Result<()> {
    let (file, go_on) = (find::one(path)?, AtomicBool::new(false));
    let hash = content::hash(&file.path, &go_on)?;
    let gone = work::gone_files(store, &hash, &file.path)?;
    let known = store.write(|batch| {
        gone.iter().try_for_each(|path| batch.set_missing(path, true).map(|_| ()))?;
        let before = batch.store().track_at(&file.path)?;
        let known = batch.recognise(&file.path, file.size, file.mtime_ns, &hash)?;
        if known.is_some() {
            before.map(|before| batch.drop_unlisted_track(before)).transpose()?;
        }
        Ok(known)
    })?;
    if known.is_none() {
        let analysis = analyse_file(&file, store.params(), &go_on)?;
        store.write(|batch| batch.add_track(&work::record(&file, hash, &analysis), &analysis.fingerprint))?;
    }
    ann::catch_up(store, &ann::Options::default(), &go_on)
}

/// Adds audio that is no file here; see `Index::add_audio`.
pub(super) fn add_audio(store: &mut Store, audio: Audio<'_>, name: &Path, tags: Tags) -> Result<()> {
    if name.as_os_str().is_empty() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty name");
        return Err(Error::Io { path: name.to_owned(), source });
    }
    let go_on = AtomicBool::new(false);
    let analysis =
        contained(name, || analyse::track(&mut *audio.named(name).open()?, store.params(), &go_on))?;
    let record = TrackRecord {
        path: name.to_owned(),
        duration: analysis.duration,
        tags: tags.or(analysis.tags),
        sample_rate: analysis.spec.map(|(rate, _)| rate),
        channels: analysis.spec.map(|(_, channels)| channels),
        ..TrackRecord::default()
    };
    store.write(|batch| batch.add_track(&record, &analysis.fingerprint))?;
    ann::catch_up(store, &ann::Options::default(), &go_on)
}

/// Analyses a file.
#[cfg(feature = "decode")]
pub(super) fn analyse_file(file: &FoundFile, params: &Params, cancel: &AtomicBool) -> Result<Analysis> {
    contained(&file.path, || analyse::track(&mut Decoder::open(&file.path)?, params, cancel))
}

/// Contains a fault of ours like a fault of the file.
fn contained(name: &Path, analyse: impl FnOnce() -> Result<Analysis>) -> Result<Analysis> {
    catch_unwind(AssertUnwindSafe(analyse)).unwrap_or_else(|_| {
        let reason = AudioError::DecoderPanic("a fault in the analysis".into());
        Err(Error::Audio { path: name.to_owned(), reason })
    })
}
