//! Where sound comes from. A thread of its own reads it, so that the command can end while it waits for sound.
use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

/// Pieces that may wait. More than a few seconds are never behind: then the source waits, or drops what comes.
const WAITING: usize = 64;

/// What a source has.
#[derive(Debug)]
pub enum Piece {
    /// Samples, all channels of one frame after the other.
    Sound { samples: Vec<f32>, channels: u16, rate: u32 },
    /// What the stream itself says is playing; empty if it says nothing any more.
    Title(String),
    /// Something for people to know.
    Note(Note),
    /// Why there is no more sound.
    Failed(anyhow::Error),
}

/// What happens to a source.
#[derive(Debug)]
pub enum Note {
    /// There is a connection.
    Connected(String),
    /// The connection is lost, for this reason, and is tried again after so many seconds.
    Lost(String, f64),
    /// Something is wrong, and the source goes on.
    #[cfg_attr(not(feature = "microphone"), expect(dead_code, reason = "only a microphone sends warnings"))]
    Warning(String),
}

/// The way from a source to the command. A failed send means that the command has ended.
pub type Out = SyncSender<Piece>;

/// Runs a source. It ends when `run` returns.
pub fn started(name: &str, run: impl FnOnce(Out) + Send + 'static) -> anyhow::Result<Receiver<Piece>> {
    let (out, pieces) = sync_channel(WAITING);
    thread::Builder::new().name(name.to_owned()).spawn(move || run(out))?;
    Ok(pieces)
}
