/*
 * refrain: which recording a piece of audio comes from, out of one SQLite file. This file is made of bindings/c/src;
 * README.md beside it has an example, a program is linked with `pkg-config --cflags --libs refrain`.
 *
 * Errors. A call that can fail gives a RefrainCode, REFRAIN_OK being 0. Why it failed tells refrain_last_error on the same
 * thread, with the file or argument at fault. Calls that give a number or a text instead give 0 or NULL for a NULL handle.
 * NULL where a handle, path or output is needed is REFRAIN_ERROR_ARGUMENT; where it may be NULL that is said. No call
 * ends the process or lets anything through that C could not catch.
 *
 * Ownership. A handle is made by the call that fills a RefrainX ** and freed by the one that is named there, once. What
 * is given to a call stays the caller's and is not needed any more when it returns, samples and bytes included. Texts and
 * lists that are given belong to the handle that gave them, or are there until the callback returns that is shown them.
 * Nothing has to be freed with free().
 *
 * Threads. Every handle may be used by any number of threads at once, but for the call that closes or frees it, which must
 * come last. Calls that read an index never wait for each other nor for one that writes; calls that write take turns. A
 * callback is called on the thread that made the call; it may read the index, also the one that is being written, but not
 * write to it (REFRAIN_ERROR_AT_WORK). It must not throw a C++ exception nor leave by longjmp. A child that was
 * forked from a process that has used the library must not call it before exec: threads stay with the parent.
 *
 * The library has an SQLite of its own. Do not open an index through another SQLite in a process that has it open here:
 * closing either drops the locks of both, as POSIX has it.
 *
 * Paths end with a NUL. On Unix they are bytes as the system has them, elsewhere UTF-8. All other texts are UTF-8
 * (REFRAIN_ERROR_UTF8), and so are messages. Times are seconds.
 *
 * Structs that the caller allocates begin with their size, so that fields can be added at their ends and programs run with
 * a later library:
 *
 *     RefrainQueryOptions options = {.size = sizeof options, .top = 3};
 *     RefrainMatch match = {.size = sizeof match};
 *
 * In options 0 and NULL stand for the default. Fields that one side does not know are left out or filled with 0; options
 * that are set and not known are REFRAIN_ERROR_ARGUMENT.
 */

#ifndef REFRAIN_H
#define REFRAIN_H

#include <stddef.h>
#include <stdint.h>

/* The version that this file belongs to; refrain_version is that of the library. */
#define REFRAIN_VERSION "0.1.0"

/**
 * What a call came to. Codes may be added; treat one that you do not know as an error.
 */
typedef enum RefrainCode {
    /**
     * It was done.
     */
    REFRAIN_OK = 0,
    /**
     * An argument is NULL that must not be, or outside its range.
     */
    REFRAIN_ERROR_ARGUMENT = 1,
    /**
     * A text is not UTF-8.
     */
    REFRAIN_ERROR_UTF8 = 2,
    /**
     * A file could not be read or written.
     */
    REFRAIN_ERROR_IO = 3,
    /**
     * Audio cannot be used: not a known format, damaged, too short, or nothing in it to be told from anything else.
     */
    REFRAIN_ERROR_AUDIO = 4,
    /**
     * There is no index at that path.
     */
    REFRAIN_ERROR_MISSING = 5,
    /**
     * The file is not an index that can be used: a folder, another kind of file, made by a newer refrain, or whatever
     * else the message says.
     */
    REFRAIN_ERROR_INDEX = 6,
    /**
     * The index is damaged; restore a copy, or build it again.
     */
    REFRAIN_ERROR_DAMAGED = 7,
    /**
     * The index's neighbour index is damaged, nothing is lost: refrain_rebuild makes it again.
     */
    REFRAIN_ERROR_NEIGHBOURS = 8,
    /**
     * Another process is writing to the index; try again later.
     */
    REFRAIN_ERROR_BUSY = 9,
    /**
     * The index cannot be written: it was opened for reading, or the system does not let.
     */
    REFRAIN_ERROR_READ_ONLY = 10,
    /**
     * The disk is full; what was committed is safe.
     */
    REFRAIN_ERROR_DISK_FULL = 11,
    /**
     * A callback of a call that writes tried to write.
     */
    REFRAIN_ERROR_AT_WORK = 12,
    /**
     * The call was ended by its RefrainCancel.
     */
    REFRAIN_ERROR_INTERRUPTED = 13,
    /**
     * A buffer is too small; the message says how large it must be.
     */
    REFRAIN_ERROR_BUFFER = 14,
    /**
     * A fault of the library itself, contained; please report it with the message.
     */
    REFRAIN_ERROR_INTERNAL = 15,
} RefrainCode;

/**
 * What a RefrainBuildEvent is about. Kinds may be added; pass over those that you do not know.
 */
typedef enum RefrainBuildEventKind {
    /**
     * The folders have been looked through: files, new_files, bytes.
     */
    REFRAIN_BUILD_EVENT_KIND_FOUND = 1,
    /**
     * A file's content is known: path, bytes.
     */
    REFRAIN_BUILD_EVENT_KIND_RECOGNISED = 2,
    /**
     * A file that was missing lies elsewhere now: path is where it was, to is where it is.
     */
    REFRAIN_BUILD_EVENT_KIND_MOVED = 3,
    /**
     * A file is not there any more: path.
     */
    REFRAIN_BUILD_EVENT_KIND_MISSING = 4,
    /**
     * A folder that was indexed is not there: path.
     */
    REFRAIN_BUILD_EVENT_KIND_UNAVAILABLE = 5,
    /**
     * A file was analysed and will be in the index with the next commit: path, bytes, seconds; message says what was wrong
     * with it and could be got over, or is NULL.
     */
    REFRAIN_BUILD_EVENT_KIND_ADDED = 6,
    /**
     * A file cannot be used: path, bytes, message.
     */
    REFRAIN_BUILD_EVENT_KIND_FAILED = 7,
    /**
     * The neighbour index is being brought up to date.
     */
    REFRAIN_BUILD_EVENT_KIND_NEIGHBOURS = 8,
} RefrainBuildEventKind;

