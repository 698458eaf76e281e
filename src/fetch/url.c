/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which URLs may be asked for a certificate.                        X5U-001, X5U-002, SEC-030, SEC-031
 *
 * The rules read the bytes themselves and admit only what every URL reader understands alike: no byte that some
 * reader trims, decodes or takes for a separator ever reaches libcurl. A host that a resolver could take for a number
 * (`2130706433`, `0177.0.0.1`, `0x7f.1`) must be four plain decimals, and those must be an allowed address.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "fetch/fetch.h"
#include "fetch/url.h"

#define HOST_NAME  253u /* characters of a DNS name */
#define HOST_LABEL 63u  /* and of each of its labels */

struct parts {
    struct span url, host, port;
    bool has_port, brackets;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_alnum(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t offset(const struct parts *u, struct span part)
{
    return (size_t)(part.p - u->url.p);
}

/* Bytes of RFC 3986, escapes whole. Everything else (blanks, controls, backslash, beyond ASCII) is refused. */
static enum bf_err bytes_allowed(struct span url, struct fault *fault)
{
    for (size_t i = 0; i < url.n; i++) {
        const char c = url.p[i];
        if (c == '?')
            return fault_at(fault, BF_EDENIED, i, "a certificate URL has no query");
        if (c == '#')
            return fault_at(fault, BF_EDENIED, i, "a certificate URL has no fragment");
        if (c == '%' && (url.n - i < 3 || !is_hex(url.p[i + 1]) || !is_hex(url.p[i + 2])))
            return fault_at(fault, BF_EDENIED, i, "a percent sign without two hexadecimal digits");
        if (c == '\0' || (!is_alnum(c) && !strchr("-._~:/[]@!$&'()*+,;=%", c)))
            return fault_at(fault, BF_EDENIED, i, "a byte that no URL contains");
    }
    return BF_OK;
}

static enum bf_err scheme_allowed(struct span url, bool lab, size_t *ret_end, struct fault *fault)
{
    if (span_starts_nocase(url, SPAN("https://")))
        *ret_end = 8;
    else if (lab && span_starts_nocase(url, SPAN("http://")))
        *ret_end = 7;
    else
        return fault_at(fault, BF_EDENIED, 0, "the scheme is not https");
    return BF_OK;
}

/* host and port out of the authority, which ends at the first slash. */
static enum bf_err authority_split(struct span rest, struct parts *u, struct fault *fault)
{
    const struct span authority = span_first(rest, span_find(rest, '/'));
    const size_t at = span_find(authority, '@');
    size_t host_n = span_find(authority, ':');
    if (at < authority.n)
        return fault_at(fault, BF_EDENIED, offset(u, authority), "a certificate URL has no user information");
    u->brackets = authority.n && authority.p[0] == '[';
    if (u->brackets) {
        host_n = span_find(authority, ']') + 1;
        if (host_n > authority.n)
            return fault_at(fault, BF_EDENIED, offset(u, authority),
                            "an IPv6 address without its closing bracket");
    }
    u->host = span_first(authority, host_n);
    u->has_port = host_n < authority.n;
    if (u->has_port && authority.p[host_n] != ':')
        return fault_at(fault, BF_EDENIED, offset(u, authority) + host_n, "neither a port nor a path");
    u->port = span_from(authority, host_n + u->has_port);
    return BF_OK;
}

static enum bf_err port_allowed(const struct parts *u, bool lab, struct fault *fault)
{
    uint64_t port;
    if (!u->has_port)
        return BF_OK;
    if (!span_decimal(u->port, 65535, &port) || u->port.p[0] == '0')
        return fault_at(fault, BF_EDENIED, offset(u, u->port), "not a port");
    if (!lab && port != 443 && port != 8443)
        return fault_at(fault, BF_EDENIED, offset(u, u->port), "the port is neither 443 nor 8443");
    return BF_OK;
}

/* The address that the host is, when it is a plain one. */
static bool host_address(const struct parts *u, struct sockaddr_storage *ret)
{
    char text[INET6_ADDRSTRLEN];
    const struct span host = u->brackets ? span_make(u->host.p + 1, u->host.n - 2) : u->host;
    memset(ret, 0, sizeof *ret);
    if (host.n == 0 || host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    ret->ss_family = u->brackets ? AF_INET6 : AF_INET;
    return inet_pton(ret->ss_family, text,
                     u->brackets ? (void *)&((struct sockaddr_in6 *)ret)->sin6_addr
                                 : (void *)&((struct sockaddr_in *)ret)->sin_addr) == 1;
}

/* A last label that a resolver may read as a number makes the whole host one (`1.0x7f`). */
static bool label_is_number(struct span label)
{
    const bool hex = label.n >= 2 && label.p[0] == '0' && (label.p[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 0; i < label.n; i++)
        if (hex ? !is_hex(label.p[i]) : !is_digit(label.p[i]))
            return false;
    return true;
}

static enum bf_err label_allowed(const struct parts *u, struct span label, struct fault *fault)
{
    const size_t at = offset(u, label);
    if (label.n == 0 || label.n > HOST_LABEL)
        return fault_at(fault, BF_EDENIED, at, "a label of the host is empty or too long");
    for (size_t i = 0; i < label.n; i++)
        if (!is_alnum(label.p[i]) && label.p[i] != '-' && label.p[i] != '_')
            return fault_at(fault, BF_EDENIED, at + i, "a byte that no host name contains");
    return BF_OK;
}

/* *ret_last: the last label. */
static enum bf_err name_allowed(const struct parts *u, bool lab, struct span *ret_last, struct fault *fault)
{
    struct span rest = u->host;
    if (rest.n == 0 || rest.n > HOST_NAME)
        return fault_at(fault, BF_EDENIED, offset(u, rest), "the host is empty or too long");
    for (;;) {
        const size_t dot = span_find(rest, '.');
        const struct span label = span_first(rest, dot);
        const enum bf_err err = label_allowed(u, label, fault);
        if (err)
            return err;
        if (dot == rest.n) {
            *ret_last = label;
            break;
        }
        rest = span_from(rest, dot + 1);
    }
    if (!lab && ret_last->n == u->host.n && !label_is_number(*ret_last))
        return fault_at(fault, BF_EDENIED, offset(u, u->host), "a host name without a dot is a local one");
    return BF_OK;
}

static enum bf_err host_allowed(const struct parts *u, bool lab, struct fault *fault)
{
    struct sockaddr_storage addr;
    struct span last;
    const size_t at = offset(u, u->host);
    if (!u->brackets) {
        const enum bf_err err = name_allowed(u, lab, &last, fault);
        if (err)
            return err;
        if (!label_is_number(last))
            return BF_OK;
    }
    if (!host_address(u, &addr))
        return fault_at(fault, BF_EDENIED, at, "the host is a number, and not a plain IP address");
    if (!fetch_address_allowed((const struct sockaddr *)&addr, lab))
        return fault_at(fault, BF_EDENIED, at, "the host is a private or special address");
    return BF_OK;
}

enum bf_err fetch_url_allowed(struct span url, bool lab, struct fault *fault)
{
    struct parts u = { .url = url };
    size_t scheme_end = 0;
    enum bf_err err;
    if (url.n > LIMIT_X5U)
        return fault_at(fault, BF_EDENIED, LIMIT_X5U, "a certificate URL has at most 1024 characters");
    if ((err = scheme_allowed(url, lab, &scheme_end, fault)) || (err = bytes_allowed(url, fault)) ||
        (err = authority_split(span_from(url, scheme_end), &u, fault)) ||
        (err = port_allowed(&u, lab, fault)))
        return err;
    return host_allowed(&u, lab, fault);
}

struct span url_host(struct span url)
{
    struct parts u = { .url = url };
    const struct span rest = span_from(url, span_find(url, '/') + 2);
    return authority_split(rest, &u, NULL) ? SPAN_NONE : u.host;
}
