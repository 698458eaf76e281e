/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk from the start line to the body. Everything below 0x20, and DEL, stops it, so that line ends, folds and bytes
 * that may not stand in a message are one question.
 *
 * `v : SIP/2.0/UDP h CRLF SP ;branch=z9hG4bKx CRLF` is one header field: id SIP_H_VIA, name `v`, value from `SIP` to
 * `x`, the fold inside.                                                                     RFC 3261 sections 7, 25
 */
#include "sip/message.h"

#include "base/byte_set.h"
#include "sip/chars.h"
#include "sip/names.h"

struct reader {
    struct span bytes;
    const char *at, *end;
    unsigned reading;
    struct sip_message *m;
    struct fault *fault;
    size_t n_via;       /* hops, comma-joined ones included */
    const char *second; /* the name of a singleton's second header field */
};

static enum bf_err refuse(const struct reader *r, enum bf_err err, const char *at, const char *what)
{
    return fault_at(r->fault, err, (size_t)(at - r->bytes.p), what);
}

/* Below 0x20, and DEL. */
static const struct byte_set controls = { { 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03,
                                            0x03, 0x03, 0x03, 0x03, 0x83 } };

/* p is a backslash that itself is not escaped: the byte behind it may be any but CR and LF. */
static bool escapes(const char *start, const char *p)
{
    size_t n = 0;
    while (p > start && p[-1] == '\\') {
        p--;
        n++;
    }
    return n % 2 == 1;
}

/*
 * The end of the line at `start`: *ret_n is the length of its line end. NULL, and the fault, when it has none or
 * holds a byte that cannot stand there.
 */
static const char *line_end(const struct reader *r, const char *start, size_t *ret_n)
{
    for (const char *p = start; (p += byte_set_gap(&controls, p, (size_t)(r->end - p))) < r->end; p++) {
        if (*p == '\r' && r->end - p > 1 && p[1] == '\n') {
            *ret_n = 2;
            return p;
        }
        if (*p == '\n' && (r->reading & SIP_BARE_LF)) {
            *ret_n = 1;
            return p;
        }
        if (*p != '\t' && (*p == '\r' || *p == '\n' || !escapes(start, p))) {
            (void)refuse(r, BF_EFORM, p, "a control byte cannot stand here");
            return NULL;
        }
    }
    (void)refuse(r, BF_EFORM, r->end, "the line does not end");
    return NULL;
}

static bool is_line_end(const struct reader *r, const char *p, size_t *ret_n)
{
    if (r->end - p >= 2 && p[0] == '\r' && p[1] == '\n')
        return *ret_n = 2, true;
    if (r->end > p && *p == '\n' && (r->reading & SIP_BARE_LF))
        return *ret_n = 1, true;
    return false;
}

static bool version_is_2(struct span s)
{
    return span_equal(s, SPAN("SIP/2.0")) || span_equal_nocase(s, SPAN("SIP/2.0"));
}

/* `SIP/2.0 200 OK` */
static enum bf_err read_status_line(struct reader *r, struct span line)
{
    uint64_t status;
    if (!version_is_2(span_first(line, 7)))
        return refuse(r, BF_EFORM, line.p, "the version is not SIP/2.0");
    if (line.n < 12 || line.p[7] != ' ' || line.p[11] != ' ')
        return refuse(r, BF_EFORM, line.p, "the status line is not `SIP/2.0 code reason`");
    if (!span_decimal(span_make(line.p + 8, 3), 699, &status) || status < 100)
        return refuse(r, BF_EFORM, line.p + 8, "the status is not 100 to 699");
    r->m->status = (int)status;
    r->m->reason = span_from(line, 12);
    return BF_OK;
}

/* Controls, the blank, " < > */
static const struct byte_set not_in_uri = { { 0x07, 0x03, 0x07, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03,
                                              0x03, 0x03, 0x0B, 0x03, 0x0B, 0x03 } };

/* Headers in a Request-URI are forbidden (RFC 3261 section 19.1.1); '?' may stand in a user part. */
static bool uri_has_headers(struct span uri)
{
    if (!span_starts_nocase(uri, SPAN("sip:")) && !span_starts_nocase(uri, SPAN("sips:")))
        return false;
    const char *at = memrchr(uri.p, '@', uri.n);
    return memchr(at ? at : uri.p, '?', at ? uri.n - (size_t)(at - uri.p) : uri.n) != NULL;
}

