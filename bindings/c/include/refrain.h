/*
 * refrain finds which recording a piece of audio comes from, out of one SQLite file. This file is generated from
 * bindings/c/src. README.md beside it has an example. Link with `pkg-config --cflags --libs refrain`.
 *
 * Errors. A call that can fail returns a RefrainCode; REFRAIN_OK is 0. refrain_last_error, on the same thread, says why it
 * failed and names the file or argument at fault. A call that returns a number or a text returns 0 or NULL for a NULL handle.
 * A NULL handle, path or output is REFRAIN_ERROR_ARGUMENT, unless its description says that it may be NULL. No call ends the
 * process or throws an exception.
 *
 * Ownership. A call that fills a RefrainX ** makes a handle. Free it once, with the call that its description names. Arguments
 * stay yours: you may free them when the call returns, samples and bytes included. A handle owns the texts and lists that it
 * returns. Texts and lists passed to a callback are valid until the callback returns. Never call free() on any of them.
 *
 * Threads. Any number of threads may use one handle at once. The call that closes or frees it must come last. Calls that read
 * an index never wait for each other or for a writer. Calls that write take turns. A callback runs on the thread that made the
 * call. It may read the index, even the one being written, but not write to it (REFRAIN_ERROR_AT_WORK). It must not throw a C++
 * exception or leave by longjmp. After a fork, the child must not call the library before exec: its threads stay with the
 * parent.
 *
 * Cancelling. Every call that can take long takes a RefrainCancel, in its options or as an argument. Once the flag is set, the
 * call ends within a fraction of a second and returns REFRAIN_ERROR_INTERRUPTED. A call without options has a twin with them:
 * refrain_verify and refrain_verify_with.
 *
 * The library contains its own SQLite. While an index is open here, do not open it through another SQLite in the same process:
 * closing either one drops the POSIX locks of both.
 *
 * Paths end with a NUL. On Unix they are bytes as the system has them, elsewhere UTF-8. All other texts are UTF-8
 * (REFRAIN_ERROR_UTF8), messages too. Times are in seconds.
 *
 * Structs that you allocate begin with their size. So later versions can add fields at the end, and your program runs with
 * a later library:
 *
 *     RefrainQueryOptions options = {.size = sizeof options, .top = 3};
 *     RefrainMatch match = {.size = sizeof match};
 *
 * In options, 0 and NULL stand for the default. If your struct is larger than the library's, it fills the unknown fields with
 * 0, and an option that it does not know is REFRAIN_ERROR_ARGUMENT. If yours is smaller, it fills only the fields you have.
 */

#ifndef REFRAIN_H
#define REFRAIN_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header; refrain_version returns that of the library. */
#define REFRAIN_VERSION "0.1.0"

/**
 * The result of a call. Later versions may add codes; treat an unknown one as an error.
 */
typedef enum RefrainCode {
    /**
     * Success.
     */
    REFRAIN_OK = 0,
    /**
     * An argument is out of range, or NULL although it must not be.
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
     * The audio cannot be used: unknown format, damaged, too short, or silent.
     */
    REFRAIN_ERROR_AUDIO = 4,
    /**
     * There is no index at this path.
     */
    REFRAIN_ERROR_MISSING = 5,
    /**
     * The file cannot be used as an index. It is a folder, another kind of file, or made by a newer refrain; the message
     * says which.
     */
    REFRAIN_ERROR_INDEX = 6,
    /**
     * The index is damaged. Restore a copy or build it again.
     */
    REFRAIN_ERROR_DAMAGED = 7,
    /**
     * The neighbour index inside the index is damaged. No data is lost: refrain_rebuild makes it again.
     */
    REFRAIN_ERROR_NEIGHBOURS = 8,
    /**
     * Another process is writing to the index. Try again later.
     */
    REFRAIN_ERROR_BUSY = 9,
    /**
     * The index cannot be written: it was opened for reading, or the system does not allow it.
     */
    REFRAIN_ERROR_READ_ONLY = 10,
    /**
     * The disk is full. Committed data is safe.
     */
    REFRAIN_ERROR_DISK_FULL = 11,
    /**
     * A callback of a call that writes tried to write.
     */
    REFRAIN_ERROR_AT_WORK = 12,
    /**
     * A RefrainCancel ended the call.
     */
    REFRAIN_ERROR_INTERRUPTED = 13,
    /**
     * A buffer is too small. The message says how large it must be.
     */
    REFRAIN_ERROR_BUFFER = 14,
    /**
     * A bug in the library, contained. Please report it with the message.
     */
    REFRAIN_ERROR_INTERNAL = 15,
} RefrainCode;

/**
 * The kind of a RefrainBuildEvent, and the fields that it fills. Later versions may add kinds; ignore those you do not
 * know.
 */
typedef enum RefrainBuildEventKind {
    /**
     * The folders were scanned: files, new_files, bytes.
     */
    REFRAIN_BUILD_EVENT_KIND_FOUND = 1,
    /**
     * The index knows the content of a file: path, bytes.
     */
    REFRAIN_BUILD_EVENT_KIND_RECOGNISED = 2,
    /**
     * A file has moved: path is the old path, to the new one.
     */
    REFRAIN_BUILD_EVENT_KIND_MOVED = 3,
    /**
     * A file is gone, and was marked as missing: path.
     */
    REFRAIN_BUILD_EVENT_KIND_MISSING = 4,
    /**
     * A folder that was indexed is gone: path.
     */
    REFRAIN_BUILD_EVENT_KIND_UNAVAILABLE = 5,
    /**
     * A file was analysed; the next commit stores it: path, bytes, seconds. message has warnings about the file, or is
     * NULL.
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
     * No match has a sufficient score.
     */
    REFRAIN_STATUS_NO_MATCH = 0,
    /**
     * There is at least one match.
     */
    REFRAIN_STATUS_MATCH = 1,
    /**
     * The clip could not be read. Only refrain_query_all passes such answers.
     */
    REFRAIN_STATUS_ERROR = 2,
} RefrainStatus;

/**
 * The harmonic analysis of a file. Any number of threads may read one at once. It owns the texts and lists that it
 * returns; they are valid until it is freed.
 */
typedef struct RefrainAnalysis RefrainAnalysis;

/**
 * The answer to a query. Any number of threads may read one at once. It owns the texts and lists that it returns; they
 * are valid until it is freed, also after the index is closed.
 */
typedef struct RefrainAnswer RefrainAnswer;

/**
 * A flag that ends calls early. You may set it from any thread, callback or signal handler. One flag may serve any
 * number of calls.
 */
typedef struct RefrainCancel RefrainCancel;

/**
 * Chroma by constant-Q transform for one sample rate. Any number of threads may use one at once.
 */
typedef struct RefrainChroma RefrainChroma;

/**
 * A constant-Q transform for one sample rate. Any number of threads may use one at once.
 */
typedef struct RefrainCqt RefrainCqt;

/**
 * An open index file. Any number of threads may use one handle at once: calls that read work on the last committed state
 * and wait for nothing, calls that write take turns. Any number of handles may be open on one file, also in other
 * processes.
 */
typedef struct RefrainIndex RefrainIndex;

/**
 * A query whose sound comes bit by bit: live sound, or a recording of hours whose matches you want as they end. It stays
 * valid after its index is closed, and keeps the file open until you free it. Threads may share one; their calls take
 * turns.
 */
typedef struct RefrainListener RefrainListener;

/**
 * Tracks of similar harmony. Any number of threads may read one at once. It owns the texts and lists that it returns; they
 * are valid until it is freed, also after the index is closed.
 */
typedef struct RefrainSimilar RefrainSimilar;

/**
 * What was played when in a recording. Any number of threads may read one at once. It owns the texts and lists that it
 * returns; they are valid until it is freed, also after the index is closed.
 */
typedef struct RefrainTimeline RefrainTimeline;

/**
 * The versions of a piece. Any number of threads may read one at once. It owns the texts and lists that it returns; they
 * are valid until it is freed, also after the index is closed.
 */
typedef struct RefrainVersions RefrainVersions;

/**
 * A pitch tracker (YIN) for one sample rate. Any number of threads may use one at once.
 */
typedef struct RefrainYin RefrainYin;

/**
 * The totals of an index, filled by refrain_info.
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
     * How many of these files were missing at the last update.
     */
    uint64_t missing;
    /**
     * Files that gave no fingerprint.
     */
    uint64_t failures;
    /**
     * The length of all tracks in seconds.
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
     * Lists of the neighbour index. 0 if there is none; a small library needs none.
     */
    uint32_t neighbour_lists;
    /**
     * Windows in them.
     */
    uint64_t neighbour_windows;
} RefrainInfo;

/**
 * Gets one path after the other. The path is valid until the callback returns. Return 0 for the next path; any other
 * value ends the call, which is no error.
 */
typedef int (*RefrainPathCallback)(const char *path, void *user_data);

/**
 * Progress of a build. Fields that the kind does not name are 0 or NULL. Later versions may add fields at the end.
 */
