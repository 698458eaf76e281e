/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/exchange.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/cidr.h"

#define CONNECT_MS          5000
#define TOTAL_MS            60000u
#define BYTES_USUAL         (64u << 20)
#define ANSWER_HEADER_BYTES (64u << 10)
#define HEADER_BYTES        320u

struct run {
    CURL *easy;
    const struct exchange *x;
    struct exchange_answer *answer;
    size_t size, most, header_bytes;
    bool address_refused, too_large, no_memory;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
};

/* ---- whom it may reach ---- */

struct network {
    uint8_t bytes[16], bits;
};
static const struct network loopback[] = { { { [10] = 0xFF, [11] = 0xFF, [12] = 127 }, 104 },
                                           { { [15] = 1 }, 128 } };
/* No server lives there: this network, link-local (where clouds keep their secrets), multicast, reserved. */
static const struct network nobody[] = {
    { { [10] = 0xFF, [11] = 0xFF, [12] = 0 }, 104 },
    { { [10] = 0xFF, [11] = 0xFF, [12] = 169, [13] = 254 }, 112 },
    { { [10] = 0xFF, [11] = 0xFF, [12] = 224 }, 99 },
    { { 0 }, 128 },
    { { 0xFE, 0x80 }, 10 },
    { { 0xFF }, 8 },
};

static bool is_in(const struct network *list, size_t n, const uint8_t bytes[static 16])
{
    for (size_t i = 0; i < n; i++) {
        const size_t whole = list[i].bits / 8, rest = list[i].bits % 8;
        if (memcmp(list[i].bytes, bytes, whole) == 0 &&
            (rest == 0 || (list[i].bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0))
            return true;
    }
    return false;
}

/* addr_bytes has IPv4 as mapped addresses. */
static bool may_reach(const struct sockaddr *addr, bool plain)
{
    uint8_t b[16];
    if (!addr_bytes(addr, b) || is_in(nobody, ARRAY_SIZE(nobody), b))
        return false;
    return !plain || is_in(loopback, ARRAY_SIZE(loopback), b);
}

static bool is_plain(const char *url)
{
    return span_starts_nocase(span_of(url), SPAN("http:"));
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct run *r = arg;
    (void)purpose;
    if (!may_reach(&address->addr, is_plain(r->x->url))) {
        r->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- what comes back ---- */

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
    struct run *r = arg;
    struct exchange_answer *a = r->answer;
    const size_t n = size * count;
    if (n > r->most - a->n) {
        r->too_large = true;
        return 0;
    }
    if (a->n + n + 1 > r->size) {
        const size_t wanted = 2 * (a->n + n + 1);
        char *more = realloc(a->body, wanted);
        if (!more) {
            r->no_memory = true;
            return 0;
        }
        a->body = more;
        r->size = wanted;
    }
    if (n)
        memcpy(a->body + a->n, p, n);
    a->n += n;
    a->body[a->n] = '\0';
    return n;
}

static void header_keep(char *out, size_t size, struct span value)
{
    const size_t n = value.n < size ? value.n : 0; /* half of it would be another */
    if (n)
        memcpy(out, value.p, n);
    out[n] = '\0';
}

static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
    struct run *r = arg;
    struct exchange_answer *a = r->answer;
    const struct span line = span_trim(span_make(p, size * count));
    const size_t colon = span_find(line, ':');
    const struct span name = span_first(line, colon), value = span_trim(span_from(line, colon + 1));
    r->header_bytes += size * count;
    if (r->header_bytes > ANSWER_HEADER_BYTES) {
        r->too_large = true;
        return 0;
    }
    if (span_starts(line, SPAN("HTTP/"))) /* 100 Continue has a header of its own */
        a->etag[0] = a->content_type[0] = a->location[0] = '\0';
    else if (span_equal_nocase(name, SPAN("ETag")))
        header_keep(a->etag, sizeof a->etag, value);
    else if (span_equal_nocase(name, SPAN("Content-Type")))
        header_keep(a->content_type, sizeof a->content_type, value);
    else if (span_equal_nocase(name, SPAN("Location")))
        header_keep(a->location, sizeof a->location, value);
    return size * count;
}

/* ---- what goes out ---- */

static bool header_add(struct run *r, const char *name, const char *value)
{
    char line[HEADER_BYTES];
    if (!value)
        return true;
    const int n = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = n > 0 && (size_t)n < sizeof line ? curl_slist_append(r->headers, line) : NULL;
    if (longer)
        r->headers = longer;
    return longer != NULL;
}

static bool set_guards(CURL *e, const struct exchange *x)
{
    return !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https,http") &&
           !curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
           !curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) &&
           !curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
           !curl_easy_setopt(e, CURLOPT_PROXY, "") && !curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) &&
           !curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) &&
           !curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           (!x->ca_file || (!curl_easy_setopt(e, CURLOPT_CAINFO, x->ca_file) &&
                            !curl_easy_setopt(e, CURLOPT_CAPATH, NULL))) &&
           !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
           !curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(x->total_ms ? x->total_ms : TOTAL_MS));
}

