/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"

#define BODY_FIRST 8192u

static size_t stop(struct transfer *t, enum fetch_outcome outcome, const char *why)
{
    t->early = outcome;
    t->early_why = why;
    return 0; /* fewer bytes than offered: libcurl gives up */
}

static long status_of(const struct transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Every socket, so every address a name turns into, at the moment it is used: a name that flips gains nothing. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = arg;
    const struct fetch_options *o = &t->rules->options;
    (void)purpose;
    if (!o->proxy && !fetch_address_allowed(&address->addr, o->lab)) {
        t->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool body_reserve(struct transfer *t, size_t n)
{
    const size_t most = t->rules->options.max_bytes;
    size_t size = t->body_size ? t->body_size : BODY_FIRST;
    while (size < n)
        size *= 2;
    if (size > most)
        size = most;
    char *body = size == t->body_size ? t->body : realloc(t->body, size);
    if (!body)
        return false;
    t->body = body;
    t->body_size = size;
    return true;
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    const size_t n = size * count;
    if (status_of(t) != 200)
        return stop(t, FETCH_STATUS, NULL);
    if (n > t->rules->options.max_bytes - t->body_n)
        return stop(t, FETCH_TOO_LARGE, "the body is larger than a certificate chain may be");
    if (n == 0)
        return 0;
    if (!body_reserve(t, t->body_n + n))
        return stop(t, FETCH_BUSY, "no memory for the body");
    memcpy(t->body + t->body_n, p, n);
    t->body_n += n;
    return n;
}

/* Lower case, parameters cut off. */
static void content_type_keep(struct transfer *t, struct span value)
{
    value = span_trim(span_first(value, span_find(value, ';')));
    if (value.n >= sizeof t->content_type)
        value.n = 0;
    for (size_t i = 0; i < value.n; i++)
        t->content_type[i] = (char)(value.p[i] >= 'A' && value.p[i] <= 'Z' ? value.p[i] | 0x20 : value.p[i]);
    t->content_type[value.n] = '\0';
}

static bool is_coded(struct span name, struct span value)
{
    if (span_equal_nocase(name, SPAN("content-encoding")))
        return value.n && !span_equal_nocase(value, SPAN("identity"));
    if (span_equal_nocase(name, SPAN("transfer-encoding")))
        return !span_equal_nocase(value, SPAN("chunked")) && !span_equal_nocase(value, SPAN("identity"));
    return false;
}

/* The blank line behind a header: what is no 200 ends here, its body unread. 1xx are followed by another header. */
static size_t header_end(struct transfer *t, size_t n)
{
    const long status = status_of(t);
    if (status >= 200 && status != 200)
        return stop(t, FETCH_STATUS, NULL);
    return n;
}

static size_t on_header(char *p, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    const size_t n = size * count;
    const struct span line = span_trim(span_make(p, n));
    const size_t colon = span_find(line, ':');
    t->header_bytes += n;
    if (t->header_bytes > LIMIT_HTTP_HEADERS)
        return stop(t, FETCH_TOO_LARGE, "the header of the answer is larger than 16 KiB");
    if (line.n == 0)
        return header_end(t, n);
    if (span_starts(line, SPAN("HTTP/"))) {
        t->freshness = FRESHNESS_UNSAID;
        t->content_type[0] = '\0';
        return n;
    }
    if (colon == line.n)
        return n;
    const struct span name = span_first(line, colon), value = span_trim(span_from(line, colon + 1));
    if (is_coded(name, value))
        return stop(t, FETCH_STATUS, "the answer is compressed, which was not asked for");
    if (span_equal_nocase(name, SPAN("content-type")))
        content_type_keep(t, value);
    freshness_header(&t->freshness, name, value);
    return n;
}

/* What libcurl may do at all. A setting it refuses is a flight that does not take place. */
static bool set_guards(CURL *e, const struct fetch_options *o)
{
    const char *schemes = o->lab ? "https,http" : "https";
    return !curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, schemes) &&
           !curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "https") &&
           !curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
           !curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) &&
           !curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
           !curl_easy_setopt(e, CURLOPT_PROXY,
                             o->proxy ? o->proxy : "") && /* "": not the environment's either */
           !curl_easy_setopt(e, CURLOPT_NOPROXY, "") &&
           !curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
           !curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) &&
           !curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) &&
           !curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           (!o->ca_file || (!curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file) &&
                            !curl_easy_setopt(e, CURLOPT_CAPATH, NULL))) &&
           !curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
}