typedef struct RefrainBuildEvent {
    /**
     * The kind of event.
     */
    enum RefrainBuildEventKind kind;
    /**
     * The file or folder.
     */
    const char *path;
    /**
     * The new path of a moved file.
     */
    const char *to;
    /**
     * The reason or the warnings, for people; UTF-8.
     */
    const char *message;
    /**
     * Bytes of the file, or of all new files.
     */
    uint64_t bytes;
    /**
     * The length of the audio.
     */
    double seconds;
    /**
     * Files that may be audio.
     */
    uint64_t files;
    /**
     * How many of them are new or may have changed. The build reads these.
     */
    uint64_t new_files;
} RefrainBuildEvent;

/**
 * Gets the events of a build, on the thread that called it. The event and its texts are valid until the callback
 * returns. The callback may read the index, and set a RefrainCancel to end the build. It must not write to the index.
 */
typedef void (*RefrainBuildCallback)(const struct RefrainBuildEvent *event, void *user_data);

/**
 * How to build. 0 and NULL stand for the default.
 */
typedef struct RefrainBuildOptions {
    /**
     * sizeof (RefrainBuildOptions), set by the caller.
     */
    size_t size;
    /**
     * Files to analyse at a time; 0 for one per core.
     */
    size_t threads;
    /**
     * How many folders deep to go; 1 takes only the files of the folder itself, 0 any depth.
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
     * Gets the events.
     */
    RefrainBuildCallback callback;
    /**
     * Passed to the callback.
     */
    void *user_data;
    /**
     * Ends the build early. Committed data stays.
     */
    const struct RefrainCancel *cancel;
    /**
     * Whether an installed ffmpeg decodes files that refrain cannot: NULL for never, "auto" for the one in PATH if there is
     * one, or the path of the program.
     */
    const char *ffmpeg;
} RefrainBuildOptions;

/**
 * The outcome of a build.
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
     * Unchanged files that are in the index.
     */
    uint64_t unchanged;
    /**
     * Unchanged files that gave no fingerprint before.
     */
    uint64_t still_bad;
    /**
     * Files analysed and added.
     */
    uint64_t added;
    /**
     * How many of the added files keep their track, with new tags.
     */
    uint64_t retagged;
    /**
     * Files that have moved.
     */
    uint64_t moved;
    /**
     * Copies of files that the index has under another path too.
     */
    uint64_t copies;
    /**
     * Missing files that are back.
     */
    uint64_t returned;
    /**
     * Files that are newly missing.
     */
    uint64_t missing;
    /**
     * Files that are still missing.
     */
    uint64_t still_missing;
    /**
     * Files and folders that could not be used. The callback gets each; refrain_failures lists the files.
     */
    uint64_t failed;
    /**
     * The length of the added files in seconds.
     */
    double added_seconds;
} RefrainBuildSummary;

/**
 * Tags of a recording. Texts are UTF-8. NULL, an empty text and 0 mean that there is no such tag.
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
     * Its position on the disc, from 1.
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
     * Further artists, in their order.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
} RefrainTags;

/**
 * How to add a recording. 0 and NULL stand for the default.
 */
typedef struct RefrainAddOptions {
    /**
     * sizeof (RefrainAddOptions), set by the caller.
     */
    size_t size;
    /**
     * Tags of the recording. They take precedence over those in the audio. Must be NULL for refrain_add_with, which
     * takes the tags of the file.
     */
    const struct RefrainTags *tags;
    /**
     * Ends the call early. Nothing is added then.
     */
    const struct RefrainCancel *cancel;
    /**
     * Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
     * one, or the path of the program.
     */
    const char *ffmpeg;
} RefrainAddOptions;

/**
 * What was added.
 */
typedef struct RefrainAdded {
    /**
     * sizeof (RefrainAdded), set by the caller.
     */
    size_t size;
    /**
     * The id of the track.
     */
    uint32_t track;
    /**
     * 1 if the track is new. 0 if the index already had this content, or a track of the same name and sound.
     */
    int is_new;
} RefrainAdded;

/**
 * Gets how much of the audio was looked up, in seconds, on the calling thread: after each minute or so of a query, every
 * few seconds of a timeline.
 */
typedef void (*RefrainQueryCallback)(double seconds, void *user_data);

/**
 * How to query. 0 and NULL stand for the default.
 */
typedef struct RefrainQueryOptions {
    /**
     * sizeof (RefrainQueryOptions), set by the caller.
     */
    size_t size;
    /**
     * The maximum number of matches; 0 for 10.
     */
    size_t top;
    /**
     * The minimum score of a match, up to 1; 0 for 0.9.
     */
    double least_score;
    /**
     * How many semitones the audio may be higher or lower, up to 6; 0 for 6.
     */
    double semitones;
    /**
     * The slowest speed of the audio relative to the track, 0.5 to 1; 0 for 0.75.
     */
    double slowest;
    /**
     * The fastest speed, 1 to 2; 0 for 4/3.
     */
    double fastest;
    /**
     * Not 0: look for the audio as it is, at no other pitch or speed.
     */
    int fast;
    /**
     * Not 0: compare with every window instead of using the neighbour index.
     */
    int exact;
    /**
     * Not 0: also keep the best places, matches or not, for refrain_answer_candidate.
     */
    int explain;
    /**
     * Ends the call early.
     */
    const struct RefrainCancel *cancel;
    /**
     * Clips that refrain_query_all answers at a time; 0 for one per core.
     */
    size_t threads;
    /**
     * Gets the progress of a query of one clip.
     */
    RefrainQueryCallback callback;
    /**
     * Passed to the callback.
     */
    void *user_data;
    /**
     * Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
     * one, or the path of the program.
     */
    const char *ffmpeg;
} RefrainQueryOptions;

/**
 * Gets the answers of refrain_query_all one after the other, on the calling thread, in the order of the paths. The
 * answer is valid until the callback returns; do not free it. refrain_answer_error says whether the clip could be read.
 */
typedef void (*RefrainAnswerCallback)(const struct RefrainAnswer *answer, void *user_data);

/**
 * A place in a track that sounds like a part of the queried audio. Paths are as the system has them, other texts UTF-8.
 * Absent values are NULL or 0.
 */
typedef struct RefrainMatch {
    /**
     * sizeof (RefrainMatch), set by the caller.
     */
    size_t size;
    /**
     * The track's file, absolute: the first that is not missing. Or the name that it was added under.
     */
    const char *path;
    /**
     * Other files of the same content that are not missing.
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
     * 1 if all its files were missing at the last update.
     */
    int missing;
    /**
     * The probability that the match is right, 0 to 1.
     */
    double score;
    /**
     * Where the matched part begins in the audio, in seconds.
     */
    double query_start;
    /**
     * Where it ends.
     */
    double query_end;
    /**
     * Where the matched part begins in the track, in seconds.
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
     * The speed of the audio relative to the track.
     */
    double tempo;
    /**
     * How many semitones the audio is higher than the track.
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
     * Its position on the disc, from 1.
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
     * The evidence behind the score: how much more than by chance frames and windows agree, summed over the part.
     */
    double evidence;
    /**
     * The cosine similarity of audio and track over the part, -1 to 1.
     */
    double similarity;
    /**
     * The evidence for the runner-up, the best other track.
     */
    double rival;
    /**
     * How many variants of the audio (other pitches and speeds) were compared before it was found; 1 if it was found as
     * it is.
     */
    uint32_t variants;
    /**
     * The files of other tracks that hold the same recording, in order of paths.
     */
    const char *const *copies;
    /**
     * How many.
     */
    size_t copy_count;
    /**
     * Further artists, in the order of the tag.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
    /**
     * The index file that has the track, if the handle has several.
     */
    const char *shard;
} RefrainMatch;

/**
 * Gets one match after the other, on the calling thread. The match and its texts are valid until the callback returns.
 * Their times count from the first sample.
 */
typedef void (*RefrainMatchCallback)(const struct RefrainMatch *found, void *user_data);

/**
 * A track that was played in a recording. Paths are as the system has them, other texts UTF-8. Absent values are NULL
 * or 0.
 */
typedef struct RefrainPlay {
    /**
     * sizeof (RefrainPlay), set by the caller.
     */
    size_t size;
    /**
     * Where it starts in the recording, in seconds.
     */
    double start;
    /**
     * Where it ends.
     */
    double end;
    /**
     * The track's file, absolute: the first that is not missing. Or the name that it was added under.
     */
    const char *path;
    /**
     * Where the play begins in the track, in seconds.
     */
    double ref_start;
    /**
     * Where it ends.
     */
    double ref_end;
    /**
     * The speed of the recording relative to the track: 1.05 if it was played 5 % faster.
     */
    double tempo;
    /**
     * How many semitones higher than the track it was played.
     */
    double pitch;
    /**
     * The probability that the play is right, 0 to 1.
     */
    double score;
    /**
     * The track's id in the index.
     */
    uint32_t id;
    /**
     * Other files of the same content that are not missing.
     */
    const char *const *also_paths;
    /**
     * How many.
     */
    size_t also_path_count;
    /**
     * The files of other tracks that hold the same recording, in order of paths.
     */
    const char *const *copies;
    /**
     * How many.
     */
    size_t copy_count;
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
     * Its position on the disc, from 1.
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
     * Further artists, in the order of the tag.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
    /**
     * 1 if all its files were missing at the last update.
     */
    int missing;
    /**
     * The index file that has the track, if the handle has several.
     */
    const char *shard;
} RefrainPlay;

