//! What all requests share.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use refrain::{Ffmpeg, Index};
use tokio::sync::watch;

use super::{
    connections::Connections, connections::Phase, decoded::DecodedFiles, guard::Guard, jobs::Builds,
    limits::Limits, metrics::Metrics, pool::Pool, spool::Spool,
};

/// What all requests share.
pub struct App {
    pub index: Index,
    pub limits: Limits,
    pub guard: Guard,
    pub pool: Pool,
    pub connections: Connections,
    pub metrics: Metrics,
    pub builds: Builds,
    pub decoded: DecodedFiles,
    pub spool: Arc<Spool>,
    pub ffmpeg: Ffmpeg,
    pub allow_paths: bool,
    pub phase: watch::Sender<Phase>,
    /// How many tracks there were when they were last counted.
    pub counted: AtomicU64,
}

/// As handlers get it.
pub type Shared = Arc<App>;

impl App {
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// How many tracks there were when they were last counted.
    pub fn tracks(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    /// Counts the tracks. That takes a moment.
    pub fn count_tracks(&self) {
        if let Ok(info) = self.index.info() {
            self.counted.store(info.tracks, Ordering::Relaxed);
        }
    }
}