static bool set_request(struct run *r)
{
    CURL *e = r->easy;
    const struct exchange *x = r->x;
    const bool has_body = x->body.p != NULL;
    return !curl_easy_setopt(e, CURLOPT_URL, x->url) &&
           (!has_body || (!curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n) &&
                          !curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->body.p))) &&
           !curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, x->method) &&
           (!x->user || (!curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) &&
                         !curl_easy_setopt(e, CURLOPT_USERNAME, x->user) &&
                         !curl_easy_setopt(e, CURLOPT_PASSWORD, x->password ? x->password : ""))) &&
           header_add(r, "Content-Type", has_body ? x->content_type : NULL) &&
           header_add(r, "Accept", x->accept) && header_add(r, "Depth", x->depth) &&
           header_add(r, "If-Match", x->if_match) && header_add(r, "If-None-Match", x->if_none_match) &&
           header_add(r, "Accept-Encoding", "identity") && header_add(r, "Expect", "") &&
           !curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->headers) &&
           !curl_easy_setopt(e, CURLOPT_USERAGENT, "bonafide/" BF_VERSION) &&
           !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->error) &&
           !curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket) &&
           !curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, r) &&
           !curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) &&
           !curl_easy_setopt(e, CURLOPT_HEADERDATA, r) &&
           !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) && !curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
}

static enum bf_err wrong(struct run *r, enum bf_err err, const char *why)
{
    struct buf b = buf_on(r->answer->why, sizeof r->answer->why - 1);
    buf_printable(&b, span_first(span_of(why), sizeof r->answer->why - 1));
    r->answer->why[b.n] = '\0';
    return err;
}

static enum bf_err result(struct run *r, CURLcode code)
{
    long status = 0;
    if (r->no_memory)
        return BF_ENOMEM;
    if (r->too_large)
        return wrong(r, BF_ELIMIT, "the answer is larger than it may be");
    if (r->address_refused && code)
        return wrong(r, BF_EDENIED,
                     is_plain(r->x->url) ? "http is for this machine alone: write https"
                                         : "the host's address is one that no server has");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return wrong(r, BF_ETIME, "no whole answer in time");
    if (code)
        return wrong(r, BF_EIO, r->error[0] ? r->error : curl_easy_strerror(code));
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    r->answer->status = (int)status;
    return BF_OK;
}

enum bf_err exchange_run(const struct exchange *x, struct exchange_answer *ret)
{
    struct run r = { .x = x, .answer = ret, .most = x->max_bytes ? x->max_bytes : BYTES_USUAL };
    enum bf_err err = BF_ENOMEM;
    *ret = (struct exchange_answer){ .status = 0 };
    if (!is_plain(x->url) && !span_starts_nocase(span_of(x->url), SPAN("https:")))
        return wrong(&r, BF_EDENIED, "a URL begins with https:// here");
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return BF_ECRYPTO;
    r.easy = curl_easy_init();
    if (r.easy && set_guards(r.easy, x) && set_request(&r))
        err = result(&r, curl_easy_perform(r.easy));
    if (r.easy)
        curl_easy_cleanup(r.easy);
    curl_slist_free_all(r.headers);
    curl_global_cleanup();
    if (err)
        exchange_clear(ret);
    return err;
}

void exchange_clear(struct exchange_answer *a)
{
    free(a->body);
    a->body = NULL;
    a->n = 0;
}
