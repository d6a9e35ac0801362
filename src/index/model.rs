//! Random changes of a library and its index, compared with a plain model of both.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use proptest::{collection::vec, prelude::*};

use super::{handle::Index, options::MaintainOptions, select::Selector};
use crate::{
    ann::{self, Hit, Searcher},
    build::{options::BuildOptions, update},
    cancel::CancelToken,
    error::{AudioError, Error, Result},
    extract::track::Analysis,
    fingerprint::Fingerprint,
    params::CURRENT,
    scan::{
        content_hash,
        files::{self, FoundFile},
    },
    store::{Store, TrackId, TrackRecord},
    tags::Tags,
    units::{Frames, Seconds},
};

/// Contents: four sounds with two sets of tags each, and two files that are not audio.
const SOUNDS: usize = 4;
const CONTENTS: usize = 2 * SOUNDS + 2;
/// Files in each of the two folders.
const NAMES: usize = 4;
/// How many sequences run unless `REFRAIN_SEQUENCES` is set.
const SEQUENCES: u32 = 16;

#[derive(Clone, Debug)]
enum Step {
    /// Adds or changes a file.
    Write(usize, usize),
    /// Changes only the date of a file.
    Touch(usize),
    Rename(usize, usize),
    /// Swaps the names of two files.
    Swap(usize, usize),
    Delete(usize),
    /// Unplugs the second folder, or plugs it in again.
    Unplug,
    /// Builds from the first folder, the second, or both.
    Build(usize),
    Update,
    Prune,
    /// Removes a file from the index, or its whole track.
    Remove(usize, bool),
    Compact,
    Rebuild,
    /// Merges an index of such files; the flag marks a file as missing.
    Merge(Vec<(usize, usize, bool)>),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let (file, content) = (0..2 * NAMES, 0..CONTENTS);
    prop_oneof![
        6 => (file.clone(), content.clone()).prop_map(|(f, c)| Step::Write(f, c)),
        1 => file.clone().prop_map(Step::Touch),
        4 => (file.clone(), file.clone()).prop_map(|(a, b)| Step::Rename(a, b)),
        2 => (file.clone(), file.clone()).prop_map(|(a, b)| Step::Swap(a, b)),
        3 => file.clone().prop_map(Step::Delete),
        1 => Just(Step::Unplug),
        4 => (0..3_usize).prop_map(Step::Build),
        6 => Just(Step::Update),
        1 => Just(Step::Prune),
        2 => (file.clone(), any::<bool>()).prop_map(|(f, track)| Step::Remove(f, track)),
        1 => Just(Step::Compact),
        1 => Just(Step::Rebuild),
        2 => vec((0..3 * NAMES, content, any::<bool>()), 1..5).prop_map(Step::Merge),
        1 => Just(Step::Reopen),
    ]
}

fn is_bad(content: usize) -> bool {
    content >= 2 * SOUNDS
}

fn bytes(content: usize) -> Vec<u8> {
    format!("content {content}").into_bytes()
}

fn print(content: usize) -> Fingerprint {
    let mut random = fastrand::Rng::with_seed(content as u64 / 2).fork();
    let frames = 40 + 8 * (content as u32 / 2);
    let positions: Vec<u32> = (0..frames).step_by(4).collect();
    Fingerprint {
        frames: (0..frames as usize * CURRENT.frame_bytes()).map(|_| random.u8(..)).collect(),
        windows: (0..positions.len() * CURRENT.window_dims).map(|_| random.i8(..)).collect(),
        positions,
        ..Fingerprint::default()
    }
}

fn tags(content: usize) -> Tags {
    Tags { title: Some(format!("{content}")), ..Tags::default() }
}

fn analyse(file: &FoundFile, _: &CancelToken) -> Result<Analysis> {
    let text = fs::read_to_string(&file.path).expect("a file of the test");
    let content: usize = text.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a content");
    if is_bad(content) {
        return Err(Error::Audio { path: file.path.clone(), reason: AudioError::UnknownFormat });
    }
    Ok(Analysis {
        fingerprint: print(content),
        duration: Seconds(content as f64),
        tags: tags(content),
        spec: None,
        warnings: Vec::new(),
        through_ffmpeg: false,
    })
}

