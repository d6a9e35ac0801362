//! The lines of a channel of a granule.

/// There are so many.
pub(super) const LINES: usize = 576;

/// The windows of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Block {
    #[default]
    Long,
    /// A long block before a short one.
    Start,
    Short,
    /// Long in the two lowest subbands, short above.
    Mixed,
    /// A long block after a short one.
    End,
}

impl Block {
    pub(super) fn is_short(self) -> bool {
        matches!(self, Block::Short | Block::Mixed)
    }
}
