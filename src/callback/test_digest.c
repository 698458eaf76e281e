/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/digest.h"

#include <stdio.h>

#include "tap.h"

/* ---- reading ---- */

static const struct {
    const char *what, *value;
    bool good, qop, stale;
} challenges[] = {
    { "usual", "Digest realm=\"a\", nonce=\"b\", qop=\"auth\"", true, true, false },
    { "without qop", "Digest realm=\"a\",nonce=\"b\"", true, false, false },
    { "any case", "dIGEST REALM=\"a\", NONCE=\"b\", ALGORITHM=md5, STALE=TRUE", true, false, true },
    { "auth among others", "Digest realm=\"a\", nonce=\"b\", qop=\"auth-int,auth\"", true, true, false },
    { "auth-int alone", "Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\"", false, false, false },
    { "folded", "Digest realm=\"a\",\r\n nonce=\"b\"", true, false, false },
    { "escapes", "Digest realm=\"a\\\"b\", nonce=\"b\"", true, false, false },
    { "what nobody knows", "Digest realm=\"a\", nonce=\"b\", charset=UTF-8, userhash=false", true, false,
      false },
    { "SHA-256", "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256, qop=auth", true, true, false },
    { "SHA-512-256", "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512-256, qop=auth", true, true, false },
    { "a session without qop", "Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess", false, false, false },
    { "an algorithm of nobody", "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-1", false, false, false },
    { "no nonce", "Digest realm=\"a\"", false, false, false },
    { "Basic", "Basic realm=\"a\"", false, false, false },
    { "nothing", "", false, false, false },
    { "only the scheme", "Digest", false, false, false },
    { "quotes that do not end", "Digest realm=\"a, nonce=\"b\"", false, false, false },
    { "an escape at the end", "Digest realm=\"a\", nonce=\"b\\", false, false, false },
    { "a line in a realm", "Digest realm=\"a\r\nX: y\", nonce=\"b\"", false, false, false },
    { "rubbish behind it", "Digest realm=\"a\", nonce=\"b\" <>", false, false, false },
};

static void challenges_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(challenges); i++) {
        struct digest_challenge c = { .kind = NULL };
        const bool good = digest_read(span_of(challenges[i].value), false, &c);
        if (good != challenges[i].good || c.qop != challenges[i].qop || c.stale != challenges[i].stale)
            fail_msg("%s: %d %d %d", challenges[i].what, good, c.qop, c.stale);
        assert_true(good || c.kind == NULL); /* untouched */
    }
}

static void a_nonce_that_is_too_long_is_refused(void **state)
{
    char value[2 * DIGEST_TEXT];
    struct digest_challenge c;
    (void)state;
    for (unsigned n = DIGEST_TEXT - 1; n <= DIGEST_TEXT; n++) {
        snprintf(value, sizeof value, "Digest realm=\"a\", nonce=\"%0*d\"", (int)n, 1);
        assert_int_equal(digest_read(span_of(value), false, &c), n < DIGEST_TEXT);
    }
}

/* ---- answering: the published values ---- */

static const struct {
    const char *what, *challenge, *user, *password, *method, *uri, *cnonce, *response;
} answers[] = {
    { "RFC 7616 section 3.9.1, MD5",
      "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
      "Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      "8ca523f5e9506fed4657c9700eebdbec" },
    { "RFC 7616 section 3.9.1, SHA-256",
      "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
      "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
      "Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
    { "RFC 2617 section 3.5",
      "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
      "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
      "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1" },
    { "RFC 2617 without qop",
      "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"", "Mufasa",
      "Circle Of Life", "GET", "/dir/index.html", "0a4f113b", "670fd8c2df070c60b045671b8b24ff02" },
};

static void published_answers_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        char memory[2048], wanted[128];
        struct buf out = BUF_ON(memory);
        struct digest_challenge c;
        const struct digest_asked asked = { answers[i].user, answers[i].password, span_of(answers[i].method),
                                            span_of(answers[i].uri), answers[i].cnonce };
        assert_true(digest_read(span_of(answers[i].challenge), false, &c));
        assert_int_equal(digest_write(&c, &asked, &out), BF_OK);
        assert_int_equal(c.count, 1);
        buf_char(&out, '\0');
        snprintf(wanted, sizeof wanted, "response=\"%s\"", answers[i].response);
        if (!strstr(memory, wanted))
            fail_msg("%s: %s", answers[i].what, memory);
    }
}

static void a_nonce_is_counted_and_quotes_in_a_user_are_escaped(void **state)
{
    char memory[2048];
    struct buf out = BUF_ON(memory);
    struct digest_challenge c;
    const struct digest_asked asked = { "a\"b", "c", SPAN("BYE"), SPAN("sip:x@y"), "0123" };
    (void)state;
    assert_true(digest_read(SPAN("Digest realm=\"r\", nonce=\"n\", qop=auth, opaque=\"o\""), true, &c));
    assert_int_equal(digest_write(&c, &asked, &out), BF_OK);
    out.n = 0;
    assert_int_equal(digest_write(&c, &asked, &out), BF_OK);
    buf_char(&out, '\0');
    assert_true(
        span_starts(buf_span(&out), SPAN("Proxy-Authorization: Digest username=\"a\\\"b\", realm=\"r\"")));
    assert_non_null(strstr(memory, "nc=00000002"));
    assert_non_null(strstr(memory, "opaque=\"o\""));
    assert_null(strstr(memory, "algorithm")); /* it named none */
}

static void the_topmost_challenge_that_is_understood_is_answered(void **state)
{
    static const char text[] =
        "SIP/2.0 407 Who\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: "
        "<sip:c@d>;tag=2\r\nCall-ID: x\r\n"
        "CSeq: 1 INVITE\r\nWWW-Authenticate: Digest realm=\"other\", nonce=\"w\"\r\n"
        "Proxy-Authenticate: Digest realm=\"one\", nonce=\"1\", algorithm=SHA3\r\n"
        "Proxy-Authenticate: Digest realm=\"two\", nonce=\"2\", algorithm=SHA-256\r\n"
        "Proxy-Authenticate: Digest realm=\"three\", nonce=\"3\", algorithm=MD5\r\nContent-Length: 0\r\n\r\n";
    struct sip_message m;
    struct digest_challenge c;
    (void)state;
    assert_int_equal(message_read(span_of(text), SIP_DATAGRAM, &m, NULL), BF_OK);
    assert_true(digest_of(&m, &c));
    assert_string_equal(c.realm, "two");
    assert_true(c.proxy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges_are_read),
        cmocka_unit_test(a_nonce_that_is_too_long_is_refused),
        cmocka_unit_test(published_answers_come_out),
        cmocka_unit_test(a_nonce_is_counted_and_quotes_in_a_user_are_escaped),
        cmocka_unit_test(the_topmost_challenge_that_is_understood_is_answered),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