/* `INVITE sip:a@b SIP/2.0` */
static enum bf_err read_request_line(struct reader *r, struct span line)
{
    struct sip_message *m = r->m;
    const size_t method = chars_run(line, CHAR_TOKEN);
    if (method == 0 || method == line.n || line.p[method] != ' ')
        return refuse(r, BF_EFORM, line.p + method, "the method is not a word and one space");
    struct span rest = span_from(line, method + 1);
    const size_t uri = span_find(rest, ' ');
    if (uri == rest.n)
        return refuse(r, BF_EFORM, rest.p + uri, "the version is missing");
    if (!version_is_2(span_from(rest, uri + 1)))
        return refuse(r, BF_EFORM, rest.p + uri + 1, "the version is not one space and SIP/2.0");
    m->is_request = true;
    m->method_name = span_first(line, method);
    m->method = sip_method_of(m->method_name);
    m->uri = span_first(rest, uri);
    const size_t bad = byte_set_gap(&not_in_uri, rest.p, uri);
    if (bad < uri)
        return refuse(r, BF_EFORM, rest.p + bad, "the Request-URI cannot hold this byte");
    if (uri == 0)
        return refuse(r, BF_EFORM, rest.p, "the Request-URI is missing");
    if (uri_has_headers(m->uri))
        return refuse(r, BF_EFORM, rest.p, "the Request-URI carries headers");
    return BF_OK;
}

static enum bf_err read_start_line(struct reader *r)
{
    size_t n;
    while (is_line_end(r, r->at, &n))
        r->at += n;
    r->m->bytes = span_make(r->at, (size_t)(r->end - r->at));
    const char *end = line_end(r, r->at, &n);
    if (!end)
        return BF_EFORM;
    if (end - r->at > LIMIT_SIP_LINE)
        return refuse(r, BF_ELIMIT, r->at, "the start line is too long");
    const struct span line = { r->at, (size_t)(end - r->at) };
    r->at = end + n;
    return span_starts_nocase(line, SPAN("SIP/")) ? read_status_line(r, line) : read_request_line(r, line);
}

/* A value's blanks at both ends, folds among them. */
static struct span trim(const char *p, const char *end)
{
    while (p < end && char_is(*p, CHAR_BLANK))
        p++;
    while (end > p && char_is(end[-1], CHAR_BLANK))
        end--;
    return span_make(p, (size_t)(end - p));
}

/* One header field and its folds: h is filled, r->at stands behind it. */
static enum bf_err read_header(struct reader *r, struct sip_header *h)
{
    const char *start = r->at, *p = start, *end;
    size_t n;
    while (p < r->end && char_is(*p, CHAR_TOKEN))
        p++;
    h->name = span_make(start, (size_t)(p - start));
    while (p < r->end && (*p == ' ' || *p == '\t'))
        p++;
    if (h->name.n == 0 || p == r->end || *p != ':')
        return refuse(r, BF_EFORM, p, "a header field is not `name: value`");
    const char *value = ++p;
    do {
        end = line_end(r, p, &n);
        if (!end)
            return BF_EFORM;
        p = end + n;
        if (end - start > LIMIT_SIP_LINE)
            return refuse(r, BF_ELIMIT, start, "a header field is too long");
    } while (p < r->end && (*p == ' ' || *p == '\t'));
    h->value = trim(value, end);
    h->line = span_make(start, (size_t)(end - start));
    r->at = p;
    return BF_OK;
}

/* Hops that one Via header field shows. Counting commas is enough until they are suspiciously many. */
static size_t count_hops(struct span value)
{
    size_t n = 1;
    for (const char *p = value.p, *end = p + value.n; (p = memchr(p, ',', (size_t)(end - p))); p++)
        n++;
    if (n < 8)
        return n;
    struct span one;
    for (n = 0; sip_list_next(&value, &one);)
        n++;
    return n;
}

static enum bf_err note_header(struct reader *r, struct sip_header *h)
{
    struct sip_message *m = r->m;
    h->id = sip_header_of(h->name);
    if (h->id == SIP_H_VIA && h->value.n)
        r->n_via += count_hops(h->value);
    if (r->n_via > LIMIT_SIP_VIA)
        return refuse(r, BF_ELIMIT, h->name.p, "too many hops in Via");
    if (h->id != SIP_H_OTHER) {
        if (m->first[h->id] == 0)
            m->first[h->id] = m->n_headers + 1;
        else if (!r->second && sip_header_is_single(h->id))
            r->second = h->name.p;
    }
    m->n_headers++;
    return BF_OK;
}

