//! Calls that find what the library holds more than once.
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

#[cfg(feature = "decode")]
use super::measure;
use super::{duplicate_choice::Choice, duplicate_filter::Filter, handle::Index, options::Progress};
#[cfg(feature = "decode")]
use crate::decode::Ffmpeg;
use crate::{
    callback::Callback,
    cancel::CancelToken,
    duplicates::{Compared, Facts, Group, Link, Relation, Rule, best, compared, groups, is_lossless},
    error::{Error, IndexError, Result},
    quality::Quality,
    report::{DuplicateFile, DuplicateGroup},
    store::{FileEntry, Store, Track, TrackId},
    units::Seconds,
};

/// Options of [`Index::duplicates_with`].
#[derive(Debug)]
#[non_exhaustive]
pub struct DuplicateOptions<'a> {
    rules: Vec<Rule>,
    preferred: Vec<PathBuf>,
    relations: BTreeSet<Relation>,
    filter: Filter,
    cancel: CancelToken,
    on_progress: Callback<'a, Progress>,
    #[cfg(feature = "decode")]
    measure: Option<Ffmpeg>,
    on_measured: Callback<'a, Progress>,
}

impl Default for DuplicateOptions<'_> {
    fn default() -> Self {
        Self {
            rules: Rule::DEFAULT.to_vec(),
            preferred: Vec::new(),
            relations: BTreeSet::from(Self::RELATIONS),
            filter: Filter::default(),
            cancel: CancelToken::new(),
            on_progress: Callback::default(),
            #[cfg(feature = "decode")]
            measure: None,
            on_measured: Callback::default(),
        }
    }
}

impl<'a> DuplicateOptions<'a> {
    /// Of files with these relations, one is enough, unless the caller names other relations.
    pub const RELATIONS: [Relation; 2] = [Relation::SameBytes, Relation::SameAudio];

    /// Which file of several to keep: the first rule that tells two files apart decides.
    #[must_use]
    pub fn keep(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules = rules.into_iter().collect();
        self
    }

    /// Files below these folders are always kept, and are kept rather than others.
    #[must_use]
    pub fn prefer(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        self.preferred = folders.into_iter().collect();
        self
    }

    /// The relations of which one file is enough. [`Relation::SharedBacking`] never is one.
    #[must_use]
    pub fn relations(mut self, relations: impl IntoIterator<Item = Relation>) -> Self {
        self.relations =
            relations.into_iter().filter(|relation| *relation != Relation::SharedBacking).collect();
        self
    }

    /// Lists only files with these relations to the reference, and groups that have one. The other files neither count as
    /// copies nor free anything. An empty list stands for all relations.
    #[must_use]
    pub fn only(mut self, relations: impl IntoIterator<Item = Relation>) -> Self {
        self.filter.only = relations.into_iter().collect();
        self
    }

    /// Lists only groups with a file in one of these folders, as absolute paths. An empty list stands for all folders.
    #[must_use]
    pub fn below(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        self.filter.below = folders.into_iter().collect();
        self
    }

    /// Lists only groups that free at least so many bytes.
    #[must_use]
    pub fn min_free(mut self, bytes: u64) -> Self {
        self.filter.min_free = bytes;
        self
    }

    /// Ends the call early, with [`Error::Interrupted`].
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Receives how many tracks were compared with those like them, on the calling thread.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(Progress) + 'a) -> Self {
        self.on_progress = Callback::new(on_progress);
        self
    }

    /// Decodes the files that hold the same recording, and measures how good they sound. Without it, [`Rule::Quality`] has no
    /// say, and a lossless file counts as good even if it was made from a lossy one. A file that cannot be decoded any more
    /// stays without a measurement.
    #[cfg(feature = "decode")]
    #[must_use]
    pub fn measure(mut self) -> Self {
        self.measure.get_or_insert_default();
        self
    }

    /// Like [`DuplicateOptions::measure`], and lets an installed ffmpeg decode files that refrain's own decoders do not know.
    #[cfg(feature = "ffmpeg")]
    #[must_use]
    pub fn measure_with(mut self, ffmpeg: &Ffmpeg) -> Self {
        self.measure = Some(ffmpeg.clone());
        self
    }

    /// Receives how many files were measured, on the calling thread.
    #[must_use]
    pub fn on_measured(mut self, on_measured: impl FnMut(Progress) + 'a) -> Self {
        self.on_measured = Callback::new(on_measured);
        self
    }
}

impl Index {
    /// Finds the files that hold the same recording: in other formats, remastered, at another speed, cut or in part. Looks
    /// at the index alone. Files that are missing are left out. An index that was opened for writing remembers what was
    /// compared, so that the next search compares only what is new. Several files are merged in a temporary folder first, which
    /// takes as much room as they have together, and remember nothing.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// for group in refrain::Index::open("music.refrain")?.duplicates()? {
    ///     for file in &group.files {
    ///         println!("{:?} {} {}", file.relation, file.path.display(), file.why);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be read.
    pub fn duplicates(&self) -> Result<Vec<DuplicateGroup>> {
        self.duplicates_with(DuplicateOptions::default())
    }

