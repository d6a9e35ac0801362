/* Building, adding, querying, closing. */
#include "check.h"

#include <math.h>
#include <unistd.h>

struct told {
    uint64_t found, added, failed;
    double seconds;
    char *reason;
};

static void on_event(const RefrainBuildEvent *event, void *user_data) {
    struct told *told = user_data;
    switch (event->kind) {
    case REFRAIN_BUILD_EVENT_KIND_FOUND:
        told->found = event->files;
        CHECK(event->new_files == event->files && event->bytes > 0 && !event->path);
        break;
    case REFRAIN_BUILD_EVENT_KIND_ADDED:
        told->added++;
        told->seconds += event->seconds;
        CHECK(event->path && event->bytes > 0 && event->seconds > 0);
        break;
    case REFRAIN_BUILD_EVENT_KIND_FAILED:
        told->failed++;
        CHECK(ends_in(event->path, "/text.mp3"));
        free(told->reason);
        told->reason = malloc(strlen(event->message) + 1);
        CHECK(told->reason);
        strcpy(told->reason, event->message);
        break;
    default:
        break;
    }
}

static int on_failure(const char *path, const char *reason, void *user_data) {
    const struct told *told = user_data;
    CHECK(ends_in(path, "/text.mp3") && strcmp(reason, told->reason) == 0);
    return 0;
}

static int on_track(const RefrainTrack *track, void *user_data) {
    size_t *seen = user_data;
    CHECK(track->id > 0 && !track->missing && track->file_count == 1 && track->files[0].path[0] == '/');
    CHECK(track->files[0].bytes > 0 && track->files[0].mtime_ns > 0 && !track->files[0].missing);
    CHECK(track->seconds > 20 && track->sample_rate >= 8000 && track->channels >= 1 && strlen(track->hash) == 64);
    CHECK(track->frames > 100 && track->windows > 20);
    return ++*seen == 2;
}

static int on_root(const char *path, void *user_data) {
    (*(size_t *)user_data)++;
    return path[0] != '/';
}

static void build(void) {
    char *path = scratch("built.refrain"), *text = scratch("text.mp3");
    char *song = fixture("audio/songs/second-orbit.flac"), *songs = fixture("audio/songs");
    const char *paths[] = {little() ? song : songs, text};
    const uint64_t good = little() ? 1 : 10;
    RefrainIndex *index;
    struct told told = {0};
    RefrainBuildOptions options = {.size = sizeof options, .threads = 2, .callback = on_event, .user_data = &told};
    RefrainBuildSummary summary = {.size = sizeof summary};
    RefrainInfo info = {.size = sizeof info};
    size_t seen = 0;

    remove(path);
    write_file(text, "not audio", 9);
    OK(refrain_open_or_create(path, &index));
    CHECK(strcmp(refrain_path(index), path) == 0);
    OK(refrain_build(index, paths, 2, &options, &summary));
    CHECK(told.found == good + 1 && told.added == good && told.failed == 1);
    CHECK(summary.found == good + 1 && summary.added == good && summary.failed == 1 && summary.unchanged == 0);
    CHECK(fabs(summary.added_seconds - told.seconds) < 1e-6 && told.seconds > 25);
    CHECK(summary.size == sizeof summary);
    OK(refrain_failures(index, on_failure, &told));

    OK(refrain_info(index, &info));
    CHECK(info.tracks == good && info.files == good && info.failures == 1 && info.missing == 0);
    CHECK(fabs(info.seconds - told.seconds) < 0.1 && info.bytes > 4096 && info.format == 5 && info.parameter_set == 1);
    CHECK(info.frames > 0 && info.windows > 0 && info.neighbour_lists == 0);
    OK(refrain_tracks(index, on_track, &seen));
    CHECK(seen == (good > 2 ? 2 : good));
    seen = 0;
    OK(refrain_roots(index, on_root, &seen));
    CHECK(seen == (little() ? 0 : 1));

    /* The second time there is nothing to do. */
    free(told.reason);
    told = (struct told){0};
    options.callback = NULL;
    OK(refrain_update(index, &options, &summary));
    CHECK(summary.unchanged == good && summary.added == 0 && summary.still_bad == 1);
    OK(refrain_retry(index, NULL, &summary));
    CHECK(summary.failed == 1);
    OK(refrain_close(index));
    /* Closing leaves one file. */
    seen = strlen(path);
    path = realloc(path, seen + 5);
    CHECK(path);
    strcpy(path + seen, "-wal");
    CHECK(access(path, F_OK) != 0);
    free(path);
    free(text);
    free(song);
    free(songs);
}

