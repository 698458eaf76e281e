/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rules.h"

#include <stdlib.h>

#include "tap.h"

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "[]",
        "[{\"name\":\"x\",\"mode\":\"observe\",\"action\":\"pass\"}]",
        "[{\"name\":\"after hours\",\"mode\":\"enforce\",\"action\":\"voicemail:sip:vm@192.0.2.7\","
        "\"verdict\":[\"unproven\",\"broken\"],\"person\":[\"Ada Miller\"],\"tag\":[\"press\"],"
        "\"claims\":[\"*\"],\"claims_tag\":[\"board\"],\"caller\":[\"+39*\",\"+\x2a\",\"911\"],"
        "\"called\":[\"+12025550100/10\",\"+12025550199\"],\"domain\":[\"us\"],\"attest\":[\"A\",\"none\"],"
        "\"time\":\"18:00-08:00\",\"days\":[\"mon\",\"tue\"],\"zone\":\"Europe/Rome\"}]",
        "[{\"name\":\"\xD0\x90\xD0\xB4\xD0\xB0 \\\"A\\\"\",\"mode\":\"observe\",\"action\":\"label\"}]",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(rules_destroy) struct rules *r = NULL;
        char memory[2048];
        struct buf out = BUF_ON(memory);
        char *message = NULL;
        assert_int_equal(rules_of_json(span_of(rows[i]), &(struct rules_options){ 0 }, &r, &message), BF_OK);
        rules_json(r, &out);
        assert_true(buf_ok(&out));
        buf_char(&out, '\0');
        assert_string_equal(memory, rows[i]);
    }
}

static void a_list_that_does_not_fit_says_so(void **state)
{
    (void)state;
    auto_(rules_destroy) struct rules *r = NULL;
    char memory[20];
    struct buf out = BUF_ON(memory);
    char *message = NULL;
    assert_int_equal(rules_of_json(SPAN("[{\"name\":\"x\",\"action\":\"pass\"}]"),
                                   &(struct rules_options){ 0 }, &r, &message),
                     BF_OK);
    rules_json(r, &out);
    assert_false(buf_ok(&out));
}

static void more_rules_than_there_may_be_are_refused(void **state)
{
    (void)state;
    const char one[] = "{\"name\":\"x\",\"action\":\"pass\"},";
    const size_t n = RULES_MOST + 1;
    char *json = malloc(n * sizeof one + 2);
    struct buf b = buf_on(json, n * sizeof one + 2);
    struct rules *r = NULL;
    char *message = NULL;
    buf_char(&b, '[');
    for (size_t i = 0; i < n; i++)
        buf_text(&b, one);
    b.p[b.n - 1] = ']';
    assert_int_not_equal(rules_of_json(buf_span(&b), &(struct rules_options){ 0 }, &r, &message), BF_OK);
    assert_non_null(strstr(message, "at most 1000"));
    free(message);
    free(json);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_list_that_does_not_fit_says_so),
        cmocka_unit_test(more_rules_than_there_may_be_are_refused),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
