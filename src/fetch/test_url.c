/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fetch/fetch.h"
#include "tap.h"

static const struct {
    const char *url;
    const char *why; /* NULL: allowed */
    size_t at;
    bool lab;
} rows[] = {
    { "https://cert.example.org/sp.pem", NULL, 0, false },
    { "https://cert.example.org", NULL, 0, false },
    { "https://cert.example.org:443/sp.pem", NULL, 0, false },
    { "https://cert.example.org:8443/sp.pem", NULL, 0, false },
    { "HTTPS://CERT.EXAMPLE.ORG/SP.PEM", NULL, 0, false },
    { "https://cert-1.ex_ample.org/a@b:c/~d/%41", NULL, 0, false },
    { "https://93.184.216.34/sp.pem", NULL, 0, false },
    { "https://[2606:2800:220:1::1]:8443/sp.pem", NULL, 0, false },
    { "https://10.example.org/a", NULL, 0, false },
    { "https://xn--bcher-kva.example/a", NULL, 0, false },
    /* schemes */
    { "http://cert.example.org/sp.pem", "the scheme is not https", 0, false },
    { "ftp://cert.example.org/sp.pem", "the scheme is not https", 0, false },
    { "file:///etc/passwd", "the scheme is not https", 0, false },
    { "gopher://cert.example.org/", "the scheme is not https", 0, false },
    { "https:cert.example.org", "the scheme is not https", 0, false },
    { "https:/cert.example.org", "the scheme is not https", 0, false },
    { " https://cert.example.org", "the scheme is not https", 0, false },
    { "", "the scheme is not https", 0, false },
    { "cert.example.org/sp.pem", "the scheme is not https", 0, false },
    /* ports */
    { "https://cert.example.org:80/", "the port is neither 443 nor 8443", 25, false },
    { "https://cert.example.org:8080/", "the port is neither 443 nor 8443", 25, false },
    { "https://cert.example.org:/", "not a port", 25, false },
    { "https://cert.example.org:0443/", "not a port", 25, false },
    { "https://cert.example.org:443x/", "not a port", 25, false },
    { "https://cert.example.org:65979/", "not a port", 25, false },
    { "https://[2606:2800:220:1::1]x/", "neither a port nor a path", 28, false },
    /* user information, query, fragment */
    { "https://u@cert.example.org/", "user information", 8, false },
    { "https://u:p@cert.example.org/", "user information", 8, false },
    { "https://cert.example.org:443@evil.example/", "user information", 8, false },
    { "https://@cert.example.org/", "user information", 8, false },
    { "https://cert.example.org/a?b", "no query", 26, false },
    { "https://cert.example.org/a?", "no query", 26, false },
    { "https://cert.example.org?", "no query", 24, false },
    { "https://cert.example.org/a#b", "no fragment", 26, false },
    { "https://cert.example.org/a#", "no fragment", 26, false },
    /* bytes that readers of URLs disagree about */
    { "https://cert.example.org\\@evil.example/", "no URL contains", 24, false },
    { "https://cert.example.org/a b", "no URL contains", 26, false },
    { "https://cert.example.org/a\tb", "no URL contains", 26, false },
    { "https://cert.example.org/a\r\nHost: x", "no URL contains", 26, false },
    { "https://cert.example.org/\xC3\xA4", "no URL contains", 25, false },
    { "https://cert.\xE3\x80\x82"
      "example/",
      "no URL contains", 13, false },
    { "https://cert.example.org/%2", "two hexadecimal digits", 25, false },
    { "https://cert.example.org/%zz", "two hexadecimal digits", 25, false },
    /* hosts */
    { "https:///a", "empty or too long", 8, false },
    { "https://cert..example.org/", "label of the host", 13, false },
    { "https://cert.example.org./", "label of the host", 25, false },
    { "https://.example.org/", "label of the host", 8, false },
    { "https://c%65rt.example.org/", "no host name contains", 9, false },
    { "https://cert.example.org%00.evil.example/", "no host name contains", 24, false },
    { "https://a!b.example.org/", "no host name contains", 9, false },
    { "https://localhost/", "without a dot", 8, false },
    { "https://metadata/", "without a dot", 8, false },
    { "https://[::1/", "closing bracket", 8, false },
    /* SEC-031: addresses, plain and in disguise */
    { "https://127.0.0.1/", "private or special", 8, false },
    { "https://10.1.2.3:8443/", "private or special", 8, false },
    { "https://169.254.169.254/latest/", "private or special", 8, false },
    { "https://[::1]/", "private or special", 8, false },
    { "https://[::ffff:127.0.0.1]/", "private or special", 8, false },
    { "https://[::ffff:7f00:1]/", "private or special", 8, false },
    { "https://[64:ff9b::a00:1]/", "private or special", 8, false },
    { "https://[2002:7f00:1::1]/", "private or special", 8, false },
    { "https://[fe80::1]/", "private or special", 8, false },
    { "https://[fe80::1%25eth0]/", "not a plain IP address", 8, false },
    { "https://2130706433/", "not a plain IP address", 8, false },
    { "https://0177.0.0.1/", "not a plain IP address", 8, false },
    { "https://0x7f.1/", "not a plain IP address", 8, false },
    { "https://0x7f000001/", "not a plain IP address", 8, false },
    { "https://017700000001/", "not a plain IP address", 8, false },
    { "https://127.1/", "not a plain IP address", 8, false },
    { "https://127.0.0.01/", "not a plain IP address", 8, false },
    { "https://127.0.0.0x1/", "not a plain IP address", 8, false },
    { "https://1.2.3.4.5/", "not a plain IP address", 8, false },
    { "https://256.1.1.1/", "not a plain IP address", 8, false },
    { "https://cert.example.0x7f/", "not a plain IP address", 8, false },
    { "https://cert.example.1/", "not a plain IP address", 8, false },
    { "https://93.184.216.034/", "not a plain IP address", 8, false },
    { "https://[1.2.3.4]/", "not a plain IP address", 8, false },
    { "https://[]/", "not a plain IP address", 8, false },
    /* laboratories */
    { "http://127.0.0.1:8099/sp.pem", NULL, 0, true },
    { "http://localhost/sp.pem", NULL, 0, true },
    { "https://[::1]:1/sp.pem", NULL, 0, true },
    { "https://10.1.2.3/", NULL, 0, true },
    { "ftp://127.0.0.1/", "the scheme is not https", 0, true },
    { "http://169.254.169.254/", "private or special", 7, true },
    { "http://0.0.0.0/", "private or special", 7, true },
    { "http://2130706433/", "not a plain IP address", 7, true },
    { "http://127.0.0.1:0/", "not a port", 17, true },
    { "http://127.0.0.1:65536/", "not a port", 17, true },
    { "http://u@127.0.0.1/", "user information", 7, true },
    { "http://127.0.0.1/?", "no query", 17, true },
};