/**
 * Whether there is a match.
 */
typedef enum RefrainStatus {
    /**
     * None that is sure enough.
     */
    REFRAIN_STATUS_NO_MATCH = 0,
    /**
     * At least one.
     */
    REFRAIN_STATUS_MATCH = 1,
} RefrainStatus;

/**
 * The harmonic analysis of a file. Any number of threads may read one at once; whatever it gives belongs to it and is there
 * until it is freed.
 */
typedef struct RefrainAnalysis RefrainAnalysis;

/**
 * The answer to a query. Any number of threads may read one at once; whatever it gives belongs to it and is there until it
 * is freed, also after the index was closed.
 */
typedef struct RefrainAnswer RefrainAnswer;

/**
 * A flag that ends calls early. It may be set from any thread, from a callback, and from a signal handler; any number of
 * calls may look at it.
 */
typedef struct RefrainCancel RefrainCancel;

/**
 * Chroma by constant-Q transform, made once for a sample rate. Any number of threads may use one at once.
 */
typedef struct RefrainChroma RefrainChroma;

/**
 * A constant-Q transform, made once for a sample rate. Any number of threads may use one at once.
 */
typedef struct RefrainCqt RefrainCqt;

/**
 * An index file that is open. Any number of threads may use one at once: calls that read work on the last committed state
 * and wait for nothing, calls that write take turns. Any number may be open on one file, also in other processes.
 */
typedef struct RefrainIndex RefrainIndex;

/**
 * A pitch tracker (YIN), made once for a sample rate. Any number of threads may use one at once.
 */
typedef struct RefrainYin RefrainYin;

/**
 * What an index holds, for refrain_info.
 */
typedef struct RefrainInfo {
    /**
     * sizeof (RefrainInfo), set by the caller.
     */
    size_t size;
    /**
     * Tracks.
     */
    uint64_t tracks;
    /**
     * Files of tracks.
     */
    uint64_t files;
    /**
     * Of these, files that were not there when they were last looked for.
     */
    uint64_t missing;
    /**
     * Files that gave no fingerprint.
     */
    uint64_t failures;
    /**
     * How long all tracks play.
     */
    double seconds;
    /**
     * Chroma frames.
     */
    uint64_t frames;
    /**
     * Fingerprint windows.
     */
    uint64_t windows;
    /**
     * Bytes of the file.
     */
    uint64_t bytes;
    /**
     * The version of the file's format.
     */
    uint32_t format;
    /**
     * The number of the parameters of its fingerprints.
     */
    uint32_t parameter_set;
    /**
     * Lists of the neighbour index; 0 where there is none, as of a small library.
     */
    uint32_t neighbour_lists;
    /**
     * Windows in them.
     */
    uint64_t neighbour_windows;
} RefrainInfo;

/**
 * A callback that is shown paths. The path is there until it returns; 0 asks for the next one, anything else ends the
 * call, which is no error.
 */
typedef int (*RefrainPathCallback)(const char *path, void *user_data);

/**
 * What a build tells while it goes on. Fields that its kind does not name are 0 or NULL. Fields may be added at the end.
 */
typedef struct RefrainBuildEvent {
    /**
     * What it is about.
     */
    enum RefrainBuildEventKind kind;
    /**
     * The file or folder.
     */
    const char *path;
    /**
     * Where a file is now.
     */
    const char *to;
    /**
     * Why, for people; UTF-8.
     */
    const char *message;
    /**
     * Bytes of the file, or of all new ones.
     */
    uint64_t bytes;
    /**
     * How long the file plays.
     */
    double seconds;
    /**
     * Files that may be audio.
     */
    uint64_t files;
    /**
     * How many of them may be new or changed, and so will be read.
     */
    uint64_t new_files;
} RefrainBuildEvent;

/**
 * A callback that is told how a build goes, on the thread that called for the build. The event and its texts are there
 * until it returns. It may read the index, and set a RefrainCancel to end the build; it may not write to the index.
 */
typedef void (*RefrainBuildCallback)(const struct RefrainBuildEvent *event, void *user_data);

/**
 * How to build. What is 0 or NULL is as if it were not there.
 */
typedef struct RefrainBuildOptions {
    /**
     * sizeof (RefrainBuildOptions), set by the caller.
     */
    size_t size;
    /**
     * Files analysed at a time; 0 for as many as there are cores.
     */
    size_t threads;
    /**
     * How many folders deep to go, 1 for the files of a folder alone; 0 for any depth.
     */
    size_t max_depth;
    /**
     * Not 0: do not follow symbolic links.
     */
    int no_follow;
    /**
     * Not 0: take hidden files and folders too.
     */
    int hidden;
    /**
     * Is told how it goes.
     */
    RefrainBuildCallback callback;
    /**
     * Given to the callback.
     */
    void *user_data;
    /**
     * Ends it early; what was committed stays.
     */
    const struct RefrainCancel *cancel;
} RefrainBuildOptions;

/**
 * What a build did.
 */
typedef struct RefrainBuildSummary {
    /**
     * sizeof (RefrainBuildSummary), set by the caller.
     */
    size_t size;
    /**
     * Files that may be audio.
     */
    uint64_t found;
    /**
     * Files that are in the index and have not changed.
     */
    uint64_t unchanged;
    /**
     * Files that had given no fingerprint before and have not changed.
     */
    uint64_t still_bad;
    /**
     * Files analysed and added.
     */
    uint64_t added;
    /**
     * Of these, files whose track is the same with other tags.
     */
    uint64_t retagged;
    /**
     * Files that were known under another path, where they are no longer.
     */
    uint64_t moved;
    /**
     * Files of a content that is known under another path too.
     */
    uint64_t copies;
    /**
     * Files that were missing and are there again.
     */
    uint64_t returned;
    /**
     * Files that were found to be missing.
     */
    uint64_t missing;
    /**
     * Files that are missing still.
     */
    uint64_t still_missing;
    /**
     * Files and folders that could not be used; the callback is told which, refrain_failures lists the files.
     */
    uint64_t failed;
    /**
     * How long the added ones play.
     */
    double added_seconds;
} RefrainBuildSummary;