    /// Like [`Index::duplicates`], with options.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be read; [`Error::Interrupted`].
    pub fn duplicates_with(&self, mut options: DuplicateOptions<'_>) -> Result<Vec<DuplicateGroup>> {
        if self.paths().nth(1).is_some() {
            return self.merged(&options.cancel)?.index.duplicates_with(options);
        }
        let store = self.only()?.reader()?;
        let snapshot = store.snapshot()?;
        let mut on_progress = std::mem::take(&mut options.on_progress);
        let on_measured = std::mem::take(&mut options.on_measured);
        let library = RefCell::new(Library::read(&store, &options)?);
        let (groups, memory) = groups(
            &store,
            &options.cancel,
            |track| library.borrow_mut().learn(&store, track),
            |tracks| Ok(library.borrow().first(tracks)),
            |done, total| on_progress.call(Progress { done, total }),
        )?;
        let mut library = library.into_inner();
        let links: Vec<&Link> = groups.iter().flat_map(|group| &group.links).collect();
        let changed = self.only()?.may_write().is_ok() && memory.has_changed(&store, &links)?;
        // A writer may have to wait for readers.
        drop(snapshot);
        drop(store);
        if changed {
            self.remember(|store| store.write(|batch| memory.store(batch, &links)))?;
        }
        library.measure(self, &groups, on_measured)?;
        let mut found = Vec::new();
        for group in &groups {
            let members = group.links.iter().map(|link| (link.two, Some(link)));
            found.push(library.group([(group.reference, None)].into_iter().chain(members)));
        }
        // Files of the same bytes that have to do with no other track.
        for track in library.alone() {
            found.push(library.group([(track, None)].into_iter()));
        }
        found.retain(|group| options.filter.lists(group));
        found.sort_by(|a, b| a.files[0].path.cmp(&b.files[0].path));
        Ok(found)
    }

    /// Stores what was compared or measured. Where the file cannot be written, the answer is as good, only the next search takes
    /// as long.
    pub(super) fn remember(&self, store: impl FnOnce(&mut Store) -> Result<()>) -> Result<()> {
        match self.only()?.write(store) {
            Err(Error::Index {
                reason:
                    IndexError::ReadOnly(_) | IndexError::Busy { .. } | IndexError::DiskFull | IndexError::AtWork,
                ..
            }) => Ok(()),
            other => other,
        }
    }

    /// Compares two tracks: what they are to each other, and where they agree.
    ///
    /// # Errors
    /// [`Error::Index`] if the index cannot be read, or does not hold one of them.
    pub fn compare(&self, one: TrackId, two: TrackId) -> Result<Compared> {
        compared(&*self.only()?.reader()?, one, two)
    }
}

/// The tracks that may be in a group, and their files that exist.
struct Library<'o> {
    options: &'o DuplicateOptions<'o>,
    tracks: BTreeMap<TrackId, (Track, Vec<FileEntry>)>,
    grouped: BTreeSet<TrackId>,
    qualities: BTreeMap<TrackId, Quality>,
}

impl<'o> Library<'o> {
    /// Reads tracks with several files.
    fn read(store: &Store, options: &'o DuplicateOptions<'o>) -> Result<Self> {
        let mut library =
            Self { options, tracks: BTreeMap::new(), grouped: BTreeSet::new(), qualities: BTreeMap::new() };
        let mut several = Vec::new();
        store.tracks_with_copies(|track| {
            several.push(track);
            Ok(())
        })?;
        for track in several {
            library.learn(store, track)?;
        }
        Ok(library)
    }

    /// Reads a track. Returns whether it has a file that exists.
    fn learn(&mut self, store: &Store, id: TrackId) -> Result<bool> {
        if self.tracks.contains_key(&id) {
            return Ok(true);
        }
        self.options.cancel.check()?;
        let files: Vec<FileEntry> = store.files(id)?.into_iter().filter(|file| !file.missing).collect();
        if files.is_empty() {
            return Ok(false);
        }
        if let Some(track) = store.track(id)? {
            self.tracks.insert(id, (track, files));
        }
        Ok(self.tracks.contains_key(&id))
    }

    /// Measures the tracks that are rivals in a group, if the rules ask for it.
    #[cfg(feature = "decode")]
    fn measure(
        &mut self,
        index: &Index,
        groups: &[Group],
        on_measured: Callback<'_, Progress>,
    ) -> Result<()> {
        let options = self.options;
        let Some(ffmpeg) = &options.measure else { return Ok(()) };
        if !options.rules.iter().any(|rule| matches!(rule, Rule::Lossless | Rule::Quality)) {
            return Ok(());
        }
        let mut rivals: BTreeSet<TrackId> = BTreeSet::new();
        for group in groups {
            let copies = group.links.iter().filter(|link| options.relations.contains(&link.relation));
            let copies: Vec<TrackId> = copies.map(|link| link.two).collect();
            if !copies.is_empty() {
                rivals.extend(copies.into_iter().chain([group.reference]));
            }
        }
        let file = |id| self.tracks.get(&id).and_then(|(_, files)| Some((id, files.first()?.clone())));
        let wanted: Vec<(TrackId, FileEntry)> = rivals.into_iter().filter_map(file).collect();
        self.qualities = measure::qualities(index, wanted, ffmpeg, &options.cancel, on_measured)?;
        Ok(())
    }

