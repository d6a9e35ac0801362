/* Every call that can take long ends once its RefrainCancel is set, before and during its work. */
#include "check.h"

struct progress {
    RefrainCancel *cancel;
    int calls;
    uint64_t total;
};

/* Ends the call after its first step. */
static void end_it(uint64_t done, uint64_t total, void *user_data) {
    struct progress *progress = user_data;
    CHECK(done <= total);
    progress->calls++;
    progress->total = total;
    if (progress->cancel) refrain_cancel_set(progress->cancel);
}

static void end_query(double seconds, void *user_data) {
    struct progress *progress = user_data;
    CHECK(seconds > 0);
    progress->calls++;
    if (progress->cancel) refrain_cancel_set(progress->cancel);
}

static void on_answer(const RefrainAnswer *answer, void *user_data) {
    CHECK(answer);
    (*(int *)user_data)++;
}

static void on_analysis(const RefrainAnalysis *analysis, void *user_data) {
    CHECK(analysis);
    (*(int *)user_data)++;
}

#define INTERRUPTED(call) FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted", call)

/* The flag is set before the call. */
static void before(void) {
    char *path = scratch("cancelled.refrain"), *out = scratch("cancelled.copy.refrain");
    char *song = fixture("audio/songs/second-orbit.flac"), *clip = fixture("audio/clips/clean.wav");
    RefrainIndex *songs = open_songs(), *index;
    RefrainCancel *cancel = refrain_cancel_new();
    RefrainBuildOptions build = {.size = sizeof build, .cancel = cancel};
    RefrainAddOptions adding = {.size = sizeof adding, .cancel = cancel};
    RefrainMaintainOptions maintain = {.size = sizeof maintain, .cancel = cancel};
    RefrainQueryOptions asked = {.size = sizeof asked, .cancel = cancel, .threads = 2};
    RefrainAnalyzeOptions analyze = {.size = sizeof analyze, .cancel = cancel};
    RefrainInfo info = {.size = sizeof info};
    const char *const paths[] = {song, clip};
    RefrainAnswer *answer;
    RefrainAnalysis *analysis;
    RefrainAdded added = {.size = sizeof added, .track = 77};
    size_t count, frames;
    unsigned channels, rate;
    unsigned char *bytes = read_file(song, &count);
    float *samples = read_wav(clip, &frames, &channels, &rate);
    int calls = 0;

    remove(path);
    remove(out);
    OK(refrain_export(songs, path));
    OK(refrain_open_to_write(path, &index));
    refrain_cancel_set(cancel);
    INTERRUPTED(refrain_build(index, paths, 2, &build, NULL));
    /* Two known files without a folder are done before anybody looks at the flag. */
    if (!little()) INTERRUPTED(refrain_update(index, &build, NULL));
    INTERRUPTED(refrain_add_with(index, clip, &adding, &added));
    INTERRUPTED(refrain_add_memory_with(index, bytes, count, "memory", &adding, &added));
    INTERRUPTED(refrain_add_samples_with(index, samples, frames, channels, rate, "samples", &adding, &added));
    CHECK(added.track == 77);
    INTERRUPTED(refrain_remove_with(index, (const char *const *)&song, 1, &maintain, NULL));
    INTERRUPTED(refrain_merge(index, songs, cancel, NULL));
    INTERRUPTED(refrain_merge_with(index, songs, &maintain, NULL));
    INTERRUPTED(refrain_verify_with(index, &maintain));
    INTERRUPTED(refrain_compact_with(index, &maintain, NULL));
    INTERRUPTED(refrain_export_with(index, out, &maintain));
    CHECK(fopen(out, "rb") == NULL);
    INTERRUPTED(refrain_query(index, clip, &asked, &answer));
    INTERRUPTED(refrain_query_memory(index, bytes, count, NULL, &asked, &answer));
    INTERRUPTED(refrain_query_samples(index, samples, frames, channels, rate, NULL, &asked, &answer));
    CHECK(!answer);
    INTERRUPTED(refrain_query_all(index, paths, 2, &asked, on_answer, &calls));
    INTERRUPTED(refrain_analyze(clip, &analyze, &analysis));
    INTERRUPTED(refrain_analyze_memory(bytes, count, NULL, &analyze, &analysis));
    INTERRUPTED(refrain_analyze_samples(samples, frames, channels, rate, NULL, &analyze, &analysis));
    INTERRUPTED(refrain_analyze_all(paths, 2, &analyze, on_analysis, &calls, NULL));
    CHECK(!analysis && calls == 0);
    /* The index has not changed. */
    OK(refrain_info(index, &info));
    CHECK(info.tracks == song_count() && info.missing == 0);

    refrain_cancel_reset(cancel);
    OK(refrain_add_with(index, song, &adding, &added));
    CHECK(!added.is_new);
    OK(refrain_compact_with(index, &maintain, NULL));
    OK(refrain_prune_with(index, &maintain, NULL));
    OK(refrain_remove_with(index, (const char *const *)&song, 1, &maintain, NULL));
    OK(refrain_export_with(index, out, &maintain));
    OK(refrain_close(index));
    OK(refrain_close(songs));
    refrain_cancel_free(cancel);
    free(bytes);
    free(samples);
    free(path);
    free(out);
    free(song);
    free(clip);
}

/* A callback sets the flag. */
static void during(void) {
    char *path = scratch("cancelled.merged.refrain"), *clip = fixture("audio/clips/clean.wav");
    RefrainIndex *songs = open_songs(), *index;
    struct progress progress = {.cancel = refrain_cancel_new()};
    RefrainMaintainOptions maintain = {
        .size = sizeof maintain, .cancel = progress.cancel, .callback = end_it, .user_data = &progress};
    RefrainQueryOptions asked = {
        .size = sizeof asked, .cancel = progress.cancel, .callback = end_query, .user_data = &progress};
    RefrainMergeSummary merged = {.size = sizeof merged};
    RefrainAnswer *answer;

    INTERRUPTED(refrain_verify_with(songs, &maintain));
    CHECK(progress.calls == 1 && progress.total == song_count());
    remove(path);
    OK(refrain_open_or_create(path, &index));
    refrain_cancel_reset(progress.cancel);
    INTERRUPTED(refrain_merge_with(index, songs, &maintain, &merged));
    CHECK(progress.calls == 2);

    /* Without the flag the same calls finish and report their progress. */
    refrain_cancel_free(progress.cancel);
    progress.cancel = NULL;
    maintain.cancel = NULL;
    asked.cancel = NULL;
    OK(refrain_merge_with(index, songs, &maintain, &merged));
    CHECK(merged.added == song_count() && progress.calls == 3);
    progress.calls = 0;
    OK(refrain_verify_with(index, &maintain));
    CHECK(progress.calls == (int)song_count());
    progress.calls = 0;
    OK(refrain_query(index, clip, &asked, &answer));
    CHECK(progress.calls == 1);
    refrain_answer_free(answer);
    OK(refrain_close(index));
    OK(refrain_close(songs));
    free(path);
    free(clip);
}

void test_cancel(void) {
    before();
    during();
}
