/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http_route.h"

#include "tap.h"

static struct http_head head_of(const char *method, const char *path, const char *length, const char *type,
                                const char *accept)
{
    return (struct http_head){ .method = span_of(method),
                               .path = span_of(path),
                               .length = span_of(length),
                               .type = span_of(type),
                               .accept = span_of(accept),
                               .lengths = length ? 1 : 0 };
}

static void api_010_a_request_is_refused_by_its_header_alone(void **state)
{
    static const struct {
        const char *method, *path, *length, *type;
        int status;
    } rows[] = {
        { "GET", "/healthz", NULL, NULL, 0 },
        { "HEAD", "/healthz", NULL, NULL, 0 },
        { "GET", "/readyz", NULL, NULL, 0 },
        { "GET", "/metrics", NULL, NULL, 0 },
        { "get", "/metrics", NULL, NULL, 405 },
        { "POST", "/metrics", "1", NULL, 405 },
        { "GET", "/", NULL, NULL, 404 },
        { "GET", "/healthz/", NULL, NULL, 404 },
        { "GET", "", NULL, NULL, 404 },
        { "HEAD", "/v1/verdict", NULL, NULL, 405 },
        { "GET", "/v1/verdict", NULL, NULL, 405 },
        { "POST", "/v1/verdict", NULL, "message/sip", 411 },
        { "POST", "/v1/verdict", "", "message/sip", 400 },
        { "POST", "/v1/verdict", "+1", "message/sip", 400 },
        { "POST", "/v1/verdict", "18446744073709551616", "message/sip", 400 },
        { "POST", "/v1/verdict", "65537", "message/sip", 413 },
        { "POST", "/v1/verdict", "65536", "message/sip", 0 },
        { "POST", "/v1/verdict", "0", "message/sip", 400 },
        { "POST", "/v1/verdict", "1", NULL, 415 },
        { "POST", "/v1/verdict", "1", "text/html", 415 },
        { "POST", "/v1/verdict", "1", "message/sipfrag", 415 },
        { "POST", "/v1/verdict", "1", "Application/JSON ; charset=utf-8", 0 },
        { "POST", "/v1/verdict", "1", "text/plain", 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct http_head head =
            head_of(rows[i].method, rows[i].path, rows[i].length, rows[i].type, NULL);
        const struct http_route r = http_route(&head);
        if (r.status != rows[i].status || (r.status == 405) != (r.allow != NULL) || (r.status && !r.why))
            fail_msg("%s %s %s: %d", rows[i].method, rows[i].path, rows[i].length ? rows[i].length : "-",
                     r.status);
    }
}

static void one_word_is_given_to_whom_text_is_enough(void **state)
{
    static const struct {
        const char *accept;
        bool word;
    } rows[] = {
        { NULL, false },
        { "*/*", false },
        { "application/json", false },
        { "text/plain", true },
        { "Text/Plain;q=0.5", true },
        { "text/plain, application/json", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct http_head head = head_of("POST", "/v1/verdict", "9", "message/sip", rows[i].accept);
        assert_int_equal(http_route(&head).word, rows[i].word);
    }
}

static void sec_059_two_ways_to_say_the_length_are_refused(void **state)
{
    (void)state;
    for (unsigned lengths = 0; lengths < 3; lengths++)
        for (unsigned encodings = 0; encodings < 3; encodings++) {
            struct http_head head = head_of("GET", "/healthz", NULL, NULL, NULL);
            head.lengths = lengths;
            head.encodings = encodings;
            assert_int_equal(http_route(&head).status == 400, lengths + encodings > 1);
        }
}

static void a_certificate_has_a_plain_name(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        { "a.pem", true },      { "sp-1234_2026.07.pem", true },
        { ".pem", false },      { "..pem", false },
        { "pem", false },       { "a.pem.bak", false },
        { "../a.pem", false },  { "a/b.pem", false },
        { "a%2fb.pem", false }, { "a b.pem", false },
        { "", false },          { "\xC3\xA4.pem", false },
    };
    char longest[140];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (http_names_certificate(span_of(rows[i].name)) != rows[i].good)
            fail_msg("%s", rows[i].name);
    memset(longest, 'a', sizeof longest);
    memcpy(longest + 124, ".pem", 4);
    assert_true(http_names_certificate(span_make(longest, 128)));
    memcpy(longest + 125, ".pem", 4);
    assert_false(http_names_certificate(span_make(longest, 129)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(api_010_a_request_is_refused_by_its_header_alone),
        cmocka_unit_test(one_word_is_given_to_whom_text_is_enough),
        cmocka_unit_test(sec_059_two_ways_to_say_the_length_are_refused),
        cmocka_unit_test(a_certificate_has_a_plain_name),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
