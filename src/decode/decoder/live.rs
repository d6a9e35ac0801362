//! Streams that come once.
use std::{io::Read, path::Path, sync::Arc};

use super::Decoder;
use crate::{
    decode::{
        codec,
        live::Once,
        probe::{self, Refusal},
        read_tags,
        source::Watch,
    },
    error::{Error, Result},
};

impl Decoder {
    /// Decodes a stream as it comes. Errors show `name`.
    pub(in crate::decode) fn live(reader: Box<dyn Read + Send + Sync>, name: &Path) -> Result<Decoder> {
        let watch = Arc::new(Watch::default());
        let audio = |reason| Error::Audio { path: name.to_owned(), reason };
        let source = Once::new(reader, Arc::clone(&watch));
        let (mut reader, first) = probe::live(source, &watch).map_err(|refusal| match refusal {
            Refusal::Io(source) => Error::Io { path: name.to_owned(), source },
            Refusal::Audio(reason) => audio(reason),
            Refusal::Foreign(foreign) => audio(foreign.refusal()),
        })?;
        let choice = codec::choose(&*reader, |_| false).map_err(audio)?;
        let tags = read_tags::of_stream(&mut *reader, choice.track.id);
        Ok(Decoder { tags, is_live: true, ..Decoder::of(name, (watch, reader, first), choice) })
    }
}
