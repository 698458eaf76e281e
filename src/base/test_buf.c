/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "tap.h"

static void assert_holds(const struct buf *b, const char *text)
{
    assert_true(buf_ok(b));
    assert_int_equal(b->n, strlen(text));
    assert_memory_equal(b->p, text, b->n);
}

static void every_writer_adds_behind_the_last(void **state)
{
    char memory[128];
    struct buf b = BUF_ON(memory);
    (void)state;
    buf_text(&b, "a");
    buf_char(&b, 'b');
    buf_span_put(&b, SPAN("cd"));
    buf_span_put(&b, SPAN_NONE);
    buf_bytes(&b, "ef", 2);
    buf_hex(&b, (const uint8_t[]){ 0x00, 0xAF }, 2);
    buf_printf(&b, "<%d>", 7);
    assert_holds(&b, "abcdef00af<7>");
    assert_true(span_equal(buf_span(&b), SPAN("abcdef00af<7>")));
}

static void numbers_of_every_size_are_written(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = { { 0, "0" },
                 { 7, "7" },
                 { -1, "-1" },
                 { 1443208345, "1443208345" },
                 { INT64_MAX, "9223372036854775807" },
                 { INT64_MIN, "-9223372036854775808" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[32];
        struct buf b = BUF_ON(memory);
        buf_decimal(&b, rows[i].value);
        assert_holds(&b, rows[i].text);
    }
}

static void the_last_byte_is_used_and_not_one_more(void **state)
{
    char memory[4] = "....";
    struct buf b = buf_on(memory, 3);
    (void)state;
    buf_text(&b, "abc");
    assert_holds(&b, "abc");
    buf_char(&b, 'd');
    assert_false(buf_ok(&b));
    assert_int_equal(memory[3], '.');
}

static void once_full_it_stays_full_and_takes_nothing(void **state)
{
    char memory[4];
    struct buf b = BUF_ON(memory);
    (void)state;
    buf_text(&b, "ab");
    buf_text(&b, "too long");
    buf_char(&b, 'c'); /* would fit, and would make a wrong answer look whole */
    buf_printf(&b, "d");
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 2);
}

static void printf_counts_its_terminator_as_not_fitting(void **state)
{
    char memory[5];
    struct buf b = BUF_ON(memory);
    (void)state;
    buf_printf(&b, "%s", "abcd");
    assert_holds(&b, "abcd");
    b = BUF_ON(memory);
    buf_printf(&b, "%s", "abcde");
    assert_false(buf_ok(&b));
}

static void pp_025_json_strings_escape_what_json_demands(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "", "\"\"" },
        { "a/b", "\"a/b\"" },
        { "say \"hi\" \\", "\"say \\\"hi\\\" \\\\\"" },
        { "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
        { "\x01\v\x1F", "\"\\u0001\\u000b\\u001f\"" },
        { "\x7F", "\"\x7F\"" },
        { "J\xC3\xBCrgen \xF0\x9F\x93\x9E", "\"J\xC3\xBCrgen \xF0\x9F\x93\x9E\"" },
        { "a\xFF\xC3", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[64];
        struct buf b = BUF_ON(memory);
        print_message("row %zu\n", i);
        buf_json_string(&b, span_of(rows[i].in));
        assert_holds(&b, rows[i].out);
    }
}

static void a_nul_byte_does_not_end_a_json_string(void **state)
{
    char memory[32];
    struct buf b = BUF_ON(memory);
    (void)state;
    buf_json_string(&b, SPAN("a\0b"));
    assert_holds(&b, "\"a\\u0000b\"");
}

static void sec_048_no_outside_text_starts_a_line_of_its_own(void **state)
{
    char memory[32];
    struct buf b = BUF_ON(memory);
    (void)state;
    buf_printable(&b, SPAN("a\r\nb\x1B[0m\x7F\0\xC3\xA4"));
    assert_holds(&b, "a??b?[0m??\xC3\xA4");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_writer_adds_behind_the_last),
        cmocka_unit_test(numbers_of_every_size_are_written),
        cmocka_unit_test(the_last_byte_is_used_and_not_one_more),
        cmocka_unit_test(once_full_it_stays_full_and_takes_nothing),
        cmocka_unit_test(printf_counts_its_terminator_as_not_fitting),
        cmocka_unit_test(pp_025_json_strings_escape_what_json_demands),
        cmocka_unit_test(a_nul_byte_does_not_end_a_json_string),
        cmocka_unit_test(sec_048_no_outside_text_starts_a_line_of_its_own),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
