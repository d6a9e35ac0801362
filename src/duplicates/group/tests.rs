use super::*;
use crate::{
    duplicates::fixture::{Frame, Music, at_speed, mixed, print},
    error::Error,
    store::TrackRecord,
};

struct Library {
    store: Store,
    _folder: tempfile::TempDir,
}

/// Tracks 1, 2, … of these frames.
fn library(tracks: &[Vec<Frame>]) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open_write(folder.path().join("i.refrain")).unwrap();
    for (n, frames) in tracks.iter().enumerate() {
        let record = TrackRecord { path: format!("/{n}").into(), ..TrackRecord::default() };
        store.write(|batch| batch.add_track(&record, &print(frames))).unwrap();
    }
    Library { store, _folder: folder }
}

impl Library {
    /// The groups: the reference and the others with what they are to it. `first` chooses the one of these tracks that
    /// comes first, if it is asked about one of them.
    fn groups(&self, counts: impl Fn(u32) -> bool, first: &[u32]) -> Vec<(u32, Vec<(u32, Relation)>)> {
        let chosen = |copies: &[TrackId]| {
            let best = first.iter().find(|&&best| copies.contains(&TrackId(best)));
            Ok(best.map_or(copies[0], |&best| TrackId(best)))
        };
        let mut told = Vec::new();
        let progress = |done, all| told.push((done, all));
        let (groups, _) =
            groups(&self.store, &CancelToken::new(), |track| Ok(counts(track.0)), chosen, progress).unwrap();
        assert!(told.iter().all(|(done, all)| done <= all) && told.is_sorted_by_key(|(done, _)| *done));
        let mut members = BTreeSet::new();
        for group in &groups {
            for link in &group.links {
                assert_eq!(link.one, group.reference);
                let is_member = link.relation != Relation::SharedBacking;
                assert!(!is_member || members.insert(link.two), "{:?} is in two groups", link.two);
            }
            let has_members = group.links.iter().any(|link| link.relation != Relation::SharedBacking);
            assert!(!has_members || members.insert(group.reference), "{group:#?} is in two groups");
        }
        let links = |group: &Group| group.links.iter().map(|link| (link.two.0, link.relation)).collect();
        groups.iter().map(|group| (group.reference.0, links(group))).collect()
    }
}

use Relation::{Edit, Excerpt, OtherSpeed, SameAudio, SharedBacking};

fn song(number: u64, from: f64, count: usize) -> Vec<Frame> {
    Music(number).frames(from, 1.0, count)
}

/// Tracks 1 to 8: other music; a song, its copy half a frame later, an excerpt, an edit, faster; other music; and a copy of that
/// which is a second shorter.
fn messy() -> Library {
    let whole = song(1, 0.0, 500);
    library(&[
        song(2, 0.0, 500),
        whole.clone(),
        song(1, 0.5, 500),
        whole[150..330].to_vec(),
        [&whole[..200], &whole[290..]].concat(),
        at_speed(Music(1), 1.02, 490),
        song(3, 0.0, 420),
        song(3, 5.0, 415),
    ])
}

#[test]
fn copies_and_parts_are_around_the_copy_that_is_chosen() {
    let library = messy();
    for reference in [2, 3] {
        let groups = library.groups(|_| true, &[reference, 8]);
        let copy = 5 - reference;
        let expected = vec![(copy, SameAudio), (6, OtherSpeed), (5, Edit), (4, Excerpt)];
        assert_eq!(groups, [(reference, expected), (8, vec![(7, SameAudio)])]);
    }
}

#[test]
fn tracks_that_do_not_count_are_left_out() {
    let library = messy();
    let groups = library.groups(|track| ![3, 5, 7].contains(&track), &[2]);
    assert_eq!(groups.len(), 1);
    let mut tracks: Vec<u32> = groups[0].1.iter().map(|&(track, _)| track).chain([groups[0].0]).collect();
    tracks.sort_unstable();
    assert_eq!(tracks, [2, 4, 6]);
    assert_eq!(library.groups(|_| false, &[]), []);
    assert_eq!(library.groups(|track| [1, 2, 7].contains(&track), &[]), []);
}