/**
 * Gets each play once nothing later can change it, in order of the starts, on the calling thread. The play and its texts
 * are valid until the callback returns.
 */
typedef void (*RefrainPlayCallback)(const struct RefrainPlay *play, void *user_data);

/**
 * How to make a timeline. 0 and NULL stand for the default.
 */
typedef struct RefrainTimelineOptions {
    /**
     * sizeof (RefrainTimelineOptions), set by the caller.
     */
    size_t size;
    /**
     * Leave out plays that are shorter, in seconds; 0 for 3.
     */
    double min_length;
    /**
     * The minimum score of a play, up to 1; 0 for 0.99.
     */
    double min_score;
    /**
     * Ends the call early.
     */
    const struct RefrainCancel *cancel;
    /**
     * Gets the plays while the call goes on.
     */
    RefrainPlayCallback on_play;
    /**
     * Gets the progress.
     */
    RefrainQueryCallback callback;
    /**
     * Passed to both callbacks.
     */
    void *user_data;
    /**
     * Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
     * one, or the path of the program.
     */
    const char *ffmpeg;
} RefrainTimelineOptions;

/**
 * A part of a recording, in seconds. This struct will not grow.
 */
typedef struct RefrainStretch {
    /**
     * Where it starts.
     */
    double start;
    /**
     * Where it ends.
     */
    double end;
} RefrainStretch;

/**
 * Which versions to return. 0 and NULL stand for the default.
 */
typedef struct RefrainVersionOptions {
    /**
     * sizeof (RefrainVersionOptions), set by the caller.
     */
    size_t size;
    /**
     * The maximum number of tracks; 0 for 10.
     */
    size_t top;
    /**
     * The minimum score of a version, up to 1; 0 for 0.8.
     */
    double min_score;
    /**
     * Not 0: also return tracks that hold the same recording.
     */
    int copies;
    /**
     * Ends the call early.
     */
    const struct RefrainCancel *cancel;
    /**
     * Whether an installed ffmpeg decodes a file that refrain cannot: NULL for never, "auto" for the one in PATH if there is
     * one, or the path of the program.
     */
    const char *ffmpeg;
} RefrainVersionOptions;

/**
 * A place of a piece in two performances, in seconds. This struct will not grow.
 */
typedef struct RefrainPlace {
    /**
     * Where it is in the audio that was asked about.
     */
    double query;
    /**
     * Where it is in the track.
     */
    double track;
} RefrainPlace;

/**
 * A track that is another performance of a piece. Paths are as the system has them, other texts UTF-8. Absent values are NULL
 * or 0.
 */
