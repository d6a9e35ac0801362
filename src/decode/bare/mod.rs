//! MPEG audio and ADTS: frame after frame without a container.
//!
//! Such files are often several files put together, or cuts of a broadcast. So the form may change from one frame to the
//! next, tags may lie in the middle, and each part may say how much of it is the recording.
mod encoder_tag;
mod header;
mod reader;

pub(super) use self::header::MpegForm;
pub(super) use self::reader::BareReader;
