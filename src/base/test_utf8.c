/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "tap.h"
#include "base/fault.h"

static void malformed_sequences_are_found_where_they_begin(void **state)
{
    static const struct {
        const char *what, *text;
        size_t bad_at;
    } rows[] = {
        { "plain", "abc", 3 },
        { "two, three and four bytes", "\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80", 9 },
        { "the last of each length", "\x7F\xDF\xBF\xEF\xBF\xBF\xF4\x8F\xBF\xBF", 10 },
        { "around the surrogates", "\xED\x9F\xBF\xEE\x80\x80", 6 },
        { "lone tail", "a\x80", 1 },
        { "overlong slash", "a\xC0\xAF", 1 },
        { "overlong in C1", "\xC1\xBF", 0 },
        { "overlong in three", "\xE0\x9F\xBF", 0 },
        { "overlong in four", "\xF0\x8F\xBF\xBF", 0 },
        { "surrogate", "ab\xED\xA0\x80", 2 },
        { "past the last character", "\xF4\x90\x80\x80", 0 },
        { "F5", "\xF5\x80\x80\x80", 0 },
        { "FF", "x\xFF", 1 },
        { "cut after one of two", "\xC3", 0 },
        { "cut after two of three", "z\xE2\x82", 1 },
        { "cut after three of four", "\xF0\x9F\x93", 0 },
        { "head where a tail belongs", "\xE2\x82\x41", 0 },
        { "bad third byte of four", "\xF0\x9F\x41\x9E", 0 },
        { "bad last byte of four", "\xF0\x9F\x93\x41", 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        print_message("%s\n", rows[i].what);
        assert_int_equal(utf8_check(span_of(rows[i].text)), rows[i].bad_at);
    }
    assert_int_equal(utf8_length(SPAN_NONE), 0);
}

static void every_character_is_written_and_read_back(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        char bytes[4];
        const size_t n = utf8_encode(c, bytes);
        const bool real = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        if (real ? n == 0 || utf8_length(span_make(bytes, n)) != n : n != 0)
            fail_msg("U+%04X: %zu bytes", c, n);
        uint32_t again;
        if (real)
            assert_int_equal(utf8_decode(span_make(bytes, n), &again), n);
        if (real)
            assert_int_equal(again, c);
    }
}

static void what_is_no_character_is_read_as_the_replacement_of_one_byte(void **state)
{
    uint32_t c;
    (void)state;
    assert_int_equal(utf8_decode(SPAN("\xC3("), &c), 1);
    assert_int_equal(c, 0xFFFD);
}

static void a_cut_never_splits_a_character(void **state)
{
    const struct span s = SPAN("a\xC3\xA4\xF0\x9F\x93\x9E");
    static const size_t left[] = { 0, 1, 1, 3, 3, 3, 3, 7, 7 };
    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(left); n++)
        assert_int_equal(utf8_cut(s, n).n, left[n]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_sequences_are_found_where_they_begin),
        cmocka_unit_test(every_character_is_written_and_read_back),
        cmocka_unit_test(what_is_no_character_is_read_as_the_replacement_of_one_byte),
        cmocka_unit_test(a_cut_never_splits_a_character),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
