/* SPDX-License-Identifier: Apache-2.0 */
/* Lists, addresses, parameters, Via. */
#include <stdlib.h>

#include "sip/message.h"
#include "tap.h"

static const char *text_of(struct span s)
{
    static char memory[8][512];
    static unsigned next;
    char *out = memory[next++ % 8];
    if (!s.p)
        s = SPAN("(none)");
    snprintf(out, sizeof memory[0], "%.*s", SPAN_FMT(s));
    return out;
}

static void sip_004_lists_are_cut_at_commas_that_separate(void **state)
{
    (void)state;
    static const struct {
        const char *list, *values[4];
    } rows[] = {
        { "a", { "a" } },
        { "a,b", { "a", "b" } },
        { " a , b ", { "a", "b" } },
        { "a\r\n ,\r\n\tb", { "a", "b" } },
        { "\"A, B\" <sip:a@b>, <tel:+1>", { "\"A, B\" <sip:a@b>", "<tel:+1>" } },
        { "\"A \\\", B\" <sip:a@b>,c", { "\"A \\\", B\" <sip:a@b>", "c" } },
        { "<sip:a,b@c>,d", { "<sip:a,b@c>", "d" } },
        { "SIP/2.0/UDP h (a, (b,c)),d", { "SIP/2.0/UDP h (a, (b,c))", "d" } },
        { "<sip:(@c>,d", { "<sip:(@c>", "d" } },
        { "h (a \\), b),c", { "h (a \\), b)", "c" } },
        { "<sip:\"a>,b", { "<sip:\"a>", "b" } },
        { "a,,b", { "a", "", "b" } },
        { ",a", { "", "a" } },
        { "a,", { "a", "" } },
        { "\"open, a", { "\"open, a" } },
        { "<open, a", { "<open, a" } },
        { "(open, a", { "(open, a" } },
        { "", { NULL } },
        { " \r\n ", { NULL } },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct span rest = span_of(rows[i].list), value;
        size_t n = 0;
        for (; sip_list_next(&rest, &value); n++) {
            if (n == 4 || !rows[i].values[n])
                fail_msg("`%s` has a value too many: `%s`", rows[i].list, text_of(value));
            assert_string_equal(text_of(value), rows[i].values[n]);
        }
        if (n < 4 && rows[i].values[n])
            fail_msg("`%s` lacks `%s`", rows[i].list, rows[i].values[n]);
    }
}