static bool set_bounds(CURL *e, const struct fetch_options *o)
{
    return !curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) && !curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) &&
           !curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_ms) &&
           !curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)o->total_ms) &&
           !curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)o->max_bytes) &&
           !curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 16384L);
}

static bool set_request(struct transfer *t, const char *url, void *owner)
{
    CURL *e = t->easy;
    return !curl_easy_setopt(e, CURLOPT_URL, url) && !curl_easy_setopt(e, CURLOPT_PRIVATE, owner) &&
           !curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->rules->headers) &&
           !curl_easy_setopt(e, CURLOPT_USERAGENT, "bonafide/" BF_VERSION) &&
           !curl_easy_setopt(e, CURLOPT_RESOLVE, t->rules->resolve) &&
           !curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error) &&
           !curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket) &&
           !curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t) &&
           !curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) &&
           !curl_easy_setopt(e, CURLOPT_HEADERDATA, t) &&
           !curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) && !curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

enum bf_err transfer_init(struct transfer *t, const struct transfer_rules *rules, const char *url,
                          void *owner)
{
    const struct fetch_options *o = &rules->options;
    *t = (struct transfer){ .rules = rules, .freshness = FRESHNESS_UNSAID };
    t->easy = curl_easy_init();
    if (!t->easy)
        return BF_ENOMEM;
    if (!set_guards(t->easy, o) || !set_bounds(t->easy, o) || !set_request(t, url, owner)) {
        transfer_clear(t);
        return BF_EUNSUP;
    }
    if (o->dns_servers) /* only a libcurl with c-ares has it; the others ask the system's */
        curl_easy_setopt(t->easy, CURLOPT_DNS_SERVERS, o->dns_servers);
    return BF_OK;
}

bool transfer_is_resolving(const struct transfer *t)
{
    curl_off_t took = 0;
    return !curl_easy_getinfo(t->easy, CURLINFO_NAMELOOKUP_TIME_T, &took) && took == 0;
}

static enum fetch_outcome outcome_of(const struct transfer *t, CURLcode code, long status)
{
    if (t->early != FETCH_OK)
        return t->early;
    switch (code) {
    case CURLE_OK: return status == 200 ? FETCH_OK : FETCH_STATUS;
    case CURLE_OPERATION_TIMEDOUT: return FETCH_TIMEOUT;
    case CURLE_FILESIZE_EXCEEDED: return FETCH_TOO_LARGE;
    default: return t->address_refused ? FETCH_REFUSED : FETCH_UNREACHED;
    }
}

/* libcurl's own sentence, without what a stranger may have put in. */
static const char *library_why(struct transfer *t, CURLcode code)
{
    struct buf b = buf_on(t->why, sizeof t->why - 1);
    buf_printable(&b, span_of(t->error[0] ? t->error : curl_easy_strerror(code)));
    t->why[b.n] = '\0';
    return t->why;
}

static const char *why_of(struct transfer *t, enum fetch_outcome outcome, CURLcode code, long status)
{
    if (t->early_why)
        return t->early_why;
    if (outcome == FETCH_OK)
        return "fetched";
    if (outcome == FETCH_STATUS)
        snprintf(t->why, sizeof t->why, "the answer is HTTP status %ld%s", status,
                 status >= 300 && status < 400 ? ", and redirects are not followed" : "");
    else if (outcome == FETCH_TOO_LARGE)
        return "the body is larger than a certificate chain may be";
    else if (t->address_refused)
        return "the host's address is a private or special one";
    else if (outcome == FETCH_TIMEOUT)
        snprintf(t->why, sizeof t->why, "no whole answer in time (%s)",
                 transfer_is_resolving(t) ? "DNS did not answer" : "the server is silent or slow");
    else
        return library_why(t, code);
    return t->why;
}

void transfer_result(struct transfer *t, CURLcode code, struct instant now, struct fetch_answer *ret)
{
    const long status = status_of(t);
    const enum fetch_outcome outcome = outcome_of(t, code, status);
    *ret = (struct fetch_answer){
        .outcome = outcome,
        .status = (int)status,
        .why = why_of(t, outcome, code, status),
        .content_type = span_of(t->content_type),
        .max_age_s = freshness_left(&t->freshness, now.utc),
        .at = now.utc,
    };
    if (outcome == FETCH_OK)
        ret->body = span_make(t->body ? t->body : "", t->body_n);
}

void transfer_clear(struct transfer *t)
{
    if (t->easy)
        curl_easy_cleanup(t->easy);
    free(t->body);
    t->easy = NULL;
    t->body = NULL;
}
