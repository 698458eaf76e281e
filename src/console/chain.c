/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of a call, to be shown. What judged the call is in its record; here its chain is looked for again, where
 * certificates of signers are kept, under the anchors of the trust domain that the record names. What is not there any more, or
 * has another serial number by now, is told as far as the record knows it. Nothing here judges.
 */
#include <stdio.h>
#include <stdlib.h>

#include "console/inside.h"
#include "trust/cache.h"
#include "trust/chain.h"
#include "trust/leaf.h"
#include "trust/pem.h"

#define NAME_TEXT   1024u
#define SERIAL_TEXT 129u

static void name_text(const X509_NAME *name, char out[static NAME_TEXT])
{
    char *bytes = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    out[0] = '\0';
    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        const long n = BIO_get_mem_data(bio, &bytes);
        snprintf(out, NAME_TEXT, "%.*s", n > 0 ? (int)n : 0, bytes);
    }
    BIO_free(bio);
}

/* Lower-case hexadecimal, as records have it. */
static void serial_text(const X509 *x, char out[static SERIAL_TEXT])
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    const uint8_t *bytes = ASN1_STRING_get0_data(serial);
    const int n = ASN1_STRING_length(serial) < 64 ? ASN1_STRING_length(serial) : 64;
    out[0] = '\0';
    for (int i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static json_t *spc_of(const X509 *x)
{
    auto_(tnauth_destroy) struct tnauth *list = NULL;
    struct fault fault;
    return leaf_tnauth(x, &list, &fault) == BF_OK ? text_of(tnauth_spc(list)) : json_null();
}

static json_t *link_of(const char *role, const X509 *x)
{
    char subject[NAME_TEXT], issuer[NAME_TEXT], serial[SERIAL_TEXT], from[21], to[21];
    name_text(X509_get_subject_name(x), subject);
    name_text(X509_get_issuer_name(x), issuer);
    serial_text(x, serial);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "role", role, "subject", subject, "issuer", issuer,
                     "not_before", utc_text(x509_not_before(x), from), "not_after",
                     utc_text(x509_not_after(x), to), "serial", serial, "spc", spc_of(x));
}

/* The first path will do. */
static bool show_path(void *arg, const struct chain *path)
{
    for (size_t i = 0; i < path->n; i++)
        json_array_append_new(arg, link_of(i == 0             ? "leaf"
                                           : i + 1 == path->n ? "anchor"
                                                              : "intermediate",
                                           path->certificates[i]));
    return false;
}

static const struct domain *domain_of(const struct trust *trust, struct span name)
{
    for (size_t i = 0; trust && i < trust->n; i++)
        if (span_equal(span_of(trust->domains[i].name), name))
            return &trust->domains[i];
    return NULL;
}

/* The certificate that the record names, among those that came for its URL. */
static X509 *leaf_among(STACK_OF(X509) * all, struct span serial)
{
    char text[SERIAL_TEXT];
    for (int i = 0; i < sk_X509_num(all); i++) {
        serial_text(sk_X509_value(all, i), text);
        if (serial.n && span_equal(span_of(text), serial))
            return sk_X509_value(all, i);
    }
    return NULL;
}

static enum bf_err read_pem(const struct console *c, struct span url, struct cached *ret)
{
    enum bf_err err = c->certs_dir ? cache_read_given(c->certs_dir, url, ret) : BF_ENOENT;
    if (err && c->cache_dir)
        err = cache_look(c->cache_dir, url, ret);
    return err;
}

static void show_found(const struct console *c, const struct record *r, json_t *list)
{
    struct cached kept = { NULL, 0, 0, 0 };
    STACK_OF(X509) *all = NULL;
    struct fault fault;
    const struct domain *domain = domain_of(c->trust, r->trust_domain);
    if (!r->x5u.n || read_pem(c, r->x5u, &kept) != BF_OK)
        return;
    X509 *leaf = pem_certificates(span_make(kept.body, kept.n), LIMIT_CHAIN_CERTS, &all, &fault) == BF_OK
                     ? leaf_among(all, r->serial)
                     : NULL;
    if (leaf && domain)
        (void)chain_explore(domain, CHAIN_FOR_CALLS, leaf, all, show_path, list);
    if (leaf && json_array_size(list) == 0)
        json_array_append_new(list, link_of("leaf", leaf));
    pem_certificates_free(all);
    free(kept.body);
}

json_t *chain_of(struct console *c, const struct record *r)
{
    json_t *list = json_array();
    show_found(c, r, list);
    if (json_array_size(list) || !r->subject.n)
        return list;
    json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:n,s:n,s:o,s:o}", "role", "leaf", "subject",
                                          text_of(r->subject), "issuer", text_of(r->issuer), "not_before",
                                          "not_after", "serial", text_of(r->serial), "spc", text_of(r->spc)));
    return list;
}
