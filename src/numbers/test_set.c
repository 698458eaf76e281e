/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#include "numbers/key.h"
#include "numbers/set.h"

static struct number number(const char *digits)
{
    struct number n = { .n = (uint8_t)strlen(digits) };
    memcpy(n.digits, digits, n.n);
    return n;
}

static struct number_range range(const char *start, uint64_t count)
{
    return (struct number_range){ number(start), count };
}

struct entry {
    const char *start;
    uint64_t count;
    uint32_t value;
};

static struct number_set_maker *make(const struct entry *entries, size_t n)
{
    struct number_set_maker *maker = NULL;
    assert_int_equal(number_set_begin(&maker), BF_OK);
    for (size_t i = 0; i < n; i++) {
        const struct number_range r = range(entries[i].start, entries[i].count);
        assert_int_equal(number_set_add(maker, &r, entries[i].value), BF_OK);
    }
    return maker;
}

static void numbers_with_leading_zeros_signs_and_fifteen_digits_are_told_apart(void **state)
{
    static const struct entry entries[] = {
        { "12025550100", 1, 7 },
        { "012025550100", 1, 8 },
        { "999999999999999", 1, 9 },
        { "0", 1, 1 },
        { "00", 1, 2 },
        { "000000000000000", 1, 3 },
        { "911", 1, 4 },
        { "*67", 1, 5 },
        { "#31#", 1, 6 },
        { "***************", 1, 10 },
        { "49301234560", 100, UINT32_MAX },
        { "100000000000000", 899999999999999, 11 },
    };
    static const struct {
        const char *number;
        uint32_t value; /* 0: not in it */
    } rows[] = {
        { "12025550100", 7 },
        { "2025550100", 0 },
        { "012025550100", 8 },
        { "0012025550100", 0 },
        { "999999999999999", 9 },
        { "99999999999999", 0 },
        { "0", 1 },
        { "00", 2 },
        { "000", 0 },
        { "000000000000000", 3 },
        { "000000000000001", 0 },
        { "911", 4 },
        { "0911", 0 },
        { "912", 0 },
        { "*67", 5 },
        { "67", 0 },
        { "#67", 0 },
        { "#31#", 6 },
        { "***************", 10 },
        { "**************", 0 },
        { "49301234559", 0 },
        { "49301234560", UINT32_MAX },
        { "49301234659", UINT32_MAX },
        { "49301234660", 0 },
        { "4930123456", 0 },
        { "100000000000000", 11 },
        { "999999999999998", 11 },
        { "", 0 },
        { "9999999999999999", 0 },
        { "12025550a00", 0 },
    };
    (void)state;
    auto_(number_set_destroy) struct number_set *set = NULL;
    struct number_set_report report;
    assert_int_equal(number_set_end(make(entries, ARRAY_SIZE(entries)), &set, &report), BF_OK);
    assert_int_equal(report.numbers, 10 + 100 + UINT64_C(899999999999999));
    assert_int_equal(report.repeats, 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number n = number(rows[i].number);
        uint32_t value = 0;
        if (number_set_find(set, &n, &value) != (rows[i].value != 0) || value != rows[i].value)
            fail_msg("%s: %u", rows[i].number, value);
        assert_int_equal(number_set_find(set, &n, NULL), rows[i].value != 0);
    }
}

static void a_prefix_holds_numbers_of_every_length(void **state)
{
    static const struct entry entries[] = { { "1202", 0, 1 }, { "44", 0, 2 }, { "", 0, 3 } };
    static const struct {
        const char *number;
        uint32_t value;
    } rows[] = { { "1202", 1 },  { "12025550100", 1 },
                 { "1203", 0 },  { "120299999999999", 1 },
                 { "1202*", 1 }, { "120", 0 },
                 { "44", 2 },    { "4", 0 },
                 { "44#", 2 },   { "440000000000000", 2 } };
    (void)state;
    auto_(number_set_destroy) struct number_set *set = NULL, *all = NULL;
    struct number_set_report report;
    assert_int_equal(number_set_end(make(entries, 2), &set, &report), BF_OK);
    assert_int_equal(number_set_end(make(entries + 2, 1), &all, &report), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number n = number(rows[i].number);
        uint32_t value = 0;
        assert_int_equal(number_set_find(set, &n, &value), rows[i].value != 0);
        assert_int_equal(value, rows[i].value);
        assert_true(number_set_find(all, &n, &value));
        assert_int_equal(value, 3);
    }
}

