/* SPDX-License-Identifier: Apache-2.0 */
/* Rules are written as JSON in here, for it is the shortest way to say them. */
#include "rules/rules.h"

#include <stdlib.h>

#include "tap.h"

static struct rules *rules_said(const char *json)
{
    struct rules *r = NULL;
    char *message = NULL;
    const struct rules_options options = { .may_reject = true };
    if (rules_of_json(span_of(json), &options, &r, &message)) {
        print_message("%s\n", message);
        free(message);
        fail();
    }
    return r;
}

static const char *const press[] = { "press", "board" };
static const struct person ada = {
    .id = 7, .uid = "urn:x:ada", .name = "Ada Miller", .tags = press, .n_tags = 2
};

static struct number number_said(const char *text)
{
    struct number n;
    assert_int_equal(number_of_text(span_of(text), NULL, &n, NULL), BF_OK);
    return n;
}

/* Monday, 2026-11-23 12:00 UTC: 13:00 in Rome. */
#define NOON 1795435200

static void a_condition_holds_or_it_does_not(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        bool holds;
    } rows[] = {
        { "\"person\":[]", true },
        { "\"verdict\":[\"genuine\"]", true },
        { "\"verdict\":[\"broken\",\"impostor\"]", false },
        { "\"person\":[\"ada miller\"]", true },
        { "\"person\":[\"#7\"]", true },
        { "\"person\":[\"#8\"]", false },
        { "\"person\":[\"urn:x:ada\"]", true },
        { "\"person\":[\"*\"]", true },
        { "\"person\":[\"Ada\"]", false },
        { "\"tag\":[\"Board\"]", true },
        { "\"tag\":[\"family\"]", false },
        { "\"claims\":[\"*\"]", false }, /* he claims nothing */
        { "\"claims_tag\":[\"press\"]", false },
        { "\"caller\":[\"+39*\"]", true },
        { "\"caller\":[\"+44*\",\"+390612345678\"]", true },
        { "\"caller\":[\"+390612345000/100\"]", false },
        { "\"called\":[\"+12025550100/10\"]", true },
        { "\"called\":[\"911\"]", false },
        { "\"domain\":[\"us\",\"it\"]", true },
        { "\"domain\":[\"us\"]", false },
        { "\"attest\":[\"A\"]", true },
        { "\"attest\":[\"none\",\"C\"]", false },
        { "\"time\":\"12:00-13:00\"", true },
        { "\"time\":\"13:00-14:00\"", false },
        { "\"time\":\"13:00-14:00\",\"zone\":\"Europe/Rome\"", true },
        { "\"time\":\"11:00-12:00\"", false }, /* the end is not of it */
        { "\"days\":[\"mon\"]", true },
        { "\"days\":[\"sat\",\"sun\"]", false },
        { "\"days\":[\"tue\"],\"zone\":\"Pacific/Kiritimati\"", true },
        { "\"verdict\":[\"genuine\"],\"attest\":[\"B\"]", false },
    };
    const struct number caller = number_said("+390612345678"), called = number_said("+12025550107");
    const struct rule_facts facts = { .outcome = GENUINE,
                                      .attest = 'A',
                                      .domain = SPAN("it"),
                                      .caller = &caller,
                                      .called = &called,
                                      .person = &ada,
                                      .at = NOON };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char json[512];
        print_message("%s\n", rows[i].condition);
        snprintf(json, sizeof json, "[{\"name\":\"x\",\"action\":\"pass\",%s}]", rows[i].condition);
        auto_(rules_destroy) struct rules *r = rules_said(json);
        assert_int_equal(rules_holds(r, 0, &facts), rows[i].holds);
        assert_int_equal(rules_match(r, &facts), rows[i].holds ? 0 : -1);
    }
}

static void what_is_asked_of_nothing_does_not_hold(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"person\":[\"*\"]",
        "\"tag\":[\"press\"]",
        "\"claims\":[\"*\"]",
        "\"caller\":[\"+\"]",
        "\"called\":[\"+\"]",
        "\"domain\":[\"us\"]",
        "\"attest\":[\"A\",\"B\",\"C\"]",
    };
    const struct rule_facts nothing = { .outcome = UNPROVEN, .at = NOON };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char json[256];
        snprintf(json, sizeof json, "[{\"name\":\"x\",\"action\":\"pass\",%s}]", rows[i]);
        auto_(rules_destroy) struct rules *r = rules_said(json);
        assert_int_equal(rules_match(r, &nothing), -1);
    }
}

/* A rule for a person must never be had by saying his name. */
static void a_claimed_name_is_no_person(void **state)
{
    (void)state;
    auto_(rules_destroy) struct rules *r = rules_said(
        "[{\"name\":\"hers\",\"action\":\"pass\",\"mode\":\"enforce\",\"person\":[\"Ada Miller\"]},"
        "{\"name\":\"her tag\",\"action\":\"pass\",\"mode\":\"enforce\",\"tag\":[\"press\"]},"
        "{\"name\":\"says it\",\"action\":\"to:sip:200@192.0.2.7\",\"claims\":[\"Ada Miller\"]}]");
    const struct rule_facts facts = { .outcome = IMPOSTOR, .claimed = &ada, .at = NOON };
    assert_int_equal(rules_match(r, &facts), 2);
}

