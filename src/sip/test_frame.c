/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/frame.h"

#include <stdlib.h>

#include "base/limits.h"
#include "tap.h"

#define A "OPTIONS sip:a SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
#define B "OPTIONS sip:b SIP/2.0\r\nl: 0\r\n\r\n"

static void sip_021_what_a_stream_begins_with(void **state)
{
    (void)state;
    static const struct {
        const char *name, *held;
        enum frame_kind kind;
        size_t n;
    } rows[] = {
        { "nothing", "", FRAME_MORE, 0 },
        { "one message", A, FRAME_MESSAGE, sizeof A - 1 },
        { "two messages", B A, FRAME_MESSAGE, sizeof B - 1 },
        { "half a body", "OPTIONS sip:a SIP/2.0\r\nl: 4\r\n\r\nbo", FRAME_MORE, 0 },
        { "half a header", "OPTIONS sip:a SIP/2.0\r\nl: 4\r\n\r", FRAME_MORE, 0 },
        { "half a start line", "OPTI", FRAME_MORE, 0 },
        { "a carriage return", "\r", FRAME_MORE, 0 },
        { "half a keepalive", "\r\n", FRAME_MORE, 0 },
        { "most of a keepalive", "\r\n\r", FRAME_MORE, 0 },
        { "a keepalive", "\r\n\r\n", FRAME_PING, 4 },
        { "a keepalive and a message", "\r\n\r\n" B, FRAME_PING, 4 },
        { "a stray line end", "\r\n" B, FRAME_BLANK, 2 },
        { "a stray line end and a half", "\r\n\rX", FRAME_BLANK, 2 },
        { "a carriage return alone", "\rX", FRAME_BROKEN, 0 },
        { "no Content-Length", "OPTIONS sip:a SIP/2.0\r\nX: y\r\n\r\nbody", FRAME_BROKEN, 31 },
        { "no header at all", "OPTIONS sip:a SIP/2.0\r\n\r\n", FRAME_BROKEN, 25 },
        { "two that differ", "OPTIONS sip:a SIP/2.0\r\nl: 4\r\nContent-Length: 5\r\n\r\nbody", FRAME_BROKEN,
          50 },
        { "two that agree", "OPTIONS sip:a SIP/2.0\r\nl: 4\r\nl: 4\r\n\r\nbody", FRAME_MESSAGE, 41 },
        { "negative", "OPTIONS sip:a SIP/2.0\r\nl: -4\r\n\r\nbody", FRAME_BROKEN, 32 },
        { "huge", "OPTIONS sip:a SIP/2.0\r\nl: 18446744073709551620\r\n\r\n", FRAME_BROKEN, 50 },
        { "beyond the limit", "OPTIONS sip:a SIP/2.0\r\nl: 65536\r\n\r\n", FRAME_BROKEN, 35 },
        { "blanks and folds", "OPTIONS sip:a SIP/2.0\r\nCONTENT-length \t:\r\n  4\r\n\r\nbody", FRAME_MESSAGE,
          53 },
        { "a name inside another's fold", "OPTIONS sip:a SIP/2.0\r\nX: y\r\n l: 4\r\nl: 0\r\n\r\n",
          FRAME_MESSAGE, 44 },
        { "a name that only begins so", "OPTIONS sip:a SIP/2.0\r\nContent-Length-X: 4\r\nl: 0\r\n\r\n",
          FRAME_MESSAGE, 52 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t from = 0, n = 4711;
        struct fault fault = { 0 };
        const enum frame_kind kind = frame_next(span_of(rows[i].held), &from, &n, &fault);
        if (kind != rows[i].kind || (kind != FRAME_BROKEN && n != rows[i].n) ||
            (kind == FRAME_BROKEN && rows[i].n && n != rows[i].n))
            fail_msg("%s: kind %d, %zu bytes", rows[i].name, kind, n);
        assert_true(kind != FRAME_BROKEN || fault.what != NULL);
        assert_true(kind == FRAME_MORE || from == 0);
    }
}

/* The stream in pieces of `step` bytes, each held in a buffer of exactly its size. Returns the messages found. */
static size_t in_pieces(struct span stream, size_t step, const size_t *lengths)
{
    size_t begin = 0, end = 0, from = 0, n, messages = 0;
    while (begin < stream.n) {
        char *held = malloc(end - begin + 1);
        assert_non_null(held);
        memcpy(held, stream.p + begin, end - begin);
        const enum frame_kind kind = frame_next(span_make(held, end - begin), &from, &n, NULL);
        free(held);
        assert_true(kind != FRAME_BROKEN);
        assert_true(kind != FRAME_MORE || end < stream.n);
        if (kind == FRAME_MESSAGE)
            assert_int_equal(n, lengths[messages++]);
        begin += n;
        if (kind == FRAME_MORE)
            end = end + step < stream.n ? end + step : stream.n;
    }
    return messages;
}

static void sip_021_messages_are_found_however_they_are_split(void **state)
{
    (void)state;
    static const char stream[] = A "\r\n\r\n" B "\r\n" A B;
    static const size_t lengths[] = { sizeof A - 1, sizeof B - 1, sizeof A - 1, sizeof B - 1 };
    for (size_t step = 1; step < sizeof stream; step++)
        assert_int_equal(in_pieces(SPAN(stream), step, lengths), 4);
}

static void sip_008_a_header_that_does_not_end_is_given_up(void **state)
{
    (void)state;
    char *held = malloc(LIMIT_SIP_MESSAGE);
    size_t from = 0, n;
    assert_non_null(held);
    memset(held, 'x', LIMIT_SIP_MESSAGE);
    assert_int_equal(frame_next(span_make(held, LIMIT_SIP_MESSAGE - 1), &from, &n, NULL), FRAME_MORE);
    assert_int_equal(frame_next(span_make(held, LIMIT_SIP_MESSAGE), &from, &n, NULL), FRAME_BROKEN);
    assert_int_equal(n, LIMIT_SIP_MESSAGE);
    free(held);
}

static void the_largest_message_is_one_message(void **state)
{
    (void)state;
    static const char header[] = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 65480\r\n\r\n";
    const size_t whole = sizeof header - 1 + 65480;
    char *held = malloc(whole);
    size_t from = 0, n;
    assert_non_null(held);
    assert_true(whole <= LIMIT_SIP_MESSAGE);
    memset(held, 'b', whole);
    memcpy(held, header, sizeof header - 1);
    assert_int_equal(frame_next(span_make(held, sizeof header - 1), &from, &n, NULL), FRAME_MORE);
    assert_int_equal(frame_next(span_make(held, whole - 1), &from, &n, NULL), FRAME_MORE);
    assert_int_equal(frame_next(span_make(held, whole), &from, &n, NULL), FRAME_MESSAGE);
    assert_int_equal(n, whole);
    free(held);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_021_what_a_stream_begins_with),
        cmocka_unit_test(sip_021_messages_are_found_however_they_are_split),
        cmocka_unit_test(sip_008_a_header_that_does_not_end_is_given_up),
        cmocka_unit_test(the_largest_message_is_one_message),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
