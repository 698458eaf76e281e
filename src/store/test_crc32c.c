/* SPDX-License-Identifier: Apache-2.0 */
#include "store/crc32c.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/span.h"
#include "tap.h"

/* RFC 3720 appendix B.4, and the check value of the polynomial. */
static void known_sums_are_found(void **state)
{
    unsigned char bytes[32];
    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x8A9136AA);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x62A8AB43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x46DD794E);
    assert_int_equal(crc32c(0, "", 0), 0);
}

static void parts_sum_up_like_the_whole(void **state)
{
    const char text[] = "a verdict that nobody can find again was never given";
    (void)state;
    for (size_t cut = 0; cut <= sizeof text; cut++)
        assert_int_equal(crc32c(crc32c(0, text, cut), text + cut, sizeof text - cut),
                         crc32c(0, text, sizeof text));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sums_are_found),
        cmocka_unit_test(parts_sum_up_like_the_whole),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
