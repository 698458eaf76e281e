/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/sdp.h"
#include "callback/talk.h"
#include "tap.h"

static struct sdp_session session(const char *host)
{
    return (struct sdp_session){ .id = 7, .version = 0, .host = host };
}

static void what_is_held_names_no_address(void **state)
{
    static const char *const rows[][3] = { { "192.0.2.1", "c=IN IP4 0.0.0.0\r\n", "IN IP4 192.0.2.1\r\n" },
                                           { "[2001:db8::1]", "c=IN IP6 ::\r\n", "IN IP6 2001:db8::1\r\n" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[1024];
        struct buf out = BUF_ON(memory);
        struct sdp_session s = session(rows[i][0]);
        sdp_hold(&s, &out);
        buf_char(&out, '\0');
        assert_true(buf_ok(&out));
        assert_non_null(strstr(memory, rows[i][1]));
        assert_non_null(strstr(memory, rows[i][2]));
        assert_non_null(strstr(memory, "o=bonafide 7 1 "));
        assert_non_null(strstr(memory, "a=inactive\r\n"));
    }
}

static const struct {
    const char *what, *in, *out; /* out NULL: refused */
} rows[] = {
    { "usual", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=x\r\nm=audio 1 RTP/AVP 0\r\n",
      "v=0\r\no=bonafide 7 1 IN IP4 192.0.2.1\r\ns=x\r\nm=audio 1 RTP/AVP 0\r\n" },
    { "bare line ends, none at the end", "v=0\no=- 1 1 IN IP4 1.2.3.4\nm=audio 1 RTP/AVP 0",
      "v=0\r\no=bonafide 7 1 IN IP4 192.0.2.1\r\nm=audio 1 RTP/AVP 0\r\n" },
    { "no origin", "v=0\r\ns=x\r\nm=audio 1 RTP/AVP 0\r\n", NULL },
    { "no stream", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=x\r\n", NULL },
    { "two origins", "v=0\r\no=- 1\r\no=- 2\r\nm=audio 1 RTP/AVP 0\r\n", NULL },
    { "an origin inside a stream", "v=0\r\no=- 1\r\nm=audio 1 RTP/AVP 0\r\no=- 2\r\n", NULL },
    { "a line that is none", "v=0\r\no=- 1\r\nhello\r\nm=audio 1 RTP/AVP 0\r\n", NULL },
    { "another version", "v=1\r\no=- 1\r\nm=audio 1 RTP/AVP 0\r\n", NULL },
    { "nothing", "", NULL },
    { "a bare CR", "v=0\r\no=- 1\r\ns=a\rb\r\nm=audio 1 RTP/AVP 0\r\n", NULL },
};

static void a_description_goes_on_under_our_origin(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char memory[1024];
        struct buf out = BUF_ON(memory);
        struct sdp_session s = session("192.0.2.1");
        const bool good = sdp_forward(&s, span_of(rows[i].in), &out);
        if (good != (rows[i].out != NULL) || (good && !span_equal(buf_span(&out), span_of(rows[i].out))))
            fail_msg("%s: %.*s", rows[i].what, SPAN_FMT(buf_span(&out)));
    }
}

static void a_description_that_does_not_fit_is_refused(void **state)
{
    char memory[40];
    struct buf out = BUF_ON(memory);
    struct sdp_session s = session("192.0.2.1");
    (void)state;
    assert_false(sdp_forward(&s, span_of(rows[0].in), &out));
}

static void a_refusal_has_a_closed_stream_for_each(void **state)
{
    char memory[1024];
    struct buf out = BUF_ON(memory);
    struct sdp_session s = session("192.0.2.1");
    (void)state;
    assert_true(sdp_refuse(
        &s, SPAN("v=0\r\nm=audio 4000 RTP/AVP 0 8\r\na=x\r\nm=video 4002/2 RTP/AVP 96\r\n"), &out));
    buf_char(&out, '\0');
    assert_non_null(strstr(memory, "m=audio 0 RTP/AVP 0 8\r\nm=video 0 RTP/AVP 96\r\n"));
    out = BUF_ON(memory);
    assert_false(sdp_refuse(&s, SPAN("v=0\r\nm=audio\r\n"), &out));
    out = BUF_ON(memory);
    assert_false(sdp_refuse(&s, SPAN_NONE, &out));
}

/* ---- addresses and URLs: talk.c, url.c ---- */

static void desks_and_numbers_are_told_from_what_is_none(void **state)
{
    static const struct {
        const char *desk, *uri; /* NULL: none */
    } desks[] = {
        { "201", "sip:201@office.example" },
        { "reception", "sip:reception@office.example" },
        { "sip:201@office.example", "sip:201@office.example" },
        { "sip:201@OFFICE.example", "sip:201@OFFICE.example" },
        { "sip:201@elsewhere.example", NULL },
        { "sip:0039061234567@office.example", NULL },
        { "0039061234567", NULL },
        { "+39061234567", NULL },
        { "sip:201@office.example;maddr=1.2.3.4", NULL },
        { "sip:201@office.example?Replaces=x", NULL },
        { "sip:201:pw@office.example", NULL },
        { "201@elsewhere.example", NULL },
        { "2 1", NULL },
        { "", NULL },
    };
    char out[LEG_TEXT];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(desks); i++) {
        const bool good = talk_desk_uri(desks[i].desk, "office.example", out);
        if (good != (desks[i].uri != NULL) || (good && strcmp(out, desks[i].uri) != 0))
            fail_msg("%s: %s", desks[i].desk, good ? out : "none");
    }
    assert_true(talk_number_uri("+390612345678", "office.example", out));
    assert_string_equal(out, "sip:+390612345678@office.example;user=phone");
    static const char *const none[] = {
        "", "+", "1", "+39 06", "alice", "+39;phone-context=x", "390612345678901234567890123456789"
    };
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_false(talk_number_uri(none[i], "office.example", out));
}

static void urls_are_filled_in_escaped(void **state)
{
    static const struct {
        const char *url, *filled;
    } urls[] = {
        { "https://a/?f={desk}&t={number}", "https://a/?f=201&t=%2B39" },
        { "https://a/{name}/{call}", "https://a/%C3%89%20%26%2F/42" },
        { "https://a/", "https://a/" },
        { "https://a/{user}", NULL },
        { "https://a/{desk", NULL },
    };
    const struct callback_state s = { .desk = "201", .number = "+39", .name = "\xC3\x89 &/", .call = "42" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        char memory[256];
        struct buf out = BUF_ON(memory);
        const bool good = url_fill(urls[i].url, &s, &out);
        if (good != (urls[i].filled != NULL) ||
            (good && !span_equal(buf_span(&out), span_of(urls[i].filled))))
            fail_msg("%s: %.*s", urls[i].url, SPAN_FMT(buf_span(&out)));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_names_no_address),
        cmocka_unit_test(a_description_goes_on_under_our_origin),
        cmocka_unit_test(a_description_that_does_not_fit_is_refused),
        cmocka_unit_test(a_refusal_has_a_closed_stream_for_each),
        cmocka_unit_test(desks_and_numbers_are_told_from_what_is_none),
        cmocka_unit_test(urls_are_filled_in_escaped),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
