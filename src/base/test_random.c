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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_buffer_is_filled_and_nothing_behind_it),
        cmocka_unit_test(shk_003_uuids_are_version_4_and_lower_case),
        cmocka_unit_test(no_two_uuids_are_alike),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
