/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/tnauth.h"

#include <stdlib.h>

#include "tap.h"

/* CRT-003 */
#define DER_SPC                                                                                              \
    "\x30\x08\xA0\x06\x16\x04"                                                                               \
    "1234"
#define DER_ONE                                                                                              \
    "\x30\x0F\xA2\x0D\x16\x0B"                                                                               \
    "12155551212"
#define DER_RANGE                                                                                            \
    "\x30\x15\xA1\x13\x30\x11\x16\x0B"                                                                       \
    "12155551000"                                                                                            \
    "\x02\x02\x03\xE8"

static struct tnauth *read_good(struct span der)
{
    struct tnauth *list = NULL;
    struct fault fault = { 0, "" };
    if (tnauth_read(der, &list, &fault) != BF_OK)
        fail_msg("byte %zu: %s", fault.at, fault.what);
    return list;
}

static void
crt_001_crt_002_crt_003_the_three_kinds_of_entries_are_read_and_written_byte_for_byte(void **state)
{
    static const struct {
        struct span der;
        struct tnauth_entry entry;
    } rows[] = {
        { SPAN(DER_SPC), { TNAUTH_SPC, SPAN("1234"), 1 } },
        { SPAN(DER_ONE), { TNAUTH_ONE, SPAN("12155551212"), 1 } },
        { SPAN(DER_RANGE), { TNAUTH_RANGE, SPAN("12155551000"), 1000 } },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(tnauth_destroy) struct tnauth *list = read_good(rows[i].der);
        uint8_t out[64];
        size_t n = 0;
        assert_int_equal(list->n, 1);
        assert_int_equal(list->entries[0].kind, rows[i].entry.kind);
        assert_true(span_equal(list->entries[0].text, rows[i].entry.text));
        assert_int_equal(list->entries[0].count, rows[i].entry.count);
        assert_int_equal(tnauth_write(&rows[i].entry, 1, out, sizeof out, &n), BF_OK);
        assert_true(span_equal(span_make(out, n), rows[i].der));
        assert_int_equal(tnauth_write(&rows[i].entry, 1, out, n - 1, &n), BF_ELIMIT);
    }
}

