//! Which files of a group are kept, and what the others free.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{
    duplicates::{Facts, Relation, Rule, best, limit, was_lossy},
    report::DuplicateFile,
    store::TrackId,
};

/// A file that is this much shorter than another one is a part of it, in seconds.
const WHOLE_SECONDS: f64 = 7.0;

/// What a caller asks for.
pub(super) struct Choice<'o> {
    /// The rules for the file to keep.
    pub rules: &'o [Rule],
    /// The relations of which one file is enough.
    pub relations: &'o BTreeSet<Relation>,
}

impl Choice<'_> {
    /// Decides which files to keep, and returns how many bytes are free without the others.
    pub fn choose(&self, files: &mut [DuplicateFile], facts: &[Facts]) -> u64 {
        for (file, facts) in files.iter_mut().zip(facts) {
            (file.keep, file.why) = match file.relation {
                Relation::SharedBacking => (true, "only the backing is the same".to_owned()),
                _ if facts.preferred => (true, "in a preferred folder".to_owned()),
                _ => (true, "another version".to_owned()),
            };
        }
        let one_is_enough = |relation| relation == Relation::Reference || self.relations.contains(&relation);
        let (rivals, others): (Vec<usize>, Vec<usize>) =
            (0..files.len()).partition(|&n| one_is_enough(files[n].relation));
        let mut bytes = self.among(files, facts, rivals);
        // What is another version is enough once, too.
        for copies in self.copies(files, &others) {
            bytes += self.among(files, facts, copies);
        }
        bytes
    }

    /// Those of these files that have the same bytes as another one, by content.
    fn copies(&self, files: &[DuplicateFile], of: &[usize]) -> Vec<Vec<usize>> {
        if !self.relations.contains(&Relation::SameBytes) {
            return Vec::new();
        }
        let mut same: BTreeMap<TrackId, Vec<usize>> = BTreeMap::new();
        for &n in of.iter().filter(|&&n| files[n].relation != Relation::SharedBacking) {
            same.entry(files[n].id).or_default().push(n);
        }
        same.into_values().filter(|copies| copies.len() > 1).collect()
    }

    /// Keeps one of these files, and returns how many bytes are free without the others.
    fn among(&self, files: &mut [DuplicateFile], facts: &[Facts], rivals: Vec<usize>) -> u64 {
        // A part never stands for the whole.
        let longest = rivals.iter().map(|&n| facts[n].seconds).fold(0.0, f64::max);
        let is_cut = |n: &usize| matches!(files[*n].relation, Relation::Excerpt | Relation::Edit);
        let cut = rivals.iter().any(is_cut);
        let (rivals, parts): (Vec<usize>, Vec<usize>) =
            rivals.into_iter().partition(|&n| !cut || facts[n].seconds >= longest - WHOLE_SECONDS);
        let known: Vec<Facts> = rivals.iter().map(|&n| facts[n].clone()).collect();
        let (kept, mut why) = best(self.rules, &known);
        let Some(&kept) = rivals.get(kept) else { return 0 };
        why.extend(parts.iter().map(|_| "shorter; the kept file holds more".to_owned()));
        let rivals = [rivals, parts].concat();
        let mut seen: BTreeSet<(u64, u64)> =
            Names::of(&files[kept].path).map(|names| names.file).into_iter().collect();
        let mut bytes = 0;
        for (&n, why) in rivals.iter().zip(why) {
            let file = &mut files[n];
            if n == kept {
                if rivals.len() > 1 {
                    file.why = best_of_copies(&facts[n]);
                } else if file.relation == Relation::Reference {
                    "the reference".clone_into(&mut file.why);
                }
            } else if facts[n].preferred {
                // Stays, whatever it is.
            } else if let Some(why) = Names::of(&file.path).and_then(|names| names.free_nothing(&mut seen)) {
                why.clone_into(&mut file.why);
            } else {
                (file.keep, file.why) = (false, why);
                bytes += file.size;
            }
        }
        bytes
    }
}

/// Why the best file is kept, and what is wrong with it.
fn best_of_copies(file: &Facts) -> String {
    let best = "the best of the copies".to_owned();
    if was_lossy(file) { format!("{best}, but {}", limit(file)) } else { best }
}

/// The names of a file on the disk.
struct Names {
    /// Which file it is: the same for all its names.
    file: (u64, u64),
    /// How many hard links it has.
    count: u64,
    /// Whether the name that was asked for only leads to another one.
    is_symlink: bool,
}

impl Names {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let about = fs::metadata(path).ok()?;
        let is_symlink = fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
        Some(Self { file: (about.dev(), about.ino()), count: about.nlink(), is_symlink })
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> Option<Self> {
        let _ = fs::metadata(path);
        None
    }

    /// Why no room is free without the name that was asked for; `None` if there is. `seen` has the files whose names were met.
    fn free_nothing(&self, seen: &mut BTreeSet<(u64, u64)>) -> Option<&'static str> {
        if seen.contains(&self.file) {
            return Some("the same file by another name; it takes no room");
        }
        if self.is_symlink {
            return Some("a symbolic link; it takes no room");
        }
        seen.insert(self.file);
        (self.count > 1)
            .then_some("the file has several names (hard links); removing one name frees no space")
    }
}
