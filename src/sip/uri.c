/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URIs, cut into their parts where they lie.                     RFC 3261 section 19.1, RFC 3966, RFC 8224 section 8.5
 *
 * An '@' that is not escaped separates user and host and nothing else, so a second one is refused rather than
 * understood in one of two ways.
 */
#include "sip/uri.h"

#include "base/byte_set.h"
#include "base/limits.h"
#include "sip/chars.h"

static const struct {
    struct span name;
    enum uri_scheme scheme;
} schemes[] = {
    { SPAN("sip"), URI_SIP },
    { SPAN("sips"), URI_SIPS },
    { SPAN("tel"), URI_TEL },
    { SPAN("urn"), URI_URN },
};

static enum uri_scheme scheme_of(struct span name)
{
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (span_equal_nocase(name, schemes[i].name))
            return schemes[i].scheme;
    return URI_OTHER;
}

static bool is_alpha(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Letters, digits, + - . */
static const struct byte_set scheme_bytes = { { 0xA8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8,
                                                0xF0, 0x54, 0x50, 0x54, 0x54, 0x50 } };

/* Length of the scheme that s begins with, 0 when it begins with none. */
static size_t scheme_length(struct span s)
{
    size_t n = 0;
    while (n < s.n && byte_set_has(&scheme_bytes, s.p[n]))
        n++;
    return n && n < s.n && s.p[n] == ':' && is_alpha(s.p[0]) ? n : 0;
}

static enum bf_err refuse(const struct sip_uri *u, const char *at, const char *what, struct fault *fault)
{
    return fault_at(fault, BF_EFORM, span_offset(u->text, at), what);
}

/* All of `part` is of `classes` and well escaped. */
static enum bf_err check_part(const struct sip_uri *u, struct span part, unsigned classes,
                              struct fault *fault)
{
    const size_t at = chars_escaped(part, classes);
    return at == part.n ? BF_OK : refuse(u, part.p + at, "this byte cannot stand in a URI", fault);
}

/* `alice:secret` */
static enum bf_err read_userinfo(struct sip_uri *u, struct span info, struct fault *fault)
{
    const size_t n = span_find(info, ':');
    u->user = span_first(info, n);
    if (n < info.n)
        u->password = span_from(info, n + 1);
    if (u->user.n == 0)
        return refuse(u, info.p, "the user part is empty", fault);
    enum bf_err err = check_part(u, u->user, CHAR_USER, fault);
    return err == BF_OK ? check_part(u, u->password, CHAR_USER, fault) : err;
}

/* `host:port`; *rest is moved behind it. */
static enum bf_err read_host(struct sip_uri *u, struct span *rest, struct fault *fault)
{
    uint64_t port;
    u->host = span_first(*rest, host_length(*rest));
    if (u->host.n == 0)
        return refuse(u, rest->p, "the host is missing", fault);
    *rest = span_from(*rest, u->host.n);
    if (rest->n == 0 || rest->p[0] != ':')
        return BF_OK;
    *rest = span_from(*rest, 1);
    const size_t n = chars_run(*rest, CHAR_DIGIT);
    if (!span_decimal(span_first(*rest, n), UINT16_MAX, &port) || port == 0)
        return refuse(u, rest->p, "the port is not 1 to 65535", fault);
    u->port = (uint16_t)port;
    *rest = span_from(*rest, n);
    return BF_OK;
}

static enum bf_err read_sip(struct sip_uri *u, struct fault *fault)
{
    struct span rest = u->opaque;
    const size_t at = span_find(rest, '@');
    if (at < rest.n) {
        if (span_find(span_from(rest, at + 1), '@') < rest.n - at - 1)
            return refuse(u, rest.p + at, "there are two '@'", fault);
        enum bf_err err = read_userinfo(u, span_first(rest, at), fault);
        if (err != BF_OK)
            return err;
        rest = span_from(rest, at + 1);
    }
    enum bf_err err = read_host(u, &rest, fault);
    if (err != BF_OK)
        return err;
    if (rest.n && rest.p[0] != ';' && rest.p[0] != '?')
        return refuse(u, rest.p, "this byte cannot stand in a host", fault);
    const size_t headers = span_find(rest, '?');
    u->params = span_first(rest, headers);
    u->headers = span_from(rest, headers + 1);
    return check_part(u, rest, CHAR_URIC, fault);
}

/* `+1-215-555-1212;phone-context=…` */
static enum bf_err read_tel(struct sip_uri *u, struct fault *fault)
{
    const size_t n = span_find(u->opaque, ';');
    u->user = span_first(u->opaque, n);
    u->params = span_from(u->opaque, n);
    if (n == 0)
        return refuse(u, u->opaque.p, "the number is missing", fault);
    return check_part(u, u->opaque, CHAR_URIC, fault);
}

enum bf_err uri_read(struct span text, struct sip_uri *ret, struct fault *fault)
{
    struct sip_uri u = { .text = text };
    if (text.n > LIMIT_URI)
        return fault_at(fault, BF_ELIMIT, LIMIT_URI, "the URI is too long");
    const size_t n = scheme_length(text);
    if (n == 0)
        return fault_at(fault, BF_EFORM, 0, "the URI has no scheme");
    u.scheme = scheme_of(span_first(text, n));
    u.opaque = span_from(text, n + 1);
    enum bf_err err;
    if (u.scheme == URI_SIP || u.scheme == URI_SIPS)
        err = read_sip(&u, fault);
    else if (u.scheme == URI_TEL)
        err = read_tel(&u, fault);
    else if (u.opaque.n == 0)
        err = refuse(&u, u.opaque.p, "the URI is empty behind its scheme", fault);
    else
        err = check_part(&u, u.opaque, CHAR_URIC, fault);
    if (err == BF_OK)
        *ret = u;
    return err;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

/* Letters, digits, - . _ ~ : they mean the same escaped or not. */
static const struct byte_set unreserved = { { 0xA8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8,
                                              0xF0, 0x50, 0x50, 0x54, 0xD4, 0x70 } };

/* Decoded where that changes no meaning, then lower case; other escapes keep upper-case hex (URI-002). */
static void put_user(struct buf *out, struct span user)
{
    for (size_t i = 0; i < user.n; i++) {
        if (user.p[i] != '%') {
            buf_char(out, lower(user.p[i]));
            continue;
        }
        const char c = (char)(char_hex(user.p[i + 1]) << 4 | char_hex(user.p[i + 2]));
        if (byte_set_has(&unreserved, c)) {
            buf_char(out, lower(c));
        } else {
            buf_char(out, '%');
            buf_char(out, upper(user.p[i + 1]));
            buf_char(out, upper(user.p[i + 2]));
        }
        i += 2;
    }
}

enum bf_err uri_canonical(const struct sip_uri *uri, struct buf *out)
{
    if (uri->scheme != URI_SIP && uri->scheme != URI_SIPS) {
        buf_span_put(out, uri->text);
        return buf_ok(out) ? BF_OK : BF_ELIMIT;
    }
    if (uri->user.n == 0)
        return BF_EUNSUP;
    buf_text(out, uri->scheme == URI_SIP ? "sip:" : "sips:");
    put_user(out, uri->user);
    buf_char(out, '@');
    for (size_t i = 0; i < uri->host.n; i++)
        buf_char(out, lower(uri->host.p[i]));
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}

bool uri_is_service(const struct sip_uri *uri)
{
    const struct span service = SPAN("service:");
    return uri->scheme == URI_URN && uri->opaque.n > service.n && span_starts_nocase(uri->opaque, service);
}
