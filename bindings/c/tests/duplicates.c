/* Files that hold the same recording. */
#include "check.h"

#include <math.h>
#include <stdint.h>

#define RATE 22050

struct told {
    int groups, files, spare, progress, enough, measured;
    uint64_t bytes, spare_bytes, done, total;
    char relations[256];
    double ref_start;
    RefrainCancel *cancel;
    /* Callbacks may read the index. */
    const RefrainIndex *index;
};

static int on_group(const RefrainDuplicateGroup *group, void *user_data) {
    struct told *told = user_data;
    RefrainInfo info = {.size = sizeof info};
    CHECK(group->file_count >= 2 && strcmp(group->files[0]->relation, "reference") == 0);
    told->groups++;
    told->bytes += group->bytes;
    for (size_t i = 0; i < group->file_count; i++) {
        const RefrainDuplicateFile *file = group->files[i];
        CHECK(file->path[0] && file->why[0] && file->id > 0 && file->seconds > 1);
        CHECK(file->agree_count > 0 && file->score > 0.5 && file->score <= 1 && fabs(file->speed - 1) < 0.01);
        CHECK((file->sample_rate == RATE || file->sample_rate == 16000) && file->channels == 1);
        CHECK(file->agrees[0].start >= 0 && file->agrees[0].end > file->agrees[0].start);
        CHECK(strlen(told->relations) + strlen(file->relation) + 2 < sizeof told->relations);
        strcat(strcat(told->relations, file->relation), " ");
        if (strcmp(file->relation, "excerpt") == 0) told->ref_start = file->agrees[0].ref_start;
        if (strcmp(file->path, "half") == 0) CHECK(strcmp(file->title, "Half") == 0 && file->track_number == 7);
        CHECK((strcmp(file->relation, "same_bytes") == 0) == (file->same_bytes_as != NULL));
        if (file->measured) {
            told->measured++;
            CHECK(file->bandwidth > 0 && file->bandwidth <= 24000 && file->peak > 0 && file->clipped >= 0);
        }
        told->files++;
        told->spare += !file->keep;
        if (!file->keep) told->spare_bytes += file->bytes;
    }
    if (told->index) OK(refrain_info(told->index, &info));
    return told->enough;
}

static void on_progress(uint64_t done, uint64_t total, void *user_data) {
    struct told *told = user_data;
    CHECK(done <= total && done >= told->done);
    told->done = done;
    told->total = total;
    told->progress++;
    if (told->cancel) refrain_cancel_set(told->cancel);
}

/* A song at full and at half its level, and the 20 s of it from 8 s on; two files with the same bytes. */
static RefrainIndex *messy(const char *path) {
    char *wav = fixture("audio/songs/quiet-engines.wav"), *flac = fixture("audio/songs/second-orbit.flac");
    char *one = scratch("one.flac"), *two = scratch("two.flac");
    size_t frames, count;
    unsigned channels, rate;
    float *song = read_wav(wav, &frames, &channels, &rate), *half = malloc(frames * sizeof *half);
    unsigned char *bytes = read_file(flac, &count);
    RefrainTags tags = {.size = sizeof tags, .title = "Half", .track_number = 7};
    RefrainIndex *index;

    CHECK(half && rate == RATE && channels == 1 && frames > 28 * RATE);
    for (size_t i = 0; i < frames; i++) half[i] = song[i] / 2;
    write_file(one, bytes, count);
    write_file(two, bytes, count);
    remove(path);
    OK(refrain_open_or_create(path, &index));
    OK(refrain_add_samples(index, song, frames, 1, RATE, "song", NULL));
    OK(refrain_add_samples(index, half, frames, 1, RATE, "half", &tags));
    OK(refrain_add_samples(index, song + 8 * RATE, 20 * RATE, 1, RATE, "part", NULL));
    OK(refrain_add(index, one));
    OK(refrain_add(index, two));
    free(bytes);
    free(half);
    free(song);
    free(two);
    free(one);
    free(flac);
    free(wav);
    return index;
}

static struct told asked(const RefrainIndex *index, RefrainDuplicateOptions options) {
    struct told told = {.index = index};
    options.size = sizeof options;
    OK(refrain_duplicates(index, &options, on_group, &told));
    CHECK(told.bytes == told.spare_bytes);
    return told;
}