static void sip_006_addresses_are_read_with_and_without_brackets(void **state)
{
    (void)state;
    static const struct {
        const char *value, *display, *uri, *params;
    } rows[] = {
        { "<sip:a@b>", "(none)", "sip:a@b", "" },
        { "\"A. Lab\" <sip:a@b>;tag=x", "A. Lab", "sip:a@b", ";tag=x" },
        { "\"A\"<sip:a@b> ; tag = x", "A", "sip:a@b", "; tag = x" },
        { "Lab One <sip:a@b;user=phone>;x", "Lab One", "sip:a@b;user=phone", ";x" },
        { "caller<sip:a@b>", "caller", "sip:a@b", "" },
        { "Zo\xc3\xab <sip:a@b>", "Zo\xc3\xab", "sip:a@b", "" },
        { "\"\" <sip:a@b>", "", "sip:a@b", "" },
        { "\"a \\\" < b\" <sip:a@b>", "a \\\" < b", "sip:a@b", "" },
        { "sip:a@b;tag=x", "(none)", "sip:a@b", ";tag=x" },
        { "sip:a@b\r\n ;tag=x", "(none)", "sip:a@b", ";tag=x" },
        { "tel:+1-215;tag=x", "(none)", "tel:+1-215", ";tag=x" },
        { "<sip:a@b?X=y>", "(none)", "sip:a@b?X=y", "" },
        { "<sip:a,b@c>", "(none)", "sip:a,b@c", "" },
        { "<sip:a@b>;x=\"a;b\";y", "(none)", "sip:a@b", ";x=\"a;b\";y" },
        { " <sip:a@b> ", "(none)", "sip:a@b", "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_address a;
        struct fault fault;
        if (sip_address_read(span_of(rows[i].value), &a, &fault) != BF_OK)
            fail_msg("%s: %s at %zu", rows[i].value, fault.what, fault.at);
        assert_string_equal(text_of(a.display), rows[i].display);
        assert_string_equal(text_of(a.uri), rows[i].uri);
        assert_string_equal(text_of(a.params), rows[i].params);
    }
}

static void sip_006_addresses_that_can_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t at;
    } rows[] = {
        { "", 0 },
        { "<>", 1 },
        { "<sip:a@b", 8 },
        { "< sip:a@b>", 1 },
        { "<sip:a@b >", 8 },
        { "<sip:a@b<c>", 8 },
        { "\"A <sip:a@b>", 0 },
        { "\"A\" sip:a@b", 4 },
        { "A, B <sip:a@b>", 1 },
        { "sip:a@b?X=y", 7 },
        { "sip:a,b@c", 5 },
        { "sip:a@b <sip:c@d>", 8 },
        { "<sip:a@b> <sip:c@d>", 10 },
        { "<sip:a@b>, <sip:c@d>", 9 },
        { "<sip:a@b>tag=x", 9 },
        { "<sip:a@b>;", 9 },
        { "<sip:a@b>;;tag=x", 9 },
        { "<sip:a@b>;tag=", 9 },
        { "<sip:a@b>;tag=\"x", 9 },
        { "<sip:a@b>;tag=x y", 16 },
        { "<sip:a@b>;user=phone>", 20 },
        { "  <sip:a@b>x", 11 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_address a = { .uri = SPAN("untouched") };
        struct fault fault = { 0 };
        if (sip_address_read(span_of(rows[i].value), &a, &fault) != BF_EFORM)
            fail_msg("`%s` was read", rows[i].value);
        if (fault.at != rows[i].at)
            fail_msg("`%s` is refused at %zu, not %zu", rows[i].value, fault.at, rows[i].at);
        assert_string_equal(text_of(a.uri), "untouched");
    }
}

static void parameters_are_found_by_name_in_any_case(void **state)
{
    (void)state;
    const struct span params = SPAN(";a=1 ; TAG = \"x;y\" ;lr;b=[::1]\r\n ;c=a:b;tag=second");
    static const struct {
        const char *name, *value;
    } rows[] = { { "a", "1" },     { "tag", "x;y" }, { "LR", "" },
                 { "b", "[::1]" }, { "c", "a:b" },   { "none", NULL } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct span value = SPAN_NONE;
        assert_int_equal(sip_param(params, span_of(rows[i].name), &value), rows[i].value != NULL);
        if (rows[i].value)
            assert_string_equal(text_of(value), rows[i].value);
    }
}

static void display_names_are_shown_as_people_read_them(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t size;
        const char *text;
    } rows[] = {
        { "\"J Rosenberg \\\\\\\"\" <sip:a@b>", 64, "J Rosenberg \\\"" },
        { "\"A\r\n  B\" <sip:a@b>", 64, "A B" },
        { "A\r\n\tB <sip:a@b>", 64, "A B" },
        { "\"Zo\xc3\xab\" <sip:a@b>", 4, "Zo\xc3\xab" },
        { "\"Zo\xc3\xab\" <sip:a@b>", 3, "Zo" },
        { "\"\xff\xfe\" <sip:a@b>", 64, "\xff\xfe" },
        { "A\\B <sip:a@b>", 0, NULL },
        { "<sip:a@b>", 64, "" },
        { "\"abc\" <sip:a@b>", 0, "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_address a;
        char out[64];
        if (!rows[i].text) {
            assert_int_equal(sip_address_read(span_of(rows[i].value), &a, NULL), BF_EFORM);
            continue;
        }
        assert_int_equal(sip_address_read(span_of(rows[i].value), &a, NULL), BF_OK);
        const size_t n = sip_display_text(&a, out, rows[i].size);
        assert_string_equal(text_of(span_make(out, n)), rows[i].text);
    }
}

