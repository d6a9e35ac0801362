//! What Matroska says about its tracks and the demuxer passes over: how their frames are compressed, and which are meant
//! to be played.
mod ebml;
mod encoding;
mod tracks;
mod unpacked;

pub(super) use self::tracks::find;
pub(super) use self::unpacked::Unpacked;