/**
 * What a recording says of itself. Texts are UTF-8; NULL, empty or 0 is none.
 */
typedef struct RefrainTags {
    /**
     * sizeof (RefrainTags), set by the caller.
     */
    size_t size;
    /**
     * The title of the track.
     */
    const char *title;
    /**
     * Who performs it.
     */
    const char *artist;
    /**
     * The album it is on.
     */
    const char *album;
    /**
     * Its place on the disc, from 1.
     */
    uint32_t track_number;
    /**
     * The disc of the album, from 1.
     */
    uint32_t disc_number;
    /**
     * The MusicBrainz identifier of the recording.
     */
    const char *recording_mbid;
    /**
     * The MusicBrainz identifier of the release.
     */
    const char *release_mbid;
    /**
     * The AcoustID of the recording.
     */
    const char *acoustid;
} RefrainTags;

/**
 * How to query. What is 0 or NULL is as if it were not there.
 */
typedef struct RefrainQueryOptions {
    /**
     * sizeof (RefrainQueryOptions), set by the caller.
     */
    size_t size;
    /**
     * The most matches to give; 0 for 10.
     */
    size_t top;
    /**
     * The least score that counts as a match, up to 1; 0 for 0.9.
     */
    double least_score;
    /**
     * How many semitones the audio may be higher or lower, up to 6; 0 for 6.
     */
    double semitones;
    /**
     * The least speed of the audio over the track's, 0.5 to 1; 0 for 0.75.
     */
    double slowest;
    /**
     * The greatest speed, 1 to 2; 0 for 4/3.
     */
    double fastest;
    /**
     * Not 0: look for the audio as it is only, at no other pitch or speed.
     */
    int fast;
    /**
     * Not 0: compare with every window instead of using the neighbour index.
     */
    int exact;
    /**
     * Not 0: also keep the best places that were looked at, for refrain_answer_candidate.
     */
    int explain;
    /**
     * Ends the call early; it is looked at after every few seconds of audio.
     */
    const struct RefrainCancel *cancel;
} RefrainQueryOptions;

/**
 * A place of the library that sounds like a part of the audio that was asked for. Texts are UTF-8, but for paths, which
 * are as the system has them; what is not there is NULL or 0.
 */
typedef struct RefrainMatch {
    /**
     * sizeof (RefrainMatch), set by the caller.
     */
    size_t size;
    /**
     * The track's file, absolute, the first of those that are there; or the name that it was added under.
     */
    const char *path;
    /**
     * Other files of the same content that are there.
     */
    const char *const *also_paths;
    /**
     * How many.
     */
    size_t also_path_count;
    /**
     * The track's id in the index.
     */
    uint32_t id;
    /**
     * 1 where none of its files was there when they were last looked for.
     */
    int missing;
    /**
     * The probability that the match is right, 0 to 1.
     */
    double score;
    /**
     * Where the part of the audio begins that agrees, in seconds.
     */
    double query_start;
    /**
     * Where it ends.
     */
    double query_end;
    /**
     * Where the part of the track begins that it agrees with, in seconds.
     */
    double ref_start;
    /**
     * Where it ends.
     */
    double ref_end;
    /**
     * Where else in the track the same sound begins, in seconds, ascending.
     */
    const double *also_at;
    /**
     * How many.
     */
    size_t also_at_count;
    /**
     * The speed of the audio over the track's.
     */
    double tempo;
    /**
     * By how many semitones the audio is higher.
     */
    double pitch;
    /**
     * The title of the track.
     */
    const char *title;
    /**
     * Who performs it.
     */
    const char *artist;
    /**
     * The album it is on.
     */
    const char *album;
    /**
     * Its place on the disc, from 1.
     */
    uint32_t track_number;
    /**
     * The disc of the album, from 1.
     */
    uint32_t disc_number;
    /**
     * The MusicBrainz identifier of the recording.
     */
    const char *recording_mbid;
    /**
     * The MusicBrainz identifier of the release.
     */
    const char *release_mbid;
    /**
     * The AcoustID of the recording.
     */
    const char *acoustid;
    /**
     * How much more than chance frames and windows agree, summed over the part.
     */
    double evidence;
    /**
     * The cosine of audio and track over the part, -1 to 1.
     */
    double similarity;
    /**
     * The most evidence for another track.
     */
    double rival;
    /**
     * How many variants of the audio were compared when it was found; 1 where it was found as it is.
     */
    uint32_t variants;
} RefrainMatch;

/**
 * A file of a track. It will not grow.
 */
typedef struct RefrainFile {
    /**
     * Its path.
     */
    const char *path;
    /**
     * Bytes of the file.
     */
    uint64_t bytes;
    /**
     * When it was last changed, in nanoseconds since 1970.
     */
    int64_t mtime_ns;
    /**
     * 1 where it was not there when it was last looked for.
     */
    int missing;
} RefrainFile;

/**
 * A track of an index. What is not there is NULL or 0. Fields may be added at the end.
 */
typedef struct RefrainTrack {
    /**
     * Its id, which is never used again, also when the track is gone.
     */
    uint32_t id;
    /**
     * 1 where none of its files is there.
     */
    int missing;
    /**
     * Its files, those that are there first.
     */
    const struct RefrainFile *files;
    /**
     * How many.
     */
    size_t file_count;
    /**
     * How long it plays.
     */
    double seconds;
    /**
     * The sample rate of the file in hertz.
     */
    uint32_t sample_rate;
    /**
     * The channels of the file.
     */
    uint32_t channels;
    /**
     * The BLAKE3 hash of the file's content, 64 hexadecimal digits.
     */
    const char *hash;
    /**
     * The title of the track.
     */
    const char *title;
    /**
     * Who performs it.
     */
    const char *artist;
    /**
     * The album it is on.
     */
    const char *album;
    /**
     * Its place on the disc, from 1.
     */
    uint32_t track_number;
    /**
     * The disc of the album, from 1.
     */
    uint32_t disc_number;
    /**
     * The MusicBrainz identifier of the recording.
     */
    const char *recording_mbid;
    /**
     * The MusicBrainz identifier of the release.
     */
    const char *release_mbid;
    /**
     * The AcoustID of the recording.
     */
    const char *acoustid;
    /**
     * Chroma frames.
     */
    uint32_t frames;
    /**
     * Fingerprint windows.
     */
    uint32_t windows;
} RefrainTrack;

