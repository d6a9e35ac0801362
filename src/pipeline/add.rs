//! Adding one recording: a file, or audio that is none.
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use super::{
    analyse::{self, Analysis},
    handles::Handles,
};
#[cfg(feature = "decode")]
use super::{
    content,
    find::{self, FoundFile},
    work,
};
use crate::cancel::CancelToken;
use crate::{
    Error, Result, ann,
    decode::{Audio, Tags},
    error::AudioError,
    store::{Store, TrackRecord},
};
#[cfg(feature = "decode")]
use crate::{decode::Decoder, params::Params};

/// Adds a file, whether it is known or not; see `Index::add`. Others may write while it is read and analysed.
#[cfg(feature = "decode")]
pub(super) fn add_file(handles: &Handles, path: &Path) -> Result<()> {
    handles.may_write()?;
    let (file, go_on) = (find::one(path)?, CancelToken::new());
    let hash = content::hash(&file.path, &go_on)?;
    let known = handles.write(|store| {
        let gone = work::gone_files(store, &hash, &file.path)?;
        let known = store.write(|batch| {
            gone.iter().try_for_each(|path| batch.set_missing(path, true).map(|_| ()))?;
            let before = batch.store().track_at(&file.path)?;
            let known = batch.recognise(&file.path, file.size, file.mtime_ns, &hash)?;
            if known.is_some() {
                before.map(|before| batch.drop_orphan(before)).transpose()?;
            }
            Ok(known)
        })?;
        Ok(known.is_some())
    })?;
    if known {
        return handles.write(catch_up);
    }
    let params = *handles.reader()?.params();
    let analysis = analyse_file(&file, &params, &go_on)?;
    put(handles, &work::record(&file, hash, &analysis), &analysis)
}

/// Adds audio that is no file here; see `Index::add_audio`.
pub(super) fn add_audio(handles: &Handles, audio: Audio<'_>, name: &Path, tags: Tags) -> Result<()> {
    handles.may_write()?;
    if name.as_os_str().is_empty() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty name");
        return Err(Error::Io { path: name.to_owned(), source });
    }
    let (params, go_on) = (*handles.reader()?.params(), CancelToken::new());
    let analysis = contained(name, || analyse::track(&mut *audio.named(name).open()?, &params, &go_on))?;
    let record = TrackRecord {
        path: name.to_owned(),
        duration: analysis.duration,
        tags: tags.or(analysis.tags.clone()),
        sample_rate: analysis.spec.map(|(rate, _)| rate),
        channels: analysis.spec.map(|(_, channels)| channels),
        ..TrackRecord::default()
    };
    put(handles, &record, &analysis)
}

fn put(handles: &Handles, record: &TrackRecord, analysis: &Analysis) -> Result<()> {
    handles.write(|store| {
        store.write(|batch| batch.add_track(record, &analysis.fingerprint))?;
        catch_up(store)
    })
}

fn catch_up(store: &mut Store) -> Result<()> {
    ann::catch_up(store, &ann::Options::default(), &CancelToken::new())
}

/// Analyses a file.
#[cfg(feature = "decode")]
pub(super) fn analyse_file(file: &FoundFile, params: &Params, cancel: &CancelToken) -> Result<Analysis> {
    contained(&file.path, || analyse::track(&mut Decoder::open(&file.path)?, params, cancel))
}

/// Contains a fault of ours like a fault of the file.
fn contained(name: &Path, analyse: impl FnOnce() -> Result<Analysis>) -> Result<Analysis> {
    catch_unwind(AssertUnwindSafe(analyse)).unwrap_or_else(|_| {
        let reason = AudioError::DecoderPanic("a fault in the analysis".into());
        Err(Error::Audio { path: name.to_owned(), reason })
    })
}
