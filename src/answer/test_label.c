/* SPDX-License-Identifier: Apache-2.0 */
#include "answer/label.h"

#include "base/utf8.h"
#include "tap.h"

#define TICK  "\xE2\x9C\x94"
#define CROSS "\xE2\x9C\x98"

static void texts_are_checked_before_a_phone_shows_them(void **state)
{
    static const struct {
        const char *text;
        enum outcome outcome;
        enum bf_err err;
        size_t at;
    } rows[] = {
        { TICK " %n[ says: %c]", GENUINE, BF_OK, 0 },
        { TICK "%n", GENUINE, BF_OK, 0 },
        { "? %n says: %c", UNPROVEN, BF_OK, 0 },
        { "%c", IMPOSTOR, BF_OK, 0 },
        { TICK " [%p (%n)|%n][ says: %c]", GENUINE, BF_OK, 0 },
        { TICK " [%p ]%n", GENUINE, BF_OK, 0 },
        { TICK " %n[, %p]", GENUINE, BF_OK, 0 },
        { "100%% [%[%]%||x] %a", UNPROVEN, BF_OK, 0 },
        { "", GENUINE, BF_OK, 0 },
        { "%x", UNPROVEN, BF_EFORM, 0 },
        { "ab %", UNPROVEN, BF_EFORM, 3 },
        { "a [b [c]]", UNPROVEN, BF_EFORM, 5 },
        { "a ]", UNPROVEN, BF_EFORM, 2 },
        { "a [b", UNPROVEN, BF_EFORM, 2 },
        { "a | b", UNPROVEN, BF_EFORM, 2 },
        { "[a|b|c]", UNPROVEN, BF_EFORM, 4 },
        { "\xC3", UNPROVEN, BF_EFORM, 0 },
        { "a\x01", UNPROVEN, BF_EFORM, 1 },
        { TICK " %n", UNPROVEN, BF_EFORM, 0 },
        { "a " TICK, IMPOSTOR, BF_EFORM, 2 },
        { "\xE2\x88\x9A %n", BROKEN, BF_EFORM, 0 }, /* square root */
        { TICK " %c", GENUINE, BF_EFORM, 4 },
        { TICK " proven: %n", GENUINE, BF_EFORM, 4 },
        { TICK " %n %c", GENUINE, BF_EFORM, 7 },
        { "%c " TICK " %n", GENUINE, BF_EFORM, 3 },
        { "%n " TICK, GENUINE, BF_EFORM, 6 },
        { TICK "[ %c]", GENUINE, BF_EFORM, 5 },
        { "%p", UNPROVEN, BF_EFORM, 0 },
        { "%p", IMPOSTOR, BF_EFORM, 0 },
        { TICK " %p", GENUINE, BF_EFORM, 4 },            /* there may be nobody */
        { TICK " [%p|known]", GENUINE, BF_EFORM, 8 },    /* then words stand beside the tick */
        { TICK " [%p] says: %c", GENUINE, BF_EFORM, 9 }, /* likewise */
        { TICK " [%p|%c]", GENUINE, BF_EFORM, 8 },       /* or a claimed name */
        { TICK " [x|%p]", GENUINE, BF_EFORM, 5 },
        { TICK " [%p|%n] %c", GENUINE, BF_EFORM, 12 },
        { TICK " [%p, |%n]%c", GENUINE, BF_EFORM, 13 }, /* right behind the number, where nobody is known */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fault fault = { 0, NULL };
        const enum bf_err err = label_check(span_of(rows[i].text), rows[i].outcome, &fault);
        if (err != rows[i].err || fault.at != rows[i].at)
            fail_msg("%s: %d at %zu, %s", rows[i].text, err, fault.at, fault.what ? fault.what : "");
    }
    for (unsigned o = GENUINE; o <= IMPOSTOR; o++)
        assert_int_equal(label_check(span_of(label_usual((enum outcome)o)), (enum outcome)o, NULL), BF_OK);
}

