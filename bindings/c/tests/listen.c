/* Listening, many clips, and queries by a track of the index. */
#include "check.h"

struct heard {
    int matches;
    double start;
    char path[512];
    /* The callback may call the listener; it does so once if this is set. */
    RefrainListener *again;
};

static void on_match(const RefrainMatch *found, void *user_data) {
    struct heard *heard = user_data;
    CHECK(found->size == sizeof *found && found->score > 0.9 && strlen(found->path) < sizeof heard->path);
    strcpy(heard->path, found->path);
    heard->start = found->ref_start - found->query_start;
    heard->matches++;
    if (heard->again) {
        RefrainListener *listener = heard->again;
        float silence[100] = {0};
        heard->again = NULL;
        FAILS(REFRAIN_ERROR_ARGUMENT, "the sound has ended",
              refrain_listener_push(listener, silence, 100, 16000, on_match, heard));
    }
}

static void listen(void) {
    RefrainIndex *index = open_songs();
    char *clip = fixture("audio/clips/clean.wav");
    size_t frames;
    unsigned channels, rate;
    float *samples = read_wav(clip, &frames, &channels, &rate);
    RefrainListener *listener, *unused;
    RefrainCancel *cancel = refrain_cancel_new();
    RefrainQueryOptions options = {.size = sizeof options, .fast = 1, .cancel = cancel};
    struct heard heard = {0};

    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_listen(NULL, NULL, &listener));
    CHECK(!listener);
    FAILS(REFRAIN_ERROR_ARGUMENT, "listener is NULL", refrain_listen(index, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "listener is NULL", refrain_listener_push(NULL, samples, 1, 8000, on_match, &heard));
    FAILS(REFRAIN_ERROR_ARGUMENT, "listener is NULL", refrain_listener_finish(NULL, on_match, &heard));
    refrain_listener_free(NULL);
    OK(refrain_listen(index, NULL, &unused));

    CHECK(channels == 1);
    OK(refrain_listen(index, &options, &listener));
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_listener_push(listener, samples, 1, rate, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "samples is NULL", refrain_listener_push(listener, NULL, 1, rate, on_match, NULL));
    /* A listener outlives the handle of its index. */
    OK(refrain_close(index));
    for (size_t at = 0; at < frames; at += 5000) {
        size_t count = frames - at < 5000 ? frames - at : 5000;
        OK(refrain_listener_push(listener, samples + at, count, rate, on_match, &heard));
    }
    refrain_cancel_set(cancel);
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted", refrain_listener_push(listener, samples, 1, rate, on_match, &heard));
    refrain_cancel_reset(cancel);
    CHECK(heard.matches == 0);
    heard.again = listener;
    OK(refrain_listener_finish(listener, on_match, &heard));
    CHECK(heard.matches == 1 && !heard.again && ends_in(heard.path, "/second-orbit.flac"));
    CHECK(heard.start > 11.9 && heard.start < 12.1);
    FAILS(REFRAIN_ERROR_ARGUMENT, "the sound has ended", refrain_listener_finish(listener, on_match, &heard));
    refrain_listener_free(listener);
    refrain_listener_free(unused);
    refrain_cancel_free(cancel);
    free(samples);
    free(clip);
}

struct answers {
    int seen;
    const char *const *clips;
};

static void on_answer(const RefrainAnswer *answer, void *user_data) {
    struct answers *answers = user_data;
    RefrainMatch best = {.size = sizeof best};
    CHECK(strcmp(refrain_answer_query(answer), answers->clips[answers->seen]) == 0);
    switch (answers->seen++) {
    case 0:
        CHECK(refrain_answer_status(answer) == REFRAIN_STATUS_MATCH && !refrain_answer_error(answer));
        OK(refrain_answer_match(answer, 0, &best));
        CHECK(ends_in(best.path, "/second-orbit.flac") && strstr(refrain_answer_json(answer), "/clean.wav\""));
        break;
    case 1:
        CHECK(refrain_answer_status(answer) == REFRAIN_STATUS_ERROR && refrain_answer_count(answer) == 0);
        CHECK(strstr(refrain_answer_error(answer), "/no/such.mp3: ") && refrain_answer_duration(answer) == 0);
        CHECK(strstr(refrain_answer_json(answer), "\"status\":\"error\",\"matches\":[],\"error\":\"/no/such.mp3: "));
        break;
    default:
        CHECK(refrain_answer_status(answer) == REFRAIN_STATUS_NO_MATCH && !refrain_answer_error(answer));
        CHECK(refrain_answer_duration(answer) > 1);
    }
}

