/* What was played when in a recording. */
#include "check.h"

#include <math.h>
#include <stddef.h>

#define RATE 22050

struct told {
    int plays, progress;
    double seconds, start, end;
    RefrainPlay last;
    char path[512];
    /* Set by the first play. */
    RefrainCancel *cancel;
    /* Callbacks may read the index. */
    const RefrainIndex *index;
};

static void on_play(const RefrainPlay *play, void *user_data) {
    struct told *told = user_data;
    RefrainInfo info = {.size = sizeof info};
    CHECK(play->size == sizeof *play && play->start >= told->start && strlen(play->path) < sizeof told->path);
    strcpy(told->path, play->path);
    told->start = play->start;
    told->end = play->end;
    told->plays++;
    if (told->cancel) refrain_cancel_set(told->cancel);
    if (told->index) OK(refrain_info(told->index, &info));
}

static void on_progress(double seconds, void *user_data) {
    struct told *told = user_data;
    CHECK(seconds > told->seconds);
    told->seconds = seconds;
    told->progress++;
}

/* Where the parts of the recording begin, in seconds. */
#define NOISE 16
#define SILENCE 26
#define CLIP 32
#define END 52

/* 16 s of quiet-engines.wav from 4 s on, 10 s of noise, 6 s of silence, and 20 s of quiet-engines.wav from 8 s on. */
static float *recording(size_t *frames) {
    char *wav = fixture("audio/songs/quiet-engines.wav");
    size_t count;
    unsigned channels, rate, random = 1;
    float *song = read_wav(wav, &count, &channels, &rate), *samples;

    CHECK(channels == 1 && rate == RATE && count >= 28 * RATE);
    *frames = END * RATE;
    samples = calloc(*frames, sizeof *samples);
    CHECK(samples);
    memcpy(samples, song + 4 * RATE, NOISE * RATE * sizeof *samples);
    for (size_t i = NOISE * RATE; i < SILENCE * RATE; i++) {
        random = random * 1664525u + 1013904223u;
        samples[i] = 0.3f * ((float)(random >> 8) / 16777216.0f - 0.5f);
    }
    memcpy(samples + CLIP * RATE, song + 8 * RATE, (END - CLIP) * RATE * sizeof *samples);
    free(song);
    free(wav);
    return samples;
}

static int near(double one, double other) { return fabs(one - other) < 1.5; }

static void check_play(const RefrainPlay *play, double start, double end, double ref_start) {
    CHECK(near(play->start, start) && near(play->end, end));
    CHECK(near(play->ref_start, ref_start) && near(play->ref_end, ref_start + end - start));
    CHECK(play->tempo == 1 && play->pitch == 0 && play->score >= 0.99 && play->score <= 1 && play->id > 0);
    CHECK(ends_in(play->path, "/quiet-engines.wav") && play->path[0] == '/');
    CHECK(play->also_path_count == 0 && !play->also_paths && play->copy_count == 0 && !play->copies);
    CHECK(play->title && play->artist && !play->acoustid && !play->recording_mbid && !play->release_mbid);
}

static void check_stretch(const RefrainStretch *stretches, size_t count, double start, double end) {
    CHECK(count == 1 && near(stretches->start, start) && near(stretches->end, end));
}

static void parts(void) {
    RefrainIndex *index = open_songs();
    RefrainTimeline *timeline, *longer;
    struct told told = {.index = index};
    RefrainTimelineOptions options = {
        .size = sizeof options, .on_play = on_play, .callback = on_progress, .user_data = &told};
    RefrainPlay play = {.size = sizeof play};
    size_t frames, count = 77;
    float *samples = recording(&frames);
    const RefrainStretch *stretches;
    const char *json;

    OK(refrain_timeline_samples(index, samples, frames, 1, RATE, "show", &options, &timeline));
    options = (RefrainTimelineOptions){.size = sizeof options, .min_length = 18, .min_score = 0.5};
    OK(refrain_timeline_samples(index, samples, frames, 1, RATE, NULL, &options, &longer));
    /* A timeline outlives its index. */
    OK(refrain_close(index));

    CHECK(strcmp(refrain_timeline_file(timeline), "show") == 0);
    CHECK(fabs(refrain_timeline_duration(timeline) - END) < 0.01);
    CHECK(refrain_timeline_count(timeline) == 2);
    OK(refrain_timeline_play(timeline, 0, &play));
    check_play(&play, 0, NOISE, 4);
    OK(refrain_timeline_play(timeline, 1, &play));
    check_play(&play, CLIP, END, 8);
    CHECK(play.end <= refrain_timeline_duration(timeline));
    CHECK(told.plays == 2 && strcmp(told.path, play.path) == 0 && told.start == play.start && told.end == play.end);
    CHECK(told.progress > 3 && told.seconds > END - 6);
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no play 2, there are 2", refrain_timeline_play(timeline, 2, &play));

    stretches = refrain_timeline_unknown(timeline, &count);
    check_stretch(stretches, count, NOISE, SILENCE);
    stretches = refrain_timeline_silent(timeline, &count);
    check_stretch(stretches, count, SILENCE, CLIP);
    CHECK(!refrain_timeline_overlap(timeline, &count) && count == 0);
    CHECK(refrain_timeline_warning_count(timeline) == 0 && !refrain_timeline_warning(timeline, 0));
    json = refrain_timeline_json(timeline);
    CHECK(strstr(json, "{\"file\":\"show\",\"duration\":52.0,\"plays\":[{\"start\":") == json);
    CHECK(strstr(json, "\"unknown\":[[") && strstr(json, "\"overlap\":[],\"warnings\":[]}"));
    CHECK(json == refrain_timeline_json(timeline));

    CHECK(strcmp(refrain_timeline_file(longer), "samples") == 0 && refrain_timeline_count(longer) == 1);
    OK(refrain_timeline_play(longer, 0, &play));
    check_play(&play, CLIP, END, 8);
    refrain_timeline_free(longer);
    refrain_timeline_free(timeline);
    free(samples);
}

