/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/number.h"

#include <stdlib.h>

#include "tap.h"

static const struct dial_plan nanp = {
    .country = "1", .international_prefix = "011", .national_min = 10, .national_max = 10
};
static const struct dial_plan nanp_trunk = { .country = "1",
                                             .international_prefix = "011",
                                             .trunk_prefix = "1",
                                             .national_min = 10,
                                             .national_max = 10,
                                             .digits_are_numbers = true };
static const struct dial_plan german = {
    .country = "49", .international_prefix = "00", .trunk_prefix = "0", .national_min = 6, .national_max = 11
};
static const struct dial_plan digits_only = { .digits_are_numbers = true };

static const char *digits_of(const struct number *n)
{
    static char text[LIMIT_NUMBER + 1];
    snprintf(text, sizeof text, "%.*s", n->n, n->digits);
    return text;
}

struct row {
    const char *uri;
    const struct dial_plan *plan;
    const char *digits; /* NULL: not a number */
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sip_uri u;
        struct number number = { .n = 0 };
        if (uri_read(span_of(rows[i].uri), &u, NULL) != BF_OK)
            fail_msg("%s is no URI", rows[i].uri);
        const bool is = number_of_uri(&u, rows[i].plan, &number);
        if (is != (rows[i].digits != NULL) || (is && strcmp(digits_of(&number), rows[i].digits) != 0))
            fail_msg("%s gives %s, not %s", rows[i].uri, is ? digits_of(&number) : "no number",
                     rows[i].digits ? rows[i].digits : "no number");
    }
}

static void tn_006_the_examples(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "tel:+1-215-555-1212", NULL, "12155551212" },
        { "sip:+1(215)555.1212@a.example;user=phone", NULL, "12155551212" },
        { "sip:12155551212@example.com;user=phone", NULL, "12155551212" },
        { "sip:%2B12155551212@x", NULL, "12155551212" },
        { "tel:+12155551212;npdi;rn=+12155550000", NULL, "12155551212" },
        { "sip:+12155551212;npdi=yes@h;user=phone", NULL, "12155551212" },
        { "sip:2155551212@h;user=phone", &nanp, "12155551212" },
        { "sip:01133123456789@h;user=phone", &nanp, "33123456789" },
        { "tel:911;phone-context=+1", NULL, "911" },
        { "tel:911;phone-context=+1", &nanp, "911" },
        { "sip:*67@h;user=phone", NULL, "*67" },
        { "sip:alice@h", NULL, NULL },
        { "sip:+1215ALICE@h", NULL, NULL },
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

static void tn_001_what_is_a_number(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "sips:+12155551212@h", NULL, "12155551212" },
        { "sip:12155551212@h", NULL, NULL },  /* digits alone say nothing */
        { "sip:12155551212@h", &nanp, NULL }, /* nor with a plan, unless it says so */
        { "sip:12155551212@h", &digits_only, "12155551212" },
        { "sip:1215555121a@h", &digits_only, NULL },
        { "sip:*67@h", &digits_only, NULL },
        { "sip:12155551212@h;USER=Phone", NULL, "12155551212" },
        { "sip:12155551212@h;user=ip", NULL, NULL },
        { "sip:alice@h;user=phone", NULL, NULL },
        { "sip:h;user=phone", NULL, NULL },
        { "urn:service:sos", NULL, NULL },
        { "http:+12155551212", NULL, NULL },
        { "tel:*31#", NULL, "*31#" },
        { "sip:+1215555*212@h", NULL, NULL }, /* a global number has digits only */
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

static void tn_002_only_the_subscriber_part_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "sip:+12155551212;verstat=TN-Validation-Passed@h;user=phone", NULL, "12155551212" },
        { "sip:+12155551212;ext=99@h;isub=1", NULL, "12155551212" },
        { "tel:+12155551212;verstat=No-TN-Validation;cpc=x", NULL, "12155551212" },
        { "sip:+12155551212:secret@h", NULL, "12155551212" },
        { "sip:+1215%3B5551212@h", NULL, NULL },
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

