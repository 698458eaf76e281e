/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http_route.h"

#define NAME_LONGEST 128u

static const struct {
    struct span path, method;
    const char *allow;
    enum http_what what;
    bool has_body;
} rows[] = {
    { { "/healthz", 8 }, { "GET", 3 }, "GET, HEAD", HTTP_HEALTHZ, false },
    { { "/readyz", 7 }, { "GET", 3 }, "GET, HEAD", HTTP_READYZ, false },
    { { "/metrics", 8 }, { "GET", 3 }, "GET, HEAD", HTTP_METRICS, false },
    { { "/v1/verdict", 11 }, { "POST", 4 }, "POST", HTTP_VERDICT, true },
    { { "/stir/v1/verification", 21 }, { "POST", 4 }, "POST", HTTP_VERIFICATION, true },
    { { "/stir/v1/signing", 16 }, { "POST", 4 }, "POST", HTTP_SIGNING, true },
};

static struct http_route refuse(int status, const char *why, const char *allow)
{
    return (struct http_route){ .status = status, .why = why, .allow = allow };
}

/* The same in the words of the API (API-006). */
static struct http_route refuse_stir(int status, const char *why, enum api_fault fault, struct span variable,
                                     const char *allow)
{
    struct http_route r = refuse(status, why, allow);
    r.stir = true;
    r.error = (struct api_error){ .fault = fault, .status = status, .variables = { variable, SPAN_NONE } };
    return r;
}

static bool holds_nocase(struct span s, struct span part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (span_equal_nocase(span_make(s.p + i, part.n), part))
            return true;
    return false;
}

bool http_is_ambiguous(const struct http_head *head)
{
    return head->lengths > 1 || head->encodings > 1 || (head->lengths && head->encodings);
}

/* `message/sip; charset=utf-8` -> JSON or SIP; false: neither. */
static bool read_type(const struct http_head *head, struct http_route *ret)
{
    const struct span type = span_trim(span_first(head->type, span_find(head->type, ';')));
    ret->json = span_equal_nocase(type, SPAN("application/json"));
    ret->word = holds_nocase(head->accept, SPAN("text/plain")) &&
                !holds_nocase(head->accept, SPAN("application/json"));
    return ret->json || span_equal_nocase(type, SPAN("message/sip")) ||
           span_equal_nocase(type, SPAN("text/plain"));
}

static struct http_route route_body(const struct http_head *head, enum http_what what)
{
    struct http_route r = { .what = what, .has_body = true };
    uint64_t n = 0;
    if (!head->length.p)
        return refuse(411, "say how long the body is: Content-Length is missing", NULL);
    if (!span_decimal(head->length, UINT64_MAX, &n))
        return refuse(400, "Content-Length is no number", NULL);
    if (n > LIMIT_HTTP_BODY)
        return refuse(413, "the body is larger than 64 KiB", NULL);
    if (!read_type(head, &r))
        return refuse(
            415, "send message/sip, text/plain (a SIP INVITE) or application/json (a verificationRequest)",
            NULL);
    if (n == 0)
        return refuse(400, "the body is empty", NULL);
    r.body_n = (size_t)n;
    return r;
}

/* `application/json` is among what it takes, or anything is. A quality of 0 is not looked for: nobody asks for less than JSON. */
static bool takes_json(struct span accept)
{
    return accept.n == 0 || holds_nocase(accept, SPAN("application/json")) ||
           holds_nocase(accept, SPAN("application/*")) || holds_nocase(accept, SPAN("*/*"));
}

static struct http_route route_stir(const struct http_head *head, enum http_what what)
{
    struct http_route r = { .what = what, .has_body = true, .stir = true };
    uint64_t n = 0;
    if (!takes_json(head->accept))
        return refuse_stir(406, "only JSON is spoken here", SVC4002, head->accept, NULL);
    if (!head->length.p)
        return refuse_stir(411, "Content-Length is missing", SVC4007, SPAN_NONE, NULL);
    if (!span_decimal(head->length, UINT64_MAX, &n))
        return refuse_stir(400, "Content-Length is no number", SVC4006, SPAN("Content-Length is no number"),
                           NULL);
    if (n > LIMIT_HTTP_BODY)
        return refuse_stir(413, "the body is larger than 64 KiB", SVC4006, SPAN("larger than 64 KiB"), NULL);
    if (n == 0)
        return refuse_stir(400, "the body is empty", SVC4000, SPAN_NONE, NULL);
    if (!read_type(head, &r) || !r.json)
        return refuse_stir(415, "send application/json", SVC4004, SPAN("application/json"), NULL);
    r.word = false;
    r.body_n = (size_t)n;
    return r;
}

static bool is_stir(struct span path)
{
    return span_starts(path, SPAN("/stir/")) || span_equal(path, SPAN("/stir"));
}

static struct http_route route_found(const struct http_head *head, size_t row)
{
    if (!rows[row].has_body)
        return (struct http_route){ .what = rows[row].what };
    return is_stir(head->path) ? route_stir(head, rows[row].what) : route_body(head, rows[row].what);
}

struct http_route http_route(const struct http_head *head)
{
    const bool stir = is_stir(head->path);
    if (http_is_ambiguous(head) && stir)
        return refuse_stir(400, "say once how long the body is", SVC4006,
                           SPAN("say once, and in one way only, how long it is"), NULL);
    if (http_is_ambiguous(head))
        return refuse(400, "say once, and in one way only, how long the body is", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!span_equal(head->path, rows[i].path))
            continue;
        if (!span_equal(head->method, rows[i].method) &&
            (rows[i].has_body || !span_equal(head->method, SPAN("HEAD"))))
            return stir ? refuse_stir(405, "only POST goes with this path", POL4050, SPAN_NONE, rows[i].allow)
                        : refuse(405, "this method does not go with this path", rows[i].allow);
        return route_found(head, i);
    }
    if (stir)
        return refuse_stir(404, "there is nothing here", SVC4003, SPAN_NONE, NULL);
    return refuse(404, "there is nothing here: see bonafide.conf(5) for what is", NULL);
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool http_names_certificate(struct span name)
{
    if (name.n < 5 || name.n > NAME_LONGEST || name.p[0] == '.' ||
        !span_equal(span_from(name, name.n - 4), SPAN(".pem")))
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_character(name.p[i]))
            return false;
    return true;
}
