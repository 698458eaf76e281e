/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include "tap.h"
#include "base/fault.h"

static void an_absent_span_differs_from_an_empty_one(void **state)
{
    (void)state;
    assert_null(span_of(NULL).p);
    assert_int_equal(span_of(NULL).n, 0);
    assert_non_null(span_of("").p);
    assert_true(span_equal(SPAN_NONE, span_of("")));
}

static void equality_counts_every_byte_and_the_length(void **state)
{
    (void)state;
    assert_true(span_equal(SPAN("abc"), SPAN("abc")));
    assert_false(span_equal(SPAN("abc"), SPAN("abC")));
    assert_false(span_equal(SPAN("abc"), SPAN("ab")));
    assert_true(span_equal(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_equal(SPAN("a\0b"), SPAN("a\0c")));
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(span_equal_nocase(SPAN("Identity"), SPAN("iDENTITY")));
    assert_false(span_equal_nocase(SPAN("a["), SPAN("a{"))); /* 0x5B and 0x7B differ in the bit of case */
    assert_false(span_equal_nocase(SPAN("\xC3\x84"), SPAN("\xC3\xA4")));
    assert_false(span_equal_nocase(SPAN("ab"), SPAN("abc")));
    assert_true(span_starts_nocase(SPAN("SIPS:x"), SPAN("sips:")));
    assert_false(span_starts_nocase(SPAN("sip"), SPAN("sips:")));
}

static void a_cut_past_the_end_is_empty_at_the_end(void **state)
{
    const struct span s = SPAN("abc");
    (void)state;
    assert_true(span_equal(span_from(s, 1), SPAN("bc")));
    assert_ptr_equal(span_from(s, 9).p, s.p + 3);
    assert_int_equal(span_from(s, 9).n, 0);
    assert_null(span_from(SPAN_NONE, 4).p);
    assert_true(span_equal(span_first(s, 2), SPAN("ab")));
    assert_int_equal(span_first(s, 9).n, 3);
    assert_true(span_starts(s, SPAN("ab")));
    assert_false(span_starts(s, SPAN("abcd")));
    assert_true(span_starts(s, SPAN("")));
}

static void the_first_of_several_is_found(void **state)
{
    (void)state;
    assert_int_equal(span_find(SPAN("a;b;c"), ';'), 1);
    assert_int_equal(span_find(SPAN("abc"), ';'), 3);
    assert_int_equal(span_find(SPAN_NONE, ';'), 0);
}

static void blanks_go_from_both_ends_and_stay_in_the_middle(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = { { " \t a b\r\n", "a b" }, { "", "" }, { " \r\n\t ", "" }, { "a", "a" }, { "\va", "\va" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_true(span_equal(span_trim(span_of(rows[i].in)), span_of(rows[i].out)));
    assert_int_equal(span_trim(SPAN_NONE).n, 0);
}

static void a_decimal_is_digits_up_to_its_ceiling(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool good;
        uint64_t value;
    } rows[] = {
        { "0", 9, true, 0 },
        { "007", 9, true, 7 },
        { "9", 9, true, 9 },
        { "10", 9, false, 0 },
        { "", 9, false, 0 },
        { "-1", 9, false, 0 },
        { "+1", 9, false, 0 },
        { " 1", 9, false, 0 },
        { "1 ", 9, false, 0 },
        { "0x1", 9, false, 0 },
        { "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
        { "18446744073709551616", UINT64_MAX, false, 0 },
        { "99999999999999999999999999", UINT64_MAX, false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t value = 4711;
        print_message("%s\n", rows[i].text);
        assert_int_equal(span_decimal(span_of(rows[i].text), rows[i].max, &value), rows[i].good);
        assert_true(value == (rows[i].good ? rows[i].value : 4711));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_absent_span_differs_from_an_empty_one),
        cmocka_unit_test(equality_counts_every_byte_and_the_length),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(a_cut_past_the_end_is_empty_at_the_end),
        cmocka_unit_test(the_first_of_several_is_found),
        cmocka_unit_test(blanks_go_from_both_ends_and_stay_in_the_middle),
        cmocka_unit_test(a_decimal_is_digits_up_to_its_ceiling),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