static void many(void) {
    RefrainIndex *index = open_songs();
    char *clip = fixture("audio/clips/clean.wav"), *stranger = fixture("audio/clips/stranger.ogg");
    const char *const clips[] = {clip, "/no/such.mp3", stranger};
    struct answers answers = {.clips = clips};
    RefrainQueryOptions options = {.size = sizeof options, .fast = 1, .threads = 2};

    OK(refrain_query_all(index, clips, 3, &options, on_answer, &answers));
    CHECK(answers.seen == 3);
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_query_all(index, clips, 3, &options, NULL, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_query_all(NULL, clips, 3, &options, on_answer, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "paths is NULL", refrain_query_all(index, NULL, 3, &options, on_answer, NULL));
    CHECK(!refrain_answer_query(NULL) && !refrain_answer_error(NULL));
    OK(refrain_close(index));
    free(clip);
    free(stranger);
}

/* Adding returns the track, and a query by a track finds its copy. */
static void tracks(void) {
    char *path = scratch("copies.refrain"), *wav = fixture("audio/songs/quiet-engines.wav");
    char *clip = fixture("audio/clips/clean.wav");
    RefrainIndex *index;
    RefrainAdded first = {.size = sizeof first}, again = {.size = sizeof again}, copy = {.size = sizeof copy};
    RefrainTags tags = {.size = sizeof tags, .title = "A copy"};
    RefrainAddOptions options = {.size = sizeof options, .tags = &tags};
    RefrainAnswer *answer;
    RefrainMatch best = {.size = sizeof best};
    size_t frames;
    unsigned channels, rate;
    float *samples = read_wav(wav, &frames, &channels, &rate);

    remove(path);
    OK(refrain_open_or_create(path, &index));
    FAILS(REFRAIN_ERROR_ARGUMENT, "tags must be NULL", refrain_add_with(index, wav, &options, &first));
    OK(refrain_add_with(index, wav, NULL, &first));
    CHECK(first.is_new && first.track > 0);
    OK(refrain_add_with(index, wav, NULL, &again));
    CHECK(!again.is_new && again.track == first.track);
    /* Without its first second. */
    OK(refrain_add_samples_with(index, samples + rate * channels, frames - rate, channels, rate, "copy", &options, &copy));
    CHECK(copy.is_new && copy.track != first.track);
    OK(refrain_add_samples_with(index, samples + rate * channels, frames - rate, channels, rate, "copy", NULL, NULL));

    OK(refrain_query_track(index, first.track, NULL, &answer));
    CHECK(refrain_answer_count(answer) == 1);
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(best.id == copy.track && strcmp(best.path, "copy") == 0);
    CHECK(best.query_start - best.ref_start > 0.9 && best.query_start - best.ref_start < 1.1);
    refrain_answer_free(answer);
    FAILS(REFRAIN_ERROR_ARGUMENT, "there is no track 4000", refrain_query_track(index, 4000, NULL, &answer));
    CHECK(!answer);
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_query_track(NULL, 1, NULL, &answer));
    OK(refrain_refresh(index, NULL));
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_refresh(NULL, NULL));
    OK(refrain_verify(index));
    OK(refrain_close(index));
    free(samples);
    free(path);
    free(wav);
    free(clip);
}

/* A track that has the same sound twice says where the second time is. */
static void repeats(void) {
    char *path = scratch("twice.refrain"), *wav = fixture("audio/songs/quiet-engines.wav");
    RefrainIndex *index;
    RefrainAnswer *answer;
    RefrainMatch best = {.size = sizeof best};
    size_t frames, part;
    unsigned channels, rate;
    float *samples = read_wav(wav, &frames, &channels, &rate), *twice;

    part = 12 * (size_t)rate * channels;
    CHECK(frames * channels > part);
    twice = malloc(2 * part * sizeof *twice);
    CHECK(twice);
    memcpy(twice, samples, part * sizeof *twice);
    memcpy(twice + part, samples, part * sizeof *twice);
    remove(path);
    OK(refrain_open_or_create(path, &index));
    OK(refrain_add_samples(index, twice, 24 * (size_t)rate, channels, rate, "twice", NULL));
    OK(refrain_query_samples(index, samples + 2 * rate * channels, 8 * (size_t)rate, channels, rate, NULL, NULL, &answer));
    OK(refrain_close(index));
    OK(refrain_answer_match(answer, 0, &best));
    CHECK(strcmp(best.path, "twice") == 0 && best.also_at_count == 1);
    CHECK(best.also_at[0] - best.ref_start > 11.9 && best.also_at[0] - best.ref_start < 12.1);
    refrain_answer_free(answer);
    free(samples);
    free(twice);
    free(path);
    free(wav);
}

void test_listen(void) {
    repeats();
    listen();
    many();
    tracks();
}