typedef struct RefrainVersion {
    /**
     * sizeof (RefrainVersion), set by the caller.
     */
    size_t size;
    /**
     * The track's file, absolute: the first that is not missing. Or the name that it was added under.
     */
    const char *path;
    /**
     * Other files of the same content that are not missing.
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
     * 1 if all its files were missing at the last update.
     */
    int missing;
    /**
     * 1 if it is the same recording rather than another performance. Only if the option `copies` was set.
     */
    int same_recording;
    /**
     * The probability that it is a version, 0 to 1.
     */
    double score;
    /**
     * How many semitones the audio is higher than the track, -5 to 6. Octaves do not count.
     */
    int32_t transposition;
    /**
     * The speed of the audio relative to the track: 1.05 if the audio is 5 % faster.
     */
    double tempo;
    /**
     * Places that are the same in the piece, ascending.
     */
    const struct RefrainPlace *alignment;
    /**
     * How many.
     */
    size_t alignment_count;
    /**
     * How much more than by chance the melodies agree, summed along the alignment.
     */
    double evidence;
    /**
     * The evidence that chance reaches.
     */
    double chance;
    /**
     * The title of the track.
     */
    const char *title;
    /**
     * Who performs it.
     */
    const char *artist;
    /**
     * Further artists, in the order of the tag.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
    /**
     * The album it is on.
     */
    const char *album;
    /**
     * Its position on the disc, from 1.
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
} RefrainVersion;

/**
 * A track of similar harmony. Paths are as the system has them, other texts UTF-8. Absent values are NULL or 0.
 */
typedef struct RefrainSimilarTrack {
    /**
     * sizeof (RefrainSimilarTrack), set by the caller.
     */
    size_t size;
    /**
     * The track's file, absolute: the first that is not missing. Or the name that it was added under.
     */
    const char *path;
    /**
     * The track's id in the index.
     */
    uint32_t id;
    /**
     * How similar it is, 0 to 1. This is no probability.
     */
    double score;
    /**
     * The length of the track.
     */
    double seconds;
    /**
     * The title of the track.
     */
    const char *title;
    /**
     * Who performs it.
     */
    const char *artist;
    /**
     * Further artists, in the order of the tag.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
    /**
     * The album it is on.
     */
    const char *album;
    /**
     * Its position on the disc, from 1.
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
} RefrainSimilarTrack;

/**
 * A file of a track. This struct will not grow.
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
     * 1 if it was missing at the last update.
     */
    int missing;
} RefrainFile;

/**
 * A track of an index. Absent values are NULL or 0. Later versions may add fields at the end.
 */
typedef struct RefrainTrack {
    /**
     * Its id. It is never used again, even after the track is removed.
     */
    uint32_t id;
    /**
     * 1 if all its files are missing.
     */
    int missing;
    /**
     * Its files, missing ones last.
     */
    const struct RefrainFile *files;
    /**
     * How many.
     */
    size_t file_count;
    /**
     * The length of the track.
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
     * Its position on the disc, from 1.
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
    /**
     * Further artists, in the order of the tag.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
} RefrainTrack;

/**
 * Gets one track after the other. The track and its texts are valid until the callback returns. Return 0 for the next
 * track; any other value ends the call, which is no error.
 */
typedef int (*RefrainTrackCallback)(const struct RefrainTrack *track, void *user_data);

/**
 * Gets one file after the other that gave no fingerprint, and the reason. Otherwise like RefrainTrackCallback.
 */
typedef int (*RefrainFailureCallback)(const char *path, const char *reason, void *user_data);

/**
 * Gets how many tracks or files are done, and how many there are, on the calling thread.
 */
typedef void (*RefrainProgressCallback)(uint64_t done, uint64_t total, void *user_data);

/**
 * Options of calls that read or rewrite much of an index. 0 and NULL stand for the default.
 */
typedef struct RefrainMaintainOptions {
    /**
     * sizeof (RefrainMaintainOptions), set by the caller.
     */
    size_t size;
    /**
     * Ends the call early. The index stays valid.
     */
    const struct RefrainCancel *cancel;
    /**
     * Gets the progress.
     */
    RefrainProgressCallback callback;
    /**
     * Passed to the callback.
     */
    void *user_data;
} RefrainMaintainOptions;

/**
 * The outcome of refrain_merge.
 */
typedef struct RefrainMergeSummary {
    /**
     * sizeof (RefrainMergeSummary), set by the caller.
     */
    size_t size;
    /**
     * New tracks.
     */
    uint64_t added;
    /**
     * Tracks whose content the index had. They have more files now.
     */
    uint64_t known;
    /**
     * Tracks whose paths the index had already. They stay as they were.
     */
    uint64_t skipped;
} RefrainMergeSummary;

/**
 * Which duplicates to list, and which files to keep. 0 and NULL stand for the default. Relations are same_bytes,
 * same_audio, remaster, other_speed, edit, excerpt and shared_backing.
 */
typedef struct RefrainDuplicateOptions {
    /**
     * sizeof (RefrainDuplicateOptions), set by the caller.
     */
    size_t size;
    /**
     * The relations for which one file is enough, separated by commas, without shared_backing. NULL for
     * "same_bytes,same_audio".
     */
    const char *relations;
    /**
     * The rules that choose the file to keep, separated by commas: lossless, quality, rate, bitrate, longest, tags, oldest,
     * newest and path. The first rule that finds a difference decides. NULL for all but newest, in this order.
     */
    const char *keep;
    /**
     * Folders whose files are always kept.
     */
    const char *const *prefer;
    /**
     * How many.
     */
    size_t prefer_count;
    /**
     * List only files with these relations to the first one, separated by commas, and groups that have one. NULL for all.
     */
    const char *only;
    /**
     * List only groups with a file in one of these folders. None for all.
     */
    const char *const *below;
    /**
     * How many.
     */
    size_t below_count;
    /**
     * List only groups that free at least so many bytes.
     */
    uint64_t min_free;
    /**
     * Ends the call early.
     */
    const struct RefrainCancel *cancel;
    /**
     * Gets how many tracks were compared, and how many there are to compare.
     */
    RefrainProgressCallback on_progress;
    /**
     * Passed to `on_progress`.
     */
    void *user_data;
    /**
     * Not 0: decode the files that refrain must choose between, and measure how good they sound. The rule quality needs it.
     */
    int measure;
} RefrainDuplicateOptions;

/**
 * A part that two files have in common, in seconds. This struct will not grow.
 */
typedef struct RefrainAgreement {
    /**
     * Where it starts in this file.
     */
    double start;
    /**
     * Where it ends in this file.
     */
    double end;
    /**
     * Where it starts in the first file of the group.
     */
    double ref_start;
} RefrainAgreement;

/**
 * A file of a group. Absent values are NULL or 0. Later versions may add fields at the end.
 */
typedef struct RefrainDuplicateFile {
    /**
     * Its path.
     */
    const char *path;
    /**
     * How it relates to the first file: one of the relations, or "reference" for the first file itself.
     */
    const char *relation;
    /**
     * 1 if it is to be kept.
     */
    int keep;
    /**
     * The reason, in words.
     */
    const char *why;
    /**
     * How similar both files are in the parts that agree, 0 to 1.
     */
    double score;
    /**
     * The parts that agree with the first file, in order.
     */
    const struct RefrainAgreement *agrees;
    /**
     * How many.
     */
    size_t agree_count;
    /**
     * Its speed divided by the speed of the first file.
     */
    double speed;
    /**
     * The id of its track.
     */
    uint32_t id;
    /**
     * Its length.
     */
    double seconds;
    /**
     * Bytes of the file.
     */
    uint64_t bytes;
    /**
     * The sample rate of the file in hertz.
     */
    uint32_t sample_rate;
    /**
     * The channels of the file.
     */
    uint32_t channels;
    /**
     * The title of the track.
     */
    const char *title;
    /**
     * Who performs it.
     */
    const char *artist;
    /**
     * Further artists, in the order of the tag.
     */
    const char *const *other_artists;
    /**
     * How many.
     */
    size_t other_artist_count;
    /**
     * The album it is on.
     */
    const char *album;
    /**
     * Its position on the disc, from 1.
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
     * The file before it in the group that has the same bytes. One of the two is enough.
     */
    const char *same_bytes_as;
    /**
     * 1 if it was measured how good it sounds.
     */
    int measured;
    /**
     * The highest frequency in loud passages, in hertz, at most 24000.
     */
    uint32_t bandwidth;
    /**
     * 1 if the sound ends abruptly there, well below the highest frequency that the sample rate allows.
     */
    int cut;
    /**
     * The largest sample. Full scale is 1.
     */
    float peak;
    /**
     * The share of the samples that are cut off at full scale, 0 to 1.
     */
    float clipped;
} RefrainDuplicateFile;

/**
 * Files that hold the same recording. Later versions may add fields at the end.
 */
typedef struct RefrainDuplicateGroup {
    /**
     * The files. The others are compared with the first one.
     */
    const struct RefrainDuplicateFile *const *files;
    /**
     * How many, at least two.
     */
    size_t file_count;
    /**
     * How many bytes are free if only the files to keep are left.
     */
    uint64_t bytes;
} RefrainDuplicateGroup;

/**
 * Gets one group after the other. The group, its files and their texts are valid until the callback returns. Return 0 for
 * the next group; any other value ends the call, which is no error.
 */
typedef int (*RefrainDuplicateCallback)(const struct RefrainDuplicateGroup *group, void *user_data);

/**
 * How to analyze, and which files to write. 0 and NULL stand for the default. For one audio file the outputs are files,
 * for several they are folders.
 */
typedef struct RefrainAnalyzeOptions {
    /**
     * sizeof (RefrainAnalyzeOptions), set by the caller.
     */
    size_t size;
    /**
     * Threads; 0 for one per core. The figures do not depend on it.
     */
    size_t threads;
    /**
     * How many folders deep to go; 1 takes only the files of the folder itself, 0 any depth.
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
     * Ends the call early.
     */
    const struct RefrainCancel *cancel;
} RefrainAnalyzeOptions;

/**
 * Gets the outcome of one file after the other, on the calling thread, in the order of the paths. The analysis is valid
 * until the callback returns; do not free it. refrain_analysis_error says whether the file could be analyzed.
 */
typedef void (*RefrainAnalysisCallback)(const struct RefrainAnalysis *analysis, void *user_data);

/**
 * The outcome of refrain_analyze_all.
 */
typedef struct RefrainAnalyzeSummary {
    /**
     * sizeof (RefrainAnalyzeSummary), set by the caller.
     */
    size_t size;
    /**
     * Files that were analyzed.
     */
    uint64_t analyzed;
    /**
     * Files and folders that could not be analyzed.
     */
    uint64_t failed;
    /**
     * The length of the analyzed files.
     */
    double seconds;
} RefrainAnalyzeSummary;

/**
 * Figures about the harmony of a file. An absent number is NaN, an absent text NULL, as for silence.
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
     * The file's sample rate in hertz; 0 if the file has no audio.
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
     * How far the music is above A4 = 440 Hz, in semitones, -0.5 to 0.49.
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
     * How well the pitch classes fit the key's profile, -1 to 1.
     */
    double key_correlation;
    /**
     * How far the second key falls behind, 0 to 1.
     */
    double key_confidence;
    /**
     * The second most likely key.
     */
    const char *key_second;
    /**
     * The level of the harmonic part relative to harmonic and percussive part together, 0 to 1.
     */
    double harmonic_ratio;
    /**
     * The share of frames that have a pitch, 0 to 1.
     */
    double voiced;
    /**
     * The median pitch of these frames in hertz.
     */
    double pitch;
    /**
     * The note nearest to it, "A4".
     */
    const char *pitch_note;
    /**
     * How many cents the pitch is above that note, -50 to 50.
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
     * The mean of each pitch class's magnitudes. It follows the loudness.
     */
    float chroma_energy[12];
    /**
     * How evenly the energy is spread over the pitch classes, 0 to 1.
     */
    double chroma_entropy;
    /**
     * Problems of the file that did not prevent the analysis.
     */
    const char *const *warnings;
    /**
     * How many.
     */
    size_t warning_count;
    /**
     * The tempo in beats a minute; NaN if there is no regular beat. A listener may tap at half or twice this tempo.
     */
    double bpm;
    /**
     * The key as musicians write it, "Db major".
     */
    const char *key_name;
    /**
     * The key's place on the Camelot wheel, "3B".
     */
    const char *camelot;
} RefrainFigures;

/**
 * Options of a RefrainCqt. 0 stands for the default.
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
     * The number of bins, up to 1,200; 0 for 84.
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
     * How many bins higher all frequencies are, -0.5 to 0.5.
     */
    double tuning;
} RefrainCqtOptions;

/**
 * Options of a RefrainChroma. 0 stands for the default.
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
     * The number of octaves; 0 for 7.
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
     * How many bins the music is above A4 = 440 Hz, -0.5 to 0.5: see refrain_tuning.
     */
    double tuning;
} RefrainChromaOptions;

/**
 * How refrain_hpss separates. 0 stands for the default.
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
     * Frames in the harmonic median: odd, up to 255; 0 for 31.
     */
    size_t harmonic_kernel;
    /**
     * Bins in the percussive median: odd, up to 255; 0 for 31.
     */
    size_t percussive_kernel;
    /**
     * The sharpness of the masks: the exponent of the medians. 0 for 2; INFINITY makes masks of 0 and 1.
     */
    float power;
    /**
     * How many times the percussive median the harmonic one must reach, 1 or more; 0 for 1. Above 1 a residue belongs to
     * neither part.
     */
    float harmonic_margin;
    /**
     * How many times the harmonic median the percussive one must reach, 1 or more; 0 for 1.
     */
    float percussive_margin;
} RefrainHpssOptions;

/**
 * Options of a RefrainYin. 0 stands for the default.
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
     * Not 0: use librosa's difference function, which reads low notes up to 10 cents sharp.
     */
    int librosa;
} RefrainYinOptions;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns why the last failed call on this thread failed: UTF-8 for people, with the path or argument at fault. Empty
 * before the first failure. A call that succeeds does not change it. Never NULL.
 *
 * The library owns the text. It is valid until the next call on this thread fails or the thread ends.
 */
const char *refrain_last_error(void);

/**
 * Returns the name of a code, such as "REFRAIN_ERROR_IO", or "unknown". The text stays valid.
 */
const char *refrain_code_name(int32_t code);

/**
 * Returns the version of the library, such as "0.1.0". The text stays valid.
 */
const char *refrain_version(void);

/**
 * Makes a flag that is not set. Free it with refrain_cancel_free once all calls that use it have returned.
 */
struct RefrainCancel *refrain_cancel_new(void);

/**
 * Sets the flag. Calls that use it end within a fraction of a second with REFRAIN_ERROR_INTERRUPTED. Data that they
 * committed before stays. Does nothing if `cancel` is NULL. Safe in a signal handler.
 */
