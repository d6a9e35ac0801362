/* Each failure has a code and a message, and leaves nothing behind. */
#include "check.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void nothing_given(void) {
    RefrainIndex *index = open_songs(), *none;
    RefrainAnswer *answer;
    RefrainInfo info = {.size = sizeof info};
    const char *one_null[] = {"/tmp", NULL};
    float sample = 0;

    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_open(NULL, &none));
    CHECK(!none);
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_open("x", NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_open_or_create("x", NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_open_to_write(NULL, &none));
    OK(refrain_close(NULL));
    CHECK(!refrain_path(NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_info(NULL, &info));
    FAILS(REFRAIN_ERROR_ARGUMENT, "RefrainInfo to be filled is NULL", refrain_info(index, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_roots(index, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_tracks(index, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_failures(index, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_select(index, "x", NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_tracks(NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_failures(NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_select(NULL, "x", NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_roots(NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_build(NULL, one_null, 1, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "paths is NULL", refrain_build(index, NULL, 1, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "paths[1] is NULL", refrain_build(index, one_null, 2, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_update(NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_retry(NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_add(NULL, "x"));
    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_add(index, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "bytes is NULL", refrain_add_memory(index, NULL, 1, "x", NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "name is NULL", refrain_add_memory(index, "x", 1, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "name is NULL", refrain_add_samples(index, &sample, 1, 1, 8000, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples is NULL", refrain_add_samples(index, NULL, 1, 1, 8000, "x", NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_remove(NULL, NULL, 0, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_prune(NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_forget_roots(NULL, "x"));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_relocate(NULL, "x", "y", NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "to is NULL", refrain_relocate(index, "x", NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "other is NULL", refrain_merge(index, NULL, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_verify(NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_rebuild(NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_compact(NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_export(NULL, "x"));
    FAILS(REFRAIN_ERROR_ARGUMENT, "to is NULL", refrain_export(index, NULL));

    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_query(NULL, "x", NULL, &answer));
    CHECK(!answer);
    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_query(index, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "answer is NULL", refrain_query(index, "x", NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "bytes is NULL", refrain_query_memory(index, NULL, 9, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples is NULL", refrain_query_samples(index, NULL, 9, 1, 8000, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples cannot have",
          refrain_query_samples(index, &sample, (size_t)-1 / 2, 2, 8000, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples is not aligned",
          refrain_query_samples(index, (const float *)(const void *)((const char *)&sample + 1), 1, 1, 8000, NULL, NULL,
                                &answer));
    CHECK(refrain_answer_status(NULL) == REFRAIN_STATUS_NO_MATCH && refrain_answer_count(NULL) == 0);
    CHECK(refrain_answer_warning_count(NULL) == 0 && !refrain_answer_warning(NULL, 0));
    CHECK(refrain_answer_candidate_count(NULL) == 0 && refrain_answer_duration(NULL) == 0);
    CHECK(!refrain_answer_json(NULL) && strcmp(refrain_last_error(), "answer is NULL") == 0);
    FAILS(REFRAIN_ERROR_ARGUMENT, "answer is NULL", refrain_answer_match(NULL, 0, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "answer is NULL", refrain_answer_candidate(NULL, 0, NULL));
    refrain_answer_free(NULL);

    CHECK(!refrain_analysis_path(NULL) && !refrain_analysis_error(NULL) && !refrain_analysis_json(NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "analysis is NULL", refrain_analysis_figures(NULL, NULL));
    refrain_analysis_free(NULL);
    refrain_cancel_set(NULL);
    refrain_cancel_reset(NULL);
    refrain_cancel_free(NULL);

    FAILS(REFRAIN_ERROR_ARGUMENT, "cqt is NULL", refrain_cqt_new(22050, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "cqt is NULL", refrain_cqt_shape(NULL, 1, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "cqt is NULL", refrain_cqt_magnitudes(NULL, &sample, 1, &sample, 1));
    FAILS(REFRAIN_ERROR_ARGUMENT, "cqt is NULL", refrain_cqt_transform(NULL, &sample, 1, &sample, 1));
    FAILS(REFRAIN_ERROR_ARGUMENT, "chroma is NULL", refrain_chroma_new(22050, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "chroma is NULL", refrain_chroma(NULL, &sample, 1, &sample, 1));
    FAILS(REFRAIN_ERROR_ARGUMENT, "chroma is NULL", refrain_chroma_raw(NULL, &sample, 1, &sample, 1));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples is NULL", refrain_hpss(NULL, 1, NULL, &sample, &sample));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples is NULL", refrain_tuning(NULL, 1, 8000, 12, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "yin is NULL", refrain_yin_new(22050, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "yin is NULL", refrain_yin(NULL, &sample, 1, &sample, NULL, 1));
    CHECK(refrain_cqt_frequency(NULL, 0) != refrain_cqt_frequency(NULL, 0));
    CHECK(refrain_chroma_frames(NULL, 1) == 0 && refrain_yin_frames(NULL, 1) == 0);
    refrain_cqt_free(NULL);
    refrain_chroma_free(NULL);
    refrain_yin_free(NULL);
    OK(refrain_close(index));
}

static void index_files(void) {
    char *missing = scratch("missing.refrain"), *clip = fixture("audio/clips/clean.wav"), *old = fixture("index/format_1.refrain");
    char *folder = scratch("no index"), *broken = scratch("broken.refrain");
    RefrainIndex *index = open_songs(), *none = index;
    size_t count;
    unsigned char *bytes = read_file(old, &count);

    mkdir(folder, 0777);
    FAILS(REFRAIN_ERROR_MISSING, "missing.refrain: no index here", refrain_open(missing, &none));
    CHECK(!none);
    FAILS(REFRAIN_ERROR_MISSING, "no index here", refrain_open_to_write(missing, &none));
    FAILS(REFRAIN_ERROR_INDEX, "is a folder", refrain_open(folder, &none));
    FAILS(REFRAIN_ERROR_INDEX, "is not an SQLite file", refrain_open_or_create(clip, &none));
    FAILS(REFRAIN_ERROR_READ_ONLY, "there is no folder /no/such", refrain_open_or_create("/no/such/folder.refrain", &none));
    /* Half of a file. */
    write_file(broken, bytes, count / 2);
    if (refrain_open(broken, &none) == REFRAIN_OK) {
        FAILS(REFRAIN_ERROR_DAMAGED, "broken.refrain: the index is damaged", refrain_verify(none));
        OK(refrain_close(none));
    } else {
        FAILS(REFRAIN_ERROR_DAMAGED, "broken.refrain: the index is damaged", refrain_open(broken, &none));
    }

    FAILS(REFRAIN_ERROR_READ_ONLY, "opened for reading", refrain_add(index, clip));
    FAILS(REFRAIN_ERROR_READ_ONLY, "opened for reading", refrain_update(index, NULL, NULL));
    FAILS(REFRAIN_ERROR_READ_ONLY, "opened for reading", refrain_prune(index, NULL));
    FAILS(REFRAIN_ERROR_READ_ONLY, "opened for reading", refrain_compact(index, NULL));
    OK(refrain_close(index));
    free(bytes);
    free(missing);
    free(clip);
    free(old);
    free(folder);
    free(broken);
}

static void audio(void) {
    RefrainIndex *index = open_songs();
    RefrainAnswer *answer;
    RefrainMatch match = {.size = sizeof match};
    char *text = scratch("text.mp3"), *folder = scratch("no index"), *clip = fixture("audio/clips/clean.wav");
    static const float silence[16000];
    RefrainQueryOptions options = {.size = sizeof options};

    mkdir(folder, 0777);
    write_file(text, "not audio", 9);
    FAILS(REFRAIN_ERROR_IO, "/no/such.mp3: ", refrain_query(index, "/no/such.mp3", NULL, &answer));
    FAILS(REFRAIN_ERROR_IO, "", refrain_query(index, "", NULL, &answer));
    FAILS(REFRAIN_ERROR_IO, "no index", refrain_query(index, folder, NULL, &answer));
    FAILS(REFRAIN_ERROR_AUDIO, "text.mp3: not an audio file", refrain_query(index, text, NULL, &answer));
    FAILS(REFRAIN_ERROR_AUDIO, "memory: not an audio file", refrain_query_memory(index, "abcdefgh", 8, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_AUDIO, "empty", refrain_query_memory(index, NULL, 0, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_AUDIO, "too short", refrain_query_samples(index, silence, 100, 1, 8000, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_AUDIO, "mic: a sample rate of 10 Hz",
          refrain_query_samples(index, silence, 100, 1, 10, "mic", NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "channels is 0", refrain_query_samples(index, silence, 100, 0, 8000, NULL, NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "channels is 70000",
          refrain_query_samples(index, silence, 0, 70000, 8000, NULL, NULL, &answer));
    CHECK(!answer);
    /* Silence is no error: it matches nothing. */
    OK(refrain_query_samples(index, silence, 16000, 1, 8000, NULL, NULL, &answer));
    CHECK(refrain_answer_count(answer) == 0);
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no place 0, there are 0", refrain_answer_match(answer, 0, &match));
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no place", refrain_answer_candidate(answer, (size_t)-1, &match));
    refrain_answer_free(answer);

    options.least_score = 1.5;
    FAILS(REFRAIN_ERROR_ARGUMENT, "least_score is 1.5", refrain_query(index, clip, &options, &answer));
    options.least_score = 0;
    options.semitones = -1;
    FAILS(REFRAIN_ERROR_ARGUMENT, "semitones is -1", refrain_query(index, clip, &options, &answer));
    options.semitones = 0;
    options.slowest = 0.1;
    FAILS(REFRAIN_ERROR_ARGUMENT, "slowest is 0.1", refrain_query(index, clip, &options, &answer));
    options.slowest = 0;
    options.fastest = 0.0 / options.slowest;
    FAILS(REFRAIN_ERROR_ARGUMENT, "fastest is NaN", refrain_query(index, clip, &options, &answer));
    OK(refrain_close(index));
    free(text);
    free(folder);
    free(clip);
}

static void texts(void) {
    char *path = scratch("texts.refrain"), *song = fixture("audio/songs/second-orbit.flac");
    char *clip = fixture("audio/clips/clean.wav"), *odd = scratch("odd\xff.flac");
    size_t count;
    unsigned char *bytes = read_file(song, &count);
    RefrainTags tags = {.size = sizeof tags, .title = "good", .artist = "bad \xff"};
    RefrainIndex *index;
    RefrainAnswer *answer;
    RefrainMatch best = {.size = sizeof best};

    remove(path);
    OK(refrain_open_or_create(path, &index));
    FAILS(REFRAIN_ERROR_UTF8, "artist is not UTF-8: byte 4", refrain_add_memory(index, bytes, count, "x", &tags));
    FAILS(REFRAIN_ERROR_IO, "", refrain_add_memory(index, bytes, count, "", NULL));
    /* A file name may be any bytes. */
    write_file(odd, bytes, count);
    OK(refrain_add(index, odd));
    OK(refrain_query(index, clip, NULL, &answer));
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(ends_in(best.path, "/odd\xff.flac") && strstr(refrain_answer_json(answer), "odd\xef\xbf\xbd.flac"));
    refrain_answer_free(answer);
    OK(refrain_close(index));
    remove(odd);
    free(bytes);
    free(path);
    free(song);
    free(clip);
    free(odd);
}

struct ended {
    RefrainIndex *index;
    RefrainCancel *cancel;
    char *song;
    int refused, read;
};

static void end_it(const RefrainBuildEvent *event, void *user_data) {
    struct ended *ended = user_data;
    RefrainInfo info = {.size = sizeof info};
    if (event->kind != REFRAIN_BUILD_EVENT_KIND_ADDED) return;
    ended->read += refrain_info(ended->index, &info) == REFRAIN_OK;
    FAILS(REFRAIN_ERROR_AT_WORK, "a callback cannot write", refrain_add(ended->index, ended->song));
    ended->refused++;
    refrain_cancel_set(ended->cancel);
}

static void interrupted(void) {
    char *path = scratch("ended.refrain");
    struct ended ended = {.song = fixture("audio/songs/quiet-engines.wav"), .cancel = refrain_cancel_new()};
    char *other = fixture("audio/songs/second-orbit.flac"), *clip = fixture("audio/clips/clean.wav");
    const char *paths[] = {ended.song, other};
    RefrainBuildOptions options = {
        .size = sizeof options, .threads = 1, .callback = end_it, .user_data = &ended, .cancel = ended.cancel};
    RefrainQueryOptions asked = {.size = sizeof asked, .cancel = ended.cancel};
    RefrainBuildSummary summary = {.size = sizeof summary};
    RefrainAnswer *answer;

    remove(path);
    OK(refrain_open_or_create(path, &ended.index));
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted", refrain_build(ended.index, paths, 2, &options, NULL));
    CHECK(ended.refused >= 1 && ended.read == ended.refused);
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted", refrain_query(ended.index, clip, &asked, &answer));
    CHECK(!answer);
    refrain_cancel_reset(ended.cancel);
    OK(refrain_query(ended.index, clip, &asked, &answer));
    refrain_answer_free(answer);
    /* The next build goes on from there. */
    options.callback = NULL;
    OK(refrain_build(ended.index, paths, 2, &options, &summary));
    CHECK(summary.added + summary.unchanged == 2);
    FAILS(REFRAIN_ERROR_IO, "/no/such/folder",
          refrain_build(ended.index, (const char *const[]){"/no/such/folder"}, 1, NULL, NULL));
    OK(refrain_close(ended.index));
    refrain_cancel_free(ended.cancel);
    free(ended.song);
    free(other);
    free(clip);
    free(path);
}

/* Files cannot grow, as on a full disk. */
static void full_disk(void) {
    char *path = scratch("full.refrain"), *song = fixture("audio/songs/second-orbit.flac");
    struct rlimit before, limit;
    RefrainIndex *index = NULL;
    RefrainInfo info = {.size = sizeof info};

    remove(path);
    fflush(NULL);
    OK(refrain_open_or_create(path, &index));
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = before;
    limit.rlim_cur = 48 * 1024;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    FAILS(REFRAIN_ERROR_DISK_FULL, "full.refrain: the disk is full", refrain_add(index, song));
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    signal(SIGXFSZ, SIG_DFL);
    /* The disk has room again. */
    OK(refrain_add(index, song));
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 1);
    OK(refrain_verify(index));
    OK(refrain_close(index));
    free(path);
    free(song);
}

void test_errors(void) {
    CHECK(refrain_last_error() != NULL);
    nothing_given();
    index_files();
    audio();
    texts();
    interrupted();
    full_disk();
}
