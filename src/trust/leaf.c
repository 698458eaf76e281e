/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/leaf.h"

#include <ctype.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/chain.h"

#define OID_TNAUTH_LIST "1.3.6.1.5.5.7.1.26"

/* Limits on what the certificate's tokens may claim. Who cannot enforce them must not believe the certificate. */
static const char *const claim_constraints[] = { "1.3.6.1.5.5.7.1.27", "1.3.6.1.5.5.7.1.33" };

static bool has_oid(X509_EXTENSION *extension, const char *oid)
{
    char text[64];
    const int n = OBJ_obj2txt(text, sizeof text, X509_EXTENSION_get_object(extension), 1);
    return n > 0 && (size_t)n < sizeof text && strcmp(text, oid) == 0;
}

bool leaf_is_tnauth_list(X509_EXTENSION *extension)
{
    return has_oid(extension, OID_TNAUTH_LIST);
}

static X509_EXTENSION *find_extension(const X509 *x, const char *oid, bool *ret_twice)
{
    X509_EXTENSION *found = NULL;
    *ret_twice = false;
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *extension = X509_get_ext(x, i);
        if (!has_oid(extension, oid))
            continue;
        *ret_twice = found != NULL;
        found = extension;
    }
    return found;
}

enum bf_err leaf_tnauth(const X509 *x, struct tnauth **ret, struct fault *fault)
{
    bool twice;
    X509_EXTENSION *extension = find_extension(x, OID_TNAUTH_LIST, &twice);
    if (!extension)
        return BF_ENOENT;
    if (twice)
        return fault_at(fault, BF_EFORM, 0, "two TNAuthorizationLists");
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
    return tnauth_read(span_make(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), ret,
                       fault);
}

static bool has_claim_constraints(const X509 *x)
{
    bool twice;
    for (size_t i = 0; i < ARRAY_SIZE(claim_constraints); i++)
        if (find_extension(x, claim_constraints[i], &twice))
            return true;
    return false;
}

const char *leaf_unfit(X509 *x)
{
    if (!chain_key_is_p256(x)) {
        ERR_clear_error();
        return "the certificate's key is not on P-256 by name";
    }
    const uint32_t flags = X509_get_extension_flags(x);
    if (flags & EXFLAG_INVALID)
        return "the certificate's extensions cannot be read";
    /* Either way of being one: cA=TRUE whatever keyUsage says, and what OpenSSL would let issue. */
    if (flags & EXFLAG_CA || X509_check_ca(x) != 0)
        return "a CA certificate may not sign calls";
    if (!(flags & EXFLAG_KUSAGE))
        return "the certificate has no keyUsage";
    if (!(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE))
        return "the certificate's keyUsage lacks digitalSignature";
    if (has_claim_constraints(x))
        return "the certificate carries claim constraints, which this version does not enforce";
    return NULL;
}

bool leaf_scope_lies_within(const X509 *leaf, const X509 *issuer)
{
    auto_(tnauth_destroy) struct tnauth *parent = NULL;
    auto_(tnauth_destroy) struct tnauth *child = NULL;
    enum bf_err err = leaf_tnauth(issuer, &parent, NULL);
    if (err)
        return err == BF_ENOENT;
    err = leaf_tnauth(leaf, &child, NULL);
    if (err)
        return err == BF_ENOENT;
    return tnauth_encompasses(parent, child);
}

/* ---- SIP domains ---- */

static bool is_host(struct span s)
{
    if (s.n < 1 || s.n > 253)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
            return false;
    return true;
}

/* `sip:example.com`; a user part, port or parameter makes it something else (RFC 5922 section 7.1). */
static struct span host_of_name(const GENERAL_NAME *name)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_DNS && type != GEN_URI)
        return SPAN_NONE;
    struct span s = span_make(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (type == GEN_URI) {
        if (!span_starts_nocase(s, SPAN("sip:")))
            return SPAN_NONE;
        s = span_from(s, 4);
    }
    return is_host(s) ? s : SPAN_NONE;
}

static char *lower_copy(struct span s)
{
    char *text = malloc(s.n + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < s.n; i++)
        text[i] = (char)tolower((unsigned char)s.p[i]);
    text[s.n] = '\0';
    return text;
}

enum bf_err leaf_san_domains(const X509 *x, char ***ret, size_t *ret_n)
{
    enum bf_err err = BF_OK;
    size_t n = 0;
    char **out = NULL;
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && n < LEAF_SAN_MAX && !err; i++) {
        const struct span host = host_of_name(sk_GENERAL_NAME_value(names, i));
        if (!host.p)
            continue;
        if (!out)
            out = calloc(LEAF_SAN_MAX, sizeof *out);
        if (out)
            out[n] = lower_copy(host);
        if (!out || !out[n])
            err = BF_ENOMEM;
        else
            n++;
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    if (err) {
        while (n > 0)
            free(out[--n]);
        free(out);
        return err;
    }
    *ret = out;
    *ret_n = n;
    return BF_OK;
}