/// A file of the index as the model knows it.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    content: usize,
    missing: bool,
    /// When it was written: a change of this shows that the file changed.
    written: u64,
}

/// The expected state.
#[derive(Default)]
struct Model {
    /// Every file on the disk: content, and when it was written.
    disk: BTreeMap<PathBuf, (usize, u64)>,
    index: BTreeMap<PathBuf, Entry>,
    /// The track of each content.
    ids: BTreeMap<usize, u32>,
    last_id: u32,
    roots: BTreeSet<PathBuf>,
}

impl Model {
    fn files_of(&self, content: usize) -> impl Iterator<Item = (&PathBuf, &Entry)> {
        self.index.iter().filter(move |(_, entry)| entry.content == content)
    }

    fn drop_tracks_without_files(&mut self) {
        let listed: BTreeSet<usize> = self.index.values().map(|entry| entry.content).collect();
        self.ids.retain(|content, _| listed.contains(content));
    }

    fn new_id(&mut self, content: usize) {
        self.last_id += 1;
        self.ids.insert(content, self.last_id);
    }

    /// What a build of the paths that `within` accepts should do.
    fn update(&mut self, within: impl Fn(&Path) -> bool) {
        // On an unplugged disk, nothing is forgotten.
        let absent: Vec<_> = self.roots.iter().filter(|root| !root.exists()).cloned().collect();
        let known: Vec<PathBuf> = self.index.keys().filter(|path| within(path)).cloned().collect();
        for path in known {
            let entry = &self.index[&path];
            match self.disk.get(&path) {
                None if is_bad(entry.content) => {
                    if !absent.iter().any(|root| path.starts_with(root)) {
                        self.index.remove(&path);
                    }
                }
                None => self.index.get_mut(&path).unwrap().missing = true,
                Some((_, written)) if *written == entry.written => {
                    self.index.get_mut(&path).unwrap().missing = false;
                }
                Some(_) => {}
            }
        }
        let found: Vec<_> = self.disk.iter().map(|(path, at)| (path.clone(), *at)).collect();
        for (path, (content, written)) in found {
            let before = self.index.get(&path).cloned();
            // Known files outside of all indexed folders are looked at too.
            let reached =
                within(&path) && (before.is_some() || self.roots.iter().any(|r| path.starts_with(r)));
            if !reached || before.as_ref().is_some_and(|entry| entry.written == written) {
                continue;
            }
            self.index.insert(path.clone(), Entry { content, missing: false, written });
            if is_bad(content) {
                continue;
            }
            if self.ids.contains_key(&content) {
                let gone: Vec<PathBuf> = self.files_of(content).map(|(path, _)| path.clone()).collect();
                for path in gone.into_iter().filter(|path| !self.disk.contains_key(path)) {
                    self.index.get_mut(&path).unwrap().missing = true;
                }
                if before.is_some_and(|entry| entry.content == content) {
                    continue;
                }
                let moved =
                    self.files_of(content).find(|(_, entry)| entry.missing).map(|(path, _)| path.clone());
                moved.map(|path| self.index.remove(&path));
                continue;
            }
            let other_tags = before.map(|entry| entry.content).filter(|old| {
                !is_bad(*old) && old / 2 == content / 2 && self.files_of(*old).next().is_none()
            });
            match other_tags.and_then(|old| self.ids.remove(&old)) {
                Some(id) => {
                    self.ids.insert(content, id);
                }
                None => self.new_id(content),
            }
        }
        self.drop_tracks_without_files();
    }

    fn merge(&mut self, other: &[(PathBuf, usize, bool)]) {
        let mut tracks: Vec<usize> = Vec::new();
        for (_, content, _) in other {
            if !tracks.contains(content) {
                tracks.push(*content);
            }
        }
        for content in tracks {
            let new = |path: &PathBuf| !self.index.contains_key(path);
            let files: Vec<_> =
                other.iter().filter(|(path, c, _)| *c == content && new(path)).cloned().collect();
            if !files.is_empty() && !is_bad(content) && !self.ids.contains_key(&content) {
                self.new_id(content);
            }
            for (path, content, missing) in files {
                let missing = missing && !is_bad(content);
                self.index.insert(path, Entry { content, missing, written: 1 });
            }
        }
    }
}

