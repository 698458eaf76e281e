/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/uri.h"

#include "base/limits.h"
#include "tap.h"

static const char *text_of(struct span s)
{
    static char memory[8][256];
    static unsigned next;
    char *out = memory[next++ % 8];
    snprintf(out, sizeof memory[0], "%.*s", SPAN_FMT(s));
    return out;
}

static void uris_are_cut_into_their_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum uri_scheme scheme;
        const char *user, *password, *host;
        unsigned port;
        const char *params, *headers;
    } rows[] = {
        { "sip:a@b", URI_SIP, "a", "", "b", 0, "", "" },
        { "SIPS:a:pw@b.example:5061;x;y=z?H=v&I=w", URI_SIPS, "a", "pw", "b.example", 5061, ";x;y=z",
          "H=v&I=w" },
        { "sip:b.example", URI_SIP, "", "", "b.example", 0, "", "" },
        { "sip:[2001:db8::1]:5060", URI_SIP, "", "", "[2001:db8::1]", 5060, "", "" },
        { "sip:u@[2001:db8:::192.0.2.1]", URI_SIP, "u", "", "[2001:db8:::192.0.2.1]", 0, "", "" },
        { "sip:+1215;npdi;rn=+1@h;user=phone", URI_SIP, "+1215;npdi;rn=+1", "", "h", 0, ";user=phone", "" },
        { "sip:*67#@h", URI_SIP, "*67#", "", "h", 0, "", "" },
        { "sip:%2B1@h", URI_SIP, "%2B1", "", "h", 0, "", "" },
        { "sip:a?b/c@h", URI_SIP, "a?b/c", "", "h", 0, "", "" },
        { "tel:+1-215-555-1212;npdi", URI_TEL, "+1-215-555-1212", "", "", 0, ";npdi", "" },
        { "urn:service:sos", URI_URN, "", "", "", 0, "", "" },
        { "soap.beep://192.0.2.103:3002", URI_OTHER, "", "", "", 0, "", "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_uri u;
        struct fault fault = { 0 };
        if (uri_read(span_of(rows[i].text), &u, &fault) != BF_OK)
            fail_msg("%s: %s at %zu", rows[i].text, fault.what, fault.at);
        assert_int_equal(u.scheme, rows[i].scheme);
        assert_string_equal(text_of(u.user), rows[i].user);
        assert_string_equal(text_of(u.password), rows[i].password);
        assert_string_equal(text_of(u.host), rows[i].host);
        assert_int_equal(u.port, rows[i].port);
        assert_string_equal(text_of(u.params), rows[i].params);
        assert_string_equal(text_of(u.headers), rows[i].headers);
    }
}

static void uris_that_can_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        { "", 0 },
        { "alice@b", 0 },
        { ":a@b", 0 },
        { "1sip:a@b", 0 },
        { "sip:", 4 },
        { "sip:@b", 4 },
        { "sip:a@", 6 },
        { "sip:a@b@c", 5 },
        { "sip:a b@c", 5 },
        { "sip:a@b c", 7 },
        { "sip:a@b:", 8 },
        { "sip:a@b:0", 8 },
        { "sip:a@b:65536", 8 },
        { "sip:a@b:5060x", 12 },
        { "sip:a@2001:db8::1", 11 },
        { "sip:a@[::1", 6 },
        { "sip:a@[::1]x", 11 },
        { "sip:a%4@b", 5 },
        { "sip:a%zz@b", 5 },
        { "sip:a\"@b", 5 },
        { "sip:a<b>@c", 5 },
        { "sip:a@b;x=\"y\"", 10 },
        { "sip:a@b;x=\xc3\xab", 10 },
        { "sip:\xd9\xa1@b", 4 },
        { "sip:a@b\r\n", 7 },
        { "sip:a@b%41", 7 },
        { "tel:", 4 },
        { "tel:;x", 4 },
        { "tel:+1 215", 6 },
        { "urn:", 4 },
        { "http:<x>", 5 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_uri u;
        struct fault fault = { 0 };
        if (uri_read(span_of(rows[i].text), &u, &fault) != BF_EFORM)
            fail_msg("`%s` was read", rows[i].text);
        if (fault.at != rows[i].at)
            fail_msg("`%s` is refused at %zu, not %zu", rows[i].text, fault.at, rows[i].at);
    }
}

