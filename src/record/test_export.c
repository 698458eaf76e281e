/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "record/test_record.h"

#define AT 1700000000

static char memory[1 << 20];

static json_t *as_json(const struct record *r)
{
    struct buf b = BUF_ON(memory);
    json_error_t error;
    assert_int_equal(record_json(r, &b), BF_OK);
    assert_null(memchr(b.p, '\n', b.n));
    json_t *object = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!object)
        fail_msg("%s: %.*s", error.text, SPAN_FMT(buf_span(&b)));
    return object;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const char *as_csv(const struct record *r)
{
    struct buf b = BUF_ON(memory);
    record_csv(r, &b);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    return memory;
}

static void json_says_everything_in_words(void **state)
{
    struct sample s;
    (void)state;
    sample_make(&s, 7, AT);
    json_t *o = as_json(&s.record);
    assert_string_equal(text_of(o, "at"), "2023-11-14T22:13:20.007Z");
    assert_string_equal(text_of(o, "id"), "00000000000000000000000007");
    assert_string_equal(text_of(o, "key"), "07000000000000000000000000000000");
    assert_string_equal(text_of(o, "kind"), "verified");
    assert_string_equal(text_of(o, "verdict"), "impostor");
    assert_string_equal(text_of(o, "verstat"), "TN-Validation-Passed");
    assert_string_equal(text_of(o, "attest"), "A");
    assert_string_equal(text_of(o, "caller"), "12155550007");
    assert_string_equal(text_of(o, "from_header"), "\"Lab\" <sip:+12155550100@lab>;tag=1");
    assert_true(json_is_false(json_object_get(o, "lab")));
    assert_true(json_is_null(json_object_get(o, "message")));
    assert_int_equal(json_integer_value(json_object_get(o, "status")), 302);
    const json_t *ballot = json_array_get(json_object_get(o, "ballots"), 1);
    assert_string_equal(text_of(ballot, "check"), "replay");
    assert_string_equal(text_of(ballot, "vote"), "abstain");
    assert_int_equal(json_integer_value(json_object_get(ballot, "identity")), -1);
    json_decref(o);
}

static void a_call_that_was_not_judged_has_no_verdict(void **state)
{
    static const struct {
        enum record_kind kind;
        const char *text;
    } rows[] = { { RECORD_SIGNED, "signed" }, { RECORD_SHED, "shed" }, { RECORD_CANCELLED, "cancelled" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sample s;
        sample_make(&s, 1, AT);
        s.record.kind = rows[i].kind;
        json_t *o = as_json(&s.record);
        assert_string_equal(text_of(o, "kind"), rows[i].text);
        assert_true(json_is_null(json_object_get(o, "verdict")));
        json_decref(o);
        assert_string_equal(record_verdict_text(&s.record), rows[i].text);
    }
}

static void what_strangers_wrote_stays_inside_its_string(void **state)
{
    struct sample s;
    (void)state;
    sample_make(&s, 1, AT);
    s.record.claimed_name = span_make("a\"b\\c\r\n\0\x1b[31m\xff\xc3", 15);
    s.record.message = SPAN("INVITE sip:x SIP/2.0\r\n\r\n");
    json_t *o = as_json(&s.record);
    assert_string_equal(text_of(o, "message"), "INVITE sip:x SIP/2.0\r\n\r\n");
    json_decref(o);
}

/* Nothing that is written of a masked record gives the number away; clearing the mask does. */
static void sec_a_withheld_number_is_not_given_away(void **state)
{
    struct sample s;
    (void)state;
    sample_make(&s, 7, AT);
    s.record.pai = SPAN("<sip:+12155550007@carrier>");
    s.record.from = SPAN("\"+12155550007\" <sip:anonymous@anonymous.invalid>;tag=1");
    s.record.message = SPAN("P-Asserted-Identity: <sip:+12155550007@carrier>\r\n");
    s.record.answer =
        SPAN("P-Asserted-Identity: <sip:+12155550007;verstat=TN-Validation-Passed@carrier>\r\n");
    s.record.masked = true;
    json_t *o = as_json(&s.record);
    assert_true(json_is_null(json_object_get(o, "caller")));
    assert_true(json_is_true(json_object_get(o, "masked")));
    json_decref(o);
    assert_null(strstr(memory, "2155550007"));
    assert_null(strstr(as_csv(&s.record), "2155550007"));
    assert_non_null(strstr(memory, ",\"withheld\","));
    s.record.masked = false;
    assert_non_null(strstr(as_csv(&s.record), ",\"12155550007\","));
}

static void no_cell_is_a_formula(void **state)
{
    static const struct {
        const char *name, *cell;
    } rows[] = {
        { "=HYPERLINK(\"http://x\",\"y\")", ",\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"," },
        { "+1", ",\"'+1\"," },
        { "-1", ",\"'-1\"," },
        { "@SUM(A1)", ",\"'@SUM(A1)\"," },
        { "\t=1", ",\"'\t=1\"," },
        { "\r=1", ",\"'\r=1\"," },
        { " =1", ",\"' =1\"," },
        { "\n=1", ",\"'\n=1\"," },
        { "a=1", ",\"a=1\"," },
        { "\"=1", ",\"\"\"=1\"," },
        { "", ",\"\"," },
        { "line\r\nline", ",\"line\r\nline\"," },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sample s;
        sample_make(&s, 1, AT);
        s.record.claimed_name = span_of(rows[i].name);
        if (!strstr(as_csv(&s.record), rows[i].cell))
            fail_msg("%s: %s", rows[i].name, memory);
    }
}

/* Commas outside quotes. */
static size_t cells(const char *line)
{
    size_t n = 1;
    bool quoted = false;
    for (; *line; line++) {
        quoted ^= *line == '"';
        n += *line == ',' && !quoted;
    }
    return n;
}

static void every_line_has_the_cells_of_the_header(void **state)
{
    struct buf b = BUF_ON(memory);
    struct sample s;
    (void)state;
    record_csv_header(&b);
    buf_char(&b, '\0');
    assert_non_null(strstr(memory, "at,verdict,verstat,id,caller,called,"));
    const size_t n = cells(memory);
    sample_make(&s, 1, AT);
    s.record.claimed_name = SPAN("Doe, John \"JD\"");
    assert_int_equal(cells(as_csv(&s.record)), n);
    s.record.iat = -5;
    assert_int_equal(cells(as_csv(&s.record)), n);
    assert_non_null(strstr(memory, ",\"'-5\","));
}

static void what_does_not_fit_is_said(void **state)
{
    struct sample s;
    char small[100];
    struct buf b = BUF_ON(small);
    (void)state;
    sample_make(&s, 1, AT);
    assert_int_equal(record_json(&s.record, &b), BF_ELIMIT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_says_everything_in_words),
        cmocka_unit_test(a_call_that_was_not_judged_has_no_verdict),
        cmocka_unit_test(what_strangers_wrote_stays_inside_its_string),
        cmocka_unit_test(sec_a_withheld_number_is_not_given_away),
        cmocka_unit_test(no_cell_is_a_formula),
        cmocka_unit_test(every_line_has_the_cells_of_the_header),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
