//! What is kept of a recording.

/// The chroma frames and the search windows of one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Packed chroma frames one after another, [`Params::frame_bytes`](crate::params::Params::frame_bytes) bytes each.
    pub frames: Vec<u8>,
    /// The first frame of each window, ascending. Silent stretches have none.
    pub positions: Vec<u32>,
    /// The windows' vectors one after another, [`Params::window_dims`](crate::params::Params::window_dims) values each,
    /// all about as long, so that a dot product ranks by cosine.
    pub windows: Vec<i8>,
}