static void tn_003_escapes_are_decoded_before_separators_go(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "sip:%2b1%28215%29%20555-1212@h", NULL, "12155551212" },
        { "sip:%31%32@h;user=phone", NULL, "12" },
        { "sip:%23@h;user=phone", NULL, "#" },
        { "sip:+-.()@h", NULL, NULL },
        { "tel:(215)555-1212", NULL, "2155551212" },
        { "tel:ABCD", NULL, NULL },
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

static void tn_004_the_dial_plan(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "tel:12155551212", &nanp, "12155551212" },
        { "tel:12155551212", &nanp_trunk, "12155551212" },
        { "tel:2155551212", &nanp_trunk, "12155551212" },
        { "sip:2155551212@h", &nanp_trunk, "12155551212" },
        { "tel:5551212", &nanp, "5551212" },                 /* no rule: as it is */
        { "tel:0115", &nanp, "0115" },                       /* too short behind the prefix */
        { "tel:011033123456789", &nanp, "011033123456789" }, /* no country begins with 0 */
        { "tel:030123456", &german, "4930123456" },
        { "tel:0033123456789", &german, "33123456789" },
        { "tel:4930123456", &german, "4930123456" },
        { "tel:110", &german, "110" },
        { "tel:+30123456", &german, "30123456" },
        { "tel:*31#", &german, "*31#" },
        { "tel:5551212;phone-context=+1215", &nanp, "12155551212" },
        { "tel:2155551212;phone-context=+1", &nanp, "12155551212" },
        { "sip:2155551212;phone-context=+1@h;user=phone", &german, "12155551212" },
        { "sip:2155551212;phone-context=%2B1@h;user=phone", &german, "12155551212" },
        { "tel:123456;phone-context=+44", &german, "44123456" },
        { "tel:2155551212;phone-context=example.com", &nanp, "12155551212" },
        { "tel:2155551212;phone-context=+1", NULL, "2155551212" }, /* without a plan digits stay */
        { "tel:0800;phone-context=+1", &nanp, "0800" }, /* shorter than a national number: a code */
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

static void tn_005_tn_007_tn_008_what_no_country_has_is_no_number(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "tel:+123456789012345", NULL, "123456789012345" },
        { "tel:+1234567890123456", NULL, NULL },
        { "tel:1234567890123456", NULL, NULL },
        { "tel:+0215551212", NULL, NULL },
        { "tel:+00", NULL, NULL },
        { "tel:+", NULL, NULL },
        { "tel:0215551212", NULL, "0215551212" }, /* local: as it is */
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

static void sec_053_only_ascii_digits_count(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "sip:%D9%A1%D9%A2@h;user=phone", NULL, NULL }, /* U+0661, U+0662 */
        { "sip:%2B%2B12155551212@h", NULL, NULL },
        { "sip:++12155551212@h", NULL, NULL },
        { "sip:+%2B12155551212@h", NULL, NULL },
        { "sip:1+2155551212@h;user=phone", NULL, NULL },
        { "sip:%2B1215%00@h", NULL, NULL },
        { "sip:%252B12155551212@h;user=phone", NULL, NULL },
        { "sip:+1215%0D%0A5551212@h", NULL, NULL },
    };
    check_rows(rows, ARRAY_SIZE(rows));
    struct number n;
    assert_int_equal(number_of_text(SPAN("+\xd9\xa1\xd9\xa2"), NULL, &n, NULL), BF_EFORM);
}

