/* Other performances of a piece, and tracks of similar harmony. */
#include "check.h"

#include <math.h>
#include <stdint.h>

#define RATE 11025
#define NOTES 60
#define TUNES 4

static uint32_t state;

static uint32_t drawn(uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 16) % below;
}

/* A tune over chords that the player makes up, with `note` seconds a note. Free it with free. */
static float *performed(uint32_t tune, uint32_t player, int semitones, double note, size_t *frames) {
    static const int scale[] = {0, 2, 4, 5, 7, 9, 11}, chord[] = {0, 4, 7};
    const double turn = 2 * 3.14159265358979323846 / RATE;
    size_t length = (size_t)(note * RATE);
    double high[NOTES], low[NOTES];
    float *out = malloc(NOTES * length * sizeof *out);
    CHECK(out);
    state = tune * 7919u + 1;
    for (int n = 0; n < NOTES; n++) high[n] = 440 * pow(2, (scale[drawn(7)] + semitones) / 12.0);
    state = player * 104729u + 5;
    for (int n = 0; n < NOTES; n++) low[n] = 110 * pow(2, (chord[drawn(3)] + semitones) / 12.0);
    for (int n = 0; n < NOTES; n++)
        for (size_t i = 0; i < length; i++) {
            double edge = (double)(i < length - i ? i : length - i) / RATE * 50, fade = edge < 1 ? edge : 1;
            double sound = 0.3 * sin(turn * high[n] * (double)i) + 0.15 * sin(turn * low[n] * (double)i);
            out[(size_t)n * length + i] = (float)(fade * sound);
        }
    *frames = NOTES * length;
    return out;
}

/* Tunes called "0", "1" and so on, and a short sound. */
static RefrainIndex *tunes(const char *path) {
    RefrainTags tags = {.size = sizeof tags, .title = "First", .track_number = 7};
    RefrainIndex *index;
    size_t frames;
    remove(path);
    OK(refrain_open_or_create(path, &index));
    for (uint32_t tune = 0; tune < TUNES; tune++) {
        char name[2] = {(char)('0' + tune), 0};
        float *samples = performed(tune, tune, 0, 0.5, &frames);
        OK(refrain_add_samples(index, samples, frames, 1, RATE, name, tune == 0 ? &tags : NULL));
        if (tune == 0) OK(refrain_add_samples(index, samples, 5 * RATE, 1, RATE, "short", NULL));
        free(samples);
    }
    return index;
}

struct sought {
    const char *name;
    uint32_t id;
};

static int on_track(const RefrainTrack *track, void *user_data) {
    struct sought *sought = user_data;
    if (strcmp(track->files[0].path, sought->name) == 0) sought->id = track->id;
    return 0;
}

static uint32_t id_of(const RefrainIndex *index, const char *name) {
    struct sought sought = {name, 0};
    OK(refrain_tracks(index, on_track, &sought));
    CHECK(sought.id > 0);
    return sought.id;
}

static void test_found(const RefrainIndex *index, const float *cover, size_t frames) {
    RefrainVersions *versions, *again;
    RefrainVersion version = {.size = sizeof version};
    const char *json;

    OK(refrain_versions_samples(index, cover, frames, 1, RATE, "cover", NULL, &versions));
    CHECK(strcmp(refrain_versions_query(versions), "cover") == 0 && refrain_versions_count(versions) == 1);
    CHECK(fabs(refrain_versions_duration(versions) - 36) < 0.1 && refrain_versions_warning_count(versions) == 0);
    CHECK(refrain_versions_warning(versions, 0) == NULL && refrain_versions_incomplete(versions) == 0);
    OK(refrain_versions_get(versions, 0, &version));
    CHECK(strcmp(version.path, "0") == 0 && version.id == id_of(index, "0") && strcmp(version.title, "First") == 0);
    CHECK(version.track_number == 7 && version.artist == NULL && version.also_path_count == 0);
    CHECK(version.transposition == 3 && fabs(version.tempo - 0.5 / 0.6) < 0.03 && !version.same_recording);
    CHECK(version.score > 0.5 && version.score <= 1 && version.evidence > version.chance);
    CHECK(version.alignment_count > 3);
    for (size_t i = 1; i < version.alignment_count; i++)
        CHECK(version.alignment[i].query > version.alignment[i - 1].query &&
              version.alignment[i].track >= version.alignment[i - 1].track);
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no version 1, there are 1", refrain_versions_get(versions, 1, &version));
    json = refrain_versions_json(versions);
    CHECK(strstr(json, "{\"query\":\"cover\",\"status\":\"match\",\"versions\":[{\"path\":\"0\",") == json);
    CHECK(json == refrain_versions_json(versions));

    /* The track itself is left out, and the cover is no track. */
    OK(refrain_versions_of_track(index, version.id, NULL, &again));
    CHECK(refrain_versions_count(again) == 0 && strcmp(refrain_versions_query(again), "0") == 0);
    CHECK(strstr(refrain_versions_json(again), "\"status\":\"no_match\",\"versions\":[]"));
    refrain_versions_free(again);
    refrain_versions_free(versions);
}

static void test_copies(const RefrainIndex *index) {
    RefrainVersionOptions options = {.size = sizeof options, .copies = 1};
    RefrainVersions *versions;
    RefrainVersion version = {.size = sizeof version};
    size_t frames;
    float *samples = performed(0, 0, 0, 0.5, &frames);

    OK(refrain_versions_samples(index, samples, frames, 1, RATE, NULL, NULL, &versions));
    CHECK(refrain_versions_count(versions) == 0 && strcmp(refrain_versions_query(versions), "samples") == 0);
    refrain_versions_free(versions);
    OK(refrain_versions_samples(index, samples, frames, 1, RATE, NULL, &options, &versions));
    OK(refrain_versions_get(versions, 0, &version));
    CHECK(version.same_recording == 1 && strcmp(version.path, "0") == 0 && version.transposition == 0);
    refrain_versions_free(versions);
    free(samples);
}

