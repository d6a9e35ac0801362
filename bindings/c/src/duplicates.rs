//! Files that hold the same recording.
use std::{
    ffi::{c_char, c_int, c_void},
    path, ptr,
    str::FromStr,
};

use refrain::{DuplicateFile, DuplicateGroup, DuplicateOptions, KeepRule, Relation};

use crate::{
    cancel::{self, RefrainCancel},
    code::{Failure, RefrainCode, Result},
    guard::guard,
    index::RefrainIndex,
    input,
    maintain::RefrainProgressCallback,
    sized::{self, Growing},
    strings::Strings,
};

/// Which duplicates to list, and which files to keep. 0 and NULL stand for the default. Relations are same_bytes,
/// same_audio, remaster, other_speed, edit, excerpt and shared_backing.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainDuplicateOptions {
    /// sizeof (RefrainDuplicateOptions), set by the caller.
    pub size: usize,
    /// The relations for which one file is enough, separated by commas, without shared_backing. NULL for
    /// "same_bytes,same_audio".
    pub relations: *const c_char,
    /// The rules that choose the file to keep, separated by commas: lossless, quality, rate, bitrate, longest, tags, oldest,
    /// newest and path. The first rule that finds a difference decides. NULL for all but newest, in this order.
    pub keep: *const c_char,
    /// Folders whose files are always kept.
    pub prefer: *const *const c_char,
    /// How many.
    pub prefer_count: usize,
    /// List only files with these relations to the first one, separated by commas, and groups that have one. NULL for all.
    pub only: *const c_char,
    /// List only groups with a file in one of these folders. None for all.
    pub below: *const *const c_char,
    /// How many.
    pub below_count: usize,
    /// List only groups that free at least so many bytes.
    pub min_free: u64,
    /// Ends the call early.
    pub cancel: *const RefrainCancel,
    /// Gets how many tracks were compared, and how many there are to compare.
    pub on_progress: RefrainProgressCallback,
    /// Passed to `on_progress`.
    pub user_data: *mut c_void,
    /// Not 0: decode the files that refrain must choose between, and measure how good they sound. The rule quality needs it.
    pub measure: c_int,
}
// SAFETY: numbers and pointers throughout, the size first.
unsafe impl Growing for RefrainDuplicateOptions {
    const NAME: &'static str = "RefrainDuplicateOptions";
}

/// A part that two files have in common, in seconds. This struct will not grow.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainAgreement {
    /// Where it starts in this file.
    pub start: f64,
    /// Where it ends in this file.
    pub end: f64,
    /// Where it starts in the first file of the group.
    pub ref_start: f64,
}

/// A file of a group. Absent values are NULL or 0. Later versions may add fields at the end.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainDuplicateFile {
    /// Its path.
    pub path: *const c_char,
    /// How it relates to the first file: one of the relations, or "reference" for the first file itself.
    pub relation: *const c_char,
    /// 1 if it is to be kept.
    pub keep: c_int,
    /// The reason, in words.
    pub why: *const c_char,
    /// How similar both files are in the parts that agree, 0 to 1.
    pub score: f64,
    /// The parts that agree with the first file, in order.
    pub agrees: *const RefrainAgreement,
    /// How many.
    pub agree_count: usize,
    /// Its speed divided by the speed of the first file.
    pub speed: f64,
    /// The id of its track.
    pub id: u32,
    /// Its length.
    pub seconds: f64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The sample rate of the file in hertz.
    pub sample_rate: u32,
    /// The channels of the file.
    pub channels: u32,
    /// The title of the track.
    pub title: *const c_char,
    /// Who performs it.
    pub artist: *const c_char,
    /// Further artists, in the order of the tag.
    pub other_artists: *const *const c_char,
    /// How many.
    pub other_artist_count: usize,
    /// The album it is on.
    pub album: *const c_char,
    /// Its position on the disc, from 1.
    pub track_number: u32,
    /// The disc of the album, from 1.
    pub disc_number: u32,
    /// The MusicBrainz identifier of the recording.
    pub recording_mbid: *const c_char,
    /// The MusicBrainz identifier of the release.
    pub release_mbid: *const c_char,
    /// The AcoustID of the recording.
    pub acoustid: *const c_char,
    /// The file before it in the group that has the same bytes. One of the two is enough.
    pub same_bytes_as: *const c_char,
    /// 1 if it was measured how good it sounds.
    pub measured: c_int,
    /// The highest frequency in loud passages, in hertz, at most 24000.
    pub bandwidth: u32,
    /// 1 if the sound ends abruptly there, well below the highest frequency that the sample rate allows.
    pub cut: c_int,
    /// The largest sample. Full scale is 1.
    pub peak: f32,
    /// The share of the samples that are cut off at full scale, 0 to 1.
    pub clipped: f32,
}

