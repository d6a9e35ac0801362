//! All shards as one library.
use std::{cell::RefCell, collections::BTreeMap, ops::Range, rc::Rc, sync::Arc};

use super::{
    ask::Ask,
    facts::All,
    message::{Nearest, Request, frames_of, hits_of, tracks_of},
    reply::Replying,
};
use crate::{
    ann::{Depth, Hit, Part, Searcher, merged},
    cancel::CancelToken,
    error::{Error, IndexError, Result},
    library::{Held, Library, Search, Stretch},
    params::ParameterSet,
    store::{Cancellable, Snapshot, TrackId},
    units::Frames,
};

/// Frames that were asked for, and those of them that the track has, as they are stored.
type Piece = (Range<u32>, Vec<u8>);

/// The shards, as the one that answers sees them.
pub(super) struct Remote<'a> {
    /// The shard itself, and its number.
    own: Replying<'a>,
    me: usize,
    all: Arc<All>,
    ask: &'a dyn Ask,
    /// Shards that nobody can reach. The answer is without them.
    left_out: Vec<usize>,
    /// Frames that have come, by track.
    come: RefCell<BTreeMap<TrackId, Vec<Piece>>>,
    /// Tracks that have come.
    tracks: RefCell<BTreeMap<TrackId, Option<Held>>>,
}

impl<'a> Remote<'a> {
    pub fn new(
        own: Replying<'a>,
        (me, all): (usize, Arc<All>),
        ask: &'a dyn Ask,
        left_out: &[usize],
    ) -> Self {
        let left_out = left_out.to_vec();
        Self { own, me, all, ask, left_out, come: RefCell::default(), tracks: RefCell::default() }
    }

    fn part(&self) -> Part<'_> {
        Part {
            store: self.own.store,
            cache: Some(self.own.cache.clone()),
            first: 0,
            hidden: self.own.hidden.clone(),
        }
    }

    /// Asks shards, all at once, and returns what `read` makes of each reply. The shard's own request takes no way round.
    fn ask<T>(
        &self,
        requests: Vec<(usize, Rc<Request>)>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<(usize, T)>> {
        let (own, others): (Vec<_>, Vec<_>) = requests.into_iter().partition(|(shard, _)| *shard == self.me);
        // The same request to several shards is written once.
        let mut last: Option<(Rc<Request>, Vec<u8>)> = None;
        let mut written = |request: Rc<Request>| match &last {
            Some((same, bytes)) if Rc::ptr_eq(same, &request) => bytes.clone(),
            _ => {
                let bytes = request.bytes();
                last = Some((request, bytes.clone()));
                bytes
            }
        };
        let others: Vec<(usize, Vec<u8>)> = others
            .into_iter()
            .filter(|(shard, _)| !self.left_out.contains(shard))
            .map(|(shard, request)| (shard, written(request)))
            .collect();
        let shards: Vec<usize> = others.iter().map(|(shard, _)| *shard).collect();
        let mut replies = Vec::new();
        // The others work while this one does.
        let waiting = if others.is_empty() { None } else { Some(self.ask.send(others)) };
        for (shard, request) in own {
            replies.push((shard, self.own.reply(&request)?));
        }
        if let Some(waiting) = waiting {
            let came = waiting.and_then(|waiting| waiting.replies());
            let came = came.map_err(|why| self.own.refuse(&why))?;
            replies.extend(shards.into_iter().zip(came));
        }
        let whole = |(shard, reply): (usize, Vec<u8>)| {
            let path = self.all.paths[shard].clone();
            let reason = || IndexError::Shard("its reply makes no sense".into());
            read(&reply).map(|reply| (shard, reply)).ok_or_else(|| Error::Index { path, reason: reason() })
        };
        replies.into_iter().map(whole).collect()
    }

    fn nearest(
        &self,
        (queries, k): (&[i8], usize),
        lists: Option<&[Vec<u32>]>,
        (unlisted, excluded): (bool, Option<TrackId>),
    ) -> Result<Vec<Vec<Vec<Hit>>>> {
        let centroids = match lists {
            Some(_) => Searcher::over(vec![self.part()]).centroids()?,
            None => None,
        };
        let request = |excluded: Option<u32>| {
            Rc::new(Request::Nearest(Nearest {
                vectors: queries.to_vec(),
                k: k as u32,
                centroids,
                lists: lists.unwrap_or_default().to_vec(),
                unlisted,
                excluded,
            }))
        };
        let of_all = request(None);
        let mut requests: Vec<_> = (0..self.all.paths.len()).map(|shard| (shard, of_all.clone())).collect();
        if let Some((shard, id)) = excluded.map(|track| self.all.numbers.place(track))
            && let Some(own) = requests.get_mut(shard)
        {
            own.1 = request(Some(id.0));
        }
        let replies = self.ask(requests, hits_of)?;
        let numbered = |(shard, mut hits): (usize, Vec<Vec<Hit>>)| {
            let first = self.all.numbers.first(shard);
            for hits in &mut hits {
                // A track that no file can have is none.
                hits.retain(|hit| self.all.numbers.has(hit.track));
                hits.iter_mut().for_each(|hit| hit.track.0 += first);
            }
            hits
        };
        Ok(replies.into_iter().map(numbered).collect())
    }
}