/* Files, bytes, damage and copies. The second track is the first one without its first second. */
static void files(void) {
    char *path = scratch("timeline.refrain"), *wav = fixture("audio/songs/quiet-engines.wav");
    RefrainIndex *index;
    RefrainTimeline *timeline;
    RefrainPlay play = {.size = sizeof play};
    size_t frames, count;
    unsigned channels, rate;
    unsigned char *bytes = read_file(wav, &count);
    float *samples = read_wav(wav, &frames, &channels, &rate);

    remove(path);
    OK(refrain_open_or_create(path, &index));
    OK(refrain_add(index, wav));
    OK(refrain_add_samples(index, samples + rate, frames - rate, channels, rate, "copy", NULL));
    OK(refrain_timeline(index, wav, NULL, &timeline));
    CHECK(strcmp(refrain_timeline_file(timeline), wav) == 0 && refrain_timeline_count(timeline) == 1);
    OK(refrain_timeline_play(timeline, 0, &play));
    CHECK(ends_in(play.path, "/quiet-engines.wav") && play.copy_count == 1 && strcmp(play.copies[0], "copy") == 0);
    CHECK(play.end - play.start > 28 && near(play.start, play.ref_start));
    refrain_timeline_free(timeline);

    /* Half of the bytes: the file ends early, which is a warning. */
    OK(refrain_timeline_memory(index, bytes, count / 2, NULL, NULL, &timeline));
    CHECK(strcmp(refrain_timeline_file(timeline), "memory") == 0 && refrain_timeline_count(timeline) == 1);
    CHECK(fabs(refrain_timeline_duration(timeline) - 16) < 0.1 && refrain_timeline_warning_count(timeline) == 1);
    CHECK(refrain_timeline_warning(timeline, 0)[0] && !refrain_timeline_warning(timeline, 1));
    CHECK(strstr(refrain_timeline_json(timeline), refrain_timeline_warning(timeline, 0)));
    refrain_timeline_free(timeline);
    OK(refrain_close(index));
    free(bytes);
    free(samples);
    free(path);
    free(wav);
}

/* The second track, which is the other half of a song, comes in while the first one goes on. */
static void overlap(void) {
    char *path = scratch("halves.refrain"), *wav = fixture("audio/songs/quiet-engines.wav");
    const size_t half = 15 * RATE, from = 10 * RATE;
    size_t frames, count;
    unsigned channels, rate;
    float *song = read_wav(wav, &frames, &channels, &rate), *samples = calloc(from + half, sizeof *samples);
    RefrainIndex *index;
    RefrainTimeline *timeline;
    RefrainTags tags = {.size = sizeof tags, .title = "One", .album = "Halves", .track_number = 7, .acoustid = "a-b-c"};
    RefrainPlay play = {.size = sizeof play};
    const RefrainStretch *stretches;

    CHECK(channels == 1 && rate == RATE && frames > 2 * half && samples);
    remove(path);
    OK(refrain_open_or_create(path, &index));
    OK(refrain_add_samples(index, song, half, 1, RATE, "one", &tags));
    OK(refrain_add_samples(index, song + half, half, 1, RATE, "two", NULL));
    for (size_t i = 0; i < half; i++) {
        samples[i] += song[i];
        samples[from + i] += song[half + i];
    }
    OK(refrain_timeline_samples(index, samples, from + half, 1, RATE, NULL, NULL, &timeline));
    OK(refrain_close(index));
    CHECK(refrain_timeline_count(timeline) == 2);
    stretches = refrain_timeline_overlap(timeline, &count);
    check_stretch(stretches, count, 10, 15);
    OK(refrain_timeline_play(timeline, 0, &play));
    CHECK(strcmp(play.path, "one") == 0 && strcmp(play.title, "One") == 0 && strcmp(play.album, "Halves") == 0);
    CHECK(play.track_number == 7 && play.disc_number == 0 && strcmp(play.acoustid, "a-b-c") == 0 && !play.artist);
    refrain_timeline_free(timeline);
    free(samples);
    free(song);
    free(path);
    free(wav);
}