/// Files that hold the same recording. Later versions may add fields at the end.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RefrainDuplicateGroup {
    /// The files. The others are compared with the first one.
    pub files: *const *const RefrainDuplicateFile,
    /// How many, at least two.
    pub file_count: usize,
    /// How many bytes are free if only the files to keep are left.
    pub bytes: u64,
}

/// Gets one group after the other. The group, its files and their texts are valid until the callback returns. Return 0 for
/// the next group; any other value ends the call, which is no error.
pub type RefrainDuplicateCallback =
    Option<unsafe extern "C" fn(group: *const RefrainDuplicateGroup, user_data: *mut c_void) -> c_int>;

/// The items of a list that is separated by commas; none for NULL.
///
/// # Safety
/// As [`input::optional_text`].
unsafe fn listed<T: FromStr<Err = String>>(list: *const c_char, name: &str) -> Result<Option<Vec<T>>> {
    // SAFETY: as promised.
    let Some(list) = unsafe { input::optional_text(list, name) }? else { return Ok(None) };
    let parsed = list
        .split(',')
        .map(|item| item.trim().parse().map_err(|e| Failure::argument(format!("{name}: {e}"))));
    parsed.collect::<Result<Vec<T>>>().map(Some)
}

/// Folders as absolute paths.
///
/// # Safety
/// As [`input::paths`].
unsafe fn folders(list: *const *const c_char, count: usize, name: &str) -> Result<Vec<path::PathBuf>> {
    // SAFETY: as promised.
    let folders = unsafe { input::paths(list, count) }?;
    let whole = |folder: &path::PathBuf| {
        path::absolute(folder).map_err(|e| Failure::argument(format!("{name}: {}: {e}", folder.display())))
    };
    folders.iter().map(whole).collect()
}

impl RefrainDuplicateOptions {
    /// The library's options.
    ///
    /// # Safety
    /// The flag is NULL or a handle; texts and lists are as the header says. The callback can be called with its data.
    unsafe fn understood(&self) -> Result<DuplicateOptions<'static>> {
        // SAFETY: as promised.
        let (relations, keep, only, prefer, below, token) = unsafe {
            (
                listed::<Relation>(self.relations, "relations")?,
                listed::<KeepRule>(self.keep, "keep")?,
                listed::<Relation>(self.only, "only")?,
                folders(self.prefer, self.prefer_count, "prefer")?,
                folders(self.below, self.below_count, "below")?,
                cancel::token(self.cancel),
            )
        };
        let mut options = DuplicateOptions::default()
            .only(only.unwrap_or_default())
            .prefer(prefer)
            .below(below)
            .min_free(self.min_free)
            .cancel(&token);
        if let Some(relations) = relations {
            if relations.contains(&Relation::SharedBacking) {
                return Err(Failure::argument(
                    "relations: a file that only shares its backing is never spare",
                ));
            }
            options = options.relations(relations);
        }
        if let Some(rules) = keep {
            options = options.keep(rules);
        }
        if self.measure != 0 {
            options = options.measure();
        }
        let Some(callback) = self.on_progress else { return Ok(options) };
        let data = self.user_data;
        // SAFETY: the caller's function, called as it is declared.
        Ok(options.on_progress(move |at| unsafe { callback(at.done, at.total, data) }))
    }
}