/* The clip was cut out of second-orbit.flac at 12 s. */
static void check_answer(RefrainAnswer *answer, const char *name) {
    RefrainMatch best = {.size = sizeof best};
    const char *json;
    CHECK(refrain_answer_status(answer) == REFRAIN_STATUS_MATCH && refrain_answer_count(answer) == 1);
    CHECK(fabs(refrain_answer_duration(answer) - 8) < 0.01);
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(ends_in(best.path, "/second-orbit.flac") && best.score > 0.9 && best.score <= 1 && !best.missing);
    CHECK(fabs(best.ref_start - best.query_start - 12) < 0.1 && best.query_end > 6 && best.ref_end > 18);
    CHECK(best.tempo == 1 && best.pitch == 0 && best.id > 0 && best.variants == 1);
    CHECK(strcmp(best.title, "Second Orbit") == 0 && strcmp(best.artist, "Kestrel Array") == 0);
    CHECK(best.copy_count == 0 && !best.copies);
    CHECK(refrain_answer_warning_count(answer) == 0 && !refrain_answer_warning(answer, 0));
    CHECK(best.also_path_count == 0 && !best.also_paths && best.evidence > best.rival && best.similarity > 0.5);
    json = refrain_answer_json(answer);
    CHECK(strstr(json, "\"status\":\"match\"") && strstr(json, name) && json == refrain_answer_json(answer));
}

static void ask(void) {
    RefrainIndex *index = open_songs();
    char *clip = fixture("audio/clips/clean.wav"), *stranger = fixture("audio/clips/stranger.ogg");
    RefrainAnswer *answer, *kept;
    RefrainQueryOptions options = {.size = sizeof options, .fast = 1, .explain = 1};
    RefrainMatch place = {.size = sizeof place};
    size_t count, frames;
    unsigned channels, rate;
    unsigned char *bytes = read_file(clip, &count);
    float *samples = read_wav(clip, &frames, &channels, &rate), *stereo;

    OK(refrain_query(index, clip, NULL, &kept));
    check_answer(kept, "clean.wav");
    CHECK(refrain_answer_candidate_count(kept) == 0);

    OK(refrain_query_memory(index, bytes, count, NULL, NULL, &answer));
    check_answer(answer, "\"query\":\"memory\"");
    refrain_answer_free(answer);
    OK(refrain_query_memory(index, bytes, count, "radio", NULL, &answer));
    check_answer(answer, "\"query\":\"radio\"");
    refrain_answer_free(answer);

    OK(refrain_query_samples(index, samples, frames, channels, rate, NULL, &options, &answer));
    check_answer(answer, "\"query\":\"samples\"");
    CHECK(refrain_answer_candidate_count(answer) >= 1);
    OK(refrain_answer_candidate(answer, 0, &place));
    CHECK(ends_in(place.path, "/second-orbit.flac"));
    refrain_answer_free(answer);

    /* Two channels whose mean is the clip. */
    CHECK(channels == 1);
    stereo = malloc(2 * frames * sizeof *stereo);
    CHECK(stereo);
    for (size_t i = 0; i < frames; i++) {
        stereo[2 * i] = samples[i] + 0.25f;
        stereo[2 * i + 1] = samples[i] - 0.25f;
    }
    OK(refrain_query_samples(index, stereo, frames, 2, rate, "microphone", NULL, &answer));
    check_answer(answer, "\"query\":\"microphone\"");
    refrain_answer_free(answer);
    free(stereo);

    OK(refrain_query(index, stranger, &options, &answer));
    CHECK(refrain_answer_status(answer) == REFRAIN_STATUS_NO_MATCH && refrain_answer_count(answer) == 0);
    CHECK(strstr(refrain_answer_json(answer), "\"status\":\"no_match\""));
    refrain_answer_free(answer);

    OK(refrain_close(index));
    /* The answer outlives its index. */
    check_answer(kept, "clean.wav");
    refrain_answer_free(kept);
    free(bytes);
    free(samples);
    free(clip);
    free(stranger);
}

