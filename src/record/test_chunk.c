/* SPDX-License-Identifier: Apache-2.0 */
#include "record/chunk.h"

#include <stdlib.h>

#include "tap.h"

static struct span text_of(size_t i, char memory[static 300])
{
    memset(memory, (int)('a' + i % 26), 300);
    return span_make(memory, 1 + i * 7 % 290);
}

static void entries_come_back_in_their_order(void **state)
{
    char memory[300];
    (void)state;
    for (size_t n = 1; n <= CHUNK_RECORDS; n += n < 4 ? 1 : 63) {
        struct chunk c = { .n = 0 };
        struct span entry;
        for (size_t i = 0; i < n; i++) {
            assert_false(chunk_is_full(&c, 1000 + (int64_t)i));
            assert_int_equal(chunk_add(&c, text_of(i, memory), 1000 + (int64_t)i), BF_OK);
        }
        assert_int_equal(c.n, n);
        assert_int_equal(c.first_at, 1000);
        assert_int_equal(c.last_at, 999 + n);
        struct span rest = chunk_span(&c);
        for (size_t i = 0; i < n; i++) {
            assert_true(chunk_next(&rest, (int64_t)n, &entry));
            assert_true(span_equal(entry, text_of(i, memory)));
        }
        assert_false(chunk_next(&rest, (int64_t)n, &entry));
        chunk_clear(&c);
    }
}

static void a_chunk_ends_with_its_records_its_bytes_or_its_minute(void **state)
{
    static const char big[CHUNK_BYTES] = "x";
    char memory[300];
    struct chunk c = { .n = 0 };
    (void)state;
    assert_false(chunk_is_full(&c, INT64_MAX)); /* an empty one takes any */
    for (size_t i = 0; i < CHUNK_RECORDS; i++)
        assert_int_equal(chunk_add(&c, text_of(1, memory), 0), BF_OK);
    assert_true(chunk_is_full(&c, 0));
    chunk_empty(&c);
    assert_int_equal(chunk_add(&c, span_make(big, sizeof big), 5000), BF_OK);
    assert_true(chunk_is_full(&c, 5000));
    assert_int_equal(chunk_span(&c).n, sizeof big); /* alone, without a length */
    chunk_empty(&c);
    assert_int_equal(chunk_add(&c, text_of(1, memory), 100000), BF_OK);
    assert_false(chunk_is_full(&c, 100000 + CHUNK_SPAN_MS));
    assert_true(chunk_is_full(&c, 100001 + CHUNK_SPAN_MS));
    assert_int_equal(chunk_add(&c, text_of(1, memory), 90000), BF_OK); /* earlier calls come later */
    assert_int_equal(c.first_at, 90000);
    assert_int_equal(c.last_at, 100000);
    assert_false(chunk_is_full(&c, 40000));
    assert_true(chunk_is_full(&c, 39999));
    assert_true(chunk_is_full(&c, 90001 + CHUNK_SPAN_MS));
    chunk_clear(&c);
}

static void what_is_cut_off_is_not_given(void **state)
{
    static const struct {
        const char *what;
        struct span bytes;
        int64_t n;
        size_t found;
    } rows[] = {
        { "nothing", SPAN(""), 2, 0 },
        { "nothing, alone", SPAN(""), 1, 0 },
        { "one alone", SPAN("abc"), 1, 1 },
        { "two",
          SPAN("\x01\x00\x00"
               "a"
               "\x02\x00\x00"
               "bc"),
          2, 2 },
        { "more than it says",
          SPAN("\x01\x00\x00"
               "a"
               "\x02\x00\x00"
               "bc"),
          7, 2 },
        { "half a length",
          SPAN("\x01\x00\x00"
               "a"
               "\x02\x00"),
          2, 1 },
        { "a length without bytes",
          SPAN("\x01\x00\x00"
               "a"
               "\x02\x00\x00"),
          2, 1 },
        { "a length past the end",
          SPAN("\x01\x00\x00"
               "a"
               "\x03\x00\x00"
               "bc"),
          2, 1 },
        { "a large length",
          SPAN("\xff\xff\xff"
               "a"),
          2, 0 },
        { "an empty entry",
          SPAN("\x00\x00\x00\x01\x00\x00"
               "a"),
          2, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct span rest = rows[i].bytes, entry;
        size_t found = 0;
        while (chunk_next(&rest, rows[i].n, &entry))
            found++;
        if (found != rows[i].found)
            fail_msg("%s: %zu instead of %zu", rows[i].what, found, rows[i].found);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_in_their_order),
        cmocka_unit_test(a_chunk_ends_with_its_records_its_bytes_or_its_minute),
        cmocka_unit_test(what_is_cut_off_is_not_given),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
