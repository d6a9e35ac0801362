/* An installed ffmpeg decodes what refrain cannot, if the caller allows it. A script stands in for it. */
#include "check.h"

#include <stdint.h>
#include <sys/stat.h>

static void put(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* A script that writes these samples as ffmpeg does. */
static char *stand_in(const char *wav) {
    char *sound = scratch("out.au"), *program = scratch("ffmpeg"), script[1000];
    size_t frames, count;
    unsigned channels, rate;
    float *samples = read_wav(wav, &frames, &channels, &rate);
    unsigned char *bytes;

    count = frames * channels;
    bytes = malloc(24 + 4 * count);
    CHECK(bytes);
    memcpy(bytes, ".snd", 4);
    put(bytes + 4, 24);
    put(bytes + 8, UINT32_MAX);
    put(bytes + 12, 6);
    put(bytes + 16, rate);
    put(bytes + 20, channels);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &samples[i], 4);
        put(bytes + 24 + 4 * i, bits);
    }
    write_file(sound, bytes, 24 + 4 * count);
    snprintf(script, sizeof script, "#!/bin/sh\ncat '%s'\n", sound);
    write_file(program, script, strlen(script));
    CHECK(chmod(program, 0755) == 0);
    free(samples);
    free(bytes);
    free(sound);
    return program;
}

static void on_answer(const RefrainAnswer *answer, void *user_data) {
    *(size_t *)user_data += refrain_answer_count(answer);
}

void test_ffmpeg(void) {
    RefrainIndex *index = open_songs(), *own;
    char *clip = fixture("audio/clips/clean.wav"), *packed = scratch("clip.wv"), *path = scratch("own.refrain");
    char *program = stand_in(clip);
    const char *const paths[] = {packed};
    RefrainQueryOptions asked = {.size = sizeof asked};
    RefrainTimelineOptions told = {.size = sizeof told};
    RefrainAddOptions adding = {.size = sizeof adding};
    RefrainAnswer *answer;
    RefrainTimeline *timeline;
    size_t found = 0;

    write_file(packed, "wvpk\x10\0\0\0\x10\4", 10);
    FAILS(REFRAIN_ERROR_AUDIO, "WavPack", refrain_query(index, packed, &asked, &answer));
    FAILS(REFRAIN_ERROR_AUDIO, "WavPack", refrain_timeline(index, packed, &told, &timeline));
    OK(refrain_query_all(index, paths, 1, &asked, on_answer, &found));
    CHECK(found == 0);

    asked.ffmpeg = told.ffmpeg = adding.ffmpeg = program;
    OK(refrain_query(index, packed, &asked, &answer));
    CHECK(refrain_answer_count(answer) == 1);
    refrain_answer_free(answer);
    OK(refrain_query_all(index, paths, 1, &asked, on_answer, &found));
    CHECK(found == 1);
    OK(refrain_timeline(index, packed, &told, &timeline));
    CHECK(refrain_timeline_count(timeline) == 1);
    refrain_timeline_free(timeline);
    OK(refrain_close(index));

    remove(path);
    OK(refrain_open_or_create(path, &own));
    FAILS(REFRAIN_ERROR_AUDIO, "WavPack", refrain_add(own, packed));
    OK(refrain_add_with(own, packed, &adding, NULL));
    OK(refrain_close(own));
    free(clip);
    free(packed);
    free(path);
    free(program);
}
