/* SPDX-License-Identifier: Apache-2.0 */
#include "numbers/plan.h"

#include "tap.h"

static struct dial_plan plan_of(const char *iso)
{
    struct dial_plan plan;
    const struct country *c = country_find(span_of(iso));
    if (!c)
        fail_msg("there is no %s", iso);
    country_plan(c, &plan);
    return plan;
}

static struct number number_of(const char *text)
{
    struct number n = { .n = 0 };
    if (number_of_text(span_of(text), NULL, &n, NULL) != BF_OK)
        fail_msg("%s is no number", text);
    return n;
}

static void every_row_can_be_found_and_holds_together(void **state)
{
    (void)state;
    assert_true(n_countries > 230);
    for (size_t i = 0; i < n_countries; i++) {
        const struct country *c = &countries[i];
        const size_t code = strlen(c->code);
        if (i && strcmp(countries[i - 1].code, c->code) > 0)
            fail_msg("+%s stands in the wrong place", c->code);
        if (c->areas[0] && strcmp(countries[i - 1].code, c->code) != 0)
            fail_msg("+%s: the row of all other numbers comes first", c->code);
        if (c->iso[0] && country_find(span_of(c->iso)) != c)
            fail_msg("%s stands there twice", c->iso);
        if (c->national.least > c->national.most || c->possible.least > c->possible.most ||
            (c->national.most &&
             (c->national.least < c->possible.least || c->national.most > c->possible.most)))
            fail_msg("%s +%s: its lengths do not fit into each other", c->iso, c->code);
        if (code < 1 || code > 3 || code + c->possible.most > 16)
            fail_msg("%s +%s: longer than E.164", c->iso, c->code);
    }
    assert_null(country_find(SPAN("XX")));
    assert_null(country_find(SPAN("us")));
    assert_null(country_find(SPAN("")));
}

/* A number of each row's own making is that row's, so the codes are prefix-free as the arithmetic has it. */
static void tn_004_every_number_finds_its_country(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_countries; i++) {
        const struct country *c = &countries[i];
        char text[LIMIT_NUMBER + 2];
        const int area = (int)span_find(span_of(c->areas), ' ');
        int n = snprintf(text, sizeof text, "+%s%.*s", c->code, area, c->areas);
        while ((size_t)n < 1 + strlen(c->code) + c->possible.least)
            text[n++] = '5';
        text[n] = '\0';
        const struct number number = number_of(text);
        if (country_of_number(&number) != c)
            fail_msg("%s is not found to be %s's +%s", text, c->iso, c->code);
        if (c->code[0] != '1' && number_impossible(&number))
            fail_msg("%s: %s", text, number_impossible(&number));
    }
}

static void tn_004_numbers_as_they_are_dialled_in_a_country(void **state)
{
    (void)state;
    static const struct {
        const char *iso, *dialled, *digits;
        bool global;
    } rows[] = {
        { "US", "2155551212", "12155551212", true },
        { "US", "12155551212", "12155551212", true },
        { "US", "1-215-555-1212", "12155551212", true },
        { "US", "01133123456789", "33123456789", true },
        { "US", "5551212", "5551212", false }, /* a local number: nobody knows where */
        { "US", "911", "911", false },
        { "US", "988", "988", false },
        { "US", "+44 20 7946 0958", "442079460958", true },
        { "CA", "4165550100", "14165550100", true },
        { "FR", "0123456789", "33123456789", true },
        { "FR", "123456789", "33123456789", true },
        { "FR", "33123456789", "33123456789", true },
        { "FR", "004930123456", "4930123456", true },
        { "FR", "112", "112", false },
        { "FR", "17", "17", false },
        { "FR", "3949", "3949", false },
        { "FR", "118218", "118218", false },
        { "DE", "030123456", "4930123456", true },
        { "DE", "30123456", "30123456", false }, /* may be a local one */
        { "DE", "015112345678", "4915112345678", true },
        { "DE", "116117", "116117", false },
        { "DE", "110", "110", false },
        { "GB", "02079460958", "442079460958", true },
        { "GB", "999", "999", false },
        { "IT", "0612345678", "390612345678", true }, /* Italy's zero stays */
        { "IT", "3331234567", "393331234567", true },
        { "IT", "112", "112", false },
        { "IT", "116117", "116117", false },
        { "ES", "912345678", "34912345678", true },
        { "RU", "84951234567", "74951234567", true },
        { "RU", "8104930123456", "4930123456", true },
        { "HU", "0612345678", "3612345678", true },
        { "JP", "0312345678", "81312345678", true },
        { "JP", "0104930123456", "4930123456", true },
        { "KR", "0024930123456", "4930123456", true },
        { "AU", "0291234567", "61291234567", true },
        { "AU", "00114930123456", "4930123456", true },
        { "AU", "000", "000", false },
        { "SG", "61234567", "6561234567", true },
        { "FO", "123456", "298123456", true },
        { "FO", "112", "112", false },
        { "US", "*67", "*67", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct dial_plan plan = plan_of(rows[i].iso);
        struct number n = { .n = 0 };
        if (number_of_text(span_of(rows[i].dialled), &plan, &n, NULL) != BF_OK)
            fail_msg("%s in %s is no number", rows[i].dialled, rows[i].iso);
        if (!span_equal(number_span(&n), span_of(rows[i].digits)) || n.global != rows[i].global)
            fail_msg("%s in %s gives %.*s%s, not %s", rows[i].dialled, rows[i].iso, SPAN_FMT(number_span(&n)),
                     n.global ? " (global)" : "", rows[i].digits);
    }
}

/* Five digits that say which carrier a French number was ported to are no part of it, however it is written. */
static void tn_004_french_numbers_lose_their_porting_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *iso, *dialled;
    } rows[] = {
        { "FR", "+3310200123456789" }, { "US", "+3310200123456789" },  { "FR", "010200123456789" },
        { "FR", "3310200123456789" },  { "FR", "003310200123456789" }, { "US", "0113310200123456789" },
        { "FR", "10200123456789" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct dial_plan plan = plan_of(rows[i].iso);
        struct number n = { .n = 0 };
        const enum bf_err err = number_of_text(span_of(rows[i].dialled), &plan, &n, NULL);
        const bool stripped = !err && span_equal(number_span(&n), SPAN("33123456789"));
        /* without 0 in front it is like nothing that is dialled, and stays as it is */
        if (stripped != (i + 1 < ARRAY_SIZE(rows)))
            fail_msg("%s in %s gives %.*s", rows[i].dialled, rows[i].iso, SPAN_FMT(number_span(&n)));
    }
    const struct number n = number_of("+33123456789");
    assert_true(number_is_canonical(SPAN("3310200123456789")));
    assert_false(number_is_canonical(SPAN("4410200123456789")));
    assert_true(number_is(&n, SPAN("3310200123456789")));
    assert_true(number_is(&n, SPAN("33123456789")));
    assert_false(number_is(&n, SPAN("3310200123456788")));
    assert_false(number_is(&n, SPAN("123456789")));
}

