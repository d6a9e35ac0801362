//! Groups around a reference: every track of a group has to do with the reference, not merely with a neighbour.
//!
//! The track with the most near windows comes first. It is compared with all tracks that have windows near its own, and
//! those that hold its recording are its group. The same goes on with the rest. So copies are not compared with each other.
use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use rayon::prelude::*;

use super::{
    candidates::seeds_of,
    link::{Compared, Link},
    memory::Memory,
    relation::Relation,
    seed::{Pair, Seed},
    sound::Sound,
};
use crate::{
    cancel::CancelToken,
    error::Result,
    store::{Store, TrackId},
};

/// About how many pairs are compared in one go. Bounds the memory.
const TOGETHER: usize = 512;

/// How many tracks of a group are tried as its centre, if the first one has few copies.
const OTHER_CENTRES: usize = 3;

/// Another centre may lose one of so many tracks.
const MOST_LOST: usize = 5;

/// A reference and the tracks that have to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The track that the others are compared with.
    pub reference: TrackId,
    /// A link from the reference to each other track, nearest relation first, then in order of ids.
    pub links: Vec<Link>,
}

/// Pairs by track: the seeds that each has with another one, seen from it.
struct Neighbours(BTreeMap<TrackId, BTreeMap<TrackId, Vec<Seed>>>);

impl Neighbours {
    fn new(pairs: Vec<Pair>) -> Self {
        let mut all: BTreeMap<TrackId, BTreeMap<TrackId, Vec<Seed>>> = BTreeMap::new();
        for Pair { one, two, seeds } in pairs {
            let turned = seeds.iter().map(Seed::turned).collect();
            all.entry(two).or_default().insert(one, turned);
            all.entry(one).or_default().insert(two, seeds);
        }
        Self(all)
    }

    /// How near a track's windows are to those of others, in all.
    fn weight(&self, track: TrackId) -> f32 {
        self.0.get(&track).into_iter().flat_map(BTreeMap::values).flatten().map(|seed| seed.weight).sum()
    }

    /// All tracks, those with the most weight first, of equal ones the longest.
    fn by_weight(&self, store: &Store) -> Result<Vec<TrackId>> {
        let mut order: Vec<(f32, u32, TrackId)> = Vec::new();
        store.window_counts(|track, windows| {
            if self.0.contains_key(&track) {
                order.push((self.weight(track), windows, track));
            }
            Ok(())
        })?;
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        Ok(order.into_iter().map(|(_, _, track)| track).collect())
    }
}

/// The groups of an index, in order of their references. `first` chooses the reference out of copies of a recording. `counts`
/// tells which tracks count. Calls `progress` with the tracks that are done and all that have a neighbour.
///
/// Also returns what is to be remembered of the search.
///
/// A track is in one group. A group also tells which tracks only share a backing with its reference. Such a track may have a
/// group of its own.
///
/// # Errors
/// Those of the index; [`Error::Interrupted`](crate::error::Error::Interrupted).
pub fn groups(
    store: &Store,
    cancel: &CancelToken,
    mut counts: impl FnMut(TrackId) -> Result<bool>,
    mut first: impl FnMut(&[TrackId]) -> Result<TrackId>,
    mut progress: impl FnMut(u64, u64),
) -> Result<(Vec<Group>, Memory)> {
    let _cancellable = store.cancellable(cancel);
    let _snapshot = store.snapshot()?;
    progress(0, 0);
    let mut memory = Memory::read(store)?;
    let mut pairs = memory.candidates(store, cancel)?;
    let mut known: HashMap<TrackId, bool> = HashMap::new();
    for pair in &pairs {
        for track in [pair.one, pair.two] {
            if let Entry::Vacant(place) = known.entry(track) {
                place.insert(counts(track)?);
            }
        }
    }
    pairs.retain(|pair| known[&pair.one] && known[&pair.two]);
    let neighbours = Neighbours::new(pairs);
    let mut order = neighbours.by_weight(store)?;
    let total = order.len() as u64;
    let (mut grouped, mut groups) = (BTreeSet::new(), Vec::new());
    // Pairs that only share a backing, the reference first. Each is told once.
    let mut told: BTreeSet<(TrackId, TrackId)> = BTreeSet::new();
    while !order.is_empty() {
        cancel.check()?;
        progress(total - order.len() as u64, total);
        // Centres that are not neighbours of each other.
        let (mut centres, mut blocked, mut count) = (Vec::new(), BTreeSet::new(), 0);
        let mut waiting = Vec::new();
        for centre in order {
            if grouped.contains(&centre) {
                continue;
            }
            if count >= TOGETHER || blocked.contains(&centre) {
                waiting.push(centre);
                continue;
            }
            let others = neighbours.0[&centre].keys().copied().filter(|other| !grouped.contains(other));
            let others: Vec<TrackId> = others.collect();
            blocked.extend(others.iter().copied().chain([centre]));
            count += others.len();
            centres.push((centre, others));
        }
        order = waiting;
        let asked: Vec<(TrackId, TrackId)> = centres
            .iter()
            .flat_map(|(centre, others)| others.iter().map(move |&other| (*centre, other)))
            .collect();
        let links = all_links(store, &asked, &neighbours, &mut memory, cancel)?;
        for (centre, others) in centres {
            let found = others.iter().filter_map(|&other| links.get(&(centre, other)));
            let (backing, members): (Vec<&Link>, Vec<&Link>) =
                found.partition(|link| link.relation == Relation::SharedBacking);
            let members: Vec<Link> =
                members.into_iter().filter(|link| !grouped.contains(&link.two)).cloned().collect();
            let backing: Vec<&Link> =
                backing.into_iter().filter(|link| !told.contains(&(link.two, link.one))).collect();
            if members.is_empty() && (backing.is_empty() || grouped.contains(&centre)) {
                continue;
            }
            if !members.is_empty() {
                grouped.extend(members.iter().map(|link| link.two).chain([centre]));
            }
            let backing: Vec<Link> =
                backing.into_iter().filter(|link| !grouped.contains(&link.two)).cloned().collect();
            told.extend(backing.iter().map(|link| (link.one, link.two)));
            groups.push(Group { reference: centre, links: members.into_iter().chain(backing).collect() });
        }
    }
    for group in &mut groups {
        cancel.check()?;
        around_best(store, &neighbours, group, &mut memory, &mut first, cancel)?;
    }
    add_rest(store, &neighbours, &mut groups, &mut memory, cancel)?;
    for group in &mut groups {
        group.links.sort_by_key(|link| (link.relation, link.two));
        part(group, &memory);
    }
    groups.retain(|group| !group.links.is_empty());
    groups.sort_by_key(|group| group.reference);
    progress(total, total);
    Ok((groups, memory))
}