/**
 * A callback that is shown tracks. The track and its texts are there until it returns; 0 asks for the next one, anything
 * else ends the call, which is no error.
 */
typedef int (*RefrainTrackCallback)(const struct RefrainTrack *track, void *user_data);

/**
 * A callback that is shown files that gave no fingerprint, and the reason. Else as RefrainTrackCallback.
 */
typedef int (*RefrainFailureCallback)(const char *path, const char *reason, void *user_data);

/**
 * What refrain_merge did.
 */
typedef struct RefrainMergeSummary {
    /**
     * sizeof (RefrainMergeSummary), set by the caller.
     */
    size_t size;
    /**
     * Tracks that are new.
     */
    uint64_t added;
    /**
     * Tracks whose content was known, and which have more files now.
     */
    uint64_t known;
    /**
     * Tracks all of whose paths were known, which stay as they were.
     */
    uint64_t skipped;
} RefrainMergeSummary;

/**
 * How to analyse, and what to write besides. What is 0 or NULL is as if it were not there. Outputs are files where one file
 * is analysed; where several are, they are folders.
 */
typedef struct RefrainAnalyzeOptions {
    /**
     * sizeof (RefrainAnalyzeOptions), set by the caller.
     */
    size_t size;
    /**
     * Threads; 0 for as many as there are cores. The figures do not depend on it.
     */
    size_t threads;
    /**
     * How many folders deep to go; 0 for any depth.
     */
    size_t max_depth;
    /**
     * Not 0: do not follow symbolic links.
     */
    int no_follow;
    /**
     * Not 0: take hidden files and folders too.
     */
    int hidden;
    /**
     * Where to write all frames as NumPy arrays (.npz).
     */
    const char *frames;
    /**
     * Where to write the harmonic part (.wav).
     */
    const char *harmonic;
    /**
     * Where to write the percussive part (.wav).
     */
    const char *percussive;
    /**
     * Where to write a picture (.svg or .png).
     */
    const char *plot;
    /**
     * Ends refrain_analyze_all early.
     */
    const struct RefrainCancel *cancel;
} RefrainAnalyzeOptions;

/**
 * A callback that is given the outcome of each file, on the thread that called, in the order of the paths. The analysis is
 * there until it returns, and not to be freed.
 */
typedef void (*RefrainAnalysisCallback)(const struct RefrainAnalysis *analysis, void *user_data);

/**
 * What refrain_analyze_all did.
 */
typedef struct RefrainAnalyzeSummary {
    /**
     * sizeof (RefrainAnalyzeSummary), set by the caller.
     */
    size_t size;
    /**
     * Files that were analysed.
     */
    uint64_t analysed;
    /**
     * Files and folders that could not be.
     */
    uint64_t failed;
    /**
     * How long those play that were analysed.
     */
    double seconds;
} RefrainAnalyzeSummary;

/**
 * Figures about the harmony of a file. A number that is not there, as of silence, is NaN; a text is NULL.
 */
typedef struct RefrainFigures {
    /**
     * sizeof (RefrainFigures), set by the caller.
     */
    size_t size;
    /**
     * The length in seconds.
     */
    double duration;
    /**
     * The file's sample rate in hertz; 0 where there is no audio in it.
     */
    uint32_t sample_rate;
    /**
     * The file's channels.
     */
    uint32_t channels;
    /**
     * Frames of the analysis, one every 512 samples at 22,050 Hz.
     */
    uint64_t frames;
    /**
     * By what part of a semitone the music is higher than A4 = 440 Hz, -0.5 to 0.49.
     */
    double tuning;
    /**
     * The key, "A minor".
     */
    const char *key;
    /**
     * "major" or "minor".
     */
    const char *mode;
    /**
     * How like the key's profile the pitch classes are, -1 to 1.
     */
    double key_correlation;
    /**
     * How far the second key is behind, 0 to 1.
     */
    double key_confidence;
    /**
     * The key that comes second.
     */
    const char *key_second;
    /**
     * The level of the harmonic part over that of the harmonic and the percussive one, 0 to 1.
     */
    double harmonic_ratio;
    /**
     * The share of frames that have a pitch, 0 to 1.
     */
    double voiced;
    /**
     * The median pitch of those in hertz.
     */
    double pitch;
    /**
     * The note nearest to it, "A4".
     */
    const char *pitch_note;
    /**
     * How many cents it is above that note, -50 to 50.
     */
    double pitch_cents;
    /**
     * The share of steps between neighbouring frames with a pitch that are at most 50 cents, 0 to 1.
     */
    double pitch_stability;
    /**
     * The mean of each pitch class, C first, over frames divided by their largest value, 0 to 1.
     */
    float chroma[12];
    /**
     * The mean of each pitch class's magnitudes, which follows the loudness.
     */
    float chroma_energy[12];
    /**
     * How evenly the energy is spread over the pitch classes, 0 to 1.
     */
    double chroma_entropy;
    /**
     * What was wrong with the file, and could be got over.
     */
    const char *const *warnings;
    /**
     * How many.
     */
    size_t warning_count;
} RefrainFigures;

/**
 * What a RefrainCqt looks at. What is 0 is as said.
 */