static void sip_009_via_is_read_with_its_address_and_parameters(void **state)
{
    (void)state;
    struct sip_via v;
    assert_int_equal(sip_via_read(SPAN("SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKx;rport"), &v, NULL), BF_OK);
    assert_string_equal(text_of(v.transport), "UDP");
    assert_string_equal(text_of(v.host), "192.0.2.1");
    assert_int_equal(v.port, 5070);
    assert_string_equal(text_of(v.branch), "z9hG4bKx");
    assert_true(v.rport);
    assert_int_equal(v.rport_value, 0);
    assert_int_equal(
        sip_via_read(SPAN("SIP / 2.0\r\n / TCP  [2001:db8::1] : 5061 ; rport = 4711;received=2001:db8::9;"
                          "maddr=239.1.1.1"),
                     &v, NULL),
        BF_OK);
    assert_string_equal(text_of(v.transport), "TCP");
    assert_string_equal(text_of(v.host), "[2001:db8::1]");
    assert_int_equal(v.port, 5061);
    assert_int_equal(v.rport_value, 4711);
    assert_string_equal(text_of(v.received), "2001:db8::9");
    assert_string_equal(text_of(v.maddr), "239.1.1.1");
    assert_int_equal(v.branch.n, 0);
    assert_int_equal(sip_via_read(SPAN("sip/2.0/ODD some_host.example"), &v, NULL), BF_OK);
    assert_int_equal(v.port, 0);
    assert_false(v.rport);
}

static void sip_009_broken_via_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0 UDP h",
        "SIP/3.0/UDP h",
        "SOP/2.0/UDP h",
        "SIP/2.0/UDP ;branch=x",
        "SIP/2.0/UDP 2001:db8::1",
        "SIP/2.0/UDP [2001:db8::1",
        "SIP/2.0/UDP [h]",
        "SIP/2.0/UDP h:",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:65536",
        "SIP/2.0/UDP h:99999999999999999999",
        "SIP/2.0/UDP h;;branch=x",
        "SIP/2.0/UDP h;",
        "SIP/2.0/UDP h;rport=x",
        "SIP/2.0/UDP h;rport=65536",
        "SIP/2.0/UDP h;branch=",
        "SIP/2.0/UDP h g",
        "SIP/2.0/UDP h, SIP/2.0/UDP g",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_via v;
        struct fault fault = { 0 };
        if (sip_via_read(span_of(rows[i]), &v, &fault) != BF_EFORM)
            fail_msg("`%s` was read", rows[i]);
        assert_non_null(fault.what);
    }
}

static void sip_009_the_top_via_is_the_first_of_those_joined_by_commas(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum bf_err err;
        const char *branch;
        size_t at;
    } rows[] = {
        { "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z1, SIP/2.0/TCP b;branch=z2\r\nv: SIP/2.0/UDP "
          "c\r\n\r\n",
          BF_OK, "z1", 0 },
        { "OPTIONS sip:a SIP/2.0\r\n\r\n", BF_ENOENT, NULL, 0 },
        { "OPTIONS sip:a SIP/2.0\r\nVia:\r\n\r\n", BF_ENOENT, NULL, 0 },
        { "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;;\r\n\r\n", BF_EFORM, NULL, 41 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_message m;
        struct sip_via via;
        struct fault fault = { 0 };
        assert_int_equal(message_read(span_of(rows[i].text), SIP_DATAGRAM, &m, &fault), BF_OK);
        assert_int_equal(message_top_via(&m, &via, &fault), rows[i].err);
        assert_int_equal(fault.at, rows[i].at);
        if (rows[i].branch)
            assert_string_equal(text_of(via.branch), rows[i].branch);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sip_004_lists_are_cut_at_commas_that_separate),
        cmocka_unit_test(sip_006_addresses_are_read_with_and_without_brackets),
        cmocka_unit_test(sip_006_addresses_that_can_be_read_in_two_ways_are_refused),
        cmocka_unit_test(parameters_are_found_by_name_in_any_case),
        cmocka_unit_test(display_names_are_shown_as_people_read_them),
        cmocka_unit_test(sip_009_via_is_read_with_its_address_and_parameters),
        cmocka_unit_test(sip_009_broken_via_is_refused),
        cmocka_unit_test(sip_009_the_top_via_is_the_first_of_those_joined_by_commas),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