void refrain_cancel_set(const struct RefrainCancel *cancel);

/**
 * Clears the flag, so that other calls can use it. Does nothing if `cancel` is NULL.
 */
void refrain_cancel_reset(const struct RefrainCancel *cancel);

/**
 * Frees the flag. No call may use it any more. Does nothing if `cancel` is NULL.
 */
void refrain_cancel_free(struct RefrainCancel *cancel);

/**
 * Opens an index for reading. Close `*index` with refrain_close. It is NULL after a failure.
 *
 * REFRAIN_ERROR_MISSING if there is none, REFRAIN_ERROR_INDEX and REFRAIN_ERROR_DAMAGED if it cannot be used.
 */
enum RefrainCode refrain_open(const char *path, struct RefrainIndex **index);

/**
 * Opens several index files for reading, as if they were one with the tracks of all: one file for each disk, or the shards of
 * a large library. `shard` of a match and of a play says which file has the track. Calls that write, and others that need a
 * single file, return REFRAIN_ERROR_INDEX. Otherwise like refrain_open.
 *
 * REFRAIN_ERROR_ARGUMENT if `path_count` is 0.
 */
enum RefrainCode refrain_open_all(const char *const *paths,
                                  size_t path_count,
                                  struct RefrainIndex **index);

/**
 * Opens an index for reading and writing. Creates it if there is none. Does not write to an existing file before the
 * first call that writes. Otherwise like refrain_open.
 */
enum RefrainCode refrain_open_or_create(const char *path,
                                        struct RefrainIndex **index);

/**
 * Opens an existing index for reading and writing. Otherwise like refrain_open.
 */
enum RefrainCode refrain_open_to_write(const char *path, struct RefrainIndex **index);

/**
 * Closes an index and frees the handle, even if it returns an error. No other call may be using the handle. After
 * writing, one file is left, without a log beside it. Answers, analyses and listeners stay valid; a listener keeps the
 * file open until you free it. Does nothing if `index` is NULL.
 *
 * REFRAIN_ERROR_DISK_FULL and others if the log could not be copied into the file. No data is lost: the next writer does
 * it.
 */
enum RefrainCode refrain_close(struct RefrainIndex *index);

/**
 * Returns the path as it was opened. It is valid until the index is closed. NULL if `index` is NULL.
 */
const char *refrain_path(const struct RefrainIndex *index);

/**
 * Fills `info` with the totals of the index.
 */
enum RefrainCode refrain_info(const struct RefrainIndex *index, struct RefrainInfo *info);

/**
 * Passes the folders that refrain_update scans to the callback.
 */
enum RefrainCode refrain_roots(const struct RefrainIndex *index,
                               RefrainPathCallback callback,
                               void *user_data);

/**
 * Brings the index up to date with folders and files, in parallel. Adds new and changed files, recognises moved files,
 * and marks files that are gone as missing. refrain_update remembers the folders. `options` and `summary` may be NULL.
 *
 * REFRAIN_ERROR_IO if a path does not exist, REFRAIN_ERROR_INTERRUPTED if its cancel ended it; committed data stays. A
 * damaged file is no error: it counts as failed.
 */
enum RefrainCode refrain_build(struct RefrainIndex *index,
                               const char *const *paths,
                               size_t path_count,
                               const struct RefrainBuildOptions *options,
                               struct RefrainBuildSummary *summary);

/**
 * Brings the index up to date with the folders of earlier builds, and with every other file that it knows. A folder that
 * is gone is no error: its files are marked as missing. Otherwise like refrain_build.
 */
enum RefrainCode refrain_update(struct RefrainIndex *index,
                                const struct RefrainBuildOptions *options,
                                struct RefrainBuildSummary *summary);

/**
 * Tries the files again that gave no fingerprint, and forgets those that are gone. Otherwise like refrain_build.
 */
enum RefrainCode refrain_retry(struct RefrainIndex *index,
                               const struct RefrainBuildOptions *options,
                               struct RefrainBuildSummary *summary);

/**
 * Adds one file, whether the index knows it or not.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if it is a folder or gives no fingerprint.
 */
enum RefrainCode refrain_add(struct RefrainIndex *index, const char *path);

/**
 * Like refrain_add, with options. `options` and `added` may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it. Other errors are those of refrain_add.
 */
enum RefrainCode refrain_add_with(struct RefrainIndex *index,
                                  const char *path,
                                  const struct RefrainAddOptions *options,
                                  struct RefrainAdded *added);

/**
 * Adds an audio file in memory: `count` bytes, which the library does not need after the call. The index knows it by
 * `name`, as it knows a file by its path: the name is the path of its matches, and replaces an earlier recording of the
 * same name. `tags` may be NULL. They take precedence over those in the audio.
 *
 * It stays until you remove it: the library does not look for a file of that name. Errors are those of refrain_add;
 * REFRAIN_ERROR_UTF8 for tags.
 */
enum RefrainCode refrain_add_memory(struct RefrainIndex *index,
                                    const void *bytes,
                                    size_t count,
                                    const char *name,
                                    const struct RefrainTags *tags);

/**
 * Like refrain_add_memory, with options. `options` and `added` may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it. Other errors are those of refrain_add_memory.
 */
enum RefrainCode refrain_add_memory_with(struct RefrainIndex *index,
                                         const void *bytes,
                                         size_t count,
                                         const char *name,
                                         const struct RefrainAddOptions *options,
                                         struct RefrainAdded *added);

/**
 * Like refrain_add_memory, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
 * 768,000), full scale -1 to 1. The library takes the mean of the channels. A sample that is not a number, or over a
 * million, counts as silence.
 */
enum RefrainCode refrain_add_samples(struct RefrainIndex *index,
                                     const float *samples,
                                     size_t frames,
                                     uint32_t channels,
                                     uint32_t rate,
                                     const char *name,
                                     const struct RefrainTags *tags);

/**
 * Like refrain_add_samples, with options. `options` and `added` may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it. Other errors are those of refrain_add_memory.
 */
enum RefrainCode refrain_add_samples_with(struct RefrainIndex *index,
                                          const float *samples,
                                          size_t frames,
                                          uint32_t channels,
                                          uint32_t rate,
                                          const char *name,
                                          const struct RefrainAddOptions *options,
                                          struct RefrainAdded *added);

/**
 * Identifies the recordings that an audio file comes from. `options` may be NULL. Free `*answer` with
 * refrain_answer_free. It is NULL after a failure. An answer without a match is no failure.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the audio cannot be used, REFRAIN_ERROR_INTERRUPTED if its cancel ended
 * it.
 */
enum RefrainCode refrain_query(const struct RefrainIndex *index,
                               const char *path,
                               const struct RefrainQueryOptions *options,
                               struct RefrainAnswer **answer);

/**
 * Like refrain_query, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the answer
 * and in messages; NULL for "memory".
 */
enum RefrainCode refrain_query_memory(const struct RefrainIndex *index,
                                      const void *bytes,
                                      size_t count,
                                      const char *name,
                                      const struct RefrainQueryOptions *options,
                                      struct RefrainAnswer **answer);

/**
 * Like refrain_query, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
 * 768,000), full scale -1 to 1. The library does not copy them. It takes the mean of the channels. A sample that is not
 * a number, or over a million, counts as silence. `name` stands for the audio in the answer; NULL for "samples".
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
 * Finds the other tracks of the index that sound like the track with this id: copies, edits, and tracks that sample it.
 * Reads no audio. Looks for the track at its own pitch and speed; the track is no match of itself. Otherwise like
 * refrain_query.
 *
 * REFRAIN_ERROR_ARGUMENT if there is no track with this id.
 */
enum RefrainCode refrain_query_track(const struct RefrainIndex *index,
                                     uint32_t id,
                                     const struct RefrainQueryOptions *options,
                                     struct RefrainAnswer **answer);

/**
 * Identifies many clips on several threads and passes each answer to `callback`, in the order of the paths, on the
 * calling thread. A clip that cannot be read gets an answer too: refrain_answer_error says why. `options` may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
 */
enum RefrainCode refrain_query_all(const struct RefrainIndex *index,
                                   const char *const *paths,
                                   size_t path_count,
                                   const struct RefrainQueryOptions *options,
                                   RefrainAnswerCallback callback,
                                   void *user_data);

/**
 * Returns whether there is a match. REFRAIN_STATUS_NO_MATCH if `answer` is NULL.
 */
enum RefrainStatus refrain_answer_status(const struct RefrainAnswer *answer);

/**
 * Returns the clip as it was named. NULL if `answer` is NULL.
 */
const char *refrain_answer_query(const struct RefrainAnswer *answer);

/**
 * Returns why the clip could not be read, or NULL if it could. Only refrain_query_all passes answers with an error. NULL
 * if `answer` is NULL.
 */
const char *refrain_answer_error(const struct RefrainAnswer *answer);

/**
 * Returns the number of matches. 0 if `answer` is NULL.
 */
