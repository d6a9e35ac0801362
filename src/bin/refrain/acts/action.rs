//! What can be done with a duplicate.
use serde::{Deserialize, Serialize};

/// What can be done with a spare file. Another copy stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Into the desktop's trash.
    Trash,
    /// Into a folder, with its whole path.
    Move,
    /// Its name becomes another name of the file that stays.
    Hardlink,
    /// It shares its blocks with the file that stays.
    Reflink,
    /// It is gone.
    Delete,
}

impl Action {
    /// As the command line and JSON name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::Move => "move",
            Self::Hardlink => "hardlink",
            Self::Reflink => "reflink",
            Self::Delete => "delete",
        }
    }

    /// What was done with a file.
    pub fn done(self) -> &'static str {
        match self {
            Self::Trash => "moved to the trash",
            Self::Move => "moved",
            Self::Hardlink => "replaced by a hard link",
            Self::Reflink => "replaced by a reflink",
            Self::Delete => "deleted",
        }
    }

    /// Whether the file stays where it is, and only its content comes from the kept file.
    pub fn links(self) -> bool {
        matches!(self, Self::Hardlink | Self::Reflink)
    }
}