/// The real disk and index, and the model of them.
struct World {
    folder: tempfile::TempDir,
    model: Model,
    index: Option<Index>,
    clock: u64,
    unplugged: bool,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["a", "b"] {
            fs::create_dir(folder.path().join(sub)).unwrap();
        }
        let index = Some(Index::open_or_create(folder.path().join("i.refrain")).unwrap());
        Self { folder, model: Model::default(), index, clock: 10, unplugged: false }
    }

    fn root(&self, second: bool) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(if second { "b" } else { "a" })
    }

    fn path(&self, file: usize) -> PathBuf {
        self.root(file >= NAMES).join(format!("{}.wav", file % NAMES))
    }

    /// The path of a file, unless its folder is unplugged.
    fn writable(&self, file: usize) -> Option<PathBuf> {
        (file < NAMES || !self.unplugged).then(|| self.path(file))
    }

    fn index(&mut self) -> &mut Index {
        self.index.as_mut().expect("open between steps")
    }

    fn date(&mut self, path: &Path) -> u64 {
        self.clock += 1;
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_nanos(self.clock * 1000)).unwrap();
        self.clock
    }

    fn options() -> BuildOptions<'static> {
        // Builds a neighbour index from the first window on, so that removals leave their marks in the lists.
        let neighbours = ann::Options::default().min_windows(1).max_unindexed(20).centroids(Some(3));
        BuildOptions { threads: Some(2), neighbours, ..BuildOptions::default() }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Write(file, content) => {
                let Some(path) = self.writable(*file) else { return };
                fs::write(&path, bytes(*content)).unwrap();
                let written = self.date(&path);
                self.model.disk.insert(path, (*content, written));
            }
            Step::Touch(file) => {
                let Some(path) = self.writable(*file).filter(|path| path.exists()) else { return };
                let written = self.date(&path);
                self.model.disk.get_mut(&path).unwrap().1 = written;
            }
            Step::Rename(from, to) => {
                let (Some(from), Some(to)) = (self.writable(*from), self.writable(*to)) else { return };
                if from != to && from.exists() {
                    fs::rename(&from, &to).unwrap();
                    let moved = self.model.disk.remove(&from).unwrap();
                    self.model.disk.insert(to, moved);
                }
            }
            Step::Swap(one, other) => {
                let (Some(one), Some(other)) = (self.writable(*one), self.writable(*other)) else { return };
                if one != other && one.exists() && other.exists() {
                    let aside = self.folder.path().join("aside");
                    fs::rename(&one, &aside).unwrap();
                    fs::rename(&other, &one).unwrap();
                    fs::rename(&aside, &other).unwrap();
                    let (a, b) = (self.model.disk[&one], self.model.disk[&other]);
                    self.model.disk.extend([(one, b), (other, a)]);
                }
            }
            Step::Delete(file) => {
                let Some(path) = self.writable(*file).filter(|path| path.exists()) else { return };
                fs::remove_file(&path).unwrap();
                self.model.disk.remove(&path);
            }
            Step::Unplug => self.unplug(),
            Step::Build(which) => {
                let roots: Vec<PathBuf> = [(0, false), (1, true)]
                    .iter()
                    .filter(|(n, _)| which != n)
                    .map(|(_, b)| self.root(*b))
                    .collect();
                if roots.iter().any(|root| !root.exists()) {
                    return;
                }
                self.model.roots.extend(roots.iter().cloned());
                self.model.update(|path| roots.iter().any(|root| path.starts_with(root)));
                let build = |store: &mut Store| update::build_with(&analyse, store, &roots, Self::options());
                self.index().only().unwrap().write(build).unwrap();
            }
            Step::Update => {
                self.model.update(|_| true);
                let update = |store: &mut Store| update::update_with(&analyse, store, Self::options());
                self.index().only().unwrap().write(update).unwrap();
            }
            Step::Prune => {
                let disk = &self.model.disk;
                let absent: Vec<_> = self.model.roots.iter().filter(|root| !root.exists()).cloned().collect();
                let kept = |path: &Path| absent.iter().any(|root| path.starts_with(root));
                self.model
                    .index
                    .retain(|path, entry| !entry.missing || disk.contains_key(path) || kept(path));
                self.model.drop_tracks_without_files();
                let gone = self.index().prunable().unwrap();
                self.index().remove(&gone).unwrap();
            }
            Step::Remove(file, track) => {
                let path = self.path(*file);
                let Some(entry) = self.model.index.get(&path).cloned() else { return };
                let selector = if *track && !is_bad(entry.content) {
                    self.model.index.retain(|_, other| other.content != entry.content);
                    Selector::Id(TrackId(self.model.ids[&entry.content]))
                } else {
                    self.model.index.remove(&path);
                    Selector::Path(path)
                };
                self.model.drop_tracks_without_files();
                let chosen = self.index().select(&selector).unwrap();
                self.index().remove(&chosen).unwrap();
            }
            Step::Compact => {
                self.index().compact().unwrap();
            }
            Step::Rebuild => {
                self.index()
                    .rebuild_with(MaintainOptions::default().neighbours(Self::options().neighbours))
                    .unwrap();
            }
            Step::Merge(files) => self.merge(files),
            Step::Reopen => {
                self.index.take().unwrap().close().unwrap();
                self.index = Some(Index::open_to_write(self.folder.path().join("i.refrain")).unwrap());
            }
        }
    }

    fn unplug(&mut self) {
        let (here, away) = (self.root(true), self.folder.path().join("unplugged"));
        if self.unplugged {
            fs::rename(&away, &here).unwrap();
            // Copies everything unchanged, dates too.
            for entry in fs::read_dir(&here).unwrap() {
                let path = here.join(entry.unwrap().file_name());
                let file = files::one(&path).unwrap();
                let text = fs::read_to_string(&path).unwrap();
                let content = text.rsplit(' ').next().unwrap().parse().unwrap();
                self.model.disk.insert(path, (content, file.mtime_ns as u64 / 1000));
            }
        } else {
            fs::rename(&here, &away).unwrap();
            self.model.disk.retain(|path, _| !path.starts_with(&here));
        }
        self.unplugged = !self.unplugged;
    }

    fn merge(&mut self, files: &[(usize, usize, bool)]) {
        let mut other: BTreeMap<PathBuf, (usize, bool)> = BTreeMap::new();
        for (file, content, missing) in files {
            let path = if *file < 2 * NAMES { self.path(*file) } else { format!("/elsewhere/{file}").into() };
            other.insert(path, (*content, *missing));
        }
        let other: Vec<(PathBuf, usize, bool)> = other.into_iter().map(|(p, (c, m))| (p, c, m)).collect();
        let file = self.folder.path().join("other.refrain");
        let mut store = Store::open_write(&file).unwrap();
        store
            .write(|batch| {
                for (path, content, missing) in &other {
                    if is_bad(*content) {
                        batch.add_failure(path, bytes(*content).len() as u64, 1000, "bad", None)?;
                        continue;
                    }
                    let scrap = self.folder.path().join("scrap");
                    fs::write(&scrap, bytes(*content)).unwrap();
                    let record = TrackRecord {
                        path: path.clone(),
                        size: bytes(*content).len() as u64,
                        mtime_ns: 1000,
                        hash: Some(content_hash::hash(&scrap, &CancelToken::new())?),
                        tags: tags(*content),
                        ..TrackRecord::default()
                    };
                    batch.add_track(&record, &print(*content))?;
                    batch.set_missing(path, *missing)?;
                }
                Ok(())
            })
            .unwrap();
        store.close().unwrap();
        let read = Index::open(&file).unwrap();
        self.index().merge(&read).unwrap();
        drop(read);
        fs::remove_file(file).unwrap();
        // Tracks first, in the order in which they came, then bad files.
        let (bad, good): (Vec<_>, Vec<_>) = other.into_iter().partition(|(_, content, _)| is_bad(*content));
        self.model.merge(&good);
        self.model.merge(&bad);
    }

    /// Checks that the index agrees with the model, and a search with it.
    fn compare(&self) {
        let store = self.index.as_ref().expect("open between steps").only().unwrap().reader().unwrap();
        store.verify(&CancelToken::new()).unwrap();
        let mut files = BTreeMap::new();
        store
            .all_known(|path, known| {
                files.insert(path, (known.failed, known.missing));
                Ok(())
            })
            .unwrap();
        let expected: BTreeMap<PathBuf, (bool, bool)> =
            self.model.index.iter().map(|(p, e)| (p.clone(), (is_bad(e.content), e.missing))).collect();
        assert_eq!(files, expected);
        let roots: Vec<PathBuf> = store.roots().unwrap().into_iter().map(|root| root.path).collect();
        assert_eq!(roots, self.model.roots.iter().cloned().collect::<Vec<_>>());
        let mut tracks = BTreeMap::new();
        store
            .tracks(|track| {
                let mut files: Vec<PathBuf> = store.files(track.id)?.into_iter().map(|f| f.path).collect();
                files.sort();
                tracks.insert(track.id.0, (track.record.tags.title.unwrap(), files));
                Ok(())
            })
            .unwrap();
        let files = |content| self.model.files_of(content).map(|(path, _)| path.clone()).collect();
        let expected: BTreeMap<u32, (String, Vec<PathBuf>)> =
            self.model.ids.iter().map(|(&c, &id)| (id, (format!("{c}"), files(c)))).collect();
        assert_eq!(tracks, expected);
        self.compare_search(&store);
    }

    fn compare_search(&self, store: &Store) {
        const NEAREST: usize = 7;
        let dims = CURRENT.window_dims;
        let queries: Vec<i8> =
            (0..2 * SOUNDS).step_by(2).flat_map(|c| print(c).windows[dims..2 * dims].to_vec()).collect();
        let mut windows: Vec<(u32, u32, Vec<i8>)> = Vec::new();
        for (&content, &id) in &self.model.ids {
            let print = print(content);
            let vectors = print.windows.chunks_exact(dims).map(<[i8]>::to_vec);
            windows.extend(print.positions.iter().zip(vectors).map(|(&at, vector)| (id, at, vector)));
        }
        let expected: Vec<Vec<Hit>> = queries
            .chunks_exact(dims)
            .map(|query| {
                let dot = |w: &[i8]| w.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
                let hit = |(id, at, w): &(u32, u32, Vec<i8>)| Hit::new(TrackId(*id), Frames(*at), dot(w));
                let mut hits: Vec<Hit> = windows.iter().map(hit).collect();
                hits.sort_by_key(|hit| (-hit.dot, hit.track, hit.position.0));
                hits.truncate(NEAREST);
                hits
            })
            .collect();
        assert_eq!(ann::nearest_exact(store, &queries, NEAREST).unwrap(), expected);
        // Searches all lists, with tombstones and with tracks that were added since.
        let listed = Searcher::new(store).nprobe(1 << 16).nearest(&queries, NEAREST).unwrap();
        assert_eq!(listed, expected);
    }
}

