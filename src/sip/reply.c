/* SPDX-License-Identifier: Apache-2.0 */
/* An answer is the request's own lines, a tag, and what we add.              RFC 3261 section 8.2.6; SIP-030..035 */
#include "sip/reply.h"

#include <arpa/inet.h>

#include "base/cidr.h"
#include "base/digest.h"
#include "sip/params.h"

/* `192.0.2.1`, `2001:db8::1`: of the address as 16 bytes, IPv4-mapped ones as IPv4. */
static void put_address(struct buf *out, const uint8_t bytes[static 16])
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    char text[INET6_ADDRSTRLEN];
    if (memcmp(bytes, mapped, sizeof mapped) != 0) {
        buf_text(out, inet_ntop(AF_INET6, bytes, text, sizeof text) ? text : "");
        return;
    }
    for (size_t i = 12; i < 16; i++) {
        if (i > 12)
            buf_char(out, '.');
        buf_decimal(out, bytes[i]);
    }
}

/* The sent-by host is the address the packet came from, written in whatever way. */
static bool host_is_source(struct span host, const struct sockaddr *addr)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t theirs[16], ours[16];
    const bool v6 = host.n > 2 && host.p[0] == '[';
    if (v6)
        host = span_make(host.p + 1, host.n - 2);
    if (host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
    struct sockaddr_in a4 = { .sin_family = AF_INET };
    const int ok = v6 ? inet_pton(AF_INET6, text, &a6.sin6_addr) : inet_pton(AF_INET, text, &a4.sin_addr);
    const struct sockaddr *said = v6 ? (const struct sockaddr *)&a6 : (const struct sockaddr *)&a4;
    return ok == 1 && addr_bytes(said, theirs) && addr_bytes(addr, ours) && memcmp(theirs, ours, 16) == 0;
}

/* The top Via, with where it really came from (SIP-022): `received` is ours alone to say, and so is `rport`. */
static void put_via_params(struct buf *out, const struct sip_via *via, const struct sip_source *from)
{
    uint8_t source[16];
    struct span rest = via->params, name, value;
    while (sip_param_next(&rest, &name, &value)) {
        if (span_equal_nocase(name, SPAN("received")) || span_equal_nocase(name, SPAN("rport")))
            continue;
        buf_char(out, ';');
        buf_span_put(out, name);
        if (value.n) {
            buf_char(out, '=');
            buf_span_put(out, value);
        }
    }
    if (!from->addr || !addr_bytes(from->addr, source) ||
        (!via->rport && host_is_source(via->host, from->addr)))
        return;
    if (via->rport) {
        buf_text(out, ";rport=");
        buf_decimal(out, addr_port(from->addr));
    }
    buf_text(out, ";received=");
    put_address(out, source);
}

static void put_line(struct buf *out, struct span line)
{
    buf_span_put(out, line);
    buf_text(out, "\r\n");
}

static void put_top_via(struct buf *out, const struct sip_message *request, const struct sip_source *from)
{
    const struct sip_via *via = &request->top_via;
    const struct span text = request->top_via_text;
    const size_t head = (size_t)(via->params.n ? via->params.p - text.p : (ptrdiff_t)text.n);
    buf_text(out, "Via: ");
    buf_span_put(out, span_first(text, head));
    put_via_params(out, via, from);
    if (request->via_rest.n) {
        buf_char(out, ',');
        buf_span_put(out, request->via_rest);
    }
    buf_text(out, "\r\n");
}

enum bf_err reply_vias(struct buf *out, const struct sip_message *request, const struct sip_source *from)
{
    const struct sip_header *h;
    size_t at = request->first[SIP_H_VIA];
    if (!request->has_top_via)
        return BF_EFORM;
    put_top_via(out, request, from);
    while ((h = message_next(request, SIP_H_VIA, &at)))
        put_line(out, h->line);
    return BF_OK;
}

static void put_to(struct buf *out, const struct sip_message *request, const struct sip_header *to,
                   struct span tag)
{
    buf_span_put(out, to->line);
    if (tag.n && request->to_readable && !request->to_tagged) {
        buf_text(out, ";tag=");
        buf_span_put(out, tag);
    }
    buf_text(out, "\r\n");
}

static const struct sip_header *first_of(const struct sip_message *m, enum sip_header_id id)
{
    size_t at = 0;
    return message_next(m, id, &at);
}

enum bf_err reply_begin(struct buf *out, const struct sip_message *request, const struct sip_source *from,
                        int status, const char *reason, struct span to_tag)
{
    if (message_missing(request))
        return BF_EFORM;
    buf_text(out, "SIP/2.0 ");
    buf_decimal(out, status);
    buf_char(out, ' ');
    buf_printable(out, span_of(reason ? reason : sip_reason(status)));
    buf_text(out, "\r\n");
    if (reply_vias(out, request, from) != BF_OK)
        return BF_EFORM;
    put_line(out, first_of(request, SIP_H_FROM)->line);
    put_to(out, request, first_of(request, SIP_H_TO), to_tag);
    put_line(out, first_of(request, SIP_H_CALL_ID)->line);
    put_line(out, first_of(request, SIP_H_CSEQ)->line);
    if (status == 100 && request->first[SIP_H_TIMESTAMP])
        put_line(out, first_of(request, SIP_H_TIMESTAMP)->line);
    return BF_OK;
}

