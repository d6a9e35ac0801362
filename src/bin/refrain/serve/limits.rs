//! How much one request, and all of them, may take.
use std::{thread, time::Duration};

use refrain::{Audio, Seconds};

use crate::args::LimitArgs;

/// The most bytes of a request that is no upload.
pub const MAX_TEXT: usize = 64 << 10;

/// The most bytes of a picture in a music file.
pub const MAX_COVER: usize = 16 << 20;

/// How long a client may take for the head of a request.
pub const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a client that uploads may pause.
pub const PAUSE: Duration = Duration::from_secs(10);

/// The slowest upload, in bytes a second. It is looked at after the first pause.
pub const SLOWEST: u64 = 16 << 10;

/// How many uploads of the largest size may lie on the disk at a time.
pub const LARGEST_UPLOADS: u64 = 8;

/// How long running requests may take once the server is asked to end.
pub const GRACE: Duration = Duration::from_secs(25);

/// How much one request, and all of them, may take.
#[derive(Clone, Debug)]
pub struct Limits {
    pub upload: u64,
    pub clip: Seconds,
    pub recording: Seconds,
    pub channels: u16,
    pub time: Duration,
    pub long_time: Duration,
    pub quick: usize,
    pub slow: usize,
    pub queue: usize,
    pub connections: usize,
}

impl From<&LimitArgs> for Limits {
    fn from(args: &LimitArgs) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            upload: args.max_upload,
            clip: Seconds(args.max_clip.into()),
            recording: Seconds(args.max_recording.into()),
            channels: args.max_channels,
            time: Duration::from_secs(args.max_time.into()),
            long_time: Duration::from_secs(args.max_long_time.into()),
            quick: args.queries.map_or(cores, usize::from),
            slow: args.slow_queries.into(),
            queue: args.queue.into(),
            connections: args.connections.into(),
        }
    }
}

impl Limits {
    /// A clip of a stranger.
    pub fn clip<'a>(&self, audio: Audio<'a>) -> Audio<'a> {
        audio.max_duration(self.clip).max_channels(self.channels)
    }

    /// A long recording of a stranger.
    pub fn recording<'a>(&self, audio: Audio<'a>) -> Audio<'a> {
        audio.max_duration(self.recording).max_channels(self.channels)
    }
}