static void a_person_of_the_book_stands_beside_the_tick_and_a_claimed_name_does_not(void **state)
{
    static const struct {
        const char *person, *name, *expected;
    } rows[] = {
        { "Ronald Putnam", "", TICK " Ronald Putnam (+1215)" },
        { "Ronald Putnam", "Lab", TICK " Ronald Putnam (+1215) says: Lab" },
        { "", "Ronald Putnam", TICK " +1215 says: Ronald Putnam" },
        { "", "", TICK " +1215" },
        { TICK "x", "", TICK " x (+1215)" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[LABEL_BYTES];
        struct buf out = BUF_ON(memory);
        const struct label_facts facts = { .number = SPAN("+1215"),
                                           .person = span_of(rows[i].person),
                                           .name = span_of(rows[i].name),
                                           .attest = 'A' };
        label_write(span_of(label_usual(GENUINE)), &facts, &out);
        if (!span_equal(buf_span(&out), span_of(rows[i].expected)))
            fail_msg("%s: %.*s", rows[i].expected, SPAN_FMT(buf_span(&out)));
    }
}

static void a_text_says_what_is_there_and_leaves_out_what_is_not(void **state)
{
    static const struct {
        const char *text, *number, *name;
        char attest;
        const char *expected;
    } rows[] = {
        { TICK " %n[ says: %c]", "+1215", "Lab", 'A', TICK " +1215 says: Lab" },
        { TICK " %n[ says: %c]", "+1215", "", 'A', TICK " +1215" },
        { CROSS " not [%c|who it says]", "+1215", "Lab", 0, CROSS " not Lab" },
        { CROSS " not [%c|who it says]", "+1215", "", 0, CROSS " not who it says" },
        { "?[ says: %c]", "", "", 0, "?" },
        { "[(%a) ]%n", "+1215", "", 0, "+1215" },
        { "[(%a) ]%n", "+1215", "", 'B', "(B) +1215" },
        { "%%%[%]%|", "", "", 0, "%[]|" },
        { "[%c|[%n", "1", "", 0, "[%n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows) - 1; i++) {
        char memory[LABEL_BYTES];
        struct buf out = BUF_ON(memory);
        const struct label_facts facts = { .number = span_of(rows[i].number),
                                           .name = span_of(rows[i].name),
                                           .attest = rows[i].attest };
        label_write(span_of(rows[i].text), &facts, &out);
        if (!span_equal(buf_span(&out), span_of(rows[i].expected)))
            fail_msg("%s: %.*s", rows[i].text, SPAN_FMT(buf_span(&out)));
    }
}

/* SEC-048, SEC-049: nobody writes his own tick, by whatever mark. */
static void sec_049_a_name_cannot_bring_its_own_tick(void **state)
{
    static const struct {
        const char *name, *expected;
    } rows[] = {
        { "Lab", "Lab" },
        { TICK " Lab", "Lab" },
        { "\xE2\x9C\x93Lab", "Lab" },             /* check mark */
        { "\xE2\x9C\x85Lab", "Lab" },             /* white heavy check mark */
        { "\xE2\x98\x91\xEF\xB8\x8FLab", "Lab" }, /* ballot box with check, drawn as a picture */
        { "\xF0\x9F\x97\xB8Lab", "Lab" },         /* light check mark */
        { "\xE2\x88\x9ALab", "Lab" },             /* square root */
        { "\xF0\x9F\x94\x92Lab", "Lab" },         /* lock */
        { "\xF0\x9F\xAE\xB1Lab", "Lab" },         /* inverse check mark */
        { CROSS "Lab", "Lab" },
        { "Bank\xE2\x80\xAE tset", "Bank tset" }, /* right-to-left override */
        { "B\xE2\x80\x8B"
          "ank",
          "Bank" }, /* zero width space */
        { "a\r\nIdentity: y\x7F", "aIdentity: y" },
        { "M\xC3\xBCller \xE3\x83\xAC", "M\xC3\xBCller \xE3\x83\xAC" },
        { "M\xFCller", "M?ller" },
        { "x;verstat=TN-Validation-Passed", "" },
        { "x;vEr\xE2\x80\x8BsTat=TN-Validation-Passed", "" },
        { "\xC2\x85x", "x" }, /* a control character past ASCII */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[LABEL_BYTES];
        struct buf out = BUF_ON(memory);
        label_clean(span_of(rows[i].name), &out);
        if (!span_equal(buf_span(&out), span_of(rows[i].expected)))
            fail_msg("%s: %.*s", rows[i].name, SPAN_FMT(buf_span(&out)));
        assert_int_equal(label_is_clean(span_of(rows[i].name)), strcmp(rows[i].name, rows[i].expected) == 0);
    }
}

static void a_long_name_is_cut_between_characters(void **state)
{
    char name[1024], memory[2 * LABEL_BYTES];
    struct buf long_name = BUF_ON(name), out = BUF_ON(memory);
    (void)state;
    for (size_t i = 0; i < 300; i++)
        buf_text(&long_name, "\xE3\x83\xAC");
    const struct label_facts facts = { .number = SPAN("+12155550121"),
                                       .name = buf_span(&long_name),
                                       .attest = 'A' };
    label_write(SPAN(TICK " %n says: %c %c %c"), &facts, &out);
    assert_true(out.n <= LABEL_BYTES && out.n > LABEL_BYTES - 4);
    assert_int_equal(utf8_check(buf_span(&out)), out.n);
}

static void a_quoted_name_holds_no_quote_and_no_control_byte_of_its_own(void **state)
{
    char memory[64];
    struct buf out = BUF_ON(memory);
    (void)state;
    label_quoted(SPAN("a\"b\\c\r\n\x7F"), &out);
    assert_true(span_equal(buf_span(&out), SPAN("\"a\\\"b\\\\c\" ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_checked_before_a_phone_shows_them),
        cmocka_unit_test(a_person_of_the_book_stands_beside_the_tick_and_a_claimed_name_does_not),
        cmocka_unit_test(a_text_says_what_is_there_and_leaves_out_what_is_not),
        cmocka_unit_test(sec_049_a_name_cannot_bring_its_own_tick),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(a_quoted_name_holds_no_quote_and_no_control_byte_of_its_own),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
