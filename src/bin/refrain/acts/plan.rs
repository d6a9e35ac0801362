//! Which spare files to move, link or delete, and which file stays for each.
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use refrain::{DuplicateFile, DuplicateGroup, Relation, TrackId};

use super::action::Action;

/// A spare file, and the file that stays.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The file.
    pub path: PathBuf,
    /// Its track.
    pub id: TrackId,
    /// What it is to the file that stays, if both have the same bytes; else to the first file of the group.
    pub relation: Relation,
    /// Bytes.
    pub size: u64,
    /// The file that stays.
    pub kept: PathBuf,
    /// Its track.
    pub kept_id: TrackId,
    /// All files of the group that stay.
    pub all_kept: Vec<PathBuf>,
}

/// How much longer a file of another cut may be than the one that stays, in seconds.
const LONGER: f64 = 2.0;

/// Chooses files that the report calls spare. For files with these `relations`, one file is enough. Nothing is done with files
/// in `target`, where files are moved to. Also returns the spare files that hold more than the file that stays.
pub fn plan(
    action: Action,
    groups: &[DuplicateGroup],
    relations: &[Relation],
    target: Option<&Path>,
) -> (Vec<Planned>, Vec<PathBuf>) {
    let (mut all, mut longer) = (Vec::new(), Vec::new());
    for group in groups {
        for spare in group.files.iter().filter(|file| !file.keep && file.relation != Relation::SharedBacking)
        {
            let Some(kept) = kept(action, group, spare, relations) else { continue };
            if target.is_some_and(|folder| spare.path.starts_with(folder)) {
                continue;
            }
            let is_cut = |file: &DuplicateFile| matches!(file.relation, Relation::Excerpt | Relation::Edit);
            if (is_cut(spare) || is_cut(kept)) && spare.duration.0 > kept.duration.0 + LONGER {
                longer.push(spare.path.clone());
                continue;
            }
            all.push(Planned {
                path: spare.path.clone(),
                id: spare.id,
                relation: if kept.id == spare.id { Relation::SameBytes } else { spare.relation },
                size: spare.size,
                kept: kept.path.clone(),
                kept_id: kept.id,
                all_kept: group.files.iter().filter(|file| file.keep).map(|file| file.path.clone()).collect(),
            });
        }
    }
    // What stays for another file stays, whatever another group says.
    let relied_on: BTreeSet<PathBuf> = all.iter().map(|planned| planned.kept.clone()).collect();
    let mut seen = BTreeSet::new();
    all.retain(|planned| !relied_on.contains(&planned.path) && seen.insert(planned.path.clone()));
    (all, longer)
}

/// The file that stays for a spare one. For a link it has the same bytes.
fn kept<'g>(
    action: Action,
    group: &'g DuplicateGroup,
    spare: &DuplicateFile,
    relations: &[Relation],
) -> Option<&'g DuplicateFile> {
    let kept = stays_for(group, spare, relations);
    if action.links() && kept.is_none_or(|kept| kept.id != spare.id) {
        // Of several spare files with the same bytes, the others become links to the first one.
        let first = group.files.iter().find(|file| file.id == spare.id);
        return first.filter(|file| file.path != spare.path);
    }
    kept
}

/// The file that the rules keep for a spare one: a copy of its bytes if one is kept, else the best of the files with these
/// relations.
pub fn stays_for<'g>(
    group: &'g DuplicateGroup,
    spare: &DuplicateFile,
    relations: &[Relation],
) -> Option<&'g DuplicateFile> {
    let mut kept = group.files.iter().filter(|file| file.keep);
    let is_enough =
        |file: &&DuplicateFile| file.relation == Relation::Reference || relations.contains(&file.relation);
    kept.clone().find(|file| file.id == spare.id).or_else(|| kept.find(is_enough))
}
