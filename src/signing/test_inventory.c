/* SPDX-License-Identifier: Apache-2.0 */
/* An inventory is right when it finds what asking every range finds. */
#include "signing/inventory.h"

#include <stdlib.h>

#include "tap.h"
#include "base/buf.h"

static struct number_range range(const char *text)
{
    struct number_range r;
    assert_int_equal(number_range_read(span_of(text), &r, NULL), BF_OK);
    return r;
}

static struct number number(const char *digits)
{
    struct number n = { .n = (uint8_t)strlen(digits) };
    memcpy(n.digits, digits, n.n);
    return n;
}

static void count_row(void *arg, uint32_t row)
{
    ((unsigned *)arg)[row]++;
}

/* Each range that holds the number is seen once, no other. */
static void assert_finds(const struct inventory *inventory, const struct number_range *ranges, size_t n,
                         const struct number *asked)
{
    unsigned seen[512] = { 0 };
    assert_true(n <= ARRAY_SIZE(seen));
    inventory_look(inventory, asked, count_row, seen);
    for (size_t i = 0; i < n; i++)
        if (seen[i] != number_range_holds(&ranges[i], asked))
            fail_msg("range %zu for %.*s: seen %u times", i, asked->n, asked->digits, seen[i]);
}

static struct inventory *make(const struct number_range *ranges, size_t n)
{
    struct inventory_entry entries[512] = { { NULL, 0 } };
    struct inventory *inventory = NULL;
    for (size_t i = 0; i < n; i++)
        entries[i] = (struct inventory_entry){ &ranges[i], (uint32_t)i };
    assert_int_equal(inventory_create(entries, n, &inventory), BF_OK);
    return inventory;
}

static void ranges_prefixes_and_short_codes_are_found_at_their_ends(void **state)
{
    static const char *const texts[] = { "+",
                                         "+1",
                                         "+1202*",
                                         "+12025550100/100",
                                         "+12025550100",
                                         "+12025550199",
                                         "+12025550150/2",
                                         "+49*",
                                         "911",
                                         "*67",
                                         "+999999999999999",
                                         "+100000000000000/900000000000000",
                                         "+9990000/10000",
                                         "+12025550100/100" };
    static const char *const asked[] = { "1",
                                         "12",
                                         "1202",
                                         "12025550099",
                                         "12025550100",
                                         "12025550101",
                                         "12025550150",
                                         "12025550151",
                                         "12025550152",
                                         "12025550199",
                                         "12025550200",
                                         "120255501000",
                                         "1202555015",
                                         "49",
                                         "490",
                                         "911",
                                         "9111",
                                         "91",
                                         "*67",
                                         "*671",
                                         "#",
                                         "999999999999999",
                                         "100000000000000",
                                         "99999999999999",
                                         "9990000",
                                         "9999999",
                                         "9989999",
                                         "10000000",
                                         "99900000",
                                         "1202555*150" };
    (void)state;
    struct number_range ranges[ARRAY_SIZE(texts)];
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        ranges[i] = range(texts[i]);
    auto_(inventory_destroy) struct inventory *inventory = make(ranges, ARRAY_SIZE(ranges));
    for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
        const struct number n = number(asked[i]);
        assert_finds(inventory, ranges, ARRAY_SIZE(ranges), &n);
    }
}

static uint64_t dice(uint64_t *seed, uint64_t sides)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % sides;
}

/* Few digits in few places: ranges nest, touch, repeat and hold one another. */
static struct number dice_number(uint64_t *seed, const char *characters)
{
    struct number n = { .n = (uint8_t)(1 + dice(seed, 15)) };
    for (size_t i = 0; i < n.n; i++)
        n.digits[i] = i < 3 || dice(seed, 3) ? characters[dice(seed, strlen(characters))] : '9';
    return n;
}

static struct number_range dice_range(uint64_t *seed)
{
    char text[64];
    struct buf b = BUF_ON(text);
    const struct number start = dice_number(seed, "12");
    buf_char(&b, '+');
    buf_span_put(&b, number_span(&start));
    const uint64_t kind = dice(seed, 3);
    if (kind == 1)
        buf_char(&b, '*');
    else if (kind == 2)
        buf_printf(&b, "/%d", (int)(1 + dice(seed, UINT64_C(1) << dice(seed, 20))));
    buf_char(&b, '\0');
    struct number_range r;
    return number_range_read(span_make(text, b.n - 1), &r, NULL) == BF_OK ? r : range("+21*");
}

static void whatever_the_ranges_the_same_rows_are_found_as_by_asking_each(void **state)
{
    (void)state;
    uint64_t seed = 20261122, found = 0;
    for (size_t round = 0; round < 300; round++) {
        struct number_range ranges[512];
        const size_t n = dice(&seed, ARRAY_SIZE(ranges));
        for (size_t i = 0; i < n; i++)
            ranges[i] = dice_range(&seed);
        auto_(inventory_destroy) struct inventory *inventory = make(ranges, n);
        for (size_t i = 0; i < 100; i++) {
            struct number asked = dice_number(&seed, dice(&seed, 8) ? "12" : "012#*");
            const struct number_range *at = n ? &ranges[dice(&seed, n)] : NULL;
            if (at && at->start.n && dice(&seed, 2)) /* at the very start of a range */
                asked = at->start;
            assert_finds(inventory, ranges, n, &asked);
            for (size_t k = 0; k < n; k++)
                found += number_range_holds(&ranges[k], &asked);
        }
    }
    assert_true(found > 100000);
}

static void an_empty_inventory_holds_nothing(void **state)
{
    (void)state;
    auto_(inventory_destroy) struct inventory *inventory = make(NULL, 0);
    const struct number n = number("12025550100");
    assert_finds(inventory, NULL, 0, &n);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_prefixes_and_short_codes_are_found_at_their_ends),
        cmocka_unit_test(whatever_the_ranges_the_same_rows_are_found_as_by_asking_each),
        cmocka_unit_test(an_empty_inventory_holds_nothing),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