static void failures(void) {
    RefrainIndex *index = open_songs();
    char *clip = fixture("audio/clips/clean.wav");
    size_t frames, count = 77;
    float *samples = recording(&frames);
    RefrainCancel *cancel = refrain_cancel_new();
    struct told told = {0};
    RefrainTimelineOptions options = {.size = sizeof options, .cancel = cancel, .on_play = on_play, .user_data = &told};
    RefrainTimeline *timeline;
    RefrainPlay play = {0};

    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_timeline(NULL, clip, NULL, &timeline));
    CHECK(!timeline);
    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_timeline(index, NULL, NULL, &timeline));
    FAILS(REFRAIN_ERROR_ARGUMENT, "timeline is NULL", refrain_timeline(index, clip, NULL, NULL));
    FAILS(REFRAIN_ERROR_IO, "/no/such.mp3: ", refrain_timeline(index, "/no/such.mp3", NULL, &timeline));
    FAILS(REFRAIN_ERROR_AUDIO, "text: ", refrain_timeline_memory(index, "not audio", 9, "text", NULL, &timeline));
    FAILS(REFRAIN_ERROR_ARGUMENT, "bytes is NULL", refrain_timeline_memory(index, NULL, 9, NULL, NULL, &timeline));
    FAILS(REFRAIN_ERROR_ARGUMENT, "channels is 0",
          refrain_timeline_samples(index, samples, 9, 0, RATE, NULL, NULL, &timeline));
    FAILS(REFRAIN_ERROR_AUDIO, "samples: ", refrain_timeline_samples(index, samples, 9, 1, 7, NULL, NULL, &timeline));
    options.min_length = -1;
    FAILS(REFRAIN_ERROR_ARGUMENT, "min_length is -1, not 0 to", refrain_timeline(index, clip, &options, &timeline));
    options.min_length = NAN;
    FAILS(REFRAIN_ERROR_ARGUMENT, "min_length is NaN, not 0 to", refrain_timeline(index, clip, &options, &timeline));
    options.min_length = 0;
    options.min_score = 1.5;
    FAILS(REFRAIN_ERROR_ARGUMENT, "min_score is 1.5, not 0 to 1", refrain_timeline(index, clip, &options, &timeline));
    options.min_score = 0;
    options.size = 0;
    FAILS(REFRAIN_ERROR_ARGUMENT, "the size of a RefrainTimelineOptions is 0",
          refrain_timeline(index, clip, &options, &timeline));
    options.size = sizeof options;
    CHECK(!timeline);

    /* The flag is set before the call, then by the first play while the second one is still to come. */
    refrain_cancel_set(cancel);
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted", refrain_timeline(index, clip, &options, &timeline));
    CHECK(!timeline && told.plays == 0);
    refrain_cancel_reset(cancel);
    told.cancel = cancel;
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted",
          refrain_timeline_samples(index, samples, frames, 1, RATE, NULL, &options, &timeline));
    CHECK(!timeline && told.plays == 1 && ends_in(told.path, "/quiet-engines.wav"));
    refrain_cancel_free(cancel);

    CHECK(!refrain_timeline_file(NULL) && refrain_timeline_duration(NULL) == 0 && refrain_timeline_count(NULL) == 0);
    CHECK(!refrain_timeline_warning(NULL, 0) && refrain_timeline_warning_count(NULL) == 0);
    CHECK(!refrain_timeline_json(NULL));
    CHECK(!refrain_timeline_unknown(NULL, &count) && count == 0);
    refrain_timeline_free(NULL);
    /* Sound without a play is no failure. */
    OK(refrain_timeline_samples(index, samples + NOISE * RATE, 14 * RATE, 1, RATE, NULL, NULL, &timeline));
    CHECK(refrain_timeline_count(timeline) == 0);
    CHECK(!refrain_timeline_silent(timeline, NULL));
    play.size = sizeof play;
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no play 0", refrain_timeline_play(timeline, 0, &play));
    FAILS(REFRAIN_ERROR_ARGUMENT, "timeline is NULL", refrain_timeline_play(NULL, 0, &play));
    refrain_timeline_free(timeline);
    OK(refrain_close(index));
    free(samples);
    free(clip);
}

void test_timeline(void) {
    parts();
    files();
    /* The same calls again. */
    if (!little()) overlap();
    failures();
}
