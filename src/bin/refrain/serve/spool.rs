//! Uploads on the disk, and how much room they take together.
use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::StatusCode;

use super::{failure::Failure, limits::LARGEST_UPLOADS};

/// An upload on the disk.
pub struct Stored {
    pub file: File,
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
    pub fn new(all: &Arc<Spool>) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, bytes: 0, all: Arc::clone(all) })
    }

    /// Takes room for more bytes, if there is any.
    pub fn reserve(&mut self, more: u64, most: u64) -> Result<(), Failure> {
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

/// The upload has more than `most` bytes.
pub fn too_large(most: u64) -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the upload is larger than {most} bytes"))
}
