//! Which groups of duplicates, and which files of them, a caller wants to see.
use std::{collections::BTreeSet, path::PathBuf};

use crate::{duplicates::Relation, report::DuplicateGroup};

/// What is listed. The default lists everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// Files with these relations; empty for all relations.
    pub only: BTreeSet<Relation>,
    /// Groups with a file in one of these folders; empty for all folders.
    pub below: Vec<PathBuf>,
    /// Groups that free at least so many bytes.
    pub min_free: u64,
}

impl Filter {
    /// Whether files with this relation are listed. The reference always is: the others are compared with it. Files with
    /// copies of the same bytes are listed with [`Relation::SameBytes`], too.
    pub fn has(&self, relation: Relation, has_copies: bool) -> bool {
        relation == Relation::Reference
            || self.only.is_empty()
            || self.only.contains(&relation)
            || (has_copies && relation != Relation::SharedBacking && self.only.contains(&Relation::SameBytes))
    }

    /// Whether a group is listed, once its other files are left out.
    pub fn lists(&self, group: &DuplicateGroup) -> bool {
        let is_below =
            || group.files.iter().any(|file| self.below.iter().any(|folder| file.path.starts_with(folder)));
        group.files.len() > 1 && group.bytes >= self.min_free && (self.below.is_empty() || is_below())
    }
}
