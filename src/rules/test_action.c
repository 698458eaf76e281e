/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rules.h"

#include "tap.h"

static void an_action_is_read_or_refused_at_the_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum bf_err err;
        size_t at;
        enum rule_do what;
        const char *value;
        int code;
    } rows[] = {
        { "pass", BF_OK, 0, RULE_PASS, "", 0 },
        { "label", BF_OK, 0, RULE_LABEL, "", 0 },
        { "to:sip:200@192.0.2.7", BF_OK, 0, RULE_TO, "sip:200@192.0.2.7", 0 },
        { "to:sips:desk@[2001:db8::1]:5061", BF_OK, 0, RULE_TO, "sips:desk@[2001:db8::1]:5061", 0 },
        { "voicemail:sip:vm@192.0.2.7", BF_OK, 0, RULE_VOICEMAIL, "sip:vm@192.0.2.7", 0 },
        { "reject:486", BF_OK, 0, RULE_REJECT, "486", 486 },
        { "ring:<urn:alert:priority:high>", BF_OK, 0, RULE_RING, "<urn:alert:priority:high>", 0 },
        { "", BF_EFORM, 0, RULE_PASS, "", 0 },
        { "drop", BF_EFORM, 0, RULE_PASS, "", 0 },
        { "pass:", BF_EFORM, 5, RULE_PASS, "", 0 },
        { "to:", BF_EFORM, 3, RULE_PASS, "", 0 },
        { "to:200", BF_EFORM, 3, RULE_PASS, "", 0 },
        { "to:tel:+12025550100", BF_EFORM, 3, RULE_PASS, "", 0 },
        { "to:sip:a@b?Subject=x", BF_EFORM, 3, RULE_PASS, "", 0 },
        { "reject:200", BF_EFORM, 7, RULE_PASS, "", 0 },  /* an answer that says yes */
        { "reject:607", BF_EFORM, 7, RULE_PASS, "", 0 },  /* what only a person says */
        { "reject:0486", BF_EFORM, 7, RULE_PASS, "", 0 }, /* one way to write it */
        { "ring:loud", BF_EFORM, 5, RULE_PASS, "", 0 },
        { "ring:<urn:a b>", BF_EFORM, 11, RULE_PASS, "", 0 },
        { "ring:<urn:a>\r\nX: y", BF_EFORM, 5, RULE_PASS, "", 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct rule_action a = { .what = RULE_PASS };
        struct fault fault = { 0, NULL };
        print_message("%s\n", rows[i].text);
        assert_int_equal(rule_action_read(span_of(rows[i].text), &a, &fault), rows[i].err);
        if (rows[i].err) {
            assert_int_equal(fault.at, rows[i].at);
            assert_non_null(fault.what);
            continue;
        }
        assert_int_equal(a.what, rows[i].what);
        assert_true(span_equal(a.value, span_of(rows[i].value)));
        assert_int_equal(a.code, rows[i].code);
    }
}

static void a_number_means_one_action_for_ever(void **state)
{
    (void)state;
    auto_(rule_actions_destroy) struct rule_actions *actions = NULL;
    struct rule_action a, b;
    uint16_t first = 0, second = 0, again = 0;
    assert_int_equal(rule_actions_create(&actions), BF_OK);
    {
        char text[] = "to:sip:200@192.0.2.7";
        assert_int_equal(rule_action_read(span_of(text), &a, NULL), BF_OK);
        assert_int_equal(rule_actions_number(actions, &a, &first), BF_OK);
        text[7] = '9'; /* whoever wrote it may go away */
    }
    assert_int_equal(rule_action_read(SPAN("reject:486"), &b, NULL), BF_OK);
    assert_int_equal(rule_actions_number(actions, &b, &second), BF_OK);
    assert_int_equal(rule_action_read(SPAN("to:sip:200@192.0.2.7"), &a, NULL), BF_OK);
    assert_int_equal(rule_actions_number(actions, &a, &again), BF_OK);
    assert_int_equal(first, again);
    assert_int_not_equal(first, second);
    assert_true(span_equal(rule_actions_look(actions, first)->value, SPAN("sip:200@192.0.2.7")));
    assert_int_equal(rule_actions_look(actions, second)->code, 486);
    assert_null(rule_actions_look(actions, 0));
    assert_null(rule_actions_look(actions, 3));
    assert_null(rule_actions_look(actions, UINT16_MAX));
    assert_null(rule_actions_look(NULL, 1));
}

static void there_is_an_end_to_what_a_process_keeps(void **state)
{
    (void)state;
    auto_(rule_actions_destroy) struct rule_actions *actions = NULL;
    enum bf_err err = BF_OK;
    size_t n = 0;
    assert_int_equal(rule_actions_create(&actions), BF_OK);
    for (; n < 5000 && !err; n++) {
        char text[64];
        struct rule_action a;
        uint16_t number;
        snprintf(text, sizeof text, "to:sip:%zu@192.0.2.7", n);
        assert_int_equal(rule_action_read(span_of(text), &a, NULL), BF_OK);
        err = rule_actions_number(actions, &a, &number);
    }
    assert_int_equal(err, BF_ELIMIT);
    assert_int_equal(n, 4001);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_is_read_or_refused_at_the_byte),
        cmocka_unit_test(a_number_means_one_action_for_ever),
        cmocka_unit_test(there_is_an_end_to_what_a_process_keeps),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