static void a_uri_longer_than_anybody_needs_is_refused(void **state)
{
    (void)state;
    char text[LIMIT_URI + 1];
    struct sip_uri u;
    memset(text, 'a', sizeof text);
    memcpy(text, "sip:a@", 6);
    assert_int_equal(uri_read(span_make(text, LIMIT_URI), &u, NULL), BF_OK);
    assert_int_equal(uri_read(span_make(text, LIMIT_URI + 1), &u, NULL), BF_ELIMIT);
}

static void uri_001_to_003_canonical_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        { "sip:Alice:secret@EXAMPLE.com:5060;transport=tcp?X=y", "sip:alice@example.com" },
        { "sips:%41lice@h.example", "sips:alice@h.example" },
        { "SIP:%61%2D%2e%5F%7E@h", "sip:a-._~@h" },
        { "sip:a%2fb%2Fc@h", "sip:a%2Fb%2Fc@h" },
        { "sip:a%3ab@h", "sip:a%3Ab@h" },
        { "sip:%c3%a9@h", "sip:%C3%A9@h" },
        { "sip:a%00@h", "sip:a%00@h" },
        { "sip:a@[2001:DB8::1]:5060", "sip:a@[2001:db8::1]" },
        { "sip:A;X=y@h", "sip:a;x=y@h" },
        { "urn:service:sos", "urn:service:sos" },
        { "HTTP://Example/", "HTTP://Example/" },
        { "sip:h", NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_uri u;
        char memory[256];
        struct buf out = BUF_ON(memory);
        assert_int_equal(uri_read(span_of(rows[i].text), &u, NULL), BF_OK);
        assert_int_equal(uri_canonical(&u, &out), rows[i].canonical ? BF_OK : BF_EUNSUP);
        if (rows[i].canonical)
            assert_string_equal(text_of(buf_span(&out)), rows[i].canonical);
    }
}

static void uri_003_sip_and_sips_stay_different_and_a_small_buffer_is_said(void **state)
{
    (void)state;
    struct sip_uri u;
    char memory[8];
    struct buf out = BUF_ON(memory);
    assert_int_equal(uri_read(SPAN("sips:alice@example.com"), &u, NULL), BF_OK);
    assert_int_equal(uri_canonical(&u, &out), BF_ELIMIT);
    assert_int_equal(uri_read(SPAN("urn:service:sos.fire"), &u, NULL), BF_OK);
    out = BUF_ON(memory);
    assert_int_equal(uri_canonical(&u, &out), BF_ELIMIT);
}

static void services_are_known_by_their_urn(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool service;
    } rows[] = {
        { "urn:service:sos", true },        { "URN:Service:SOS.fire", true }, { "urn:services:sos", false },
        { "urn:service:counseling", true }, { "sip:sos@h", false },           { "urn:service", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sip_uri u;
        assert_int_equal(uri_read(span_of(rows[i].text), &u, NULL), BF_OK);
        assert_int_equal(uri_is_service(&u), rows[i].service);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_are_cut_into_their_parts),
        cmocka_unit_test(uris_that_can_be_read_in_two_ways_are_refused),
        cmocka_unit_test(a_uri_longer_than_anybody_needs_is_refused),
        cmocka_unit_test(uri_001_to_003_canonical_forms),
        cmocka_unit_test(uri_003_sip_and_sips_stay_different_and_a_small_buffer_is_said),
        cmocka_unit_test(services_are_known_by_their_urn),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