typedef struct RefrainCqtOptions {
    /**
     * sizeof (RefrainCqtOptions), set by the caller.
     */
    size_t size;
    /**
     * The lowest bin in hertz, before tuning; 0 for C1, 32.7 Hz.
     */
    double fmin;
    /**
     * How many bins, up to 1,200; 0 for 84.
     */
    size_t bins;
    /**
     * Bins in an octave, up to 240; 0 for 12.
     */
    size_t bins_per_octave;
    /**
     * Samples from one frame to the next; 0 for 512.
     */
    size_t hop;
    /**
     * By how many bins all frequencies are higher, -0.5 to 0.5.
     */
    double tuning;
} RefrainCqtOptions;

/**
 * What a RefrainChroma looks at. What is 0 is as said.
 */
typedef struct RefrainChromaOptions {
    /**
     * sizeof (RefrainChromaOptions), set by the caller.
     */
    size_t size;
    /**
     * The lowest bin in hertz, before tuning; 0 for C1, 32.7 Hz.
     */
    double fmin;
    /**
     * How many octaves; 0 for 7.
     */
    size_t octaves;
    /**
     * Bins of the transform in an octave, a multiple of twelve; 0 for 36.
     */
    size_t bins_per_octave;
    /**
     * Samples from one frame to the next; 0 for 512.
     */
    size_t hop;
    /**
     * By how many bins the music is higher than A4 = 440 Hz, -0.5 to 0.5: see refrain_tuning.
     */
    double tuning;
} RefrainChromaOptions;

/**
 * How refrain_hpss tells harmonic from percussive. What is 0 is as said.
 */
typedef struct RefrainHpssOptions {
    /**
     * sizeof (RefrainHpssOptions), set by the caller.
     */
    size_t size;
    /**
     * Samples in a frame; 0 for 2,048.
     */
    size_t frame_length;
    /**
     * Samples from one frame to the next; 0 for 512.
     */
    size_t hop;
    /**
     * Frames that the harmonic median looks at: odd, up to 255; 0 for 31.
     */
    size_t harmonic_kernel;
    /**
     * Bins that the percussive median looks at: odd, up to 255; 0 for 31.
     */
    size_t percussive_kernel;
    /**
     * How sharply the masks part, the exponent of the medians; 0 for 2, INFINITY for masks of 0 and 1.
     */
    float power;
    /**
     * How many times the percussive median the harmonic one must be, 1 or more; 0 for 1. Above 1 there is a rest.
     */
    float harmonic_margin;
    /**
     * How many times the harmonic median the percussive one must be, 1 or more; 0 for 1.
     */
    float percussive_margin;
} RefrainHpssOptions;

/**
 * What a RefrainYin looks for. What is 0 is as said.
 */
typedef struct RefrainYinOptions {
    /**
     * sizeof (RefrainYinOptions), set by the caller.
     */
    size_t size;
    /**
     * The lowest frequency in hertz; 0 for C2, 65.4 Hz.
     */
    double fmin;
    /**
     * The highest frequency in hertz, at most half the rate; 0 for C7, 2,093 Hz.
     */
    double fmax;
    /**
     * Samples in a frame; 0 for 2,048.
     */
    size_t frame_length;
    /**
     * Samples from one frame to the next; 0 for 512.
     */
    size_t hop;
    /**
     * The aperiodicity below which the first dip is taken, up to 1; 0 for 0.1.
     */
    float threshold;
    /**
     * Not 0: librosa's difference function, which puts low notes up to 10 cents sharp.
     */
    int librosa;
} RefrainYinOptions;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Why the last call on this thread that failed did so, with the path or argument at fault; UTF-8, for people. Empty
 * before the first failure; calls that succeed leave it as it is. Never NULL.
 *
 * The text belongs to the library, and is there until the next call on this thread fails or the thread ends.
 */
const char *refrain_last_error(void);

/**
 * The name of a code, "REFRAIN_ERROR_IO"; of one that there is not, "unknown". The text is there for ever.
 */
const char *refrain_code_name(int32_t code);

/**
 * The version of the library, "0.1.0". The text is there for ever.
 */
const char *refrain_version(void);

/**
 * A flag that is not set, to be freed with refrain_cancel_free once no call looks at it any more.
 */
struct RefrainCancel *refrain_cancel_new(void);

/**
 * Sets the flag: calls that look at it end soon, with REFRAIN_ERROR_INTERRUPTED; what they had committed stays. Of NULL
 * it does nothing. Safe in a signal handler.
 */
void refrain_cancel_set(const struct RefrainCancel *cancel);

/**
 * Takes it back, so that the flag can be used for other calls. Of NULL it does nothing.
 */
void refrain_cancel_reset(const struct RefrainCancel *cancel);

/**
 * Frees the flag; no call may look at it any more. Of NULL it does nothing.
 */
void refrain_cancel_free(struct RefrainCancel *cancel);

/**
 * Opens an index for reading. `*index` is to be closed with refrain_close; it is NULL after a failure.
 *
 * REFRAIN_ERROR_MISSING where there is none, REFRAIN_ERROR_INDEX and REFRAIN_ERROR_DAMAGED where it cannot be used.
 */
enum RefrainCode refrain_open(const char *path,
                              struct RefrainIndex **index);

/**
 * Opens an index for reading and writing, and makes it where there is none. A file that is there is not written to before
 * the first call that writes. Else as refrain_open.
 */
enum RefrainCode refrain_open_or_create(const char *path,
                                        struct RefrainIndex **index);

/**
 * Opens an index for reading and writing that is there already. Else as refrain_open.
 */
enum RefrainCode refrain_open_to_write(const char *path, struct RefrainIndex **index);

/**
 * Closes an index and frees the handle, also where it fails; no other call may be using it. After writing it leaves one
 * file behind, without a log beside it. Answers and analyses stay. NULL is nothing to be closed.
 *
 * REFRAIN_ERROR_DISK_FULL and the like where what was committed could not be brought from the log into the file: nothing is
 * lost then, the next writer does it.
 */
enum RefrainCode refrain_close(struct RefrainIndex *index);

/**
 * The path as it was opened, which is there until the index is closed. NULL of NULL.
 */
const char *refrain_path(const struct RefrainIndex *index);