size_t refrain_answer_count(const struct RefrainAnswer *answer);

/**
 * Returns how many places were kept because `explain` was set, matches or not. 0 if `answer` is NULL.
 */
size_t refrain_answer_candidate_count(const struct RefrainAnswer *answer);

/**
 * Returns the length of the audio in seconds. 0 if `answer` is NULL or an error.
 */
double refrain_answer_duration(const struct RefrainAnswer *answer);

/**
 * Returns how many things were wrong with the audio: damage, or that it is silent. 0 if `answer` is NULL or an error.
 */
size_t refrain_answer_warning_count(const struct RefrainAnswer *answer);

/**
 * Returns warning `n`, from 0, or NULL if there are not as many. NULL if `answer` is NULL.
 */
const char *refrain_answer_warning(const struct RefrainAnswer *answer, size_t n);

/**
 * Fills `found` with match `n`; 0 is the best one. The answer owns its texts and lists.
 *
 * REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_answer_count.
 */
enum RefrainCode refrain_answer_match(const struct RefrainAnswer *answer,
                                      size_t n,
                                      struct RefrainMatch *found);

/**
 * Like refrain_answer_match, for the places that refrain_answer_candidate_count counts.
 */
enum RefrainCode refrain_answer_candidate(const struct RefrainAnswer *answer,
                                          size_t n,
                                          struct RefrainMatch *found);

/**
 * Returns the answer as one JSON document, as `refrain query --json` prints it. NULL if `answer` is NULL.
 */
const char *refrain_answer_json(const struct RefrainAnswer *answer);

/**
 * Frees an answer with all texts and lists that it returned. Does nothing if `answer` is NULL.
 */
void refrain_answer_free(struct RefrainAnswer *answer);

/**
 * Begins to listen. `options` may be NULL; the number of matches is not limited. Free `*listener` with
 * refrain_listener_free. It is NULL after a failure. The cancel of the options ends later calls with this listener, so
 * keep it until they return.
 */
enum RefrainCode refrain_listen(const struct RefrainIndex *index,
                                const struct RefrainQueryOptions *options,
                                struct RefrainListener **listener);

/**
 * Takes the next `count` samples of one channel, `rate` a second, full scale -1 to 1, and passes the matches to
 * `callback` that later sound cannot change. The library looks into the index after each minute or so of sound. A match
 * comes out once 6 s have gone by without it.
 *
 * REFRAIN_ERROR_AUDIO if `rate` is not 1,000 to 768,000 or a week of sound has gone by, REFRAIN_ERROR_ARGUMENT after
 * refrain_listener_finish, REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
 */
enum RefrainCode refrain_listener_push(struct RefrainListener *listener,
                                       const float *samples,
                                       size_t count,
                                       uint32_t rate,
                                       RefrainMatchCallback callback,
                                       void *user_data);

/**
 * Ends the sound and passes the remaining matches to `callback`. The listener takes no more sound, even after a failure.
 *
 * Errors are those of refrain_listener_push.
 */
enum RefrainCode refrain_listener_finish(struct RefrainListener *listener,
                                         RefrainMatchCallback callback,
                                         void *user_data);

/**
 * Frees a listener. Does nothing if `listener` is NULL.
 */
void refrain_listener_free(struct RefrainListener *listener);

/**
 * Finds what was played when in an audio file of any length, such as a mix or a day of radio. Memory grows with the
 * plays, not with the length. `options` may be NULL. Free `*timeline` with refrain_timeline_free. It is NULL after a
 * failure. A recording without a play is no failure.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the audio cannot be used, REFRAIN_ERROR_INTERRUPTED if its cancel ended
 * it. Plays that `on_play` got before stay right.
 */
enum RefrainCode refrain_timeline(const struct RefrainIndex *index,
                                  const char *path,
                                  const struct RefrainTimelineOptions *options,
                                  struct RefrainTimeline **timeline);

/**
 * Like refrain_timeline, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the
 * timeline and in messages; NULL for "memory".
 */
enum RefrainCode refrain_timeline_memory(const struct RefrainIndex *index,
                                         const void *bytes,
                                         size_t count,
                                         const char *name,
                                         const struct RefrainTimelineOptions *options,
                                         struct RefrainTimeline **timeline);

/**
 * Like refrain_timeline, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
 * 768,000), full scale -1 to 1. The library does not copy them. `name` stands for the audio in the timeline; NULL for
 * "samples".
 */
enum RefrainCode refrain_timeline_samples(const struct RefrainIndex *index,
                                          const float *samples,
                                          size_t frames,
                                          uint32_t channels,
                                          uint32_t rate,
                                          const char *name,
                                          const struct RefrainTimelineOptions *options,
                                          struct RefrainTimeline **timeline);

/**
 * Returns the recording as it was named. NULL if `timeline` is NULL.
 */
const char *refrain_timeline_file(const struct RefrainTimeline *timeline);

/**
 * Returns the length of the recording in seconds. 0 if `timeline` is NULL.
 */
double refrain_timeline_duration(const struct RefrainTimeline *timeline);

/**
 * Returns the number of plays. 0 if `timeline` is NULL.
 */
size_t refrain_timeline_count(const struct RefrainTimeline *timeline);

/**
 * Fills `play` with play `n`, from 0, in order of the starts. Two plays overlap where two tracks are heard at once. The
 * timeline owns its texts and lists.
 *
 * REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_timeline_count.
 */
enum RefrainCode refrain_timeline_play(const struct RefrainTimeline *timeline,
                                       size_t n,
                                       struct RefrainPlay *play);

/**
 * Returns the stretches that have sound but no known track, in order, and puts their number into `*count`. Stretches of
 * less than 2 s are left out. NULL if there are none, or if an argument is NULL.
 */
const struct RefrainStretch *refrain_timeline_unknown(const struct RefrainTimeline *timeline,
                                                      size_t *count);

/**
 * Like refrain_timeline_unknown, for stretches without sound.
 */
const struct RefrainStretch *refrain_timeline_silent(const struct RefrainTimeline *timeline, size_t *count);

/**
 * Like refrain_timeline_unknown, for stretches of any length in which two plays are heard at once.
 */
const struct RefrainStretch *refrain_timeline_overlap(const struct RefrainTimeline *timeline, size_t *count);

/**
 * Returns how many things were wrong with the recording: damage, and what was done about it. 0 if `timeline` is NULL.
 */
size_t refrain_timeline_warning_count(const struct RefrainTimeline *timeline);

/**
 * Returns warning `n`, from 0, or NULL if there are not as many. NULL if `timeline` is NULL.
 */
const char *refrain_timeline_warning(const struct RefrainTimeline *timeline, size_t n);

/**
 * Returns the timeline as one JSON document, as `refrain timeline --json` prints it. NULL if `timeline` is NULL.
 */
const char *refrain_timeline_json(const struct RefrainTimeline *timeline);

/**
 * Frees a timeline with all texts and lists that it returned. Does nothing if `timeline` is NULL.
 */
void refrain_timeline_free(struct RefrainTimeline *timeline);

/**
 * Finds other performances of the piece that an audio file holds: live, covers, in other keys, at other tempi, with other
 * instruments. Leaves out copies of the same recording unless `copies` is set. Needs at least 20 s of music, and looks at no
 * more than ten minutes. Leaves out tracks that an older refrain added, until refrain_rebuild. `options` may be
 * NULL. Free `*versions` with refrain_versions_free. It is NULL after a failure. A piece without versions is no failure, and
 * neither is silence.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the audio cannot be used, REFRAIN_ERROR_INTERRUPTED if its cancel ended
 * it.
 */
enum RefrainCode refrain_versions(const struct RefrainIndex *index,
                                  const char *path,
                                  const struct RefrainVersionOptions *options,
                                  struct RefrainVersions **versions);

/**
 * Like refrain_versions, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the result
 * and in messages; NULL for "memory".
 */
enum RefrainCode refrain_versions_memory(const struct RefrainIndex *index,
                                         const void *bytes,
                                         size_t count,
                                         const char *name,
                                         const struct RefrainVersionOptions *options,
                                         struct RefrainVersions **versions);

/**
 * Like refrain_versions, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
 * 768,000), full scale -1 to 1. The library does not copy them. `name` stands for the audio in the result; NULL for
 * "samples".
 */
enum RefrainCode refrain_versions_samples(const struct RefrainIndex *index,
                                          const float *samples,
                                          size_t frames,
                                          uint32_t channels,
                                          uint32_t rate,
                                          const char *name,
                                          const struct RefrainVersionOptions *options,
                                          struct RefrainVersions **versions);

/**
 * Finds other performances of the piece that the track with this id holds. Reads no audio. Otherwise like refrain_versions.
 *
 * REFRAIN_ERROR_ARGUMENT if there is no track with this id, REFRAIN_ERROR_AUDIO if the track is shorter than 20 s.
 */
enum RefrainCode refrain_versions_of_track(const struct RefrainIndex *index,
                                           uint32_t id,
                                           const struct RefrainVersionOptions *options,
                                           struct RefrainVersions **versions);