static enum bf_err read_headers(struct reader *r)
{
    size_t n;
    while (!is_line_end(r, r->at, &n)) {
        struct sip_message *m = r->m;
        if (r->at == r->end && (r->reading & SIP_BARE_LF))
            return BF_OK; /* files end where their editor left off */
        if (m->n_headers == LIMIT_SIP_HEADERS)
            return refuse(r, BF_ELIMIT, r->at, "too many header fields");
        struct sip_header *h = &m->headers[m->n_headers];
        enum bf_err err = read_header(r, h);
        if (err == BF_OK)
            err = note_header(r, h);
        if (err != BF_OK)
            return err;
    }
    r->at += n;
    return BF_OK;
}

/* `4711 INVITE`                                                                    RFC 3261 section 20.16; SIP-007 */
static enum bf_err check_cseq(struct reader *r)
{
    struct sip_message *m = r->m;
    const struct span value = message_header(m, SIP_H_CSEQ);
    uint64_t number;
    if (value.n == 0)
        return m->first[SIP_H_CSEQ] ? refuse(r, BF_EFORM, value.p, "CSeq is empty") : BF_OK;
    const size_t digits = chars_run(value, CHAR_DIGIT);
    if (!span_decimal(span_first(value, digits), INT32_MAX, &number))
        return refuse(r, BF_EFORM, value.p, "CSeq is not a number below 2^31");
    const struct span method = span_skip_blanks(span_from(value, digits));
    if (method.n == 0 || method.p == value.p + digits || chars_run(method, CHAR_TOKEN) != method.n)
        return refuse(r, BF_EFORM, method.p, "CSeq does not name a method");
    if (m->is_request && !span_equal(method, m->method_name))
        return refuse(r, BF_EFORM, method.p, "CSeq names another method");
    m->method_name = method;
    m->method = sip_method_of(method);
    m->cseq = (uint32_t)number;
    return BF_OK;
}

static enum bf_err check_max_forwards(struct reader *r)
{
    const struct span value = message_header(r->m, SIP_H_MAX_FORWARDS);
    uint64_t hops;
    if (r->m->first[SIP_H_MAX_FORWARDS] && !span_decimal(value, 255, &hops))
        return refuse(r, BF_EFORM, value.p, "Max-Forwards is not 0 to 255");
    return BF_OK;
}

/*
 * What files lose: the whole body where a document does not show it, carriage returns and blanks at the ends of lines.
 * A body that lost more than that was never there.
 */
static bool lost_in_a_file(const struct reader *r, uint64_t missing)
{
    size_t lines = 0;
    for (const char *p = r->at; (p = memchr(p, '\n', (size_t)(r->end - p))); p++)
        lines++;
    return (r->reading & SIP_BARE_LF) && (r->at == r->end || missing <= 4 * lines);
}

/* The body, by Content-Length and what is there.                                  RFC 3261 section 18.3; SIP-020 */
static enum bf_err take_body(struct reader *r)
{
    struct sip_message *m = r->m;
    const struct span value = message_header(m, SIP_H_CONTENT_LENGTH);
    const size_t there = (size_t)(r->end - r->at);
    uint64_t length = there;
    m->body = span_make(r->at, there);
    if (!m->first[SIP_H_CONTENT_LENGTH] && (r->reading & SIP_STREAM))
        return refuse(r, BF_EFORM, r->at, "Content-Length is missing on a stream");
    if (m->first[SIP_H_CONTENT_LENGTH] && !span_decimal(value, UINT32_MAX, &length))
        return refuse(r, BF_EFORM, value.p, "Content-Length is not a number");
    if (length > there && lost_in_a_file(r, length - there))
        length = there;
    if (length > there)
        return refuse(r, BF_EFORM, r->end, "the body is shorter than Content-Length");
    if (length < there && (r->reading & SIP_STREAM))
        return refuse(r, BF_EFORM, r->at + length, "the body is longer than Content-Length");
    m->body.n = (size_t)length;
    m->bytes.n = (size_t)(r->at - m->bytes.p) + m->body.n;
    return BF_OK;
}

