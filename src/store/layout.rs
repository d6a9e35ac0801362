//! How blobs are cut, and which rows belong to a track or a list.
use super::ids::TrackId;
use crate::{fingerprint::SECTION_DIMS, params::ParameterSet};

/// The longest blob of a two-column row that stays within its 4 KiB page. SQLite takes 35 of the 4,096 bytes: for the
/// page's header (8), the cell's pointer (2), length and id (up to 12), and as a reserve. The record's header takes 4.
pub(super) const FIT: usize = 4_057;
/// The longest blob that fits a page twice. Lists are short: a whole page for the last row of each would be wasted.
pub(super) const FIT_TWICE: usize = 2_030;
/// Bytes of a length within a blob.
const LENGTH: usize = size_of::<u64>();
/// Bytes of a track id or a position within a blob.
const REF: usize = size_of::<u32>();
/// Blocks of one track, rows of one list: the lower bits of an id.
pub(super) const BLOCK_BITS: u32 = 20;

/// How many entries a full blob has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// Bytes of a frame.
    pub frame_bytes: usize,
    /// Values of a vector.
    pub dims: usize,
    /// Frames in each `frame_block` but a track's last.
    pub frames_per_block: usize,
    /// Bytes of a level.
    pub level_bytes: usize,
    /// Levels in each `level_block` but a track's last.
    pub levels_per_block: usize,
    /// Sections in each `section_block` but a track's last.
    pub sections_per_block: usize,
    /// Windows in each `window_block` but a track's last.
    pub windows_per_block: usize,
    /// Windows in each `posting` but a list's last.
    pub windows_per_posting: usize,
    /// Centroids in each `centroid_block` but the last.
    pub centroids_per_block: usize,
}

impl Layout {
    /// The layout for `params`. A blob has one entry at least, whatever its size.
    pub fn of(params: &ParameterSet) -> Self {
        let dims = params.window_dims;
        Self {
            frame_bytes: params.frame_bytes(),
            dims,
            frames_per_block: (FIT / params.frame_bytes()).max(1),
            level_bytes: params.octaves,
            levels_per_block: (FIT / params.octaves).max(1),
            sections_per_block: (FIT / SECTION_DIMS).max(1),
            windows_per_block: ((FIT - 2 * LENGTH) / (REF + dims)).max(1),
            windows_per_posting: ((FIT_TWICE - 3 * LENGTH) / (2 * REF + dims)).max(1),
            centroids_per_block: ((FIT - LENGTH) / dims).max(1),
        }
    }
}

/// The first and the last row that a track's blocks can have.
pub(super) fn track_rows(id: TrackId) -> (i64, i64) {
    rows(id.0)
}

/// The first and the last row that a list can have.
pub(super) fn list_rows(centroid: u32) -> (i64, i64) {
    rows(centroid)
}

fn rows(of: u32) -> (i64, i64) {
    let first = i64::from(of) << BLOCK_BITS;
    (first, first | ((1 << BLOCK_BITS) - 1))
}