static void tn_008_numbers_that_cannot_exist(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        bool possible;
    } rows[] = {
        { "+12155550121", true },
        { "+12005550100", true }, /* 200 is reserved, and has the right shape */
        { "+11005550100", false },
        { "+10005550100", false },
        { "+12151550100", false },
        { "+12150550100", false },
        { "+19115550100", false },
        { "+1215555010", false },
        { "+121555501000", false },
        { "+33123456789", true },
        { "+331234567", false },
        { "+33123456789012", true }, /* a machine */
        { "+442079460958", true },
        { "+44207946", false },
        { "+4420794609581", false },
        { "+2101234567", false }, /* no country */
        { "+999123456789", false },
        { "+28012345678", false },
        { "+80012345678", true },
        { "+883510001234567", true },
        { "+29912345", false },
        { "+299123456", true },
        { "+4930123456", true },
        { "+43112", false },
        { "+431234", true },
        { "911", true },
        { "*67", true },
        { "2005550100", true }, /* not known to be whole */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number n = number_of(rows[i].number);
        if ((number_impossible(&n) == NULL) != rows[i].possible)
            fail_msg("%s: %s", rows[i].number, number_impossible(&n) ? number_impossible(&n) : "possible");
    }
}

static void countries_that_share_a_code_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *number, *iso;
    } rows[] = {
        { "+12155550121", "US" },  { "+14165550100", "CA" },  { "+18765550100", "JM" },
        { "+17875550100", "PR" },  { "+74951234567", "RU" },  { "+77012345678", "KZ" },
        { "+442079460958", "GB" }, { "+441534123456", "JE" }, { "+390669812345", "VA" },
        { "+393331234567", "IT" }, { "+881612345678", "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number n = number_of(rows[i].number);
        const struct country *c = country_of_number(&n);
        if (!c || strcmp(c->iso, rows[i].iso) != 0)
            fail_msg("%s is found in %s", rows[i].number, c ? c->iso : "no country");
    }
    const struct number local = number_of("2155550121"), nobody = number_of("+2101234567");
    assert_null(country_of_number(&local));
    assert_null(country_of_number(&nobody));
}

static void numbers_are_written_as_a_trunk_wants_them(void **state)
{
    (void)state;
    static const struct {
        const char *iso, *number, *written;
    } rows[] = {
        { "", "+33123456789", "+33123456789" },
        { "FR", "+33123456789", "0123456789" },
        { "FR", "+442079460958", "00442079460958" },
        { "US", "+12155550121", "12155550121" },
        { "US", "+442079460958", "011442079460958" },
        { "IT", "+390612345678", "0612345678" },
        { "", "+3310200123456789", "+3310200123456789" },
        { "FR", "+3310200123456789", "010200123456789" },
        { "US", "+3310200123456789", "0113310200123456789" },
        { "FR", "112", "112" },
        { "", "*67", "*67" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct number_format format = { country_find(span_of(rows[i].iso)) };
        const struct number n = number_of(rows[i].number);
        char memory[64];
        struct buf out = BUF_ON(memory);
        number_write(&format, &n, &out);
        if (!span_equal(buf_span(&out), span_of(rows[i].written)))
            fail_msg("%s is written %.*s", rows[i].number, SPAN_FMT(buf_span(&out)));
        if (format.national && n.global) { /* and there it is read as the same */
            const struct dial_plan plan = plan_of(rows[i].iso);
            struct number again;
            assert_int_equal(number_of_text(buf_span(&out), &plan, &again, NULL), BF_OK);
            assert_true(number_equal(&again, &n));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_can_be_found_and_holds_together),
        cmocka_unit_test(tn_004_every_number_finds_its_country),
        cmocka_unit_test(tn_004_numbers_as_they_are_dialled_in_a_country),
        cmocka_unit_test(tn_004_french_numbers_lose_their_porting_prefix),
        cmocka_unit_test(tn_008_numbers_that_cannot_exist),
        cmocka_unit_test(countries_that_share_a_code_are_told_apart),
        cmocka_unit_test(numbers_are_written_as_a_trunk_wants_them),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
