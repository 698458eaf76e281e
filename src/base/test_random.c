/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <string.h>

#include "tap.h"
#include "base/fault.h"

static void the_whole_buffer_is_filled_and_nothing_behind_it(void **state)
{
    unsigned char bytes[513], seen[512] = { 0 };
    (void)state;
    bytes[512] = 0xA5;
    for (int round = 0; round < 16; round++) { /* a byte stays zero 16 times with a chance of 2^-128 */
        random_bytes(bytes, 512);
        for (size_t i = 0; i < 512; i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < 512; i++)
        assert_int_not_equal(seen[i], 0);
    assert_int_equal(bytes[512], 0xA5);
}

static void shk_003_uuids_are_version_4_and_lower_case(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        char uuid[UUID_TEXT + 1];
        assert_ptr_equal(random_uuid(uuid), uuid);
        assert_int_equal(strlen(uuid), UUID_TEXT);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), UUID_TEXT);
        for (size_t i = 0; i < UUID_TEXT; i++)
            assert_int_equal(uuid[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
    }
}

static void no_two_uuids_are_alike(void **state)
{
    char uuids[64][UUID_TEXT + 1];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
        random_uuid(uuids[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(uuids[i], uuids[k]);
    }
}

/* Twice round the store, in pieces that do not divide it: never the same piece, and nothing of it left behind. */
static void what_was_taken_from_a_store_comes_once_and_leaves_no_trace(void **state)
{
    static uint8_t taken[112][24];
    struct random_pool pool = { .left = 0 };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
        random_take(&pool, taken[i], sizeof taken[i]);
        assert_true(pool.left <= sizeof pool.bytes - sizeof taken[i]);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(taken[i], taken[k], sizeof taken[i]);
        assert_null(memmem(pool.bytes, sizeof pool.bytes, taken[i], sizeof taken[i]));
    }
    for (size_t i = pool.left; i < sizeof pool.bytes; i++)
        assert_int_equal(pool.bytes[i], 0);
}

static void a_uuid_is_written_in_its_five_groups(void **state)
{
    (void)state;
    uint8_t id[UUID_BYTES] = { 0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0xF2, 0xd3,
                               0xFF, 0x56, 0x42, 0x66, 0x55, 0x44, 0x00, 0x0a };
    char text[UUID_TEXT + 1] = { 0 };
    uuid_mark(id);
    uuid_text(id, text);
    assert_string_equal(text, "123e4567-e89b-42d3-bf56-42665544000a");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_buffer_is_filled_and_nothing_behind_it),
        cmocka_unit_test(shk_003_uuids_are_version_4_and_lower_case),
        cmocka_unit_test(no_two_uuids_are_alike),
        cmocka_unit_test(what_was_taken_from_a_store_comes_once_and_leaves_no_trace),
        cmocka_unit_test(a_uuid_is_written_in_its_five_groups),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
