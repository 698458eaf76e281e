/* SPDX-License-Identifier: Apache-2.0 */
#include "diary/span.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define MOST 64

/* Lists as a person writes them: "9-17 b, 15-18 t"; the kinds are letters, t, n (unavailable), b and u. */
static size_t periods_of(const char *text, struct period *ret)
{
    size_t n = 0;
    for (const char *at = text; *at; n++) {
        char *end;
        struct period *p = &ret[n];
        p->from = strtoll(at, &end, 10);
        p->to = strtoll(end + 1, &end, 10);
        p->place = 0;
        for (p->kinds = 0; *end == ' ' || strchr("tnbu", *end ? *end : '?'); end++)
            p->kinds |= (uint16_t)(*end == ' ' ? 0 : 1u << (strchr("tnbu", *end) - "tnbu"));
        at = *end == ',' ? end + 2 : end;
    }
    return n;
}

static const char *text_of(const struct period *p, size_t n, char out[static 512])
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(out + at, 512 - at, "%s%lld-%lld ", i ? ", " : "", (long long)p[i].from,
                               (long long)p[i].to);
        for (unsigned k = 0; k < PERIOD_KINDS; k++)
            if (p[i].kinds >> k & 1)
                at += (size_t)snprintf(out + at, 512 - at, "%c", "tnbu"[k]);
    }
    return out;
}

static void unions_join_what_overlaps_or_touches(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint32_t mask;
        const char *expected;
    } rows[] = {
        { "", PERIOD_ANY, "" },
        { "9-17 b, 10-11 b, 15-16 b", PERIOD_ANY, "9-17 b" }, /* nothing within the long one is free */
        { "1-2 b, 2-3 t", PERIOD_ANY, "1-3 tb" },
        { "1-2 b, 3-4 b", PERIOD_ANY, "1-2 b, 3-4 b" },
        { "1-5 t, 2-3 b", PERIOD_FIRM, "2-3 b" },
        { "1-5 tb", PERIOD_TENTATIVE, "1-5 t" },
        { "3-3 b, 5-4 b", PERIOD_ANY, "" }, /* no time at all */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct period p[MOST];
        char text[512];
        const size_t n = periods_of(rows[i].in, p);
        assert_string_equal(text_of(p, periods_union(p, n, rows[i].mask, p), text), rows[i].expected);
    }
}

static void steps_cut_where_the_kinds_change(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "" },
        { "9-17 b, 15-18 t", "9-15 b, 15-17 tb, 17-18 t" },
        { "9-17 b, 10-11 u", "9-10 b, 10-11 bu, 11-17 b" },
        { "1-2 b, 2-3 b", "1-3 b" },
        { "1-2 b, 2-3 n", "1-2 b, 2-3 n" },
        { "1-4 tb, 2-6 n", "1-2 tb, 2-4 tnb, 4-6 n" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct period p[MOST], out[2 * MOST];
        char text[512];
        assert_string_equal(text_of(out, periods_steps(p, periods_of(rows[i][0], p), out), text), rows[i][1]);
    }
}

static void the_complement_is_what_is_left_of_a_window(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "0-24 n" },
        { "0-24 b", "" },
        { "9-12 b, 13-17 b", "0-9 n, 12-13 n, 17-24 n" },
        { "0-9 b, 20-30 b", "9-20 n" }, /* reaches over the end */
        { "30-40 b", "0-24 n" },
    };
    const struct period day = { .from = 0, .to = 24, .kinds = PERIOD_UNAVAILABLE };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct period p[MOST], out[MOST + 1];
        char text[512];
        assert_string_equal(text_of(out, periods_complement(p, periods_of(rows[i][0], p), &day, out), text),
                            rows[i][1]);
    }
}

static void the_strongest_kind_names_a_period(void **state)
{
    (void)state;
    assert_string_equal(period_word(0), "free");
    assert_string_equal(period_word(PERIOD_TENTATIVE), "tentative");
    assert_string_equal(period_word(PERIOD_TENTATIVE | PERIOD_UNAVAILABLE), "unavailable");
    assert_string_equal(period_word(PERIOD_BUSY | PERIOD_UNAVAILABLE), "busy");
    assert_string_equal(period_word(PERIOD_ANY), "unknown");
}

/* ---- against a field with a cell a second ---- */

#define SECONDS 200
#define AROUND  40

static uint64_t seed = 1;
static uint32_t below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static size_t any_list(struct period *p, size_t most)
{
    struct period scratch[MOST];
    const size_t n = below((uint32_t)most);
    for (size_t i = 0; i < n; i++) {
        p[i].from = below(SECONDS - 45);
        p[i].to = p[i].from + below(45);
        p[i].kinds = (uint16_t)(1 + below(PERIOD_ANY));
        p[i].place = 0;
    }
    periods_sort(p, n, scratch);
    for (size_t i = 1; i < n; i++)
        assert_true(p[i - 1].from <= p[i].from);
    return n;
}

