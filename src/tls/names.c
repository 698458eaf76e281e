/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a certificate speaks for.                                                         RFC 5922 sections 7.1, 7.2
 *
 * Identities are the `sip:` URIs of subjectAltName without a user part; where there is none, its DNS names; the common name
 * only where the certificate has no subjectAltName. They are compared without regard to letter case and as a whole: a
 * wildcard matches nothing, a name with a NUL inside is no name. An address is compared with the iPAddress entries
 * (RFC 2818 section 3.1), for hops that are written as one.
 */
#include "tls/tls.h"

#include <arpa/inet.h>
#include <string.h>
#include <openssl/x509v3.h>

/* `see` returns true to stop. */
struct seeing {
    bool (*see)(void *arg, struct span name);
    void *arg;
};

static struct span text_of(const ASN1_STRING *s)
{
    return span_make((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static bool is_name(struct span name)
{
    if (name.n == 0 || name.n > TLS_NAME)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '.' || c == '_'))
            return false;
    }
    return true;
}

/* `sip:example.com` -> `example.com`; with a user part or a port it is not the name of a domain. */
static struct span domain_of(struct span uri)
{
    const struct span scheme = SPAN("sip:");
    if (uri.n <= scheme.n || !span_equal_nocase(span_make(uri.p, scheme.n), scheme))
        return SPAN_NONE;
    return span_from(uri, scheme.n);
}

static bool see_kind(const GENERAL_NAMES *names, int kind, const struct seeing *seeing, bool *ret_any)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type != kind)
            continue;
        struct span name = text_of(kind == GEN_URI ? g->d.uniformResourceIdentifier : g->d.dNSName);
        if (kind == GEN_URI)
            name = domain_of(name);
        if (!name.p)
            continue;
        *ret_any = true;
        if (is_name(name) && seeing->see(seeing->arg, name))
            return true;
    }
    return false;
}

static bool see_common_name(X509 *certificate, const struct seeing *seeing)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return false;
    const struct span name = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    return is_name(name) && seeing->see(seeing->arg, name);
}

static bool walk(X509 *certificate, const struct seeing *seeing)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool any = false;
    if (!names) /* one that cannot be read names nobody either, and is not the same as none */
        return X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0 &&
               see_common_name(certificate, seeing);
    bool found = see_kind(names, GEN_URI, seeing, &any);
    if (!any)
        found = see_kind(names, GEN_DNS, seeing, &any);
    GENERAL_NAMES_free(names);
    return found;
}

static bool is_equal(void *arg, struct span name)
{
    const struct span *wanted = arg;
    return span_equal_nocase(name, *wanted);
}

/* `192.0.2.1`, `[2001:db8::1]` */
static bool is_address(struct span name, char out[static INET6_ADDRSTRLEN])
{
    unsigned char bytes[16];
    if (name.n > 1 && name.p[0] == '[' && name.p[name.n - 1] == ']')
        name = span_make(name.p + 1, name.n - 2);
    if (name.n == 0 || name.n >= INET6_ADDRSTRLEN)
        return false;
    memcpy(out, name.p, name.n);
    out[name.n] = '\0';
    return inet_pton(AF_INET, out, bytes) == 1 || inet_pton(AF_INET6, out, bytes) == 1;
}

bool tls_names_hold(X509 *certificate, struct span name)
{
    char address[INET6_ADDRSTRLEN];
    if (is_address(name, address))
        return X509_check_ip_asc(certificate, address, 0) == 1;
    const struct seeing seeing = { is_equal, &name };
    return is_name(name) && walk(certificate, &seeing);
}

struct first {
    char *out;
    size_t n;
};

static bool take_first(void *arg, struct span name)
{
    struct first *f = arg;
    if (name.p[0] == '.')
        return false;
    memcpy(f->out, name.p, name.n);
    f->out[name.n] = '\0';
    f->n = name.n;
    return true;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): take_first writes there */
size_t tls_names_first(X509 *certificate, char out[static TLS_NAME + 1])
{
    struct first first = { out, 0 };
    const struct seeing seeing = { take_first, &first };
    return walk(certificate, &seeing) ? first.n : 0;
}