/// The links of pairs of tracks, those that are linked.
fn all_links(
    store: &Store,
    asked: &[(TrackId, TrackId)],
    neighbours: &Neighbours,
    memory: &mut Memory,
    cancel: &CancelToken,
) -> Result<HashMap<(TrackId, TrackId), Link>> {
    let asked: Vec<(TrackId, TrackId)> =
        asked.iter().copied().filter(|&(one, two)| !memory.are_apart(one, two)).collect();
    let new: Vec<(TrackId, TrackId)> =
        asked.iter().copied().filter(|&(one, two)| memory.compared(one, two).is_none()).collect();
    for some in new.chunks(TOGETHER) {
        let mut sounds: HashMap<TrackId, Sound> = HashMap::new();
        let mut jobs: Vec<(TrackId, TrackId, Vec<Seed>)> = Vec::new();
        for &(one, two) in some {
            cancel.check()?;
            for track in [one, two] {
                if let Entry::Vacant(place) = sounds.entry(track) {
                    place.insert(Sound::read(store, track)?);
                }
            }
            let seeds = match neighbours.0.get(&one).and_then(|of| of.get(&two)) {
                Some(seeds) => seeds.clone(),
                None => {
                    let (a, b) = (store.fingerprint(one)?, store.fingerprint(two)?);
                    seeds_of(store.params(), &a, &b, &|| store.check_cancelled())?
                }
            };
            jobs.push((one, two, seeds));
        }
        // All of them take seconds.
        let link = |(one, two, seeds): &(TrackId, TrackId, Vec<Seed>)| {
            cancel.check()?;
            Ok(Compared::new(&sounds[one], &sounds[two], seeds).into_link(*one, *two))
        };
        let found: Vec<Option<Link>> = jobs.par_iter().map(link).collect::<Result<_>>()?;
        for ((one, two, _), link) in jobs.into_iter().zip(found) {
            memory.remember(one, two, link);
        }
    }
    let known = |(one, two)| Some(((one, two), memory.compared(one, two)?.clone()?));
    Ok(asked.into_iter().filter_map(known).collect())
}