/**
 * Fills `info`.
 */
enum RefrainCode refrain_info(const struct RefrainIndex *index, struct RefrainInfo *info);

/**
 * Shows the folders that refrain_update looks into.
 */
enum RefrainCode refrain_roots(const struct RefrainIndex *index,
                               RefrainPathCallback callback,
                               void *user_data);

/**
 * Brings the index up to date with folders and files, in parallel: what is new or changed is added, what has moved is
 * recognised, what is gone is marked as missing. Folders are remembered for refrain_update. `options` may be NULL, and so
 * may `summary`.
 *
 * A file that is no audio or damaged is no error, it counts as failed. REFRAIN_ERROR_IO for a path that does not exist,
 * REFRAIN_ERROR_INTERRUPTED; what was committed by then stays.
 */
enum RefrainCode refrain_build(struct RefrainIndex *index,
                               const char *const *paths,
                               size_t path_count,
                               const struct RefrainBuildOptions *options,
                               struct RefrainBuildSummary *summary);

/**
 * Brings the index up to date with the folders that were built from before, and with every other file that it knows. A
 * folder that is not there is no error: its files are marked as missing. Else as refrain_build.
 */
enum RefrainCode refrain_update(struct RefrainIndex *index,
                                const struct RefrainBuildOptions *options,
                                struct RefrainBuildSummary *summary);

/**
 * Tries the files again that gave no fingerprint; those that are gone are forgotten. Else as refrain_build.
 */
enum RefrainCode refrain_retry(struct RefrainIndex *index,
                               const struct RefrainBuildOptions *options,
                               struct RefrainBuildSummary *summary);

/**
 * Adds one file, whether it is known or not.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO where it is a folder or there is no fingerprint to be had of it.
 */
enum RefrainCode refrain_add(struct RefrainIndex *index, const char *path);

/**
 * Adds an audio file that is in memory, `count` bytes, which are not needed any more once the call is done. It is known by
 * `name`, as a file is by its path: the name is the path of its matches, and what was added under the same name before is
 * replaced. `tags`, which may be NULL, go before those that the audio has itself.
 *
 * It stays until it is removed: no file of that name is looked for. Errors are those of refrain_add; REFRAIN_ERROR_UTF8 for tags.
 */
enum RefrainCode refrain_add_memory(struct RefrainIndex *index,
                                    const void *bytes,
                                    size_t count,
                                    const char *name,
                                    const struct RefrainTags *tags);

/**
 * As refrain_add_memory, of samples: `frames` of each of `channels` in turn, `rate` frames a second (1,000 to 768,000),
 * full scale being -1 to 1. The mean of the channels is taken; what is no number, or over a million, counts as silence.
 */
enum RefrainCode refrain_add_samples(struct RefrainIndex *index,
                                     const float *samples,
                                     size_t frames,
                                     uint32_t channels,
                                     uint32_t rate,
                                     const char *name,
                                     const struct RefrainTags *tags);

/**
 * Answers what recordings an audio file comes from, or is. `options` may be NULL. `*answer` is to be freed with
 * refrain_answer_free; it is NULL after a failure. No match is no failure.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO where the audio cannot be used, REFRAIN_ERROR_INTERRUPTED.
 */
enum RefrainCode refrain_query(const struct RefrainIndex *index,
                               const char *path,
                               const struct RefrainQueryOptions *options,
                               struct RefrainAnswer **answer);

/**
 * As refrain_query, of an audio file that is in memory: `count` bytes, of any format that is known. `name` is what it is
 * called in the answer and in messages; NULL for "memory".
 */
enum RefrainCode refrain_query_memory(const struct RefrainIndex *index,
                                      const void *bytes,
                                      size_t count,
                                      const char *name,
                                      const struct RefrainQueryOptions *options,
                                      struct RefrainAnswer **answer);

/**
 * As refrain_query, of samples: `frames` of each of `channels` in turn, `rate` frames a second (1,000 to 768,000), full
 * scale being -1 to 1. They are read where they are. The mean of the channels is taken; what is no number, or over a
 * million, counts as silence. `name` is what it is called; NULL for "samples".
 */
enum RefrainCode refrain_query_samples(const struct RefrainIndex *index,
                                       const float *samples,
                                       size_t frames,
                                       uint32_t channels,
                                       uint32_t rate,
                                       const char *name,
                                       const struct RefrainQueryOptions *options,
                                       struct RefrainAnswer **answer);

/**
 * Whether there is a match. Of NULL there is none.
 */
enum RefrainStatus refrain_answer_status(const struct RefrainAnswer *answer);

/**
 * How many matches there are. Of NULL there are none.
 */
size_t refrain_answer_count(const struct RefrainAnswer *answer);

/**
 * How many places were kept because `explain` was set, whether they count as a match or not. Of NULL there are none.
 */
size_t refrain_answer_candidate_count(const struct RefrainAnswer *answer);

/**
 * The length of the audio in seconds. Of NULL it is 0.
 */
double refrain_answer_duration(const struct RefrainAnswer *answer);

/**
 * Fills `found` with match `n`, the surest being 0. What it points to belongs to the answer.
 *
 * REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_answer_count.
 */
enum RefrainCode refrain_answer_match(const struct RefrainAnswer *answer,
                                      size_t n,
                                      struct RefrainMatch *found);

/**
 * As refrain_answer_match, of the places that refrain_answer_candidate_count counts.
 */
enum RefrainCode refrain_answer_candidate(const struct RefrainAnswer *answer,
                                          size_t n,
                                          struct RefrainMatch *found);

/**
 * The answer as one JSON document, as `refrain query --json` prints it. NULL of NULL.
 */
const char *refrain_answer_json(const struct RefrainAnswer *answer);

/**
 * Frees an answer and all that it gave. Of NULL it does nothing.
 */
void refrain_answer_free(struct RefrainAnswer *answer);

/**
 * Shows all tracks as of one moment, in order of their ids, on this thread. The callback may read the index.
 */
