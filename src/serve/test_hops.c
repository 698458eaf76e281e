/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/hops.h"

#include "tap.h"

static const char *const uris[] = { "sip:192.0.2.1", "sip:192.0.2.2", "sip:192.0.2.3" };

static struct hops *three(void)
{
    struct hops *h = NULL;
    assert_int_equal(hops_create(NULL, &h), BF_OK);
    assert_int_equal(hops_set(h, uris, 3, 5), BF_OK);
    return h;
}

static void down(struct hops *h, unsigned index)
{
    for (unsigned i = 0; i < HOPS_MISSES; i++)
        hops_heard(h, index, false);
}

static void the_first_that_is_up_is_used(void **state)
{
    auto_(hops_destroy) struct hops *h = three();
    (void)state;
    assert_int_equal(hops_choose(h), 0);
    down(h, 0);
    assert_int_equal(hops_choose(h), 1);
    down(h, 1);
    assert_int_equal(hops_choose(h), 2);
    hops_heard(h, 0, true);
    assert_int_equal(hops_choose(h), 0);
}

static void one_lost_probe_changes_nothing(void **state)
{
    auto_(hops_destroy) struct hops *h = three();
    (void)state;
    hops_heard(h, 0, false);
    assert_int_equal(hops_choose(h), 0);
    hops_heard(h, 0, true);
    hops_heard(h, 0, false);
    assert_int_equal(hops_choose(h), 0);
}

static void when_all_are_down_the_first_is_used(void **state)
{
    auto_(hops_destroy) struct hops *h = three();
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        down(h, i);
    assert_int_equal(hops_choose(h), 0);
    assert_false(hops_up(h, 0));
}

static void a_new_list_starts_afresh(void **state)
{
    auto_(hops_destroy) struct hops *h = three();
    (void)state;
    down(h, 0);
    assert_int_equal(hops_set(h, uris + 1, 1, 5), BF_OK);
    assert_int_equal(hops_count(h), 1);
    assert_int_equal(hops_choose(h), 0);
    assert_true(hops_up(h, 0));
    hops_heard(h, 2, false); /* a probe of the list before */
    assert_int_equal(hops_choose(h), 0);
}

static void an_empty_list_and_a_long_one_do_no_harm(void **state)
{
    const char *many[HOPS_MAX + 4];
    auto_(hops_destroy) struct hops *h = three();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(many); i++)
        many[i] = uris[0];
    assert_int_equal(hops_set(h, many, ARRAY_SIZE(many), 5), BF_OK);
    assert_int_equal(hops_count(h), HOPS_MAX);
    assert_int_equal(hops_set(h, NULL, 0, 5), BF_OK);
    assert_int_equal(hops_choose(h), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_up_is_used),
        cmocka_unit_test(one_lost_probe_changes_nothing),
        cmocka_unit_test(when_all_are_down_the_first_is_used),
        cmocka_unit_test(a_new_list_starts_afresh),
        cmocka_unit_test(an_empty_list_and_a_long_one_do_no_harm),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