/// Adds tracks that are in no group to the group whose reference they have most to do with. The first centre of a group may
/// have been too different from them.
fn add_rest(
    store: &Store,
    neighbours: &Neighbours,
    groups: &mut [Group],
    memory: &mut Memory,
    cancel: &CancelToken,
) -> Result<()> {
    let mut group_of: BTreeMap<TrackId, usize> = BTreeMap::new();
    for (n, group) in groups.iter().enumerate() {
        let members = group.links.iter().filter(|link| link.relation != Relation::SharedBacking);
        group_of.extend(members.map(|link| (link.two, n)));
        group_of.insert(group.reference, n);
    }
    let mut asked: BTreeSet<(TrackId, TrackId)> = BTreeSet::new();
    for (&track, others) in neighbours.0.iter().filter(|(track, _)| !group_of.contains_key(track)) {
        let near = others.keys().filter_map(|other| group_of.get(other));
        asked.extend(near.map(|&n| (groups[n].reference, track)));
    }
    let asked: Vec<(TrackId, TrackId)> = asked.into_iter().collect();
    let mut found: BTreeMap<TrackId, Link> = BTreeMap::new();
    for link in all_links(store, &asked, neighbours, memory, cancel)?.into_values() {
        let is_better = |other: &Link| (link.relation, link.one) < (other.relation, other.one);
        if link.relation != Relation::SharedBacking && found.get(&link.two).is_none_or(is_better) {
            found.insert(link.two, link);
        }
    }
    for link in found.into_values() {
        let group = &mut groups[group_of[&link.one]];
        group.links.retain(|other| other.two != link.two);
        group.links.push(link);
    }
    Ok(())
}

/// Takes tracks out of a group that the user called no duplicates of a track that is nearer to the reference.
fn part(group: &mut Group, memory: &Memory) {
    let mut kept: Vec<Link> = Vec::new();
    for link in group.links.drain(..) {
        if kept.iter().all(|other| !memory.are_apart(other.two, link.two)) {
            kept.push(link);
        }
    }
    group.links = kept;
}

/// Makes the copy that `first` chooses the reference of a group, if it has to do with all its tracks.
fn around_best(
    store: &Store,
    neighbours: &Neighbours,
    group: &mut Group,
    memory: &mut Memory,
    first: &mut impl FnMut(&[TrackId]) -> Result<TrackId>,
    cancel: &CancelToken,
) -> Result<()> {
    let copies = |group: &Group| -> Vec<TrackId> {
        let copies =
            group.links.iter().filter(|link| link.relation == Relation::SameAudio).map(|link| link.two);
        [group.reference].into_iter().chain(copies).collect()
    };
    let is_member = |link: &&Link| link.relation != Relation::SharedBacking;
    // A long edit has the most windows. Where few other tracks are like it, another one may have more copies.
    let mut members: Vec<TrackId> = group.links.iter().filter(is_member).map(|link| link.two).collect();
    if members.len() > 1 && 2 * copies(group).len() <= members.len() {
        members.sort_by(|&a, &b| neighbours.weight(b).total_cmp(&neighbours.weight(a)).then(a.cmp(&b)));
        for other in members.iter().copied().take(OTHER_CENTRES) {
            let (around, lost) = around(store, neighbours, group, memory, other, cancel)?;
            // To lose a track costs less than to compare all with one that is unlike them.
            if MOST_LOST * lost <= members.len() && copies(&around).len() > copies(group).len() {
                *group = around;
            }
        }
    }
    let best = first(&copies(group))?;
    if best != group.reference {
        let (around, lost) = around(store, neighbours, group, memory, best, cancel)?;
        if lost == 0 {
            *group = around;
        }
    }
    Ok(())
}

/// The tracks of a group around another of them, and how many of those that are more than backing are lost.
fn around(
    store: &Store,
    neighbours: &Neighbours,
    group: &Group,
    memory: &mut Memory,
    reference: TrackId,
    cancel: &CancelToken,
) -> Result<(Group, usize)> {
    let others = group.links.iter().map(|link| link.two).filter(|&other| other != reference);
    let asked: Vec<(TrackId, TrackId)> =
        others.chain([group.reference]).map(|other| (reference, other)).collect();
    let mut links = all_links(store, &asked, neighbours, memory, cancel)?;
    let is_backing = |track: TrackId| {
        group.links.iter().any(|link| link.two == track && link.relation == Relation::SharedBacking)
    };
    let fits = |pair: &&(TrackId, TrackId)| {
        links.get(pair).is_some_and(|link| link.relation != Relation::SharedBacking) || is_backing(pair.1)
    };
    let lost = asked.len() - asked.iter().filter(fits).count();
    // A track that shared its backing only may be in another group. It is no member of this one, whatever it is to the new
    // reference.
    let stays = |link: &Link| !is_backing(link.two) || link.relation == Relation::SharedBacking;
    let links = asked.iter().filter_map(|pair| links.remove(pair)).filter(stays).collect();
    Ok((Group { reference, links }, lost))
}

#[cfg(test)]
mod tests;