static void test_similar(const RefrainIndex *index) {
    RefrainVersionOptions options = {.size = sizeof options, .top = 2};
    RefrainSimilar *similar;
    RefrainSimilarTrack track = {.size = sizeof track};
    double before = 1;

    OK(refrain_similar(index, id_of(index, "1"), &options, &similar));
    CHECK(refrain_similar_count(similar) == 2 && strcmp(refrain_similar_query(similar), "1") == 0);
    for (size_t i = 0; i < 2; i++) {
        OK(refrain_similar_get(similar, i, &track));
        CHECK(track.path[0] && strcmp(track.path, "1") != 0 && track.id > 0 && fabs(track.seconds - 30) < 0.1);
        CHECK(track.score >= 0 && track.score <= before);
        before = track.score;
    }
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no similar track 2, there are 2", refrain_similar_get(similar, 2, &track));
    CHECK(refrain_similar_incomplete(similar) == 0);
    CHECK(strstr(refrain_similar_json(similar), "{\"query\":\"1\",\"similar\":[{\"path\":\""));
    refrain_similar_free(similar);
}

static void test_refused(const RefrainIndex *index, const float *cover, size_t frames) {
    RefrainVersionOptions options = {.size = sizeof options};
    RefrainCancel *cancel = refrain_cancel_new();
    RefrainVersions *versions;
    RefrainSimilar *similar;
    RefrainVersion version = {.size = sizeof version};
    uint32_t brief = id_of(index, "short");
    float *silence = calloc(30 * RATE, sizeof *silence);
    char *clip = fixture("audio/clips/clean.wav");
    size_t count;
    unsigned char *bytes = read_file(clip, &count);

    CHECK(silence);
    FAILS(REFRAIN_ERROR_AUDIO, "too short", refrain_versions(index, clip, NULL, &versions));
    CHECK(!versions);
    FAILS(REFRAIN_ERROR_AUDIO, "inside: too short",
          refrain_versions_memory(index, bytes, count, "inside", NULL, &versions));
    FAILS(REFRAIN_ERROR_AUDIO, "too short", refrain_versions_of_track(index, brief, NULL, &versions));
    FAILS(REFRAIN_ERROR_AUDIO, "too short", refrain_similar(index, brief, NULL, &similar));
    CHECK(!similar);
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no track 999", refrain_versions_of_track(index, 999, NULL, &versions));
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no track 999", refrain_similar(index, 999, NULL, &similar));
    FAILS(REFRAIN_ERROR_IO, "none.wav", refrain_versions(index, "none.wav", NULL, &versions));
    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_versions(index, NULL, NULL, &versions));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_versions(NULL, clip, NULL, &versions));
    FAILS(REFRAIN_ERROR_ARGUMENT, "versions is NULL", refrain_versions(index, clip, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "similar is NULL", refrain_similar(index, brief, NULL, NULL));
    options.min_score = 2;
    FAILS(REFRAIN_ERROR_ARGUMENT, "min_score is 2, not 0 to 1", refrain_versions(index, clip, &options, &versions));
    options.min_score = 0;
    options.size = 0;
    FAILS(REFRAIN_ERROR_ARGUMENT, "the size of a RefrainVersionOptions is 0",
          refrain_similar(index, brief, &options, &similar));
    options.size = sizeof options;
    options.cancel = cancel;
    refrain_cancel_set(cancel);
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted",
          refrain_versions_samples(index, cover, frames, 1, RATE, NULL, &options, &versions));

    /* Silence has no versions, and says so. */
    OK(refrain_versions_samples(index, silence, 30 * RATE, 1, RATE, NULL, NULL, &versions));
    CHECK(refrain_versions_count(versions) == 0 && refrain_versions_warning_count(versions) == 1);
    CHECK(strstr(refrain_versions_warning(versions, 0), "silent") && fabs(refrain_versions_duration(versions) - 30) < 0.1);
    refrain_versions_free(versions);

    FAILS(REFRAIN_ERROR_ARGUMENT, "versions is NULL", refrain_versions_get(NULL, 0, &version));
    CHECK(refrain_versions_count(NULL) == 0 && refrain_versions_query(NULL) == NULL);
    CHECK(refrain_versions_incomplete(NULL) == 0 && refrain_similar_incomplete(NULL) == 0);
    CHECK(refrain_versions_json(NULL) == NULL && refrain_versions_duration(NULL) == 0);
    CHECK(refrain_similar_count(NULL) == 0 && refrain_similar_query(NULL) == NULL && refrain_similar_json(NULL) == NULL);
    refrain_versions_free(NULL);
    refrain_similar_free(NULL);
    refrain_cancel_free(cancel);
    free(bytes);
    free(clip);
    free(silence);
}

void test_versions(void) {
    char *path = scratch("tunes.refrain");
    RefrainIndex *index = tunes(path);
    size_t frames;
    float *cover = performed(0, 50, 3, 0.6, &frames);

    test_found(index, cover, frames);
    test_copies(index);
    test_similar(index);
    test_refused(index, cover, frames);
    OK(refrain_close(index));
    free(cover);
    free(path);
}