    #[cfg(not(feature = "decode"))]
    fn measure(&mut self, _: &Index, _: &[Group], _: Callback<'_, Progress>) -> Result<()> {
        Ok(())
    }

    /// The facts of a track's files.
    fn facts(&self, track: TrackId) -> impl Iterator<Item = Facts> {
        let known = self.tracks.get(&track);
        known.into_iter().flat_map(|(track, files)| files.iter().map(|file| self.facts_of(track, file)))
    }

    fn facts_of(&self, track: &Track, file: &FileEntry) -> Facts {
        let record = &track.record;
        let seconds = record.duration.0;
        Facts {
            path: file.path.clone(),
            preferred: self.is_preferred(&file.path),
            lossless: is_lossless(&file.path),
            sample_rate: record.sample_rate.unwrap_or(0),
            bit_rate: file.size as f64 * 8.0 / seconds.max(0.001),
            seconds,
            tags: record.tags.count(),
            quality: self.qualities.get(&track.id).copied(),
            modified: file.mtime_ns,
        }
    }

    fn is_preferred(&self, path: &Path) -> bool {
        self.options.preferred.iter().any(|folder| path.starts_with(folder))
    }

    /// The track with the file that the rules keep.
    fn first(&self, tracks: &[TrackId]) -> TrackId {
        let files: Vec<(TrackId, Facts)> =
            tracks.iter().flat_map(|&track| self.facts(track).map(move |facts| (track, facts))).collect();
        let facts: Vec<Facts> = files.iter().map(|(_, facts)| facts.clone()).collect();
        let (kept, _) = best(&self.options.rules, &facts);
        files.get(kept).or(files.first()).map_or(tracks[0], |&(track, _)| track)
    }

    /// Tracks with several files that are in no group.
    fn alone(&self) -> Vec<TrackId> {
        let several = |(id, (_, files)): (&TrackId, &(Track, Vec<FileEntry>))| {
            (files.len() > 1 && !self.grouped.contains(id)).then_some(*id)
        };
        self.tracks.iter().filter_map(several).collect()
    }

    /// A group of tracks with their links to the first one.
    fn group<'l>(&mut self, members: impl Iterator<Item = (TrackId, Option<&'l Link>)>) -> DuplicateGroup {
        let mut files: Vec<DuplicateFile> = Vec::new();
        let mut facts: Vec<Facts> = Vec::new();
        for (id, link) in members {
            // A track that only shares its backing may have copies of its own, which are another group.
            if link.is_none_or(|link| link.relation != Relation::SharedBacking) {
                self.grouped.insert(id);
            }
            let Some((track, entries)) = self.tracks.get(&id) else { continue };
            let mut of_track: Vec<&FileEntry> = entries.iter().collect();
            let known: Vec<Facts> = of_track.iter().map(|file| self.facts_of(track, file)).collect();
            let (first, _) = best(&self.options.rules, &known);
            let first = of_track.remove(first);
            let has_copies = !of_track.is_empty();
            for (n, file) in [first].into_iter().chain(of_track).enumerate() {
                let relation = match (link, n) {
                    (None, 0) => Relation::Reference,
                    (None, _) => Relation::SameBytes,
                    (Some(link), _) => link.relation,
                };
                if !self.options.filter.has(relation, has_copies) {
                    continue;
                }
                facts.push(self.facts_of(track, file));
                files.push(DuplicateFile {
                    same_bytes_as: (n > 0).then(|| first.path.clone()),
                    quality: self.qualities.get(&id).copied(),
                    ..described(track, file, relation, link)
                });
            }
        }
        let choice = Choice { rules: &self.options.rules, relations: &self.options.relations };
        let bytes = choice.choose(&mut files, &facts);
        DuplicateGroup { files, bytes }
    }
}

fn described(track: &Track, file: &FileEntry, relation: Relation, link: Option<&Link>) -> DuplicateFile {
    let record = &track.record;
    let whole = vec![[Seconds(0.0), record.duration, Seconds(0.0)]];
    DuplicateFile {
        path: file.path.clone(),
        relation,
        same_bytes_as: None,
        keep: true,
        why: String::new(),
        score: link.map_or(1.0, |link| link.measures.similarity.clamp(0.0, 1.0)),
        agrees: link
            .map_or(whole, |link| link.parts.iter().map(|&[start, _, from, to]| [from, to, start]).collect()),
        speed: link.map_or(1.0, |link| 1.0 / link.measures.tempo),
        id: track.id,
        duration: record.duration,
        size: file.size,
        sample_rate: record.sample_rate,
        channels: record.channels,
        quality: None,
        tags: record.tags.clone(),
    }
}
