//! What `refrain listen` is made of: where the sound comes from, and whom it tells.
pub mod hook;
mod http;
mod icy;
#[cfg(feature = "microphone")]
pub mod microphone;
pub mod now_playing;
mod playlist;
pub mod printed;
pub mod raw;
mod retry;
pub mod source;
pub mod station;
pub mod url;