static int on_artists(const RefrainTrack *track, void *user_data) {
    if (track->other_artist_count == 2 && strcmp(track->other_artists[0], "Second") == 0)
        ++*(size_t *)user_data;
    else
        CHECK(track->other_artist_count == 0 && !track->other_artists);
    return 0;
}

/* Reads `path` and an empty index beside it as one. */
static void several_files(const char *path, const char *clip) {
    char *empty = scratch("empty.refrain");
    const char *paths[] = {empty, path};
    RefrainIndex *index;
    RefrainAnswer *answer;
    RefrainMatch best = {.size = sizeof best};

    remove(empty);
    OK(refrain_open_or_create(empty, &index));
    OK(refrain_close(index));
    FAILS(REFRAIN_ERROR_ARGUMENT, "paths cannot be empty", refrain_open_all(NULL, 0, &index));
    CHECK(!index);
    OK(refrain_open_all(paths, 2, &index));
    OK(refrain_query(index, clip, NULL, &answer));
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(best.shard && strcmp(best.shard, path) == 0);
    refrain_answer_free(answer);
    FAILS(REFRAIN_ERROR_INDEX, "several", refrain_update(index, NULL, NULL));
    OK(refrain_close(index));
    free(empty);
}

static void add(void) {
    char *path = scratch("added.refrain"), *song = fixture("audio/songs/second-orbit.flac");
    char *wav = fixture("audio/songs/quiet-engines.wav"), *clip = fixture("audio/clips/clean.wav");
    RefrainIndex *index;
    RefrainAnswer *answer;
    RefrainMatch best = {.size = sizeof best};
    RefrainInfo info = {.size = sizeof info};
    RefrainTags tags = {.size = sizeof tags, .title = "Gar\xc3\xa7on", .artist = "", .track_number = 7};
    const char *others[] = {"Second", "", NULL, "Third"};
    RefrainTags several = {.size = sizeof several, .artist = "First", .other_artists = others, .other_artist_count = 4};
    size_t count, frames, sevenths, artists = 0;
    unsigned channels, rate;
    unsigned char *bytes = read_file(song, &count);
    float *samples = read_wav(wav, &frames, &channels, &rate);

    remove(path);
    OK(refrain_open_or_create(path, &index));
    /* Audio of the same name replaces the earlier one. */
    OK(refrain_add_memory(index, bytes, count, "archive:17", NULL));
    OK(refrain_add_memory(index, bytes, count, "archive:17", &tags));
    OK(refrain_add_samples(index, samples, frames, channels, rate, "tape", &several));
    OK(refrain_tracks(index, on_artists, &artists));
    CHECK(artists == 1);
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 2 && info.files == 2);
    OK(refrain_verify(index));

    OK(refrain_query(index, clip, NULL, &answer));
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(strcmp(best.path, "archive:17") == 0 && strcmp(best.title, "Gar\xc3\xa7on") == 0);
    /* Tags that the caller leaves out come from the file. */
    CHECK(best.track_number == 7 && strcmp(best.artist, "Kestrel Array") == 0 && !best.acoustid);
    refrain_answer_free(answer);

    sevenths = frames / 7;
    OK(refrain_query_samples(index, samples + 3 * sevenths * channels, 2 * sevenths, channels, rate, NULL, NULL, &answer));
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(strcmp(best.path, "tape") == 0 && !best.title && strcmp(best.artist, "First") == 0);
    CHECK(best.other_artist_count == 2 && strcmp(best.other_artists[1], "Third") == 0);
    refrain_answer_free(answer);

    OK(refrain_add(index, song));
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 3 && info.files == 3);
    several_files(path, clip);
    /* An update does not look for files of these names. */
    OK(refrain_update(index, NULL, NULL));
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 3 && info.missing == 0);
    OK(refrain_close(index));
    free(bytes);
    free(samples);
    free(path);
    free(song);
    free(wav);
    free(clip);
}

void test_basics(void) {
    CHECK(strcmp(refrain_version(), REFRAIN_VERSION) == 0);
    CHECK(strcmp(refrain_code_name(REFRAIN_ERROR_AUDIO), "REFRAIN_ERROR_AUDIO") == 0);
    build();
    ask();
    add();
}
