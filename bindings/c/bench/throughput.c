/*
 * Measures queries per second of one handle, with one thread and with several:
 *
 *     throughput INDEX CLIP THREADS SECONDS
 *
 * Reads the clip once, then measures refrain_query_memory, decoding included. Alternates between one thread and several, so that
 * other work on the machine affects both. Also prints the share of the cores that the process got, because it limits what
 * threads can gain.
 */
#define _POSIX_C_SOURCE 200809L
#include <refrain.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static RefrainIndex *shared;
static unsigned char *bytes;
static size_t count;
static double until;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void *ask(void *answered) {
    while (now() < until) {
        RefrainAnswer *answer;
        if (refrain_query_memory(shared, bytes, count, NULL, NULL, &answer) != REFRAIN_OK ||
            refrain_answer_count(answer) == 0) {
            fprintf(stderr, "throughput: %s\n", refrain_last_error());
            exit(1);
        }
        refrain_answer_free(answer);
        ++*(long *)answered;
    }
    return NULL;
}

/* Returns queries per second, and milliseconds of CPU per query. */
static double measure(int threads, double seconds, double *milliseconds) {
    pthread_t handles[64];
    long answered[64] = {0}, all = 0;
    double begun = now(), used = cpu(), took;
    until = begun + seconds;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&handles[i], NULL, ask, &answered[i]) != 0) exit(1);
    for (int i = 0; i < threads; i++) {
        pthread_join(handles[i], NULL);
        all += answered[i];
    }
    took = now() - begun;
    *milliseconds = 1000 * (cpu() - used) / (double)all;
    return (double)all / took;
}

int main(int argc, char **argv) {
    int threads = argc == 5 ? atoi(argv[3]) : 0;
    double seconds = argc == 5 ? atof(argv[4]) : 0, ratio[5], best = 0;
    FILE *file;
    if (threads < 1 || threads > 64 || !(seconds > 0)) {
        fprintf(stderr, "usage: %s INDEX CLIP THREADS SECONDS\n", argv[0]);
        return 2;
    }
    file = fopen(argv[2], "rb");
    bytes = malloc(1 << 26);
    if (!file || !bytes) {
        fprintf(stderr, "throughput: cannot read %s\n", argv[2]);
        return 2;
    }
    count = fread(bytes, 1, 1 << 26, file);
    fclose(file);
    if (refrain_open(argv[1], &shared) != REFRAIN_OK) {
        fprintf(stderr, "throughput: %s\n", refrain_last_error());
        return 2;
    }
    printf("%9s %9s %7s %11s %11s %7s\n", "1 thread", "threads", "ratio", "CPU ms, 1", "CPU ms, n", "cores");
    for (int run = 0; run < 5; run++) {
        double one_ms, many_ms, one = measure(1, seconds, &one_ms), many = measure(threads, seconds, &many_ms);
        ratio[run] = many / one;
        printf("%7.1f/s %7.1f/s %7.2f %11.2f %11.2f %7.2f\n", one, many, ratio[run], one_ms, many_ms,
               many * many_ms / 1000);
        fflush(stdout);
    }
    for (int i = 0; i < 5; i++)
        for (int k = i + 1; k < 5; k++)
            if (ratio[k] < ratio[i]) {
                double swap = ratio[i];
                ratio[i] = ratio[k];
                ratio[k] = swap;
            }
    best = ratio[4];
    printf("%d threads bring %.2f times as much as one (median of 5; best %.2f)\n", threads, ratio[2], best);
    free(bytes);
    return refrain_close(shared) == REFRAIN_OK ? 0 : 2;
}
