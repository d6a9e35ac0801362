/* Removing, moving, merging, checking, exporting. */
#include "check.h"

#include <sys/stat.h>

struct paths {
    char *paths[16];
    size_t count;
};

static int keep(const char *path, void *user_data) {
    struct paths *all = user_data;
    CHECK(all->count < 16);
    all->paths[all->count] = malloc(strlen(path) + 1);
    CHECK(all->paths[all->count]);
    strcpy(all->paths[all->count++], path);
    return 0;
}

static int first_only(const char *path, void *user_data) {
    keep(path, user_data);
    return 1;
}

static void forget(struct paths *all) {
    while (all->count > 0) free(all->paths[--all->count]);
}

static void copy(const char *from, const char *to) {
    size_t count;
    unsigned char *bytes = read_file(from, &count);
    write_file(to, bytes, count);
    free(bytes);
}

void test_maintain(void) {
    char *path = scratch("kept.refrain"), *other_path = scratch("other.refrain"), *out = scratch("copy.refrain");
    char *folder = scratch("music"), *moved = scratch("moved"), *song = scratch("music/a.flac");
    char *flac = fixture("audio/songs/second-orbit.flac"), *wav = fixture("audio/songs/quiet-engines.wav");
    RefrainIndex *index, *other;
    RefrainBuildSummary built = {.size = sizeof built};
    RefrainMergeSummary merged = {.size = sizeof merged};
    RefrainInfo info = {.size = sizeof info};
    struct paths all = {0};
    uint64_t files, roots, removed, bytes;
    char *away = scratch("moved/a.flac");

    remove(path);
    remove(other_path);
    remove(out);
    remove(song);
    remove(away);
    mkdir(folder, 0777);
    mkdir(moved, 0777);
    copy(flac, song);
    OK(refrain_open_or_create(path, &index));
    OK(refrain_build(index, (const char *const *)&folder, 1, NULL, &built));
    CHECK(built.added == 1);

    /* An unknown name. */
    OK(refrain_select(index, "nothing", keep, &all));
    CHECK(all.count == 0);
    OK(refrain_select(index, "*.flac", keep, &all));
    CHECK(all.count == 1 && ends_in(all.paths[0], "/music/a.flac"));
    forget(&all);

    OK(refrain_open_or_create(other_path, &other));
    OK(refrain_add(other, wav));
    OK(refrain_add(other, flac));
    OK(refrain_merge(index, other, NULL, &merged));
    CHECK(merged.added == 1 && merged.known == 1 && merged.skipped == 0);
    FAILS(REFRAIN_ERROR_INDEX, "this is the index itself; choose another index to merge",
          refrain_merge(index, index, NULL, NULL));
    OK(refrain_close(other));
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 2 && info.files == 3);

    OK(refrain_select(index, "**", first_only, &all));
    CHECK(all.count == 1);
    forget(&all);

    /* The folder is renamed. */
    CHECK(rename(song, away) == 0);
    OK(refrain_relocate(index, folder, moved, &files, &roots));
    CHECK(files == 1 && roots == 1);
    OK(refrain_update(index, NULL, &built));
    CHECK(built.missing == 0 && built.unchanged == 3);

    /* A file is gone. The index keeps it as missing until it is pruned. */
    remove(away);
    OK(refrain_update(index, NULL, &built));
    CHECK(built.missing == 1);
    OK(refrain_select(index, "missing", keep, &all));
    CHECK(all.count == 1 && ends_in(all.paths[0], "/moved/a.flac"));
    forget(&all);
    OK(refrain_prune(index, &removed));
    CHECK(removed == 1);
    OK(refrain_forget_roots(index, moved));
    OK(refrain_roots(index, keep, &all));
    CHECK(all.count == 0);

    OK(refrain_export(index, out));
    FAILS(REFRAIN_ERROR_IO, "copy.refrain", refrain_export(index, out));
    OK(refrain_select(index, "*.wav", keep, &all));
    OK(refrain_remove(index, (const char *const *)all.paths, all.count, &removed));
    CHECK(removed == 1);
    forget(&all);
    OK(refrain_rebuild(index, NULL));
    OK(refrain_compact(index, &bytes));
    OK(refrain_verify(index));
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 1);
    OK(refrain_close(index));

    OK(refrain_open(out, &index));
    OK(refrain_verify(index));
    OK(refrain_info(index, &info));
    CHECK(info.tracks == 2);
    OK(refrain_close(index));
    free(path);
    free(other_path);
    free(out);
    free(folder);
    free(moved);
    free(song);
    free(away);
    free(flac);
    free(wav);
}