/// Finds the files that hold the same recording, and passes each group to the callback, in order of the paths of their
/// first files, on this thread. Looks at the index alone unless `measure` is set. Leaves out files that are missing. An
/// index that was opened for writing remembers what was compared and measured. `options` may be NULL. A library without
/// duplicates is no failure. The callback may read the index.
///
/// REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn refrain_duplicates(
    index: *const RefrainIndex,
    options: *const RefrainDuplicateOptions,
    callback: RefrainDuplicateCallback,
    user_data: *mut c_void,
) -> RefrainCode {
    guard(|| {
        // SAFETY: a handle, a struct, texts and a flag of the caller.
        let (index, options) =
            unsafe { (input::handle(index, "index")?, sized::read(options)?.understood()?) };
        let callback = input::callback(callback)?;
        for group in index.index.duplicates_with(options)? {
            // SAFETY: the caller's function, called as it is declared.
            if with_plain(&group, |group| unsafe { callback(group, user_data) } != 0) {
                break;
            }
        }
        Ok(())
    })
}

fn with_plain<T>(group: &DuplicateGroup, call: impl FnOnce(*const RefrainDuplicateGroup) -> T) -> T {
    let mut strings = Strings::default();
    let agrees: Vec<Vec<RefrainAgreement>> = group.files.iter().map(agreements).collect();
    let files: Vec<RefrainDuplicateFile> =
        group.files.iter().zip(&agrees).map(|(file, agrees)| plain(file, agrees, &mut strings)).collect();
    // Pointers, so that a file can grow.
    let pointers: Vec<*const RefrainDuplicateFile> = files.iter().map(ptr::from_ref).collect();
    call(&RefrainDuplicateGroup { files: pointers.as_ptr(), file_count: pointers.len(), bytes: group.bytes })
}

fn agreements(file: &DuplicateFile) -> Vec<RefrainAgreement> {
    let agreement = |part: &[refrain::Seconds; 3]| {
        let [start, end, ref_start] = part.map(|at| at.0);
        RefrainAgreement { start, end, ref_start }
    };
    file.agrees.iter().map(agreement).collect()
}

fn plain(file: &DuplicateFile, agrees: &[RefrainAgreement], strings: &mut Strings) -> RefrainDuplicateFile {
    let tags = &file.tags;
    let quality = file.quality.unwrap_or_default();
    let artists: Vec<_> = tags.other_artists.iter().map(|artist| strings.text(artist)).collect();
    RefrainDuplicateFile {
        path: strings.path(&file.path),
        relation: strings.text(&file.relation.to_string()),
        keep: file.keep.into(),
        why: strings.text(&file.why),
        score: file.score,
        agrees: if agrees.is_empty() { ptr::null() } else { agrees.as_ptr() },
        agree_count: agrees.len(),
        speed: file.speed,
        id: file.id.0,
        seconds: file.duration.0,
        bytes: file.size,
        sample_rate: file.sample_rate.unwrap_or(0),
        channels: file.channels.map_or(0, u32::from),
        title: strings.optional(tags.title.as_ref()),
        artist: strings.optional(tags.artist.as_ref()),
        other_artist_count: artists.len(),
        other_artists: strings.list(artists),
        album: strings.optional(tags.album.as_ref()),
        track_number: tags.track_number.unwrap_or(0),
        disc_number: tags.disc_number.unwrap_or(0),
        recording_mbid: strings.optional(tags.recording_mbid.as_ref()),
        release_mbid: strings.optional(tags.release_mbid.as_ref()),
        acoustid: strings.optional(tags.acoustid.as_ref()),
        same_bytes_as: file.same_bytes_as.as_ref().map_or(ptr::null(), |path| strings.path(path)),
        measured: file.quality.is_some().into(),
        bandwidth: quality.bandwidth,
        cut: quality.cut.into(),
        peak: quality.peak,
        clipped: quality.clipped,
    }
}