enum RefrainCode refrain_tracks(const struct RefrainIndex *index,
                                RefrainTrackCallback callback,
                                void *user_data);

/**
 * Shows all files that gave no fingerprint, and the reason, on this thread. The callback may read the index.
 */
enum RefrainCode refrain_failures(const struct RefrainIndex *index,
                                  RefrainFailureCallback callback,
                                  void *user_data);

/**
 * Shows the paths of the files that `chosen` means, in order: a file, a folder for all below it, the name that audio was
 * added under, a pattern (`*` and `?` within a name, `**` any number of folders), a track's id, or "missing".
 */
enum RefrainCode refrain_select(const struct RefrainIndex *index,
                                const char *chosen,
                                RefrainPathCallback callback,
                                void *user_data);

/**
 * Forgets files, by the very paths that refrain_select and refrain_tracks show, and tracks that have no other file. The
 * files themselves are not touched. `removed`, which may be NULL, is how many were known.
 */
enum RefrainCode refrain_remove(struct RefrainIndex *index,
                                const char *const *paths,
                                size_t path_count,
                                uint64_t *removed);

/**
 * Forgets files that are missing, unless a folder that was built from is not there as a whole, as on a disk that is not
 * plugged in. `removed`, which may be NULL, is how many.
 */
enum RefrainCode refrain_prune(struct RefrainIndex *index,
                               uint64_t *removed);

/**
 * Forgets that folders at or below `path` were indexed, so that refrain_update does not look into them. Their files stay.
 */
enum RefrainCode refrain_forget_roots(struct RefrainIndex *index,
                                      const char *path);

/**
 * Moves the paths of all files and folders at or below `from` to below `to`, as after a folder was renamed. `files` and
 * `roots`, which may be NULL, are how many.
 *
 * REFRAIN_ERROR_INDEX where a file would come to where another is known; nothing is changed then.
 */
enum RefrainCode refrain_relocate(struct RefrainIndex *index,
                                  const char *from,
                                  const char *to,
                                  uint64_t *files,
                                  uint64_t *roots);

/**
 * Takes in the tracks of `other`. What both have is one track, by its content; a path that both have stays what it is
 * here. `cancel` and `summary` may be NULL. What was merged before a failure stays so.
 */
enum RefrainCode refrain_merge(struct RefrainIndex *index,
                               const struct RefrainIndex *other,
                               const struct RefrainCancel *cancel,
                               struct RefrainMergeSummary *summary);

/**
 * Reads and checks everything.
 *
 * REFRAIN_ERROR_DAMAGED with the first thing that is wrong, REFRAIN_ERROR_NEIGHBOURS where refrain_rebuild mends it.
 */
enum RefrainCode refrain_verify(const struct RefrainIndex *index);

/**
 * Makes the neighbour index again out of the fingerprints, where the library is large enough for one. `cancel` may be NULL.
 */
enum RefrainCode refrain_rebuild(struct RefrainIndex *index,
                                 const struct RefrainCancel *cancel);

/**
 * Gives the room of what was removed back to the disk. `bytes`, which may be NULL, is how much.
 */
enum RefrainCode refrain_compact(struct RefrainIndex *index, uint64_t *bytes);

/**
 * Writes the index as it is now to a new file, without gaps and without a log beside it.
 *
 * REFRAIN_ERROR_IO where there is a file already, or none can be made.
 */
enum RefrainCode refrain_export(const struct RefrainIndex *index, const char *to);

/**
 * Analyses one audio file of any length. `options` may be NULL. `*analysis` is to be freed with refrain_analysis_free; it is
 * NULL after a failure.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO where the file cannot be used, REFRAIN_ERROR_IO where an output cannot be
 * written.
 */
enum RefrainCode refrain_analyze(const char *path,
                                 const struct RefrainAnalyzeOptions *options,
                                 struct RefrainAnalysis **analysis);

/**
 * As refrain_analyze, of an audio file that is in memory: `count` bytes, of any format that is known. `name` is what it is
 * called in the analysis and in messages; NULL for "memory".
 */
enum RefrainCode refrain_analyze_memory(const void *bytes,
                                        size_t count,
                                        const char *name,
                                        const struct RefrainAnalyzeOptions *options,
                                        struct RefrainAnalysis **analysis);

/**
 * As refrain_analyze, of samples: `frames` of each of `channels` in turn, `rate` frames a second (1,000 to 768,000), full
 * scale being -1 to 1. `name` is what it is called; NULL for "samples".
 */
enum RefrainCode refrain_analyze_samples(const float *samples,
                                         size_t frames,
                                         uint32_t channels,
                                         uint32_t rate,
                                         const char *name,
                                         const struct RefrainAnalyzeOptions *options,
                                         struct RefrainAnalysis **analysis);

/**
 * Analyses files and folders, in parallel, and gives the outcome of each file to `callback`. A bad file is an outcome too.
 * `options` and `summary` may be NULL.
 *
 * REFRAIN_ERROR_IO where an output is no folder and there are several files, REFRAIN_ERROR_INTERRUPTED.
 */
enum RefrainCode refrain_analyze_all(const char *const *paths,
                                     size_t path_count,
                                     const struct RefrainAnalyzeOptions *options,
                                     RefrainAnalysisCallback callback,
                                     void *user_data,
                                     struct RefrainAnalyzeSummary *summary);

/**
 * The file, as it was named; absolute where it was found below a folder. NULL of NULL.
 */
const char *refrain_analysis_path(const struct RefrainAnalysis *analysis);

/**
 * Why the file could not be analysed, which only refrain_analyze_all gives; NULL where it could, and of NULL.
 */
const char *refrain_analysis_error(const struct RefrainAnalysis *analysis);

/**
 * Fills `figures`. What it points to belongs to the analysis.
 *
 * REFRAIN_ERROR_AUDIO where the file could not be analysed.
 */
enum RefrainCode refrain_analysis_figures(const struct RefrainAnalysis *analysis,
                                          struct RefrainFigures *figures);