static void over_midnight_a_day_is_the_day_it_began_on(void **state)
{
    (void)state;
    static const struct {
        utc_t at;
        bool holds;
    } rows[] = {
        { NOON, false },
        { NOON + 6 * 3600, true },       /* Monday 18:00 */
        { NOON + 20 * 3600 - 60, true }, /* Tuesday 07:59, Monday's night */
        { NOON + 20 * 3600, false },     /* Tuesday 08:00 */
        { NOON + 30 * 3600, false },     /* Tuesday 18:00 */
        { NOON - 6 * 3600, false },      /* Monday 06:00, Sunday's night */
    };
    auto_(rules_destroy) struct rules *r =
        rules_said("[{\"name\":\"x\",\"action\":\"pass\",\"time\":\"18:00-08:00\",\"days\":[\"mon\"]}]");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct rule_facts facts = { .outcome = UNPROVEN, .at = rows[i].at };
        assert_int_equal(rules_holds(r, 0, &facts), rows[i].holds);
    }
}

static void the_first_that_is_switched_on_decides_and_those_before_it_watch(void **state)
{
    (void)state;
    auto_(rules_destroy) struct rules *r =
        rules_said("[{\"name\":\"a\",\"action\":\"pass\",\"verdict\":[\"broken\"]},"
                   "{\"name\":\"b\",\"action\":\"label\"},"
                   "{\"name\":\"c\",\"action\":\"label\"},"
                   "{\"name\":\"d\",\"action\":\"reject:486\",\"mode\":\"enforce\"},"
                   "{\"name\":\"e\",\"action\":\"reject:603\",\"mode\":\"enforce\"}]");
    const struct rule_facts facts = { .outcome = UNPROVEN, .at = NOON };
    struct rule_found found;
    assert_true(rules_decide(r, &facts, &found));
    assert_int_equal(found.observed, 1);
    assert_int_equal(found.rule, 3);
    assert_false(rules_decide(NULL, &facts, &found));
    assert_int_equal(found.rule, -1);
    assert_int_equal(found.observed, -1);
}

static void a_list_is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *json, *part;
    } rows[] = {
        { "", "no JSON" },
        { "{}", "a list of at most" },
        { "[7]", "rule 1: an object" },
        { "[{\"action\":\"pass\"}]", "name must have" },
        { "[{\"name\":\"x\"}]", "action must have" },
        { "[{\"name\":\"x\",\"action\":\"drop\"}]", "rule 1 (x): action, byte 1" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"colour\":1}]", "no rule has a member \"colour\"" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"mode\":\"on\"}]", "mode: a mode is" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"verdict\":[\"fine\"]}]", "verdict: a verdict is" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"verdict\":\"genuine\"}]", "verdict: a list" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"caller\":[\"12025550100\"]}]", "caller: " },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"attest\":[\"D\"]}]", "attest must be" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"time\":\"8-18\"}]", "time must be" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"time\":\"08:00-08:00\"}]", "time must be" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"time\":\"24:30-08:00\"}]", "time must be" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"days\":[\"Monday\"]}]", "days must be" },
        { "[{\"name\":\"x\",\"action\":\"pass\",\"time\":\"08:00-09:00\",\"zone\":\"Rome\"}]",
          "zone: there is no" },
        { "[{\"name\":\"a\\u0001b\",\"action\":\"pass\"}]", "control character" },
        { "[{\"name\":\"x\",\"action\":\"reject:486\",\"mode\":\"enforce\"}]", "redress" },
        { "[{\"name\":\"a\",\"action\":\"pass\"},{\"name\":\"b\",\"action\":\"to:sip:\"}]",
          "rule 2 (b): action, byte" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct rules_options options = { .may_reject = false };
        struct rules *r = NULL;
        char *message = NULL;
        print_message("%s\n", rows[i].json);
        assert_int_not_equal(rules_of_json(span_of(rows[i].json), &options, &r, &message), BF_OK);
        assert_null(r);
        assert_non_null(message);
        if (!strstr(message, rows[i].part))
            fail_msg("\"%s\" is not in \"%s\"", rows[i].part, message);
        free(message);
    }
}

static void observing_rules_may_be_written_before_there_is_anywhere_to_complain(void **state)
{
    (void)state;
    const struct rules_options options = { .may_reject = false };
    struct rules *r = NULL;
    char *message = NULL;
    assert_int_equal(
        rules_of_json(SPAN("[{\"name\":\"x\",\"action\":\"reject:486\"}]"), &options, &r, &message), BF_OK);
    rules_destroy(r);
}

static void rules_of_one_action_share_its_number(void **state)
{
    (void)state;
    auto_(rule_actions_destroy) struct rule_actions *actions = NULL;
    auto_(rules_destroy) struct rules *r = NULL;
    char *message = NULL;
    assert_int_equal(rule_actions_create(&actions), BF_OK);
    const struct rules_options options = { .actions = actions };
    assert_int_equal(
        rules_of_json(SPAN("{\"rules\":[{\"name\":\"a\",\"action\":\"label\"},{\"name\":\"b\",\"action\":"
                           "\"pass\"},{\"name\":\"c\",\"action\":\"label\"}]}"),
                      &options, &r, &message),
        BF_OK);
    assert_int_equal(rules_action_number(r, 0), rules_action_number(r, 2));
    assert_int_not_equal(rules_action_number(r, 0), rules_action_number(r, 1));
    assert_int_equal(rule_actions_look(actions, rules_action_number(r, 1))->what, RULE_PASS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_holds_or_it_does_not),
        cmocka_unit_test(what_is_asked_of_nothing_does_not_hold),
        cmocka_unit_test(a_claimed_name_is_no_person),
        cmocka_unit_test(over_midnight_a_day_is_the_day_it_began_on),
        cmocka_unit_test(the_first_that_is_switched_on_decides_and_those_before_it_watch),
        cmocka_unit_test(a_list_is_refused_with_a_sentence),
        cmocka_unit_test(observing_rules_may_be_written_before_there_is_anywhere_to_complain),
        cmocka_unit_test(rules_of_one_action_share_its_number),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
