//! Decodes what refrain cannot, through an installed ffmpeg.
//!
//! ffmpeg gets one local file and the demuxer that refrain's own look at the file names, and writes samples to a pipe. It
//! may not open anything else, and it ends when it is silent for too long, writes too much, or is not needed any more.
mod au;
mod decoder;
mod process;

pub(super) use self::decoder::FfmpegDecoder;