/**
 * The analysis as one JSON document, as `refrain analyze --json` prints it. NULL of NULL.
 */
const char *refrain_analysis_json(const struct RefrainAnalysis *analysis);

/**
 * Frees what refrain_analyze gave. Of NULL it does nothing.
 */
void refrain_analysis_free(struct RefrainAnalysis *analysis);

/**
 * Makes a transform for signals of `rate` hertz. `options` may be NULL. `*cqt` is to be freed with refrain_cqt_free; it is
 * NULL after a failure.
 *
 * REFRAIN_ERROR_ARGUMENT where the options do not fit together, or the highest bin is above half the rate.
 */
enum RefrainCode refrain_cqt_new(double rate,
                                 const struct RefrainCqtOptions *options,
                                 struct RefrainCqt **cqt);

/**
 * How many frames there are of `count` samples, and bins in each. Either may be NULL.
 */
enum RefrainCode refrain_cqt_shape(const struct RefrainCqt *cqt, size_t count, size_t *frames, size_t *bins);

/**
 * The frequency of a bin in hertz; NaN where there is none, and of NULL.
 */
double refrain_cqt_frequency(const struct RefrainCqt *cqt, size_t bin);

/**
 * The magnitudes of `count` samples of one channel: frames times bins values, frame after frame, the lowest bin first.
 * `capacity` is how many values `out` has room for.
 *
 * REFRAIN_ERROR_ARGUMENT for samples that are not finite or above 1,000,000, REFRAIN_ERROR_BUFFER.
 */
enum RefrainCode refrain_cqt_magnitudes(const struct RefrainCqt *cqt,
                                        const float *samples,
                                        size_t count,
                                        float *out,
                                        size_t capacity);

/**
 * As refrain_cqt_magnitudes, of the complex transform: two values each, the real and the imaginary part, as C's float
 * complex has them. `capacity` is twice as large.
 */
enum RefrainCode refrain_cqt_transform(const struct RefrainCqt *cqt,
                                       const float *samples,
                                       size_t count,
                                       float *out,
                                       size_t capacity);

/**
 * Frees a transform. Of NULL it does nothing.
 */
void refrain_cqt_free(struct RefrainCqt *cqt);

/**
 * Makes chroma for signals of `rate` hertz. `options` may be NULL. `*chroma` is to be freed with refrain_chroma_free; it is
 * NULL after a failure. Errors are those of refrain_cqt_new.
 */
enum RefrainCode refrain_chroma_new(double rate,
                                    const struct RefrainChromaOptions *options,
                                    struct RefrainChroma **chroma);

/**
 * How many frames there are of `count` samples, each of 12 values. Of NULL there are none.
 */
size_t refrain_chroma_frames(const struct RefrainChroma *chroma, size_t count);

/**
 * The chroma of `count` samples of one channel: frames times 12 values, frame after frame, C first, each frame divided by
 * its largest value. `capacity` is how many values `out` has room for. Errors are those of refrain_cqt_magnitudes.
 */
enum RefrainCode refrain_chroma(const struct RefrainChroma *chroma,
                                const float *samples,
                                size_t count,
                                float *out,
                                size_t capacity);

/**
 * As refrain_chroma, before the division: sums of magnitudes, which follow the loudness.
 */
enum RefrainCode refrain_chroma_raw(const struct RefrainChroma *chroma,
                                    const float *samples,
                                    size_t count,
                                    float *out,
                                    size_t capacity);

/**
 * Frees chroma. Of NULL it does nothing.
 */
void refrain_chroma_free(struct RefrainChroma *chroma);

/**
 * By what part of a bin, of `bins_per_octave` in an octave (1 to 1,200), `count` samples of one channel are higher than
 * A4 = 440 Hz: -0.5 to 0.49, 0 where nothing sounds.
 *
 * REFRAIN_ERROR_ARGUMENT for a rate below 1 or above 1,000,000, and for samples that are not finite or above 1,000,000.
 */
enum RefrainCode refrain_tuning(const float *samples,
                                size_t count,
                                double rate,
                                size_t bins_per_octave,
                                double *tuning);

/**
 * Separates `count` samples of one channel into a harmonic and a percussive part, `count` values each, by median filters
 * (Fitzgerald 2010). Without margins their sum is the signal, but for rounding. `options` may be NULL. Neither output may
 * overlap the samples or the other one.
 *
 * REFRAIN_ERROR_ARGUMENT where the options do not fit together, and for samples that are not finite or above 1,000,000.
 */
enum RefrainCode refrain_hpss(const float *samples,
                              size_t count,
                              const struct RefrainHpssOptions *options,
                              float *harmonic,
                              float *percussive);

/**
 * Makes a pitch tracker for signals of `rate` hertz. `options` may be NULL. `*yin` is to be freed with refrain_yin_free; it
 * is NULL after a failure.
 *
 * REFRAIN_ERROR_ARGUMENT where the options do not fit together.
 */
enum RefrainCode refrain_yin_new(double rate,
                                 const struct RefrainYinOptions *options,
                                 struct RefrainYin **yin);

/**
 * How many frames there are of `count` samples. Of NULL there are none.
 */
size_t refrain_yin_frames(const struct RefrainYin *yin, size_t count);

/**
 * The pitch of `count` samples of one channel: for each frame the frequency in hertz, and the aperiodicity, near 0 for a
 * steady tone, near 1 for noise, 1 for silence. Every frame has a frequency, also where there is no pitch. `capacity` is
 * how many values each output has room for; `aperiodicity` may be NULL.
 *
 * REFRAIN_ERROR_ARGUMENT for samples that are not finite or above 1,000,000, REFRAIN_ERROR_BUFFER.
 */
enum RefrainCode refrain_yin(const struct RefrainYin *yin,
                             const float *samples,
                             size_t count,
                             float *frequency,
                             float *aperiodicity,
                             size_t capacity);

/**
 * Frees a pitch tracker. Of NULL it does nothing.
 */
void refrain_yin_free(struct RefrainYin *yin);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* REFRAIN_H */