static void what_is_no_number_or_runs_past_its_length_is_refused(void **state)
{
    static const struct entry rows[] = {
        { "", 1, 0 },
        { "", 100, 0 },
        { "1234567890123456", 1, 0 },
        { "12a", 1, 0 },
        { "99", 2, 0 },
        { "*67", 2, 0 },
        { "999999999999999", 2, 0 },
        { "0", UINT64_MAX, 0 },
        { "1 2", 1, 0 },
        { "12025550199", UINT64_C(100000000000), 0 },
        { "1:", 0, 0 },
    };
    (void)state;
    auto_(number_set_maker_destroy) struct number_set_maker *maker = NULL;
    assert_int_equal(number_set_begin(&maker), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number_range r = range(rows[i].start, rows[i].count);
        assert_int_equal(number_set_add(maker, &r, 0), BF_EINVAL);
    }
}

static void an_empty_set_holds_nothing(void **state)
{
    (void)state;
    auto_(number_set_destroy) struct number_set *set = NULL;
    struct number_set_report report;
    const struct number n = number("12025550100");
    assert_int_equal(number_set_end(make(NULL, 0), &set, &report), BF_OK);
    assert_int_equal(report.numbers, 0);
    assert_false(number_set_find(set, &n, NULL));
    assert_false(number_set_find(NULL, &n, NULL));
    number_set_destroy(NULL);
    number_set_maker_destroy(NULL);
}

static void repeats_are_told_and_harmless_and_two_values_for_a_number_are_refused(void **state)
{
    static const struct entry entries[] = { { "12025550100", 100, 1 }, { "12025550150", 1, 1 },
                                            { "12025550190", 20, 1 },  { "12025550300", 1, 2 },
                                            { "12025550300", 1, 2 },   { "12025550200", 5, 2 } };
    (void)state;
    auto_(number_set_destroy) struct number_set *set = NULL, *none = NULL;
    struct number_set_report report;
    assert_int_equal(number_set_end(make(entries, 5), &set, &report), BF_OK);
    assert_int_equal(report.numbers, 111);
    assert_int_equal(report.repeats, 3);
    assert_int_equal(report.clashes, 0);
    const struct number repeated = number("12025550150");
    assert_true(number_equal(&report.repeat[0].at, &repeated));

    assert_int_equal(number_set_end(make(entries, 6), &none, &report), BF_EFORM);
    assert_null(none);
    assert_int_equal(report.clashes, 1);
    const struct number clash = number("12025550200");
    assert_true(number_equal(&report.clash[0].at, &clash));
    assert_int_equal(report.clash[0].values[0], 1);
    assert_int_equal(report.clash[0].values[1], 2);
}

/* ---- random sets against a table of all numbers there are ---- */

#define SPACE 200000u

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static struct number numbered(uint64_t i, char text[16])
{
    snprintf(text, 16, "%s%06llu", i % 2 ? "4930" : "0", (unsigned long long)(i / 2));
    return number(text);
}

/* naive[i]: the value of that number, 0: none. Ranges stay within their own half of the space. */
static void add_random(uint64_t *seed, struct number_set_maker *maker, uint32_t *naive)
{
    const uint64_t at = next_random(seed) % SPACE;
    uint64_t count = next_random(seed) % 8 ? 1 : 1 + next_random(seed) % 50, free_ones = 0;
    const uint32_t value = (uint32_t)(1 + next_random(seed) % 3);
    char text[16];
    while (free_ones < count && at + 2 * free_ones < SPACE &&
           (naive[at + 2 * free_ones] == 0 || naive[at + 2 * free_ones] == value))
        free_ones++;
    if (free_ones == 0)
        return;
    const struct number_range r = { numbered(at, text), free_ones };
    assert_int_equal(number_set_add(maker, &r, value), BF_OK);
    for (uint64_t i = 0; i < free_ones; i++)
        naive[at + 2 * i] = value;
}

