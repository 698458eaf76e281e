/* SPDX-License-Identifier: Apache-2.0 */
#include "base/byte_set.h"

#include <string.h>

#include "tap.h"
#include "base/fault.h"
#include "base/random.h"

/* `A` to `Z`, and nothing else. */
static const struct byte_set capitals = { { 0x20, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
                                            0x10, 0x10, 0x10, 0x10, 0x10 } };

static void a_row_is_a_low_half(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        assert_int_equal(byte_set_has(&capitals, (char)c), c >= 'A' && c <= 'Z');
}

/* Wherever the first byte stands that ends the run, and however many follow it. */
static void a_run_ends_at_the_first_byte_that_is_another(void **state)
{
    char text[150];
    (void)state;
    for (size_t n = 0; n <= sizeof text; n++)
        for (size_t at = 0; at <= n; at++) {
            memset(text, 'M', sizeof text);
            memset(text + at, 'm', sizeof text - at);
            assert_int_equal(byte_set_run(&capitals, text, n), at);
            memset(text, 'm', sizeof text);
            memset(text + at, 'M', sizeof text - at);
            assert_int_equal(byte_set_gap(&capitals, text, n), at);
        }
    assert_int_equal(byte_set_run(&capitals, NULL, 0), 0);
    assert_int_equal(byte_set_gap(&capitals, NULL, 0), 0);
}

/* What a loop over byte_set_has says, for any set and any bytes. */
static void every_set_and_byte_is_read_as_one_by_one(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct byte_set set;
        char text[96];
        size_t in = 0, out = 0;
        random_bytes(&set, sizeof set);
        random_bytes(text, sizeof text);
        for (size_t i = 0; round % 2 && i < sizeof text - 8; i++) /* or hardly any run is long */
            while (!byte_set_has(&set, text[i]))
                random_bytes(&text[i], 1);
        while (in < sizeof text && byte_set_has(&set, text[in]))
            in++;
        while (out < sizeof text && !byte_set_has(&set, text[out]))
            out++;
        assert_int_equal(byte_set_run(&set, text, sizeof text), in);
        assert_int_equal(byte_set_gap(&set, text, sizeof text), out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_a_low_half),
        cmocka_unit_test(a_run_ends_at_the_first_byte_that_is_another),
        cmocka_unit_test(every_set_and_byte_is_read_as_one_by_one),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