fn sequences() -> u32 {
    std::env::var("REFRAIN_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(SEQUENCES)
}

/// A case that random sequences seldom reach: two files of a track are missing, and a new one appears. It takes the
/// place of the first, in order of paths; the other stays missing.
#[test]
fn a_new_file_takes_the_place_of_the_first_of_two_missing_ones() {
    for (first, second) in [(0, 1), (1, 0), (0, NAMES)] {
        let mut world = World::new();
        let steps = [
            Step::Write(first, 0),
            Step::Write(second, 0),
            Step::Write(2, 2),
            Step::Build(2),
            Step::Delete(first),
            Step::Delete(second),
            Step::Update,
            Step::Write(3, 0),
            Step::Update,
        ];
        for step in &steps {
            world.take(step);
            world.compare();
        }
        let missing: Vec<&PathBuf> =
            world.model.index.iter().filter(|(_, entry)| entry.missing).map(|(path, _)| path).collect();
        assert_eq!(missing, [&world.path(first.max(second))]);
    }
}

/// A file that is no audio stays listed while its disk is unplugged, and is forgotten once it is gone.
#[test]
fn a_bad_file_of_an_unplugged_disk_is_not_forgotten() {
    let mut world = World::new();
    let bad = 2 * SOUNDS;
    for step in [Step::Write(NAMES, bad), Step::Build(0), Step::Unplug, Step::Update] {
        world.take(&step);
        world.compare();
    }
    let path = world.path(NAMES);
    assert!(world.model.index.contains_key(&path));
    for step in [Step::Unplug, Step::Delete(NAMES), Step::Update] {
        world.take(&step);
        world.compare();
    }
    assert!(!world.model.index.contains_key(&path));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: sequences(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_agrees_with_a_plain_model(steps in vec(step(), 1..24)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.compare();
        }
    }
}
