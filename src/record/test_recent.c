/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recent.h"
#include "tap.h"

static void key_make(uint32_t place, uint32_t rest, uint8_t out[static RECORD_KEY])
{
    memset(out, 0, RECORD_KEY);
    memcpy(out, &place, sizeof place);
    memcpy(out + 8, &rest, sizeof rest);
}

static void a_key_is_new_once(void **state)
{
    uint8_t key[RECORD_KEY];
    auto_(recent_destroy) struct recent *r = NULL;
    (void)state;
    assert_int_equal(recent_create(&r), BF_OK);
    for (uint32_t i = 0; i < RECENT_N; i++) {
        key_make(i, 7, key);
        assert_true(recent_enter(r, key));
    }
    for (uint32_t i = 0; i < RECENT_N; i++) {
        key_make(i, 7, key);
        assert_false(recent_enter(r, key));
    }
}

/* Of two in one place the older is forgotten, and taken for new: better a row twice than one too few. */
static void keys_are_told_apart_by_every_byte(void **state)
{
    uint8_t key[RECORD_KEY];
    auto_(recent_destroy) struct recent *r = NULL;
    (void)state;
    assert_int_equal(recent_create(&r), BF_OK);
    for (size_t i = sizeof(uint32_t); i < RECORD_KEY; i++) {
        key_make(5, 1, key);
        assert_true(recent_enter(r, key));
        key[i] ^= 1;
        assert_true(recent_enter(r, key));
        assert_false(recent_enter(r, key));
    }
}

/* What a free place holds is a key, too. */
static void a_key_of_zeros_is_no_exception(void **state)
{
    const uint8_t key[RECORD_KEY] = { 0 };
    auto_(recent_destroy) struct recent *r = NULL;
    (void)state;
    assert_int_equal(recent_create(&r), BF_OK);
    assert_true(recent_enter(r, key));
    assert_true(recent_enter(r, key));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_new_once),
        cmocka_unit_test(keys_are_told_apart_by_every_byte),
        cmocka_unit_test(a_key_of_zeros_is_no_exception),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
