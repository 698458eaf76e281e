/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <string.h>

#include "tap.h"

static void every_error_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (int err = BF_EINVAL; err <= BF_OK; err++) {
        assert_string_not_equal(bf_err_text((enum bf_err)err), "unknown error");
        for (int other = BF_EINVAL; other < err; other++)
            assert_string_not_equal(bf_err_text((enum bf_err)err), bf_err_text((enum bf_err)other));
    }
}

static void an_error_of_tomorrow_is_unknown_and_not_null(void **state)
{
    (void)state;
    assert_string_equal(bf_err_text((enum bf_err) - 4711), "unknown error");
    assert_string_equal(bf_err_text((enum bf_err)1), "unknown error");
}

static void a_fault_is_filled_where_there_is_one(void **state)
{
    struct fault fault = { 0, NULL };
    (void)state;
    assert_int_equal(fault_at(&fault, BF_EFORM, 7, "why"), BF_EFORM);
    assert_int_equal(fault.at, 7);
    assert_string_equal(fault.what, "why");
    assert_int_equal(fault_at(NULL, BF_ELIMIT, 7, "why"), BF_ELIMIT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_sentence_of_its_own),
        cmocka_unit_test(an_error_of_tomorrow_is_unknown_and_not_null),
        cmocka_unit_test(a_fault_is_filled_where_there_is_one),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
