/* Helpers of all tests. A check that fails ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <refrain.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n  the last error was: %s\n", __FILE__, __LINE__, #condition,                   \
                    refrain_last_error());                                                                             \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#define OK(call) CHECK((call) == REFRAIN_OK)

/* The call returns the code, and its message contains these words. */
#define FAILS(code, words, call)                                                                                       \
    do {                                                                                                               \
        check_failure(#call, code, words, call, __FILE__, __LINE__);                                                   \
    } while (0)

void check_failure(const char *call, RefrainCode expected, const char *words, RefrainCode code, const char *file,
                   int line);

/* Whether to use little audio, because everything takes 50 times as long. */
int little(void);

/* A path below the fixtures, and one in the scratch folder. Free it with free. */
char *fixture(const char *name);
char *scratch(const char *name);

/* An index of songs, the same for all tests: ten songs, or two if audio is to be little. Close it. */
RefrainIndex *open_songs(void);
size_t song_count(void);

/* The samples of a 16-bit WAV file. Free them with free. */
float *read_wav(const char *path, size_t *frames, unsigned *channels, unsigned *rate);

/* The bytes of a file. Free them with free. */
unsigned char *read_file(const char *path, size_t *count);
void write_file(const char *path, const void *bytes, size_t count);

/* Whether `text` ends in `end`. */
int ends_in(const char *text, const char *end);

/* The tests. */
void test_basics(void);
void test_maintain(void);
void test_errors(void);
void test_abi(void);
void test_threads(void);
void test_analysis(void);
void test_transforms(void);
void test_cancel(void);
void test_listen(void);
void test_timeline(void);
void test_ffmpeg(void);
void test_duplicates(void);
void test_versions(void);

#endif