static void random_sets_answer_as_a_table_of_all_numbers_does(void **state)
{
    static const size_t sizes[] = { 1, 31, 32, 33, 64, 1000, 20000, 300000 }; /* the last: several bundles */
    uint32_t *naive = calloc(SPACE, sizeof *naive);
    uint64_t seed = 1;
    char text[16];
    (void)state;
    assert_non_null(naive);
    for (size_t round = 0; round < ARRAY_SIZE(sizes); round++) {
        auto_(number_set_destroy) struct number_set *set = NULL;
        struct number_set_maker *maker = NULL;
        struct number_set_report report;
        uint64_t expected = 0;
        memset(naive, 0, SPACE * sizeof *naive);
        assert_int_equal(number_set_begin(&maker), BF_OK);
        for (size_t i = 0; i < sizes[round]; i++)
            add_random(&seed, maker, naive);
        assert_int_equal(number_set_end(maker, &set, &report), BF_OK);
        for (uint64_t i = 0; i < SPACE; i++) {
            const struct number n = numbered(i, text);
            uint32_t value = 0;
            assert_int_equal(number_set_find(set, &n, &value), naive[i] != 0);
            assert_int_equal(value, naive[i]);
            expected += naive[i] != 0;
        }
        assert_int_equal(report.numbers, expected);
    }
    free(naive);
}

/* Numbers far apart, in no order, in pieces and blocks without number: every one is found, its neighbours are not. */
static void a_million_numbers_far_apart_are_all_found(void **state)
{
    enum { MANY = 1000000 };
    struct number_set_maker *maker = NULL;
    auto_(number_set_destroy) struct number_set *set = NULL;
    struct number_set_report report;
    char text[24];
    (void)state;
    assert_int_equal(number_set_begin(&maker), BF_OK);
    for (uint64_t i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "%llu",
                 (unsigned long long)(100000000000000 + i * 7919 % MANY * 899999999));
        const struct number_range r = range(text, 1);
        assert_int_equal(number_set_add(maker, &r, (uint32_t)(i * 7919 % MANY)), BF_OK);
    }
    assert_int_equal(number_set_end(maker, &set, &report), BF_OK);
    assert_int_equal(report.numbers, MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        uint32_t value;
        snprintf(text, sizeof text, "%llu", (unsigned long long)(100000000000000 + i * 899999999));
        const struct number n = number(text);
        assert_true(number_set_find(set, &n, &value));
        assert_int_equal(value, i);
        snprintf(text, sizeof text, "%llu", (unsigned long long)(100000000000001 + i * 899999999));
        const struct number other = number(text);
        assert_false(number_set_find(set, &other, NULL));
    }
    assert_in_range(number_set_bytes(set), 1, 12 * MANY);
}

static void a_key_gives_its_number_back(void **state)
{
    static const char *const rows[] = { "0",
                                        "00",
                                        "911",
                                        "*67",
                                        "#",
                                        "999999999999999",
                                        "###############",
                                        "12025550100",
                                        "000000000000000",
                                        "1*000" };
    uint64_t before = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number n = number(rows[i]);
        uint64_t key;
        assert_true(key_of(&n, &key));
        assert_int_not_equal(key, before);
        before = key;
        const struct number back = key_number(key);
        assert_true(number_equal(&n, &back));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_leading_zeros_signs_and_fifteen_digits_are_told_apart),
        cmocka_unit_test(a_prefix_holds_numbers_of_every_length),
        cmocka_unit_test(what_is_no_number_or_runs_past_its_length_is_refused),
        cmocka_unit_test(an_empty_set_holds_nothing),
        cmocka_unit_test(repeats_are_told_and_harmless_and_two_values_for_a_number_are_refused),
        cmocka_unit_test(random_sets_answer_as_a_table_of_all_numbers_does),
        cmocka_unit_test(a_million_numbers_far_apart_are_all_found),
        cmocka_unit_test(a_key_gives_its_number_back),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