static void tn_004_services_and_second_prefixes_of_a_plan(void **state)
{
    (void)state;
    static const struct dial_plan island = { .country = "298",
                                             .international_prefix = "00",
                                             .second_prefix = "009",
                                             .national_min = 6,
                                             .national_max = 6,
                                             .services = "112 118000" };
    static const struct dial_plan full = { .digits_are_numbers = true, .digits_are_global = true };
    static const struct row rows[] = {
        { "tel:123456", &island, "298123456" },
        { "tel:118000", &island, "118000" },
        { "tel:112", &island, "112" },
        { "tel:11800", &island, "11800" },
        { "tel:004930123456", &island, "4930123456" },
        { "tel:94930123456", &island, "94930123456" },
        { "tel:0090", &island, "0090" },
        { "sip:33123456789@h", &full, "33123456789" },
        { "tel:30123456", &german, "30123456" }, /* without the 0 it may be a local number */
        { "tel:4915112345678", &german, "4915112345678" },
        { "tel:+3310200123456789", NULL, "33123456789" }, /* a French porting prefix is no part of it */
        { "tel:+3410200123456789", NULL, NULL },
        { "tel:3310200123456789", NULL, "33123456789" },
        { "tel:010200123456789", &german, "010200123456789" },
    };
    check_rows(rows, ARRAY_SIZE(rows));
}

/* What tells a number that may be looked up in a numbering plan from one whose country nobody knows. */
static void tn_004_a_number_is_global_by_its_plus_or_by_a_rule(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const struct dial_plan *plan;
        bool global;
    } rows[] = {
        { "+12155551212", NULL, true },
        { "12155551212", NULL, false },
        { "12155551212", &nanp, true },
        { "2155551212", &nanp, true },
        { "5551212", &nanp, false },
        { "911", &nanp, false },
        { "01133123456789", &nanp, true },
        { "33123456789", &nanp, false },
        { "+911", NULL, true },
        { "0215551212", &digits_only, false },
        { "030123456", &german, true },
        { "30123456", &german, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct number n = { .n = 0 };
        assert_int_equal(number_of_text(span_of(rows[i].text), rows[i].plan, &n, NULL), BF_OK);
        if (n.global != rows[i].global)
            fail_msg("%s: %d", rows[i].text, n.global);
    }
}

static void numbers_are_read_as_people_type_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const struct dial_plan *plan;
        const char *digits;
        size_t at;
    } rows[] = {
        { "+1 (215) 555-1212", NULL, "12155551212", 0 },
        { "12155551212", NULL, "12155551212", 0 },
        { " 215-555-1212 ", &nanp, "12155551212", 0 },
        { "911", &nanp, "911", 0 },
        { "*67", NULL, "*67", 0 },
        { "", NULL, NULL, 0 },
        { "+", NULL, NULL, 1 },
        { "alice", NULL, NULL, 0 },
        { "+1 215 x", NULL, NULL, 7 },
        { "%2B1215", NULL, NULL, 0 },
        { "1+1", NULL, NULL, 1 },
        { "+0123", NULL, NULL, 0 },
        { "1234567890123456", NULL, NULL, 15 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct number n = { .n = 0 };
        struct fault fault = { 0 };
        const enum bf_err err = number_of_text(span_of(rows[i].text), rows[i].plan, &n, &fault);
        if ((err == BF_OK) != (rows[i].digits != NULL) || fault.at != rows[i].at)
            fail_msg("`%s`: %d at %zu", rows[i].text, err, fault.at);
        if (rows[i].digits)
            assert_string_equal(digits_of(&n), rows[i].digits);
    }
}

static void numbers_are_shown_with_a_plus_when_they_are_global(void **state)
{
    (void)state;
    static const struct {
        const char *digits, *shown;
    } rows[] = { { "12155551212", "+12155551212" },
                 { "911", "911" },
                 { "*67", "*67" },
                 { "0215551212", "0215551212" },
                 { "123456789012345", "+123456789012345" } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct number n;
        char out[LIMIT_NUMBER + 2];
        assert_int_equal(number_of_text(span_of(rows[i].digits), NULL, &n, NULL), BF_OK);
        assert_string_equal(number_show(&n, out), rows[i].shown);
    }
}

