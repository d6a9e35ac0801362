use super::*;
use crate::{
    ann::{Options, maintain},
    duplicates::{
        Group,
        fixture::{Music, print},
        groups,
    },
    store::TrackRecord,
};

/// A library that grows; with a neighbour index once it is asked for.
struct Library {
    store: Store,
    added: usize,
    _folder: tempfile::TempDir,
}

impl Library {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_write(folder.path().join("i.refrain")).unwrap();
        Self { store, added: 0, _folder: folder }
    }

    /// Adds music `number` from frame `from` on.
    fn add(&mut self, number: u64, from: f64) -> TrackId {
        let print = print(&Music(number).frames(from, 1.0, 300));
        let record = TrackRecord::new(format!("/{:03}", self.added));
        self.added += 1;
        self.store.write(|batch| batch.add_track(&record, &print)).unwrap()
    }

    /// The groups, and how many pairs were compared for them; what was found is remembered.
    fn search(&mut self, remember: bool) -> (Vec<Group>, usize) {
        let first = |tracks: &[TrackId]| Ok(tracks[0]);
        let (groups, memory) =
            groups(&self.store, &CancelToken::new(), |_| Ok(true), first, |_, _| ()).unwrap();
        let compared = memory.changes.compared.len();
        if remember {
            self.store.write(|batch| memory.store(batch, &links(&groups))).unwrap();
        }
        (groups, compared)
    }
}

fn links(groups: &[Group]) -> Vec<&Link> {
    groups.iter().flat_map(|group| &group.links).collect()
}

fn members(groups: &[Group]) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = groups
        .iter()
        .map(|group| {
            let mut ids: Vec<u32> =
                group.links.iter().map(|link| link.two.0).chain([group.reference.0]).collect();
            ids.sort_unstable();
            ids
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_search_again_compares_nothing_and_a_new_track_only_itself() {
    for indexed in [false, true] {
        let mut library = Library::new();
        for number in 0..6 {
            library.add(number, 0.0);
        }
        let copy = library.add(2, 0.3);
        if indexed {
            let options = Options::default().min_windows(1).centroids(Some(6)).force(true);
            maintain(&mut library.store, &options, &CancelToken::new()).unwrap();
        }
        let (first, compared) = library.search(true);
        assert!(compared > 0);
        assert_eq!(members(&first), [vec![3, copy.0]]);
        assert_eq!(library.store.duplicates().unwrap().len(), 1);
        let (again, compared) = library.search(true);
        assert_eq!(members(&again), members(&first));
        let parts = |groups: &[Group]| groups[0].links[0].parts.clone();
        assert_eq!((compared, parts(&again)), (0, parts(&first)));
        let other = library.add(4, 0.5);
        let (more, compared) = library.search(true);
        assert_eq!(members(&more), [vec![3, copy.0], vec![5, other.0]]);
        assert!((1..=3).contains(&compared), "{compared} comparisons for one track");
        // What is gone is forgotten.
        library.store.write(|batch| batch.remove(std::path::Path::new("/006"))).unwrap();
        assert_eq!(members(&library.search(true).0), [vec![5, other.0]]);
        let mut pairs = Vec::new();
        let each = |one, two, _| {
            pairs.push((one, two));
            Ok(())
        };
        library.store.near_pairs(each).unwrap();
        assert!(pairs.iter().all(|pair| pair.0 != copy && pair.1 != copy), "{pairs:?}");
    }
}

#[test]
fn what_grew_step_by_step_is_what_a_search_of_all_finds() {
    let mut random = fastrand::Rng::with_seed(8);
    let mut library = Library::new();
    for step in 0..6 {
        for _ in 0..5 {
            library.add(random.u64(0..12), random.f64());
        }
        let (grown, _) = library.search(true);
        library.store.write(|batch| batch.set_duplicate_search(RULES + 1, TrackId(0))).unwrap();
        let (anew, _) = library.search(false);
        assert_eq!(members(&grown), members(&anew), "step {step}");
        library.store.write(|batch| batch.set_duplicate_search(RULES, TrackId(5 * (step + 1)))).unwrap();
    }
}

#[test]
fn tracks_that_the_user_called_no_duplicates_are_not_in_one_group() {
    let mut library = Library::new();
    let ids: Vec<TrackId> = (0..3).map(|n| library.add(1, 0.3 * f64::from(n))).collect();
    assert_eq!(members(&library.search(true).0), [vec![1, 2, 3]]);
    for (one, two) in [(0, 1), (1, 2), (2, 0)] {
        let set = |library: &mut Library, not| {
            library.store.write(|batch| batch.set_not_duplicates(ids[one], ids[two], not)).unwrap();
        };
        set(&mut library, true);
        for group in members(&library.search(true).0) {
            assert!(!(group.contains(&ids[one].0) && group.contains(&ids[two].0)), "{group:?}");
        }
        set(&mut library, false);
        assert_eq!(members(&library.search(true).0), [vec![1, 2, 3]]);
    }
}
