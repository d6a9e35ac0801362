//! The handle of a shard.
use std::{
    path::Path,
    sync::{Arc, RwLock},
};

use super::{
    ask::Ask,
    facts::{All, Facts},
    message::Request,
    remote::Remote,
    reply::Replying,
};
use crate::{
    ann::Part,
    decode::Audio,
    error::{Error, IndexError, Result},
    extract::track::contained,
    index::connections::Connections,
    query::{Query, options::QueryOptions},
    report::{Answer, Play, Timeline},
    timeline::{self, options::TimelineOptions},
};

/// One shard of a library that many machines hold: an index file, opened for reading.
///
/// All shards have the same parameters and centroids. Their tracks count in the order of the shards, so an answer is that of
/// [`Index::open_all`](crate::Index::open_all) over all files, and that of the file that they make when they are merged in
/// this order and keep the centroids.
///
/// Any number of threads can use one shard at once.
#[derive(Debug)]
pub struct Shard {
    connections: Connections,
    /// The number of this shard, and what it knows of all.
    all: RwLock<Option<(usize, Arc<All>)>>,
}

impl Shard {
    /// Opens the file of a shard.
    ///
    /// # Errors
    /// Those of [`Index::open`](crate::Index::open).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { connections: Connections::open(path.as_ref())?, all: RwLock::default() })
    }

    /// What the other shards have to know of this one, as bytes for [`Shard::know`].
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read.
    pub fn facts(&self) -> Result<Vec<u8>> {
        let store = self.connections.reader()?;
        let part = Part::alone(&store, Some(self.connections.search_cache()));
        Ok(Facts::of(&part)?.bytes())
    }

    /// Tells this shard about all shards, and that it has the number `me` among them. `facts` are those of all shards, in
    /// order. Call it again when one of them has changed.
    ///
    /// # Errors
    /// [`Error::Index`] if the shards do not go together, or if the facts are not those of this version.
    ///
    /// # Panics
    /// If there are no facts of shard `me`.
    pub fn know(&self, facts: &[impl AsRef<[u8]>], me: usize) -> Result<()> {
        assert!(me < facts.len(), "shard {me} of {}", facts.len());
        let read = |facts: &[u8]| Facts::read(facts).ok_or_else(|| self.refuse("facts that make no sense"));
        let facts = facts.iter().map(|facts| read(facts.as_ref())).collect::<Result<Vec<_>>>()?;
        let all = Arc::new(All::of(&facts)?);
        *self.all.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((me, all));
        Ok(())
    }

    /// The reply to a request of another shard.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read, if the request makes no sense, or before [`Shard::know`].
    pub fn reply(&self, request: &[u8]) -> Result<Vec<u8>> {
        let request = Request::of(request).ok_or_else(|| self.refuse("a request that makes no sense"))?;
        let (me, all) = self.known()?;
        let store = self.connections.reader()?;
        let cache = self.connections.search_cache();
        Replying { store: &store, cache, hidden: all.hidden[me].clone() }.reply(&request)
    }

    /// Answers a clip out of all shards except those in `left_out`, which nobody can reach.
    ///
    /// # Errors
    /// Those of [`Index::query`](crate::Index::query); [`Error::Index`] if a shard does not reply.
    pub fn query<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        options: &QueryOptions,
        ask: &dyn Ask,
        left_out: &[usize],
    ) -> Result<Answer> {
        let audio = audio.into();
        let name = audio.name().to_owned();
        contained(&name, || {
            let mut blocks = audio.cancelled_by(&options.cancel).for_fingerprint()?;
            self.with(ask, left_out, |remote| Query::new(remote, options)?.answer(&name, &mut *blocks))
        })
    }

    /// What was played when in a recording, out of all shards except those in `left_out`.
    ///
    /// # Errors
    /// Those of [`Index::timeline`](crate::Index::timeline); [`Error::Index`] if a shard does not reply.
    pub fn timeline<'a>(
        &self,
        audio: impl Into<Audio<'a>>,
        options: &TimelineOptions,
        ask: &dyn Ask,
        left_out: &[usize],
        mut on_play: impl FnMut(&Play),
    ) -> Result<Timeline> {
        let audio = audio.into();
        let name = audio.name().to_owned();
        contained(&name, || {
            let mut blocks = audio.cancelled_by(&options.cancel).for_fingerprint()?;
            self.with(ask, left_out, |remote| {
                timeline::timeline(remote, options, &name, &mut *blocks, &mut on_play)
            })
        })
    }

    fn with<T>(
        &self,
        ask: &dyn Ask,
        left_out: &[usize],
        run: impl FnOnce(&Remote<'_>) -> Result<T>,
    ) -> Result<T> {
        let (me, all) = self.known()?;
        let store = self.connections.reader()?;
        let cache = self.connections.search_cache();
        let own = Replying { store: &store, cache, hidden: all.hidden[me].clone() };
        run(&Remote::new(own, (me, all), ask, left_out))
    }

    fn known(&self) -> Result<(usize, Arc<All>)> {
        let all = self.all.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.clone().ok_or_else(|| self.refuse("it knows nothing of the other shards yet"))
    }

    fn refuse(&self, why: &str) -> Error {
        Error::Index { path: self.connections.path().to_owned(), reason: IndexError::Shard(why.into()) }
    }
}