static void sec_030_031_x5u_001_x5u_002_urls_are_judged_by_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fault fault = { 0, NULL };
        const enum bf_err err = fetch_url_allowed(span_of(rows[i].url), rows[i].lab, &fault);
        if (err != (rows[i].why ? BF_EDENIED : BF_OK))
            fail_msg("%s: %s", rows[i].url, fault.what ? fault.what : "allowed");
        if (rows[i].why && (!strstr(fault.what, rows[i].why) || fault.at != rows[i].at))
            fail_msg("%s: %zu: %s", rows[i].url, fault.at, fault.what);
        assert_int_equal(fetch_url_allowed(span_of(rows[i].url), rows[i].lab, NULL), err);
    }
}

static void sec_030_a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    struct fault fault;
    assert_int_equal(fetch_url_allowed(SPAN("https://cert.example.org\0.evil.example/"), false, &fault),
                     BF_EDENIED);
    assert_int_equal(fault.at, 24);
}

static void x5u_005_a_url_has_at_most_1024_characters(void **state)
{
    (void)state;
    char url[LIMIT_X5U + 2] = "https://cert.example.org/";
    struct fault fault;
    memset(url + 25, 'a', sizeof url - 25);
    assert_int_equal(fetch_url_allowed(span_make(url, LIMIT_X5U), false, &fault), BF_OK);
    assert_int_equal(fetch_url_allowed(span_make(url, LIMIT_X5U + 1), false, &fault), BF_EDENIED);
    assert_int_equal(fault.at, LIMIT_X5U);
}

/* The rule in the words of X5U-001 and X5U-002, for URLs without tricks. */
static const char *expected(const char *url)
{
    if (strncmp(url, "https://", 8) != 0)
        return "the scheme is not https";
    if (strchr(url, '?'))
        return "a certificate URL has no query";
    if (strchr(url, '#'))
        return "a certificate URL has no fragment";
    const size_t n = strcspn(url + 8, "/");
    const char *colon = memchr(url + 8, ':', n);
    if (memchr(url + 8, '@', n))
        return "a certificate URL has no user information";
    if (!colon)
        return NULL;
    const long port = strtol(colon + 1, NULL, 10);
    return port == 443 || port == 8443 ? NULL : "the port is neither 443 nor 8443";
}

static void x5u_001_x5u_002_twelve_thousand_urls_of_production(void **state)
{
    (void)state;
    const char *path = tap_shared("certs/x5u.txt");
    if (!path)
        return;
    char *text = tap_read(path, NULL), *rest = text;
    unsigned allowed = 0, refused = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        struct fault fault = { 0, NULL };
        const char *want = expected(line);
        if (!*line)
            continue;
        const enum bf_err err = fetch_url_allowed(span_of(line), false, &fault);
        if (err != (want ? BF_EDENIED : BF_OK) || (want && strcmp(want, fault.what) != 0))
            fail_msg("%s: %s, and not %s", line, fault.what ? fault.what : "allowed",
                     want ? want : "allowed");
        if (want)
            refused++;
        else
            allowed++;
    }
    assert_true(allowed > 12000);
    assert_true(refused > 0);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sec_030_031_x5u_001_x5u_002_urls_are_judged_by_rules),
        cmocka_unit_test(sec_030_a_nul_byte_ends_nothing),
        cmocka_unit_test(x5u_005_a_url_has_at_most_1024_characters),
        cmocka_unit_test(x5u_001_x5u_002_twelve_thousand_urls_of_production),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