/**
 * Finds the tracks whose harmony moves like that of the track with this id, in any key. Leaves out the recording itself.
 * The tracks need not be the same piece. Reads no audio. Uses `top` and `cancel` of the options only; `options` may be NULL.
 * Free `*similar` with refrain_similar_free. It is NULL after a failure.
 *
 * REFRAIN_ERROR_ARGUMENT if there is no track with this id, REFRAIN_ERROR_AUDIO if the track is shorter than 20 s,
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
 */
enum RefrainCode refrain_similar(const struct RefrainIndex *index,
                                 uint32_t id,
                                 const struct RefrainVersionOptions *options,
                                 struct RefrainSimilar **similar);

/**
 * Returns the audio as it was named, or the path of the track. NULL if `versions` is NULL.
 */
const char *refrain_versions_query(const struct RefrainVersions *versions);

/**
 * Returns the length of the audio or the track in seconds. 0 if `versions` is NULL.
 */
double refrain_versions_duration(const struct RefrainVersions *versions);

/**
 * Returns the number of versions. 0 if `versions` is NULL.
 */
size_t refrain_versions_count(const struct RefrainVersions *versions);

/**
 * Fills `version` with version `n`; 0 is the surest one. The handle owns its texts and lists.
 *
 * REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_versions_count.
 */
enum RefrainCode refrain_versions_get(const struct RefrainVersions *versions,
                                      size_t n,
                                      struct RefrainVersion *version);

/**
 * Returns how many things were wrong with the audio: damage, or that it is silent. 0 if `versions` is NULL.
 */
size_t refrain_versions_warning_count(const struct RefrainVersions *versions);

/**
 * Returns warning `n`, from 0, or NULL if there are not as many. NULL if `versions` is NULL.
 */
const char *refrain_versions_warning(const struct RefrainVersions *versions, size_t n);

/**
 * Returns 1 if the index has tracks that an older refrain added, else 0. They were not compared; refrain_rebuild includes them.
 * 0 if `versions` is NULL.
 */
int refrain_versions_incomplete(const struct RefrainVersions *versions);

/**
 * Returns the versions as one JSON document, as `refrain versions --json` prints it. NULL if `versions` is NULL.
 */
const char *refrain_versions_json(const struct RefrainVersions *versions);

/**
 * Frees the versions with all texts and lists that they returned. Does nothing if `versions` is NULL.
 */
void refrain_versions_free(struct RefrainVersions *versions);

/**
 * Returns the path of the track that was asked about. NULL if `similar` is NULL.
 */
const char *refrain_similar_query(const struct RefrainSimilar *similar);

/**
 * Returns the number of tracks. 0 if `similar` is NULL.
 */
size_t refrain_similar_count(const struct RefrainSimilar *similar);

/**
 * Fills `track` with track `n`; 0 is the most similar one. The handle owns its texts and lists.
 *
 * REFRAIN_ERROR_ARGUMENT unless `n` is below refrain_similar_count.
 */
enum RefrainCode refrain_similar_get(const struct RefrainSimilar *similar,
                                     size_t n,
                                     struct RefrainSimilarTrack *track);

/**
 * Returns 1 if the index has tracks that an older refrain added, else 0. They were not compared; refrain_rebuild includes them.
 * 0 if `similar` is NULL.
 */
int refrain_similar_incomplete(const struct RefrainSimilar *similar);

/**
 * Returns the tracks as one JSON document, as `refrain similar --json` prints it. NULL if `similar` is NULL.
 */
const char *refrain_similar_json(const struct RefrainSimilar *similar);

/**
 * Frees the tracks with all texts and lists that they returned. Does nothing if `similar` is NULL.
 */
void refrain_similar_free(struct RefrainSimilar *similar);

/**
 * Passes all tracks to the callback, in order of their ids, on this thread. All come from one state of the index. The
 * callback may read the index.
 */
enum RefrainCode refrain_tracks(const struct RefrainIndex *index,
                                RefrainTrackCallback callback,
                                void *user_data);

/**
 * Passes all files that gave no fingerprint to the callback, with the reason, on this thread. The callback may read the
 * index.
 */
enum RefrainCode refrain_failures(const struct RefrainIndex *index,
                                  RefrainFailureCallback callback,
                                  void *user_data);

/**
 * Passes the paths of the chosen files to the callback, in order. `chosen` is a file, a folder (everything in it), the
 * name of added audio, a pattern (`*` and `?` match within a name, `**` any number of folders), a track id, or
 * "missing". An existing path wins over a pattern.
 */
enum RefrainCode refrain_select(const struct RefrainIndex *index,
                                const char *chosen,
                                RefrainPathCallback callback,
                                void *user_data);

/**
 * Forgets files, and tracks that have no other file. `paths` are spelled as refrain_select and refrain_tracks return
 * them. Does not touch the files themselves. `*removed` is how many of them the index knew; `removed` may be NULL.
 */
enum RefrainCode refrain_remove(struct RefrainIndex *index,
                                const char *const *paths,
                                size_t path_count,
                                uint64_t *removed);

/**
 * Like refrain_remove, with options, which may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it; files that it removed by then stay removed.
 */
enum RefrainCode refrain_remove_with(struct RefrainIndex *index,
                                     const char *const *paths,
                                     size_t path_count,
                                     const struct RefrainMaintainOptions *options,
                                     uint64_t *removed);

/**
 * Forgets missing files. Keeps files of a folder that is gone as a whole, such as an unplugged disk. `*removed` is how
 * many it forgot; `removed` may be NULL.
 */
enum RefrainCode refrain_prune(struct RefrainIndex *index,
                               uint64_t *removed);

/**
 * Like refrain_prune, with options, which may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it; files that it removed by then stay removed.
 */
enum RefrainCode refrain_prune_with(struct RefrainIndex *index,
                                    const struct RefrainMaintainOptions *options,
                                    uint64_t *removed);

/**
 * Forgets that folders at or below `path` were indexed, so that refrain_update does not scan them. Their files stay.
 */
enum RefrainCode refrain_forget_roots(struct RefrainIndex *index,
                                      const char *path);

/**
 * Changes the paths of all files and folders at or below `from` to below `to`, as after a folder was renamed. `*files`
 * and `*roots` are how many; both may be NULL.
 *
 * REFRAIN_ERROR_INDEX if the index knows another file at a new path. It changes nothing then.
 */
enum RefrainCode refrain_relocate(struct RefrainIndex *index,
                                  const char *from,
                                  const char *to,
                                  uint64_t *files,
                                  uint64_t *roots);

/**
 * Adds the tracks of `other`. Tracks with the same content become one. A path that both have keeps its track in `index`.
 * `cancel` and `summary` may be NULL. Tracks that were merged before a failure stay merged.
 */
enum RefrainCode refrain_merge(struct RefrainIndex *index,
                               const struct RefrainIndex *other,
                               const struct RefrainCancel *cancel,
                               struct RefrainMergeSummary *summary);

/**
 * Like refrain_merge, with options, which may be NULL.
 */
enum RefrainCode refrain_merge_with(struct RefrainIndex *index,
                                    const struct RefrainIndex *other,
                                    const struct RefrainMaintainOptions *options,
                                    struct RefrainMergeSummary *summary);

/**
 * Reads and checks the whole index.
 *
 * REFRAIN_ERROR_DAMAGED with the first problem that it finds, REFRAIN_ERROR_NEIGHBOURS if refrain_rebuild repairs it.
 */
enum RefrainCode refrain_verify(const struct RefrainIndex *index);

/**
 * Like refrain_verify, with options, which may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
 */
enum RefrainCode refrain_verify_with(const struct RefrainIndex *index,
                                     const struct RefrainMaintainOptions *options);

/**
 * Makes the neighbour index again from the fingerprints, if the library is large enough for one. `cancel` may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if `cancel` ended it.
 */
enum RefrainCode refrain_rebuild(struct RefrainIndex *index,
                                 const struct RefrainCancel *cancel);

/**
 * Updates the neighbour index if it has fallen behind, as after many removals or a merge. `cancel` may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if `cancel` ended it.
 */
enum RefrainCode refrain_refresh(struct RefrainIndex *index,
                                 const struct RefrainCancel *cancel);

/**
 * Returns the space of removed tracks to the disk. `*bytes` is how much; `bytes` may be NULL. Needs twice the size of the
 * index in free space meanwhile.
 */
enum RefrainCode refrain_compact(struct RefrainIndex *index,
                                 uint64_t *bytes);

/**
 * Like refrain_compact, with options, which may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it. The content of the index stays the same.
 */
enum RefrainCode refrain_compact_with(struct RefrainIndex *index,
                                      const struct RefrainMaintainOptions *options,
                                      uint64_t *bytes);

/**
 * Writes the current state of the index to a new file, without gaps and without a log beside it.
 *
 * REFRAIN_ERROR_IO if the file exists or cannot be created.
 */
enum RefrainCode refrain_export(const struct RefrainIndex *index, const char *to);