impl Library for Remote<'_> {
    fn params(&self) -> &ParameterSet {
        self.own.store.params()
    }

    fn searcher(&self, exact: bool) -> Box<dyn Search + '_> {
        Box::new(RemoteSearch { remote: self, exact, excluded: None, last: None })
    }

    fn windows_up_to(&self, max: u64) -> Result<u64> {
        Ok(self.all.windows.min(max))
    }

    fn frames(&self, stretch: &Stretch, packed: &mut Vec<u8>) -> Result<()> {
        let bytes = self.own.store.params().frame_bytes();
        for again in [false, true] {
            if let Some(pieces) = self.come.borrow().get(&stretch.track) {
                let wanted = &stretch.frames;
                let whole = pieces.iter().find(|(piece, frames)| {
                    let is_end = frames.len() < piece.len() * bytes;
                    piece.start <= wanted.start.0 && (wanted.end.0 <= piece.end || is_end)
                });
                if let Some((piece, frames)) = whole {
                    let at = |frame: Frames| {
                        (frame.0.saturating_sub(piece.start) as usize).saturating_mul(bytes).min(frames.len())
                    };
                    packed.clear();
                    packed.extend_from_slice(&frames[at(wanted.start)..at(wanted.end).max(at(wanted.start))]);
                    return Ok(());
                }
            }
            if !again {
                self.expect(std::slice::from_ref(stretch))?;
            }
        }
        packed.clear();
        Ok(())
    }

    fn expect(&self, soon: &[Stretch]) -> Result<()> {
        let mut wanted: BTreeMap<usize, Vec<(TrackId, u32, u32)>> = BTreeMap::new();
        for Stretch { track, frames } in soon {
            let (from, to) = (frames.start.0, frames.end.0.max(frames.start.0));
            let come = self.come.borrow();
            let is_here = come
                .get(track)
                .is_some_and(|pieces| pieces.iter().any(|(piece, _)| piece.start <= from && to <= piece.end));
            if !is_here {
                let (shard, id) = self.all.numbers.place(*track);
                wanted.entry(shard).or_default().push((id, from, to));
            }
        }
        for of_shard in wanted.values_mut() {
            joined(of_shard);
        }
        let requests =
            wanted.iter().map(|(shard, wanted)| (*shard, Rc::new(Request::Frames(wanted.clone()))));
        for (shard, frames) in self.ask(requests.collect(), frames_of)? {
            let mut come = self.come.borrow_mut();
            for ((id, from, to), frames) in wanted[&shard].iter().zip(frames) {
                let number = TrackId(self.all.numbers.first(shard).saturating_add(id.0));
                come.entry(number).or_default().push((*from..*to, frames));
            }
        }
        Ok(())
    }

    fn track(&self, track: TrackId) -> Result<Option<Held>> {
        if let Some(held) = self.tracks.borrow().get(&track) {
            return Ok(held.clone());
        }
        let mut numbers = vec![track];
        numbers.extend(self.all.others.get(&track.0).into_iter().flatten().map(|&number| TrackId(number)));
        let mut wanted: BTreeMap<usize, Vec<TrackId>> = BTreeMap::new();
        for number in &numbers {
            let (shard, id) = self.all.numbers.place(*number);
            wanted.entry(shard).or_default().push(id);
        }
        let requests =
            wanted.into_iter().map(|(shard, ids)| (shard, Rc::new(Request::Tracks(ids)))).collect();
        let (own, _) = self.all.numbers.place(track);
        let (mut held, mut others): (Option<Held>, Vec<Held>) = (None, Vec::new());
        for (shard, tracks) in self.ask(requests, tracks_of)? {
            for found in tracks.into_iter().flatten() {
                if shard == own && held.is_none() { held = Some(found) } else { others.push(found) }
            }
        }
        if let Some(held) = &mut held {
            others.into_iter().for_each(|other| held.files.extend(other.files));
            held.settle();
            held.shard = Some(self.all.paths[own].clone());
        }
        self.tracks.borrow_mut().insert(track, held.clone());
        Ok(held)
    }

    fn hold(&self) -> Result<Vec<Snapshot<'_>>> {
        // What other shards hold cannot be held. What has come of it is kept for a chunk.
        self.come.borrow_mut().clear();
        Ok(Vec::new())
    }

    fn cancellable(&self, cancel: &CancelToken) -> Vec<Cancellable> {
        vec![self.own.store.cancellable(cancel)]
    }
}