static void paint(const struct period *p, size_t n, uint32_t mask, uint8_t field[static SECONDS])
{
    memset(field, 0, SECONDS);
    for (size_t i = 0; i < n; i++)
        for (utc_t t = p[i].from; t < p[i].to; t++)
            field[t] |= (uint8_t)(p[i].kinds & mask);
}

static void is_disjoint(const struct period *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(p[i].from < p[i].to);
        assert_true(i == 0 || p[i - 1].to <= p[i].from);
    }
}

static void every_operation_agrees_with_a_field(void **state)
{
    (void)state;
    static uint8_t a_field[SECONDS], b_field[SECONDS], made[SECONDS];
    for (unsigned round = 0; round < 3000; round++) {
        struct period a[MOST], b[MOST], out[2 * MOST + 1];
        const size_t n = any_list(a, MOST), m = any_list(b, MOST);
        paint(a, n, PERIOD_ANY, a_field);
        const size_t steps = periods_steps(a, n, out);
        assert_true(steps <= 2 * n);
        is_disjoint(out, steps);
        paint(out, steps, PERIOD_ANY, made);
        assert_memory_equal(made, a_field, SECONDS);

        const size_t n_a = periods_union(a, n, PERIOD_ANY, a), n_b = periods_union(b, m, PERIOD_FIRM, b);
        is_disjoint(a, n_a);
        paint(b, n_b, PERIOD_ANY, b_field);
        const size_t both = periods_both((struct periods){ a, n_a }, (struct periods){ b, n_b }, out);
        is_disjoint(out, both);
        paint(out, both, PERIOD_ANY, made);
        for (size_t t = 0; t < SECONDS; t++)
            assert_int_equal(made[t] != 0, a_field[t] && b_field[t]);

        const struct period window = { 20, 150, PERIOD_BUSY, 0 };
        const size_t rest = periods_complement(a, n_a, &window, out);
        assert_true(rest <= n_a + 1);
        is_disjoint(out, rest);
        paint(out, rest, PERIOD_ANY, made);
        for (int t = 0; t < SECONDS; t++)
            assert_int_equal(made[t] != 0, !a_field[t] && t >= 20 && t < 150);

        size_t hint = 0;
        for (unsigned q = 0; q < AROUND; q++) {
            const utc_t from = below(SECONDS - 30), to = from + 1 + below(20);
            bool taken = false;
            for (utc_t t = from; t < to; t++)
                taken = taken || a_field[t];
            assert_int_equal(periods_at((struct periods){ a, n_a }, &hint, from, to) != NULL, taken);
        }
    }
}

static void lists_are_merged_in_order(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        static struct period p[9][MOST], out[9 * MOST], scratch[9 * MOST], expected[9 * MOST];
        struct periods lists[9];
        const size_t k = below(10);
        size_t all = 0;
        for (size_t i = 0; i < k; i++) {
            lists[i] = (struct periods){ p[i], any_list(p[i], MOST) };
            memcpy(expected + all, p[i], lists[i].n * sizeof *expected);
            all += lists[i].n;
        }
        assert_int_equal(periods_merge(lists, k, out), all);
        periods_sort(expected, all, scratch);
        for (size_t i = 0; i < all; i++)
            assert_int_equal(out[i].from, expected[i].from);
    }
}

static void centuries_are_sorted_too(void **state)
{
    (void)state;
    static struct period p[1000], scratch[1000];
    for (size_t i = 0; i < ARRAY_SIZE(p); i++)
        p[i] =
            (struct period){ (int64_t)below(UINT32_MAX) * below(60000) - 50000000000000, 0, (uint16_t)i, 0 };
    p[17].from = INT64_MIN;
    p[18].from = INT64_MAX;
    periods_sort(p, ARRAY_SIZE(p), scratch);
    for (size_t i = 1; i < ARRAY_SIZE(p); i++)
        assert_true(p[i - 1].from <= p[i].from);
    assert_int_equal(p[0].kinds, 17);
    assert_int_equal(p[999].kinds, 18);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(unions_join_what_overlaps_or_touches),
        cmocka_unit_test(steps_cut_where_the_kinds_change),
        cmocka_unit_test(the_complement_is_what_is_left_of_a_window),
        cmocka_unit_test(the_strongest_kind_names_a_period),
        cmocka_unit_test(every_operation_agrees_with_a_field),
        cmocka_unit_test(lists_are_merged_in_order),
        cmocka_unit_test(centuries_are_sorted_too),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