/**
 * Like refrain_export, with options, which may be NULL.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it; it leaves no file behind then.
 */
enum RefrainCode refrain_export_with(const struct RefrainIndex *index,
                                     const char *to,
                                     const struct RefrainMaintainOptions *options);

/**
 * Finds the files that hold the same recording, and passes each group to the callback, in order of the paths of their
 * first files, on this thread. Looks at the index alone unless `measure` is set. Leaves out files that are missing. An
 * index that was opened for writing remembers what was compared and measured. `options` may be NULL. A library without
 * duplicates is no failure. The callback may read the index.
 *
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
 */
enum RefrainCode refrain_duplicates(const struct RefrainIndex *index,
                                    const struct RefrainDuplicateOptions *options,
                                    RefrainDuplicateCallback callback,
                                    void *user_data);

/**
 * Analyzes one audio file of any length. `options` may be NULL. Free `*analysis` with refrain_analysis_free. It is NULL
 * after a failure.
 *
 * REFRAIN_ERROR_IO and REFRAIN_ERROR_AUDIO if the file cannot be used, REFRAIN_ERROR_IO if an output cannot be written,
 * REFRAIN_ERROR_INTERRUPTED if its cancel ended it.
 */
enum RefrainCode refrain_analyze(const char *path,
                                 const struct RefrainAnalyzeOptions *options,
                                 struct RefrainAnalysis **analysis);

/**
 * Like refrain_analyze, for an audio file in memory: `count` bytes of any known format. `name` stands for it in the
 * analysis and in messages; NULL for "memory".
 */
enum RefrainCode refrain_analyze_memory(const void *bytes,
                                        size_t count,
                                        const char *name,
                                        const struct RefrainAnalyzeOptions *options,
                                        struct RefrainAnalysis **analysis);

/**
 * Like refrain_analyze, for samples: `frames` of each of `channels`, interleaved, `rate` frames a second (1,000 to
 * 768,000), full scale -1 to 1. `name` stands for them in the analysis; NULL for "samples".
 */
enum RefrainCode refrain_analyze_samples(const float *samples,
                                         size_t frames,
                                         uint32_t channels,
                                         uint32_t rate,
                                         const char *name,
                                         const struct RefrainAnalyzeOptions *options,
                                         struct RefrainAnalysis **analysis);

/**
 * Analyzes files and folders in parallel and passes the outcome of each file to `callback`. A bad file is an outcome
 * too. `options` and `summary` may be NULL.
 *
 * REFRAIN_ERROR_IO if there are several files and an output is not a folder, REFRAIN_ERROR_INTERRUPTED if its cancel
 * ended it.
 */
enum RefrainCode refrain_analyze_all(const char *const *paths,
                                     size_t path_count,
                                     const struct RefrainAnalyzeOptions *options,
                                     RefrainAnalysisCallback callback,
                                     void *user_data,
                                     struct RefrainAnalyzeSummary *summary);

/**
 * Returns the file as it was named, or its absolute path if it was found in a folder. NULL if `analysis` is NULL.
 */
const char *refrain_analysis_path(const struct RefrainAnalysis *analysis);

/**
 * Returns why the file could not be analyzed, or NULL if it could. Only refrain_analyze_all passes analyses with an
 * error. NULL if `analysis` is NULL.
 */
const char *refrain_analysis_error(const struct RefrainAnalysis *analysis);

/**
 * Fills `figures`. The analysis owns the texts and lists.
 *
 * REFRAIN_ERROR_AUDIO if the file could not be analyzed.
 */
enum RefrainCode refrain_analysis_figures(const struct RefrainAnalysis *analysis,
                                          struct RefrainFigures *figures);

/**
 * Returns the analysis as one JSON document, as `refrain analyze --json` prints it. NULL if `analysis` is NULL.
 */
const char *refrain_analysis_json(const struct RefrainAnalysis *analysis);

/**
 * Frees an analysis with all texts and lists that it returned. Does nothing if `analysis` is NULL.
 */
void refrain_analysis_free(struct RefrainAnalysis *analysis);

/**
 * Makes a transform for signals of `rate` hertz. `options` may be NULL. Free `*cqt` with refrain_cqt_free. It is NULL
 * after a failure.
 *
 * REFRAIN_ERROR_ARGUMENT if the options contradict each other, or the highest bin is above half the rate.
 */
enum RefrainCode refrain_cqt_new(double rate,
                                 const struct RefrainCqtOptions *options,
                                 struct RefrainCqt **cqt);

/**
 * Returns the number of frames for `count` samples, and of bins in each. `frames` and `bins` may be NULL.
 */
enum RefrainCode refrain_cqt_shape(const struct RefrainCqt *cqt, size_t count, size_t *frames, size_t *bins);

/**
 * Returns the frequency of a bin in hertz. NaN if there is no such bin or `cqt` is NULL.
 */
double refrain_cqt_frequency(const struct RefrainCqt *cqt, size_t bin);

/**
 * Computes the magnitudes of `count` samples of one channel: frames times bins values, frame after frame, lowest bin
 * first. `out` has room for `capacity` values.
 *
 * REFRAIN_ERROR_ARGUMENT for samples that are not finite or above 1,000,000, REFRAIN_ERROR_BUFFER.
 */
enum RefrainCode refrain_cqt_magnitudes(const struct RefrainCqt *cqt,
                                        const float *samples,
                                        size_t count,
                                        float *out,
                                        size_t capacity);

/**
 * Like refrain_cqt_magnitudes, for the complex transform: two values each, the real and the imaginary part, in the
 * layout of C's float complex. `capacity` must be twice as large.
 */
enum RefrainCode refrain_cqt_transform(const struct RefrainCqt *cqt,
                                       const float *samples,
                                       size_t count,
                                       float *out,
                                       size_t capacity);

/**
 * Frees a transform. Does nothing if `cqt` is NULL.
 */
void refrain_cqt_free(struct RefrainCqt *cqt);

/**
 * Makes chroma for signals of `rate` hertz. `options` may be NULL. Free `*chroma` with refrain_chroma_free. It is
 * NULL after a failure. Errors are those of refrain_cqt_new.
 */
enum RefrainCode refrain_chroma_new(double rate,
                                    const struct RefrainChromaOptions *options,
                                    struct RefrainChroma **chroma);

/**
 * Returns the number of frames for `count` samples. Each has 12 values. 0 if `chroma` is NULL.
 */
size_t refrain_chroma_frames(const struct RefrainChroma *chroma, size_t count);

/**
 * Computes the chroma of `count` samples of one channel: frames times 12 values, frame after frame, C first, each frame
 * divided by its largest value. `out` has room for `capacity` values. Errors are those of refrain_cqt_magnitudes.
 */
enum RefrainCode refrain_chroma(const struct RefrainChroma *chroma,
                                const float *samples,
                                size_t count,
                                float *out,
                                size_t capacity);

/**
 * Like refrain_chroma, without the division: sums of magnitudes, which follow the loudness.
 */
enum RefrainCode refrain_chroma_raw(const struct RefrainChroma *chroma,
                                    const float *samples,
                                    size_t count,
                                    float *out,
                                    size_t capacity);

/**
 * Frees chroma. Does nothing if `chroma` is NULL.
 */
void refrain_chroma_free(struct RefrainChroma *chroma);

/**
 * Estimates the tuning of `count` samples of one channel: how many bins they are above A4 = 440 Hz. An octave has
 * `bins_per_octave` bins (1 to 1,200). `*tuning` is -0.5 to 0.49, and 0 for silence.
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
 * (Fitzgerald 2010). Without margins their sum is the signal, except for rounding. `options` may be NULL. Neither output
 * may overlap the samples or the other one.
 *
 * REFRAIN_ERROR_ARGUMENT if the options contradict each other, and for samples that are not finite or above 1,000,000.
 */
enum RefrainCode refrain_hpss(const float *samples,
                              size_t count,
                              const struct RefrainHpssOptions *options,
                              float *harmonic,
                              float *percussive);

/**
 * Makes a pitch tracker for signals of `rate` hertz. `options` may be NULL. Free `*yin` with refrain_yin_free. It is
 * NULL after a failure.
 *
 * REFRAIN_ERROR_ARGUMENT if the options contradict each other.
 */
enum RefrainCode refrain_yin_new(double rate,
                                 const struct RefrainYinOptions *options,
                                 struct RefrainYin **yin);

/**
 * Returns the number of frames for `count` samples. 0 if `yin` is NULL.
 */
size_t refrain_yin_frames(const struct RefrainYin *yin, size_t count);

/**
 * Tracks the pitch of `count` samples of one channel: for each frame the frequency in hertz, and the aperiodicity, near
 * 0 for a steady tone, near 1 for noise, 1 for silence. Every frame has a frequency, even without a pitch. Each output
 * has room for `capacity` values; `aperiodicity` may be NULL.
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
 * Frees a pitch tracker. Does nothing if `yin` is NULL.
 */
void refrain_yin_free(struct RefrainYin *yin);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* REFRAIN_H */
