/* SPDX-License-Identifier: Apache-2.0 */
/* What an HTTP request asks for, and whether it may: judged by its header alone, before a body is taken. API-010, SEC-059 */
#ifndef SERVE_HTTP_ROUTE_H
#define SERVE_HTTP_ROUTE_H

#include "api/api.h"
#include "base/limits.h"
#include "base/span.h"

enum http_what { HTTP_HEALTHZ, HTTP_READYZ, HTTP_METRICS, HTTP_VERDICT, HTTP_VERIFICATION, HTTP_SIGNING };

/* Spans of absent header fields are SPAN_NONE. */
struct http_head {
    struct span method, path, length, type, accept;
    struct span key;             /* of Authorization: Bearer or X-API-Key */
    unsigned keys;               /* how many of those there are */
    unsigned lengths, encodings; /* how many Content-Length and Transfer-Encoding fields there are */
};

struct http_route {
    int status;              /* 0: go on; else refuse with it */
    const char *why, *allow; /* of a refusal: a sentence; the methods of a 405, else NULL */
    unsigned retry_after;    /* of a 429: seconds */
    enum http_what what;
    bool stir;                 /* below /stir/: errors are those of the API */
    struct api_error error;    /* of such a refusal; variables as long-lived as the head */
    bool has_body, json, word; /* the body is JSON; one word is enough as an answer */
    size_t body_n;
};

struct http_route http_route(const struct http_head *head);

/* A repeated Content-Length, or one beside Transfer-Encoding: two readers could see two requests. */
bool http_is_ambiguous(const struct http_head *head);

/* A file of the certificate repository: letters, digits, '.', '_', '-'; no leading dot; `.pem` at its end. */
bool http_names_certificate(struct span name);

#endif
