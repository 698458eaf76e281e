/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/reach.h"

#include <arpa/inet.h>

#include "base/fault.h"
#include "tap.h"

static const struct sockaddr *address(struct sockaddr_in *out, unsigned port)
{
    *out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    return (const struct sockaddr *)out;
}

static const socklen_t n = sizeof(struct sockaddr_in);

static void rfc_5626_each_failure_doubles_the_time_and_chance_takes_some_off(void **state)
{
    (void)state;
    static const uint32_t chances[] = { 0, 1u << 31, UINT32_MAX };
    struct sockaddr_in a;
    const struct sockaddr *addr = address(&a, 1);
    for (size_t i = 0; i < ARRAY_SIZE(chances); i++) {
        struct reach r = { 0 };
        mono_t now = MONO_S(100), whole = REACH_MIN;
        for (unsigned failures = 1; failures < 100; failures++) {
            assert_false(reach_rests(&r, addr, n, now));
            reach_failed(&r, addr, n, now, chances[i]);
            assert_true(reach_rests(&r, addr, n, now + whole / 2 - 1));
            if (chances[i] == UINT32_MAX)
                assert_true(reach_rests(&r, addr, n, now + whole - whole / 100));
            assert_false(reach_rests(&r, addr, n, now + whole));
            now += whole;
            whole = 2 * whole < REACH_MAX ? 2 * whole : REACH_MAX;
        }
        reach_stood(&r, addr, n);
        assert_false(reach_rests(&r, addr, n, now - MONO_S(20)));
        reach_failed(&r, addr, n, now, 0);
        assert_false(reach_rests(&r, addr, n, now + REACH_MIN)); /* it begins anew */
    }
}

static void addresses_rest_apart_and_the_oldest_is_forgotten(void **state)
{
    (void)state;
    struct reach r = { 0 };
    struct sockaddr_in a;
    for (unsigned i = 0; i <= REACH_ROWS; i++) {
        assert_false(reach_rests(&r, address(&a, i + 1), n, MONO_S(1)));
        reach_failed(&r, address(&a, i + 1), n, MONO_S(1) + i, 0);
    }
    assert_false(reach_rests(&r, address(&a, 1), n, MONO_S(1))); /* one too many */
    for (unsigned i = 1; i <= REACH_ROWS; i++)
        assert_true(reach_rests(&r, address(&a, i + 1), n, MONO_S(1)));
    assert_false(reach_rests(&r, address(&a, 2), 0, MONO_S(1)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_5626_each_failure_doubles_the_time_and_chance_takes_some_off),
        cmocka_unit_test(addresses_rest_apart_and_the_oldest_is_forgotten),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
