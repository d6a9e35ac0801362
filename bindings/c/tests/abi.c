/* Programs that were compiled with an older or a newer header. */
#include "check.h"

#include <stddef.h>

void test_abi(void) {
    RefrainIndex *index = open_songs();
    char *clip = fixture("audio/clips/clean.wav");
    RefrainAnswer *answer;

    /* An older program knows only the first fields. The library does not touch the bytes after them. */
    struct {
        RefrainInfo info;
        unsigned char after[64];
    } older;
    memset(&older, 0xa5, sizeof older);
    older.info.size = offsetof(RefrainInfo, missing);
    OK(refrain_info(index, &older.info));
    CHECK(older.info.tracks == song_count() && older.info.files == song_count());
    for (size_t i = offsetof(RefrainInfo, missing); i < sizeof older; i++)
        CHECK(((unsigned char *)&older)[i] == 0xa5);

    /* Options of version 0.1.0 ended before `threads`. The library does not read the bytes after them. */
    RefrainQueryOptions first;
    memset(&first, 0xa5, sizeof first);
    memset(&first, 0, offsetof(RefrainQueryOptions, threads));
    first.size = offsetof(RefrainQueryOptions, threads);
    first.fast = 1;
    OK(refrain_query(index, clip, &first, &answer));
    CHECK(refrain_answer_count(answer) == 1);
    refrain_answer_free(answer);

    /* A newer program knows more fields. It gets zeros in them, and must not set them. */
    struct {
        RefrainMatch match;
        double more[2];
    } newer;
    struct {
        RefrainQueryOptions options;
        double more;
    } asked = {.options = {.size = sizeof asked, .fast = 1}};
    OK(refrain_query(index, clip, &asked.options, &answer));
    memset(&newer, 0xa5, sizeof newer);
    newer.match.size = sizeof newer;
    OK(refrain_answer_match(answer, 0, &newer.match));
    CHECK(newer.match.size == sizeof newer && newer.match.score > 0.9 && newer.more[0] == 0 && newer.more[1] == 0);
    refrain_answer_free(answer);
    asked.more = 1;
    FAILS(REFRAIN_ERROR_ARGUMENT, "RefrainQueryOptions has fields that this version",
          refrain_query(index, clip, &asked.options, &answer));
    CHECK(!answer);

    /* The program did not set the size. */
    newer.match.size = 0;
    asked.options.size = (size_t)-1;
    FAILS(REFRAIN_ERROR_ARGUMENT, "the size of a RefrainQueryOptions is",
          refrain_query(index, clip, &asked.options, &answer));
    OK(refrain_query(index, clip, NULL, &answer));
    FAILS(REFRAIN_ERROR_ARGUMENT, "set it to sizeof (RefrainMatch)", refrain_answer_match(answer, 0, &newer.match));
    refrain_answer_free(answer);
    OK(refrain_close(index));
    free(clip);
}
