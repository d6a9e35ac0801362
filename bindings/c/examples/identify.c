/*
 * Updates an index with a folder of music and identifies a clip:
 *
 *     cc identify.c $(pkg-config --cflags --libs refrain) -o identify
 *     ./identify music.refrain ~/Music clip.mp3
 *
 * Exit status: 0 for a match, 1 for no match, 2 for an error.
 */
#include <refrain.h>

#include <signal.h>
#include <stdio.h>

static RefrainCancel *cancel;

/* Setting a RefrainCancel is safe in a signal handler. */
static void on_signal(int number) {
    (void)number;
    refrain_cancel_set(cancel);
}

static void on_event(const RefrainBuildEvent *event, void *user_data) {
    (void)user_data;
    if (event->kind == REFRAIN_BUILD_EVENT_KIND_ADDED)
        fprintf(stderr, "added %s (%.0f s)\n", event->path, event->seconds);
    else if (event->kind == REFRAIN_BUILD_EVENT_KIND_FAILED)
        fprintf(stderr, "cannot use %s: %s\n", event->path, event->message);
}

static int failed(void) {
    fprintf(stderr, "identify: %s\n", refrain_last_error());
    return 2;
}

int main(int argc, char **argv) {
    RefrainIndex *index;
    RefrainAnswer *answer;
    RefrainBuildOptions options = {.size = sizeof options, .callback = on_event};
    size_t count;

    if (argc != 4) {
        fprintf(stderr, "usage: %s INDEX FOLDER CLIP\n", argv[0]);
        return 2;
    }
    options.cancel = cancel = refrain_cancel_new();
    signal(SIGINT, on_signal);

    if (refrain_open_or_create(argv[1], &index) != REFRAIN_OK) return failed();
    /* Reads only new and changed files. A bad file does not end the build. */
    if (refrain_build(index, (const char *const *)&argv[2], 1, &options, NULL) != REFRAIN_OK ||
        refrain_query(index, argv[3], NULL, &answer) != REFRAIN_OK) {
        int status = failed();
        refrain_close(index);
        return status;
    }

    count = refrain_answer_count(answer);
    for (size_t i = 0; i < count; i++) {
        RefrainMatch match = {.size = sizeof match};
        if (refrain_answer_match(answer, i, &match) != REFRAIN_OK) return failed();
        printf("%.3f  %.1f - %.1f s of the clip is %.1f - %.1f s of %s - %s (%s)\n", match.score, match.query_start,
               match.query_end, match.ref_start, match.ref_end, match.artist ? match.artist : "?",
               match.title ? match.title : "?", match.path);
    }
    if (count == 0) printf("no match\n");
    refrain_answer_free(answer);
    if (refrain_close(index) != REFRAIN_OK) return failed();
    refrain_cancel_free(cancel);
    return count > 0 ? 0 : 1;
}