/* A file and the same at half its level: the file can be measured. */
static void test_measured(void) {
    char *path = scratch("measured.refrain"), *wav = fixture("audio/songs/quiet-engines.wav");
    size_t frames;
    unsigned channels, rate;
    float *song = read_wav(wav, &frames, &channels, &rate);
    RefrainIndex *index;

    for (size_t i = 0; i < frames; i++) song[i] /= 2;
    remove(path);
    OK(refrain_open_or_create(path, &index));
    OK(refrain_add(index, wav));
    OK(refrain_add_samples(index, song, frames, 1, RATE, "quiet", NULL));
    CHECK(asked(index, (RefrainDuplicateOptions){.measure = 1}).measured == 1);
    CHECK(asked(index, (RefrainDuplicateOptions){0}).measured == 0);
    OK(refrain_close(index));
    free(song);
    free(wav);
    free(path);
}

void test_duplicates(void) {
    char *path = scratch("messy.refrain"), *folder = scratch("");
    RefrainIndex *index = messy(path);
    RefrainCancel *cancel = refrain_cancel_new();
    struct told told = {.index = index};
    RefrainDuplicateOptions options = {.size = sizeof options, .on_progress = on_progress, .user_data = &told};

    OK(refrain_duplicates(index, NULL, on_group, &told));
    CHECK(told.groups == 2 && told.files == 5 && told.spare == 2 && told.bytes == told.spare_bytes && told.bytes > 0);
    CHECK(strstr(told.relations, "same_bytes ") && strstr(told.relations, "same_audio excerpt "));
    CHECK(fabs(told.ref_start - 8) < 0.5);
    told = (struct told){0};
    OK(refrain_duplicates(index, &options, on_group, &told));
    CHECK(told.groups == 2 && told.progress > 1 && told.done == told.total && told.total > 0);
    /* The callback has seen enough. */
    told = (struct told){.enough = 1};
    OK(refrain_duplicates(index, NULL, on_group, &told));
    CHECK(told.groups == 1);

    CHECK(asked(index, (RefrainDuplicateOptions){.relations = "same_bytes"}).spare == 1);
    CHECK(asked(index, (RefrainDuplicateOptions){.relations = "same_bytes, same_audio,excerpt"}).spare == 3);
    told = asked(index, (RefrainDuplicateOptions){.only = "excerpt"});
    CHECK(told.groups == 1 && strcmp(told.relations, "reference excerpt ") == 0);
    CHECK(asked(index, (RefrainDuplicateOptions){.only = "remaster,shared_backing"}).groups == 0);
    CHECK(asked(index, (RefrainDuplicateOptions){.min_free = 1000}).groups == 1);
    CHECK(asked(index, (RefrainDuplicateOptions){.below = (const char *const *)&folder, .below_count = 1}).groups == 1);
    CHECK(asked(index, (RefrainDuplicateOptions){.prefer = (const char *const *)&folder, .prefer_count = 1}).spare == 1);
    CHECK(asked(index, (RefrainDuplicateOptions){.keep = "path,oldest"}).spare == 2);
    /* Samples are no file that can be decoded, and nothing is to be chosen of two files with the same bytes. */
    CHECK(asked(index, (RefrainDuplicateOptions){.measure = 1}).measured == 0);
    test_measured();

    options.only = "same";
    FAILS(REFRAIN_ERROR_ARGUMENT, "only: no relation \"same\"; the relations are",
          refrain_duplicates(index, &options, on_group, &told));
    options.only = NULL;
    options.keep = "size";
    FAILS(REFRAIN_ERROR_ARGUMENT, "keep: no rule \"size\"", refrain_duplicates(index, &options, on_group, &told));
    options.keep = NULL;
    options.relations = "shared_backing";
    FAILS(REFRAIN_ERROR_ARGUMENT, "never spare", refrain_duplicates(index, &options, on_group, &told));
    options.relations = "\xff";
    FAILS(REFRAIN_ERROR_UTF8, "relations", refrain_duplicates(index, &options, on_group, &told));
    options.relations = NULL;
    options.below_count = 1;
    FAILS(REFRAIN_ERROR_ARGUMENT, "NULL", refrain_duplicates(index, &options, on_group, &told));
    options.below_count = 0;
    FAILS(REFRAIN_ERROR_ARGUMENT, "index is NULL", refrain_duplicates(NULL, NULL, on_group, &told));
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_duplicates(index, NULL, NULL, NULL));
    options.size = 0;
    FAILS(REFRAIN_ERROR_ARGUMENT, "the size of a RefrainDuplicateOptions is 0",
          refrain_duplicates(index, &options, on_group, &told));

    /* The first progress sets the flag. */
    told = (struct told){.cancel = cancel};
    options = (RefrainDuplicateOptions){
        .size = sizeof options, .cancel = cancel, .on_progress = on_progress, .user_data = &told};
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted", refrain_duplicates(index, &options, on_group, &told));
    CHECK(told.groups == 0 && told.progress > 0);
    refrain_cancel_free(cancel);
    OK(refrain_close(index));
    free(folder);
    free(path);
}