size_t reply_header_begin(struct buf *out, const char *name)
{
    if (*name == '\0')
        out->full = true;
    buf_text(out, name);
    buf_text(out, ": ");
    return out->n;
}

void reply_header_end(struct buf *out, size_t value_at)
{
    unsigned bad = 0;
    for (size_t i = value_at; i < out->n; i++) /* without a branch, many at a time */
        bad |= ((unsigned char)out->p[i] < 0x20) | (out->p[i] == 0x7F);
    if (bad)
        out->full = true;
    buf_text(out, "\r\n");
}

void reply_header(struct buf *out, const char *name, struct span value)
{
    const size_t at = reply_header_begin(out, name);
    buf_span_put(out, value);
    reply_header_end(out, at);
}

void reply_end(struct buf *out, struct span body)
{
    buf_text(out, "Content-Length: ");
    buf_decimal(out, (int64_t)body.n);
    buf_text(out, "\r\n\r\n");
    buf_span_put(out, body);
}

void reply_tag(const uint8_t secret[static 16], const struct sip_message *request, char out[static REPLY_TAG])
{
    const uint32_t cseq = request->cseq;
    const struct span parts[] = { message_header(request, SIP_H_CALL_ID), request->from_tag,
                                  span_make(&cseq, sizeof cseq),
                                  request->has_top_via ? request->top_via.branch : SPAN_NONE };
    struct hash_key key;
    memcpy(&key, secret, sizeof key);
    uint64_t hash = 0;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        key.k0 ^= hash; /* each part under a key that depends on those before it: their borders count */
        hash = hash_bytes(key, parts[i]);
    }
    for (size_t i = 0; i < REPLY_TAG; i++)
        out[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
}

/* A multicast group in maddr, with the given port. */
static bool group_of(struct span maddr, uint16_t port, struct sockaddr_storage *ret, socklen_t *ret_n)
{
    char text[64];
    struct buf b = BUF_ON(text);
    buf_span_put(&b, maddr);
    buf_char(&b, ':');
    buf_decimal(&b, port);
    if (!buf_ok(&b) || addr_read(buf_span(&b), ret, ret_n, NULL) != BF_OK)
        return false;
    if (ret->ss_family == AF_INET)
        return IN_MULTICAST(ntohl(((const struct sockaddr_in *)ret)->sin_addr.s_addr));
    return ret->ss_family == AF_INET6 &&
           IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *)ret)->sin6_addr);
}

static void set_port(struct sockaddr_storage *addr, uint16_t port)
{
    if (addr->ss_family == AF_INET)
        ((struct sockaddr_in *)addr)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

bool reply_target(const struct sip_message *request, const struct sip_source *from,
                  struct sockaddr_storage *ret, socklen_t *ret_n)
{
    struct sip_via via;
    if (!from->addr || message_top_via(request, &via, NULL) != BF_OK)
        return false;
    const uint16_t port = via.port ? via.port : 5060;
    struct sockaddr_storage to;
    socklen_t n;
    if (via.maddr.n && group_of(via.maddr, port, &to, &n)) {
        *ret = to;
        *ret_n = n;
        return true;
    }
    if (from->addr->sa_family != AF_INET && from->addr->sa_family != AF_INET6)
        return false;
    *ret_n = from->addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    memset(ret, 0, sizeof *ret);
    memcpy(ret, from->addr, *ret_n);
    if (!via.rport && !from->reliable)
        set_port(ret, port);
    return true;
}

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    { 100, "Trying" },
    { 180, "Ringing" },
    { 183, "Session Progress" },
    { 200, "OK" },
    { 202, "Accepted" },
    { 300, "Multiple Choices" },
    { 301, "Moved Permanently" },
    { 302, "Moved Temporarily" },
    { 305, "Use Proxy" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 410, "Gone" },
    { 413, "Request Entity Too Large" },
    { 414, "Request-URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Unsupported URI Scheme" },
    { 420, "Bad Extension" },
    { 421, "Extension Required" },
    { 423, "Interval Too Brief" },
    { 428, "Use Identity Header" },
    { 433, "Anonymity Disallowed" },
    { 436, "Bad Identity Info" },
    { 437, "Unsupported Credential" },
    { 438, "Invalid Identity Header" },
    { 480, "Temporarily Unavailable" },
    { 481, "Call/Transaction Does Not Exist" },
    { 482, "Loop Detected" },
    { 483, "Too Many Hops" },
    { 484, "Address Incomplete" },
    { 486, "Busy Here" },
    { 487, "Request Terminated" },
    { 488, "Not Acceptable Here" },
    { 491, "Request Pending" },
    { 500, "Server Internal Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Server Time-out" },
    { 505, "Version Not Supported" },
    { 513, "Message Too Large" },
    { 600, "Busy Everywhere" },
    { 603, "Decline" },
    { 604, "Does Not Exist Anywhere" },
    { 606, "Not Acceptable" },
    { 607, "Unwanted" },
    { 608, "Rejected" },
};

const char *sip_reason(int status)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}