#[test]
fn a_removed_track_is_in_no_group() {
    let mut library = messy();
    library.store.write(|batch| batch.remove(std::path::Path::new("/7"))).unwrap();
    let groups = library.groups(|_| true, &[2]);
    assert_eq!(groups.iter().map(|group| group.0).collect::<Vec<u32>>(), [2]);
}

/// Two excerpts have nothing to do with each other, so neither can be the reference of all.
#[test]
fn a_track_that_does_not_fit_all_is_not_the_reference() {
    let whole = song(1, 0.0, 500);
    let library = library(&[whole[..200].to_vec(), whole.clone(), whole[260..].to_vec()]);
    assert_eq!(library.groups(|_| true, &[1, 3]), [(2, vec![(1, Excerpt), (3, Excerpt)])]);
}

/// `first` chooses among copies only: the copies of the reference, not its excerpts.
#[test]
fn the_choice_is_among_copies() {
    let library = messy();
    let mut asked: Vec<Vec<u32>> = Vec::new();
    let first = |copies: &[TrackId]| {
        let mut ids: Vec<u32> = copies.iter().map(|track| track.0).collect();
        ids.sort_unstable();
        asked.push(ids);
        Ok(copies[0])
    };
    groups(&library.store, &CancelToken::new(), |_| Ok(true), first, |_, _| ()).unwrap();
    asked.sort();
    assert_eq!(asked, [[2, 3], [7, 8]]);
}

#[test]
fn tracks_that_share_a_backing_are_told_once() {
    let instrumental = song(1, 0.0, 500);
    let under = mixed(&instrumental[120..], &song(9, 0.0, 380), 0.5);
    let sung = [instrumental[..120].to_vec(), under].concat();
    let library = library(&[instrumental, sung]);
    let groups = library.groups(|_| true, &[]);
    assert_eq!(groups.len(), 1, "{groups:?}");
    assert_eq!(groups[0].1.len(), 1);
    assert_eq!(groups[0].1[0].1, SharedBacking);
}

/// One master differs over 15 s; another one only over a part of those. With the second as the reference of the first group
/// the third master is the same audio, but it is in a group with its own copy.
#[test]
fn a_track_that_shares_a_backing_at_first_is_not_in_two_groups() {
    let plain = song(1, 0.0, 600);
    let other = song(9, 0.0, 600);
    let differs = |from: usize, to: usize| {
        let middle = mixed(&plain[from..to], &other[from..to], 0.62);
        [&plain[..from], &middle, &plain[to..]].concat()
    };
    let (far, between) = (differs(200, 285), differs(200, 243));
    let copies = vec![plain.clone(); 5];
    let library = library(&[copies, vec![between, far.clone(), far]].concat());
    for first in [[1, 7], [6, 7], [6, 8]] {
        let groups = library.groups(|_| true, &first);
        assert_eq!(groups.iter().map(|group| group.0).collect::<Vec<u32>>(), first);
        let of = |group: usize, relation| groups[group].1.iter().filter(|link| link.1 == relation).count();
        assert_eq!((of(0, SameAudio), of(1, SameAudio)), (5, 1), "{groups:?}");
    }
}

#[test]
fn errors_and_cancelling_end_it() {
    let library = messy();
    let cancel = CancelToken::new();
    cancel.cancel();
    let first = |copies: &[TrackId]| Ok(copies[0]);
    let found = groups(&library.store, &cancel, |_| Ok(true), first, |_, _| ());
    assert!(matches!(found, Err(Error::Interrupted)));
    let fails = |_: &[TrackId]| Err(Error::Interrupted);
    let found = groups(&library.store, &CancelToken::new(), |_| Ok(true), fails, |_, _| ());
    assert!(matches!(found, Err(Error::Interrupted)));
    let counts = |_| Err(Error::Interrupted);
    let found = groups(&library.store, &CancelToken::new(), counts, first, |_, _| ());
    assert!(matches!(found, Err(Error::Interrupted)));
}
