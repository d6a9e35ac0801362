/* Eight threads query through one handle while another thread writes to the file. */
#include "check.h"

#include <pthread.h>

#define THREADS 8
#define CLIPS 3

static RefrainIndex *shared;
static RefrainAnswer *kept;
static char *clips[CLIPS];
/* The expected path and position of each clip. */
static char expected_path[CLIPS][512];
static double expected_start[CLIPS], expected_score[CLIPS];
static int rounds;

static RefrainAnswer *answer_of(int clip) {
    RefrainAnswer *answer;
    RefrainQueryOptions options = {.size = sizeof options, .fast = 1};
    OK(refrain_query(shared, clips[clip], &options, &answer));
    return answer;
}

static void *ask(void *number) {
    for (int round = 0; round < rounds; round++) {
        int clip = (round + (int)(size_t)number) % CLIPS;
        RefrainAnswer *answer = answer_of(clip), *none;
        RefrainMatch best = {.size = sizeof best};
        char wrong[32];
        CHECK((refrain_answer_count(answer) > 0) == (expected_path[clip][0] != 0));
        if (refrain_answer_count(answer) > 0) {
            OK(refrain_answer_match(answer, 0, &best));
            CHECK(strcmp(best.path, expected_path[clip]) == 0 && best.ref_start == expected_start[clip]);
            CHECK(best.score == expected_score[clip]);
        }
        refrain_answer_free(answer);
        /* Each thread has its own message. */
        snprintf(wrong, sizeof wrong, "/no/clip/%d", (int)(size_t)number);
        FAILS(REFRAIN_ERROR_IO, wrong, refrain_query(shared, wrong, NULL, &none));
        CHECK(!none);
        /* All threads read one answer. */
        CHECK(strstr(refrain_answer_json(kept), "\"status\":\"match\""));
    }
    return NULL;
}

void test_threads(void) {
    static const char *const names[CLIPS] = {"audio/clips/clean.wav", "audio/clips/noisy.mp3",
                                             "audio/clips/stranger.ogg"};
    char *path = scratch("threads.refrain"), *song = fixture("audio/songs/marigold-street.mp3");
    RefrainIndex *songs = open_songs();
    pthread_t threads[THREADS];
    RefrainInfo info = {.size = sizeof info};
    uint64_t removed;

    rounds = little() ? 1 : 3;
    remove(path);
    OK(refrain_export(songs, path));
    OK(refrain_close(songs));
    OK(refrain_open_to_write(path, &shared));
    for (int i = 0; i < CLIPS; i++) {
        RefrainMatch best = {.size = sizeof best};
        RefrainAnswer *answer;
        clips[i] = fixture(names[i]);
        answer = answer_of(i);
        expected_path[i][0] = 0;
        if (refrain_answer_count(answer) > 0) {
            OK(refrain_answer_match(answer, 0, &best));
            CHECK(strlen(best.path) < sizeof expected_path[i]);
            strcpy(expected_path[i], best.path);
            expected_start[i] = best.ref_start;
            expected_score[i] = best.score;
        }
        if (i == 0) kept = answer;
        else refrain_answer_free(answer);
    }
    CHECK(ends_in(expected_path[0], "/second-orbit.flac"));
    CHECK(little() || ends_in(expected_path[1], "/north-platform.opus"));
    CHECK(expected_path[2][0] == 0);

    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, ask, (void *)i) == 0);
    /* Meanwhile a track that no clip is from comes and goes. */
    if (!little()) {
        OK(refrain_remove(shared, (const char *const *)&song, 1, &removed));
        CHECK(removed == 1);
        OK(refrain_add(shared, song));
    }
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    OK(refrain_info(shared, &info));
    CHECK(info.tracks == song_count());
    refrain_answer_free(kept);
    OK(refrain_close(shared));
    for (int i = 0; i < CLIPS; i++) free(clips[i]);
    free(path);
    free(song);
}