/* What is asked once all header fields are known, so that a 400 has its Via, To and Call-ID. */
static enum bf_err check_fields(struct reader *r)
{
    enum bf_err err = take_body(r);
    if (err == BF_OK && r->second)
        err = refuse(r, BF_EFORM, r->second, "a header field that must be the only one is there twice");
    if (err == BF_OK)
        err = check_cseq(r);
    return err == BF_OK ? check_max_forwards(r) : err;
}

/* Everything but the header fields' array, which is not worth clearing for every call. */
static void begin(struct sip_message *m)
{
    m->bytes = m->method_name = m->uri = m->reason = m->body = SPAN_NONE;
    m->is_request = false;
    m->method = SIP_METHOD_OTHER;
    m->status = 0;
    m->n_headers = 0;
    m->cseq = 0;
    memset(m->first, 0, sizeof m->first);
    m->has_top_via = m->from_tagged = m->to_tagged = m->to_readable = false;
    m->from_tag = m->to_tag = SPAN_NONE;
}

static bool read_tag(struct span value, bool *ret_tagged, struct span *ret)
{
    struct sip_address a;
    if (value.n == 0 || sip_address_read(value, &a, NULL) != BF_OK)
        return false;
    *ret_tagged = sip_param(a.params, SPAN("tag"), ret);
    return true;
}

/* What transactions, tags and answers all ask for; also of a message that is refused, which must be answered. */
static void read_ahead(struct sip_message *m)
{
    m->via_rest = message_header(m, SIP_H_VIA);
    m->has_top_via = sip_list_next(&m->via_rest, &m->top_via_text) &&
                     sip_via_read(m->top_via_text, &m->top_via, NULL) == BF_OK;
    (void)read_tag(message_header(m, SIP_H_FROM), &m->from_tagged, &m->from_tag);
    m->to_readable = read_tag(message_header(m, SIP_H_TO), &m->to_tagged, &m->to_tag);
}

static enum bf_err read_all(struct reader *r)
{
    enum bf_err err = read_start_line(r);
    if (err == BF_OK)
        err = read_headers(r);
    if (r->m->is_request)
        read_ahead(r->m);
    return err == BF_OK ? check_fields(r) : err;
}

enum bf_err message_read(struct span bytes, unsigned reading, struct sip_message *ret, struct fault *fault)
{
    struct reader r = {
        .bytes = bytes, .at = bytes.p, .end = bytes.p + bytes.n, .reading = reading, .m = ret, .fault = fault
    };
    begin(ret);
    if (bytes.n == 0)
        return fault_at(fault, BF_EFORM, 0, "there is nothing");
    if (bytes.n > LIMIT_SIP_MESSAGE)
        return fault_at(fault, BF_ELIMIT, LIMIT_SIP_MESSAGE, "the message is too long");
    return read_all(&r);
}

struct span message_header(const struct sip_message *m, enum sip_header_id id)
{
    return m->first[id] ? m->headers[m->first[id] - 1].value : SPAN_NONE;
}

const struct sip_header *message_next(const struct sip_message *m, enum sip_header_id id, size_t *at)
{
    size_t i = *at;
    if (i == 0 && id != SIP_H_OTHER)
        i = m->first[id] ? m->first[id] - 1 : m->n_headers;
    for (; i < m->n_headers; i++)
        if (m->headers[i].id == id) {
            *at = i + 1;
            return &m->headers[i];
        }
    *at = m->n_headers;
    return NULL;
}

static struct span full_name(struct span name)
{
    const struct span full = sip_compact(name);
    return full.n ? full : name;
}

const struct sip_header *message_named(const struct sip_message *m, struct span name)
{
    const struct span wanted = full_name(name);
    for (size_t i = 0; i < m->n_headers; i++)
        if (span_equal_nocase(full_name(m->headers[i].name), wanted))
            return &m->headers[i];
    return NULL;
}

const char *message_missing(const struct sip_message *m)
{
    static const enum sip_header_id mandatory[] = { SIP_H_VIA, SIP_H_FROM, SIP_H_TO, SIP_H_CALL_ID,
                                                    SIP_H_CSEQ };
    for (size_t i = 0; i < ARRAY_SIZE(mandatory); i++)
        if (message_header(m, mandatory[i]).n == 0)
            return sip_header_name(mandatory[i]).p;
    return NULL;
}
