/* suite FIXTURES SCRATCH [TEST…]: runs all tests, or the named ones. */
#include "check.h"

#include <unistd.h>

static const char *fixtures, *scratch_folder;

static char *joined(const char *folder, const char *name) {
    size_t room = strlen(folder) + strlen(name) + 2;
    char *path = malloc(room);
    if (!path) abort();
    snprintf(path, room, "%s/%s", folder, name);
    return path;
}

char *fixture(const char *name) { return joined(fixtures, name); }
char *scratch(const char *name) { return joined(scratch_folder, name); }

int little(void) { return getenv("REFRAIN_LITTLE") != NULL; }

size_t song_count(void) { return little() ? 2 : 10; }

RefrainIndex *open_songs(void) {
    static char *path;
    RefrainIndex *index;
    if (!path) {
        char *songs[2];
        path = scratch("songs.refrain");
        remove(path);
        OK(refrain_open_or_create(path, &index));
        songs[0] = fixture(little() ? "audio/songs/second-orbit.flac" : "audio/songs");
        songs[1] = fixture("audio/songs/quiet-engines.wav");
        OK(refrain_build(index, (const char *const *)songs, little() ? 2 : 1, NULL, NULL));
        OK(refrain_close(index));
        free(songs[0]);
        free(songs[1]);
    }
    OK(refrain_open(path, &index));
    return index;
}

unsigned char *read_file(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    unsigned char *bytes;
    long length;
    CHECK(file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0);
    bytes = malloc((size_t)length + 1);
    CHECK(bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length);
    fclose(file);
    *count = (size_t)length;
    return bytes;
}

void write_file(const char *path, const void *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

static unsigned little_endian(const unsigned char *at, int bytes) {
    unsigned value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

float *read_wav(const char *path, size_t *frames, unsigned *channels, unsigned *rate) {
    size_t count, at = 12, samples = 0;
    unsigned char *bytes = read_file(path, &count);
    float *out = NULL;
    *channels = *rate = 0;
    CHECK(count > 44 && memcmp(bytes, "RIFF", 4) == 0);
    while (at + 8 <= count && !out) {
        size_t length = little_endian(bytes + at + 4, 4);
        const unsigned char *chunk = bytes + at + 8;
        if (memcmp(bytes + at, "fmt ", 4) == 0) {
            *channels = little_endian(chunk + 2, 2);
            *rate = little_endian(chunk + 4, 4);
            CHECK(little_endian(chunk + 14, 2) == 16);
        } else if (memcmp(bytes + at, "data", 4) == 0) {
            CHECK(*channels > 0 && at + 8 + length <= count);
            samples = length / 2;
            out = malloc(samples * sizeof *out);
            CHECK(out);
            for (size_t i = 0; i < samples; i++)
                out[i] = (float)(short)little_endian(chunk + 2 * i, 2) / 32768.0f;
        }
        at += 8 + length + length % 2;
    }
    free(bytes);
    CHECK(out);
    *frames = samples / *channels;
    return out;
}

int ends_in(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

void check_failure(const char *call, RefrainCode expected, const char *words, RefrainCode code, const char *file,
                   int line) {
    if (code == expected && strstr(refrain_last_error(), words)) return;
    fprintf(stderr, "%s:%d: %s gave %s (%s), expected %s with \"%s\"\n", file, line, call, refrain_code_name(code),
            refrain_last_error(), refrain_code_name(expected), words);
    exit(1);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"basics", test_basics},     {"maintain", test_maintain},     {"errors", test_errors},
        {"abi", test_abi},           {"threads", test_threads},   {"analysis", test_analysis},
        {"transforms", test_transforms}, {"cancel", test_cancel},   {"listen", test_listen},
        {"timeline", test_timeline},     {"ffmpeg", test_ffmpeg},
        {"duplicates", test_duplicates}, {"versions", test_versions},
    };
    int ran = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: %s FIXTURES SCRATCH [TEST...]\n", argv[0]);
        return 2;
    }
    fixtures = argv[1];
    scratch_folder = argv[2];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        int chosen = argc == 3;
        for (int a = 3; a < argc; a++) chosen |= strcmp(argv[a], tests[i].name) == 0;
        if (!chosen) continue;
        printf("%s\n", tests[i].name);
        fflush(stdout);
        tests[i].run();
        ran++;
    }
    CHECK(ran == (argc == 3 ? (int)(sizeof tests / sizeof *tests) : argc - 3));
    printf("%d tests passed\n", ran);
    return 0;
}