static void pp_015_canonical_is_1_to_15_digits(void **state)
{
    (void)state;
    assert_true(number_is_canonical(SPAN("1")));
    assert_true(number_is_canonical(SPAN("*67#")));
    assert_true(number_is_canonical(SPAN("123456789012345")));
    assert_false(number_is_canonical(SPAN("1234567890123456")));
    assert_false(number_is_canonical(SPAN("")));
    assert_false(number_is_canonical(SPAN("+1215")));
    assert_false(number_is_canonical(SPAN("1-215")));
    assert_false(number_is_canonical(SPAN("12\xd9\xa1")));
}

static struct number of(const char *digits)
{
    struct number n = { .n = (uint8_t)strlen(digits) };
    memcpy(n.digits, digits, n.n);
    return n;
}

static void ranges_hold_the_numbers_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *range, *number;
        bool holds;
    } rows[] = {
        { "+12025550100", "12025550100", true },
        { "+12025550100", "12025550101", false },
        { "+12025550100", "120255501000", false },
        { "+12025550100/100", "12025550100", true },
        { "+12025550100/100", "12025550199", true },
        { "+12025550100/100", "12025550200", false },
        { "+12025550100/100", "12025550099", false },
        { "+12025550100/100", "120255501", false },
        { "+12025550100/100", "1202555010*", false },
        { "+1", "12025550100", true },
        { "+44", "12025550100", false },
        { "+120255", "12025550100", true },
        { "+1202555", "12025550100", false },
        { "+1202*", "12025550100", true },
        { "+1202*", "1202", true },
        { "+1202*", "120", false },
        { "+1202*", "12035550100", false },
        { "+", "12025550100", true },
        { "+", "911", true },
        { "+*", "911", true },
        { "+999999999999999/1", "999999999999999", true },
        { "+1202555010/1", "1202555010", true },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct number_range r;
        const struct number n = of(rows[i].number);
        assert_int_equal(number_range_read(span_of(rows[i].range), &r, NULL), BF_OK);
        if (number_range_holds(&r, &n) != rows[i].holds)
            fail_msg("%s and %s", rows[i].range, rows[i].number);
    }
}

static void sec_054_ranges_cannot_overflow(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        { "", 0 },
        { "12025550100", 0 },
        { "++", 1 },
        { "+1202x", 5 },
        { "+1202/", 6 },
        { "+1202/0", 6 },
        { "+1202/-1", 6 },
        { "+1202/18446744073709551616", 6 },
        { "+1202/18446744073709551615", 6 },
        { "+1202/8799", 6 },
        { "+999999999999999/2", 17 },
        { "+1234567890123456", 16 },
        { "+0202", 1 },
        { "+1202**", 5 },
        { "+/5", 1 },
        { "+1202*/5", 5 },
    };
    struct number_range r;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fault fault = { 0 };
        if (number_range_read(span_of(rows[i].text), &r, &fault) != BF_EFORM || fault.at != rows[i].at)
            fail_msg("`%s`: at %zu", rows[i].text, fault.at);
    }
    assert_int_equal(number_range_read(SPAN("+1202/8798"), &r, NULL), BF_OK); /* 1202 … 9999 */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tn_006_the_examples),
        cmocka_unit_test(tn_001_what_is_a_number),
        cmocka_unit_test(tn_002_only_the_subscriber_part_counts),
        cmocka_unit_test(tn_003_escapes_are_decoded_before_separators_go),
        cmocka_unit_test(tn_004_the_dial_plan),
        cmocka_unit_test(tn_005_tn_007_tn_008_what_no_country_has_is_no_number),
        cmocka_unit_test(sec_053_only_ascii_digits_count),
        cmocka_unit_test(tn_004_services_and_second_prefixes_of_a_plan),
        cmocka_unit_test(tn_004_a_number_is_global_by_its_plus_or_by_a_rule),
        cmocka_unit_test(numbers_are_read_as_people_type_them),
        cmocka_unit_test(numbers_are_shown_with_a_plus_when_they_are_global),
        cmocka_unit_test(pp_015_canonical_is_1_to_15_digits),
        cmocka_unit_test(ranges_hold_the_numbers_they_say),
        cmocka_unit_test(sec_054_ranges_cannot_overflow),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