/// Joins stretches of one track that overlap.
fn joined(wanted: &mut Vec<(TrackId, u32, u32)>) {
    wanted.sort_unstable();
    wanted.dedup_by(|next, last| {
        let joins = next.0 == last.0 && next.1 <= last.2;
        if joins {
            last.2 = last.2.max(next.2);
        }
        joins
    });
}

/// Searches all shards.
struct RemoteSearch<'a> {
    remote: &'a Remote<'a>,
    exact: bool,
    excluded: Option<TrackId>,
    /// The lists that the last search has read.
    last: Option<Vec<Vec<u32>>>,
}

impl RemoteSearch<'_> {
    fn choose(&self, queries: &[i8], depth: Depth<'_>) -> Result<Option<Vec<Vec<u32>>>> {
        if self.exact {
            return Ok(None);
        }
        Searcher::over(vec![self.remote.part()]).choose(queries, depth, self.remote.all.listed)
    }
}

impl Search for RemoteSearch<'_> {
    fn nearest(&mut self, queries: &[i8], k: usize, nprobe: Option<usize>) -> Result<Vec<Vec<Hit>>> {
        if nprobe.is_none() {
            self.last = None;
        }
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let lists = self.choose(queries, nprobe.map_or(Depth::Usual, Depth::Probing))?;
        let hits = self.remote.nearest((queries, k), lists.as_deref(), (true, self.excluded))?;
        if nprobe.is_none() {
            self.last = lists;
        }
        Ok(merged(hits, k))
    }

    fn deeper(&mut self, queries: &[i8], k: usize, hits: Vec<Vec<Hit>>) -> Result<Option<Vec<Vec<Hit>>>> {
        let Some(last) = self.last.take() else { return Ok(None) };
        let Some(lists) = self.choose(queries, Depth::Deeper(&last))? else { return Ok(None) };
        let mut all = self.remote.nearest((queries, k), Some(&lists), (false, self.excluded))?;
        all.push(hits);
        Ok(Some(merged(all, k)))
    }

    fn exclude(&mut self, track: TrackId) {
        self.excluded = Some(track);
    }
}