static void crt_004_and_crt_007_what_breaks_the_rules_is_refused_at_its_place(void **state)
{
    static const struct {
        const char *what;
        struct span der;
        enum bf_err err;
        size_t at;
    } rows[] = {
        { "nothing at all", { "", 0 }, BF_EFORM, 0 },
        { "an empty list", SPAN("\x30\x00"), BF_EFORM, 0 },
        { "a set instead of a sequence",
          SPAN("\x31\x08\xA0\x06\x16\x04"
               "1234"),
          BF_EFORM, 0 },
        { "a byte behind the end", SPAN(DER_SPC "\x00"), BF_EFORM, 10 },
        { "cut short",
          SPAN("\x30\x08\xA0\x06\x16\x04"
               "123"),
          BF_EFORM, 0 },
        { "an unknown choice",
          SPAN("\x30\x08\xA3\x06\x16\x04"
               "1234"),
          BF_EFORM, 2 },
        { "a primitive context tag",
          SPAN("\x30\x06\x80\x04"
               "1234"),
          BF_EFORM, 2 },
        { "SPC as PrintableString",
          SPAN("\x30\x08\xA0\x06\x13\x04"
               "1234"),
          BF_EFORM, 4 },
        { "SPC as UTF8String",
          SPAN("\x30\x08\xA0\x06\x0C\x04"
               "1234"),
          BF_EFORM, 4 },
        { "an empty SPC", SPAN("\x30\x04\xA0\x02\x16\x00"), BF_EFORM, 4 },
        { "an SPC with a control byte", SPAN("\x30\x05\xA0\x03\x16\x01\n"), BF_EFORM, 6 },
        { "an SPC with a byte that is no IA5", SPAN("\x30\x05\xA0\x03\x16\x01\xE9"), BF_EFORM, 6 },
        { "an SPC of 16 characters",
          SPAN("\x30\x14\xA0\x12\x16\x10"
               "0123456789ABCDEF"),
          BF_ELIMIT, 4 },
        { "a second value inside the tag",
          SPAN("\x30\x0B\xA0\x09\x16\x04"
               "1234\x16\x01"
               "5"),
          BF_EFORM, 10 },
        { "a length in a longer form",
          SPAN("\x30\x81\x08\xA0\x06\x16\x04"
               "1234"),
          BF_EFORM, 1 },
        { "an inner length in a longer form",
          SPAN("\x30\x09\xA0\x81\x06\x16\x04"
               "1234"),
          BF_EFORM, 3 },
        { "an indefinite length",
          SPAN("\x30\x80\xA0\x06\x16\x04"
               "1234\x00\x00"),
          BF_EFORM, 1 },
        { "a tag of several bytes", SPAN("\x30\x03\xBF\x20\x00"), BF_EFORM, 2 },
        { "a number of 16 digits",
          SPAN("\x30\x14\xA2\x12\x16\x10"
               "1234567890123456"),
          BF_EFORM, 4 },
        { "a number with a plus",
          SPAN("\x30\x06\xA2\x04\x16\x02"
               "+1"),
          BF_EFORM, 4 },
        { "a range that starts with a star",
          SPAN("\x30\x0B\xA1\x09\x30\x07\x16\x02"
               "1*\x02\x01\x02"),
          BF_EFORM, 4 },
        { "a count of 1",
          SPAN("\x30\x0B\xA1\x09\x30\x07\x16\x02"
               "10\x02\x01\x01"),
          BF_EFORM, 4 },
        { "a negative count",
          SPAN("\x30\x0B\xA1\x09\x30\x07\x16\x02"
               "10\x02\x01\xFE"),
          BF_EFORM, 10 },
        { "a count that is not minimal",
          SPAN("\x30\x0C\xA1\x0A\x30\x08\x16\x02"
               "10\x02\x02\x00\x05"),
          BF_EFORM, 10 },
        { "a count beyond 64 bits",
          SPAN("\x30\x14\xA1\x12\x30\x10\x16\x02"
               "10\x02\x0A\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
          BF_EFORM, 10 },
        { "a range that runs over: 10 and 91",
          SPAN("\x30\x0B\xA1\x09\x30\x07\x16\x02"
               "10\x02\x01\x5B"),
          BF_EFORM, 4 },
        { "a range without a count",
          SPAN("\x30\x08\xA1\x06\x30\x04\x16\x02"
               "10"),
          BF_EFORM, 10 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tnauth *list = NULL;
        struct fault fault = { 999, NULL };
        const enum bf_err err = tnauth_read(rows[i].der, &list, &fault);
        if (err != rows[i].err || fault.at != rows[i].at || !fault.what || list)
            fail_msg("%s: error %d at %zu (%s)", rows[i].what, err, fault.at, fault.what ? fault.what : "-");
    }
}

static void crt_007_members_behind_the_count_are_tolerated(void **state)
{
    auto_(tnauth_destroy) struct tnauth *list = read_good(SPAN("\x30\x0E\xA1\x0C\x30\x0A\x16\x02"
                                                               "10\x02\x01\x59\x04\x01\x00"));
    (void)state;
    assert_int_equal(list->entries[0].count, 0x59);
}

static void crt_005_and_crt_006_coverage_is_a_union_over_numbers_of_equal_length(void **state)
{
    static const struct tnauth_entry numbers[] = { { TNAUTH_RANGE, SPAN("0990"), 5 },
                                                   { TNAUTH_ONE, SPAN("911"), 1 },
                                                   { TNAUTH_ONE, SPAN("*21#"), 1 },
                                                   { TNAUTH_RANGE, SPAN("999999999999000"), 999 } };
    static const struct {
        const char *digits;
        enum tnauth_cover cover;
    } rows[] = {
        { "0990", TNAUTH_BY_NUMBER },
        { "0994", TNAUTH_BY_NUMBER },
        { "0995", TNAUTH_NOT },
        { "0989", TNAUTH_NOT },
        { "990", TNAUTH_NOT },
        { "00990", TNAUTH_NOT },
        { "911", TNAUTH_BY_NUMBER },
        { "0911", TNAUTH_NOT },
        { "*21#", TNAUTH_BY_NUMBER },
        { "099#", TNAUTH_NOT },
        { "", TNAUTH_NOT },
        { "999999999999998", TNAUTH_BY_NUMBER },
        { "999999999999999", TNAUTH_NOT },
        { "9999999999990001", TNAUTH_NOT },
    };
    uint8_t der[256];
    size_t n = 0;
    (void)state;
    assert_int_equal(tnauth_write(numbers, ARRAY_SIZE(numbers), der, sizeof der, &n), BF_OK);
    auto_(tnauth_destroy) struct tnauth *list = read_good(span_make(der, n));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (tnauth_covers(list, span_of(rows[i].digits)) != rows[i].cover)
            fail_msg("%s is covered otherwise", rows[i].digits);
    assert_null(tnauth_spc(list).p);
}

static void crt_005_an_spc_covers_any_number_but_a_listed_number_says_more(void **state)
{
    static const struct tnauth_entry entries[] = { { TNAUTH_ONE, SPAN("12155551212"), 1 },
                                                   { TNAUTH_SPC, SPAN("709j"), 1 },
                                                   { TNAUTH_SPC, SPAN("1234"), 1 } };
    uint8_t der[64];
    size_t n = 0;
    (void)state;
    assert_int_equal(tnauth_write(entries, ARRAY_SIZE(entries), der, sizeof der, &n), BF_OK);
    auto_(tnauth_destroy) struct tnauth *list = read_good(span_make(der, n));
    assert_int_equal(tnauth_covers(list, SPAN("12155551212")), TNAUTH_BY_NUMBER);
    assert_int_equal(tnauth_covers(list, SPAN("12155551213")), TNAUTH_BY_SPC);
    assert_true(span_equal(tnauth_spc(list), SPAN("709j")));
}

static void crt_061_a_child_speaks_for_nothing_its_parent_does_not(void **state)
{
    static const struct tnauth_entry parent[] = { { TNAUTH_RANGE, SPAN("12155551000"), 100 },
                                                  { TNAUTH_ONE, SPAN("911"), 1 } };
    static const struct tnauth_entry spc_parent[] = { { TNAUTH_SPC, SPAN("1234"), 1 } };
    static const struct {
        struct tnauth_entry child;
        bool by_numbers, by_spc;
    } rows[] = {
        { { TNAUTH_RANGE, SPAN("12155551000"), 100 }, true, true },
        { { TNAUTH_RANGE, SPAN("12155551000"), 101 }, false, true },
        { { TNAUTH_RANGE, SPAN("12155550999"), 2 }, false, true },
        { { TNAUTH_RANGE, SPAN("12155551098"), 2 }, true, true },
        { { TNAUTH_RANGE, SPAN("12155551099"), 2 }, false, true },
        { { TNAUTH_ONE, SPAN("12155551099"), 1 }, true, true },
        { { TNAUTH_ONE, SPAN("12155551100"), 1 }, false, true },
        { { TNAUTH_ONE, SPAN("911"), 1 }, true, true },
        { { TNAUTH_SPC, SPAN("1234"), 1 }, false, true },
        { { TNAUTH_SPC, SPAN("1235"), 1 }, false, false },
    };
    uint8_t der[128];
    size_t n = 0;
    (void)state;
    assert_int_equal(tnauth_write(parent, 2, der, sizeof der, &n), BF_OK);
    auto_(tnauth_destroy) struct tnauth *numbers = read_good(span_make(der, n));
    assert_int_equal(tnauth_write(spc_parent, 1, der, sizeof der, &n), BF_OK);
    auto_(tnauth_destroy) struct tnauth *spc = read_good(span_make(der, n));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(tnauth_write(&rows[i].child, 1, der, sizeof der, &n), BF_OK);
        auto_(tnauth_destroy) struct tnauth *child = read_good(span_make(der, n));
        if (tnauth_encompasses(numbers, child) != rows[i].by_numbers ||
            tnauth_encompasses(spc, child) != rows[i].by_spc)
            fail_msg("row %zu is encompassed otherwise", i);
    }
}

static void what_cannot_be_read_back_is_not_written(void **state)
{
    static const struct tnauth_entry bad[] = {
        { TNAUTH_SPC, SPAN(""), 1 },      { TNAUTH_SPC, SPAN("0123456789ABCDEF"), 1 },
        { TNAUTH_ONE, SPAN("+1"), 1 },    { TNAUTH_RANGE, SPAN("10"), 1 },
        { TNAUTH_RANGE, SPAN("10"), 91 }, { TNAUTH_RANGE, SPAN("1*"), 2 },
    };
    uint8_t der[64];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(tnauth_write(&bad[i], 1, der, sizeof der, &n), BF_EFORM);
    assert_int_equal(tnauth_write(bad, 0, der, sizeof der, &n), BF_EFORM);
}

static void a_list_of_4096_entries_is_read_and_one_more_is_not(void **state)
{
    struct tnauth_entry *entries = calloc(LIMIT_TNAUTH_ENTRIES, sizeof *entries);
    uint8_t *der = malloc(65536);
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < LIMIT_TNAUTH_ENTRIES; i++)
        entries[i] = (struct tnauth_entry){ TNAUTH_ONE, SPAN("911"), 1 };
    assert_int_equal(tnauth_write(entries, LIMIT_TNAUTH_ENTRIES, der, 65536, &n), BF_OK);
    auto_(tnauth_destroy) struct tnauth *list = read_good(span_make(der, n));
    assert_int_equal(list->n, LIMIT_TNAUTH_ENTRIES);
    /* One entry more by hand: the outer length grows by seven, two bytes long before and after. */
    memcpy(der + n, der + 4, 7);
    n += 7;
    der[2] = (uint8_t)((n - 4) >> 8);
    der[3] = (uint8_t)(n - 4);
    struct tnauth *more = NULL;
    struct fault fault;
    assert_int_equal(tnauth_read(span_make(der, n), &more, &fault), BF_ELIMIT);
    free(der);
    free(entries);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            crt_001_crt_002_crt_003_the_three_kinds_of_entries_are_read_and_written_byte_for_byte),
        cmocka_unit_test(crt_004_and_crt_007_what_breaks_the_rules_is_refused_at_its_place),
        cmocka_unit_test(crt_007_members_behind_the_count_are_tolerated),
        cmocka_unit_test(crt_005_and_crt_006_coverage_is_a_union_over_numbers_of_equal_length),
        cmocka_unit_test(crt_005_an_spc_covers_any_number_but_a_listed_number_says_more),
        cmocka_unit_test(crt_061_a_child_speaks_for_nothing_its_parent_does_not),
        cmocka_unit_test(what_cannot_be_read_back_is_not_written),
        cmocka_unit_test(a_list_of_4096_entries_is_read_and_one_more_is_not),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
