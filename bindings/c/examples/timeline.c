/*
 * Prints what was played when in a mix or a broadcast, play by play while it is read:
 *
 *     cc timeline.c $(pkg-config --cflags --libs refrain) -o timeline
 *     ./timeline music.refrain show.mp3
 *
 * Exit status: 0 if there is a play, 1 if there is none, 2 for an error.
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

/* Gets each play once nothing later can change it. */
static void on_play(const RefrainPlay *play, void *user_data) {
    (void)user_data;
    printf("%7.1f - %7.1f s  %s - %s (%s)\n", play->start, play->end, play->artist ? play->artist : "?",
           play->title ? play->title : "?", play->path);
    fflush(stdout);
}

static int failed(void) {
    fprintf(stderr, "timeline: %s\n", refrain_last_error());
    return 2;
}

int main(int argc, char **argv) {
    RefrainIndex *index;
    RefrainTimeline *timeline;
    RefrainTimelineOptions options = {.size = sizeof options, .on_play = on_play};
    const RefrainStretch *unknown;
    size_t plays, count;

    if (argc != 3) {
        fprintf(stderr, "usage: %s INDEX RECORDING\n", argv[0]);
        return 2;
    }
    options.cancel = cancel = refrain_cancel_new();
    signal(SIGINT, on_signal);

    if (refrain_open(argv[1], &index) != REFRAIN_OK) return failed();
    if (refrain_timeline(index, argv[2], &options, &timeline) != REFRAIN_OK) {
        int status = failed();
        refrain_close(index);
        return status;
    }

    unknown = refrain_timeline_unknown(timeline, &count);
    for (size_t i = 0; i < count; i++) printf("%7.1f - %7.1f s  unknown\n", unknown[i].start, unknown[i].end);
    count = refrain_timeline_warning_count(timeline);
    for (size_t i = 0; i < count; i++) fprintf(stderr, "%s: %s\n", argv[2], refrain_timeline_warning(timeline, i));
    plays = refrain_timeline_count(timeline);
    refrain_timeline_free(timeline);
    if (refrain_close(index) != REFRAIN_OK) return failed();
    refrain_cancel_free(cancel);
    return plays > 0 ? 0 : 1;
}
