/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lab that looks like the real thing: what a production certificate carries (policy, distribution point with its CRL
 * issuer, key identifiers) stands in these too, so that nothing works in the lab and fails outside for lack of a field.
 */
#include "credential/lab.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "credential/lab_files.h"

struct lab {
    char *name;
    utc_t not_before, not_after;
    enum lab_key kind;
    EVP_PKEY *root_key, *ca_key;
    X509 *root, *ca;
    CONF *extensions;
};

/* EX-004, one section a kind of certificate. */
static const char extension_sections[] = "[root]\n"
                                         "basicConstraints=critical,CA:TRUE\n"
                                         "keyUsage=critical,keyCertSign,cRLSign\n"
                                         "subjectKeyIdentifier=hash\n"
                                         "[ca]\n"
                                         "basicConstraints=critical,CA:TRUE,pathlen:0\n"
                                         "keyUsage=critical,keyCertSign,cRLSign\n"
                                         "subjectKeyIdentifier=hash\n"
                                         "authorityKeyIdentifier=keyid:always\n"
                                         "certificatePolicies=2.16.840.1.114569.1.1.4\n"
                                         "crlDistributionPoints=list\n"
                                         "[carrier]\n"
                                         "basicConstraints=critical,CA:FALSE\n"
                                         "keyUsage=critical,digitalSignature\n"
                                         "subjectKeyIdentifier=hash\n"
                                         "authorityKeyIdentifier=keyid:always\n"
                                         "certificatePolicies=2.16.840.1.114569.1.1.4\n"
                                         "crlDistributionPoints=list\n"
                                         "[list]\n"
                                         "fullname=URI:https://pa.example/crl\n"
                                         "CRLissuer=dirName:administrator\n"
                                         "[administrator]\n"
                                         "C=US\n"
                                         "O=STI-PA\n"
                                         "CN=STI-PA CRL\n";

static EVP_PKEY *make_key(enum lab_key kind)
{
    switch (kind) {
    case LAB_P256: return EVP_EC_gen("P-256");
    case LAB_P384: return EVP_EC_gen("P-384");
    case LAB_P521: return EVP_EC_gen("P-521");
    case LAB_RSA2048: return EVP_RSA_gen(2048);
    case LAB_RSA4096: return EVP_RSA_gen(4096);
    }
    return NULL;
}

/* As strong as the key that signs (CPF-003). */
static const EVP_MD *digest_for(enum lab_key kind)
{
    return kind == LAB_P384 ? EVP_sha384() : kind == LAB_P521 ? EVP_sha512() : EVP_sha256();
}

/* ---- the parts of a certificate ---- */

/* Positive, 127 bits of it random (CPF-002). */
static bool set_serial(X509 *x)
{
    BIGNUM *number = BN_new();
    const bool good = number && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
    BN_free(number);
    return good;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) ==
           1;
}

static bool set_subject(X509 *x, const char *organization, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(x);
    return add_name(name, "C", "US") && add_name(name, "O", organization) &&
           add_name(name, "CN", common_name);
}

static bool set_times(X509 *x, utc_t from, utc_t to)
{
    return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from) &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)to);
}

static bool add_extensions(struct lab *lab, X509 *x, X509 *issuer, const char *section)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509V3_set_nconf(&ctx, lab->extensions);
    return X509V3_EXT_add_nconf(lab->extensions, &ctx, section, x) == 1;
}

struct order {
    const char *section, *organization, *common_name;
    utc_t from, to;
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
};

static X509 *make_certificate(struct lab *lab, const struct order *o)
{
    X509 *x = X509_new();
    if (x && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
        set_subject(x, o->organization, o->common_name) && set_times(x, o->from, o->to) &&
        X509_set_pubkey(x, o->key) == 1 &&
        X509_set_issuer_name(x, X509_get_subject_name(o->issuer ? o->issuer : x)) == 1 &&
        add_extensions(lab, x, o->issuer ? o->issuer : x, o->section))
        return x;
    X509_free(x);
    return NULL;
}

static bool sign_certificate(struct lab *lab, X509 *x, EVP_PKEY *key)
{
    return x && X509_sign(x, key, digest_for(lab->kind)) > 0;
}

/* ---- the lab ---- */

static enum bf_err load_sections(struct lab *lab)
{
    long line;
    BIO *text = BIO_new_mem_buf(extension_sections, -1);
    lab->extensions = NCONF_new(NULL);
    const bool good = text && lab->extensions && NCONF_load_bio(lab->extensions, text, &line) == 1;
    BIO_free(text);
    return good ? BF_OK : BF_ECRYPTO;
}

static enum bf_err make_authorities(struct lab *lab)
{
    char name[128];
    const struct order root = { "root",         lab->name,     "SHAKEN ROOT", lab->not_before,
                                lab->not_after, lab->root_key, NULL };
    snprintf(name, sizeof name, "SHAKEN %s CA", lab->name);
    lab->root = make_certificate(lab, &root);
    if (!sign_certificate(lab, lab->root, lab->root_key))
        return BF_ECRYPTO;
    const struct order ca = {
        "ca", lab->name, name, lab->not_before, lab->not_after, lab->ca_key, lab->root
    };
    lab->ca = make_certificate(lab, &ca);
    return sign_certificate(lab, lab->ca, lab->root_key) ? BF_OK : BF_ECRYPTO;
}

enum bf_err lab_create(const struct lab_options *options, struct lab **ret)
{
    auto_(lab_destroy) struct lab *lab = calloc(1, sizeof *lab);
    if (!lab || !(lab->name = strdup(options->name ? options->name : "Lab")))
        return BF_ENOMEM;
    lab->not_before = options->not_before;
    lab->not_after = options->not_after;
    lab->kind = options->ca_key;
    lab->root_key = make_key(lab->kind);
    lab->ca_key = make_key(lab->kind);
    if (!lab->root_key || !lab->ca_key)
        return BF_ECRYPTO;
    enum bf_err err = load_sections(lab);
    if (!err)
        err = make_authorities(lab);
    ERR_clear_error();
    if (err)
        return err;
    *ret = lab;
    lab = NULL;
    return BF_OK;
}

void lab_destroy(struct lab *lab)
{
    if (!lab)
        return;
    EVP_PKEY_free(lab->root_key);
    EVP_PKEY_free(lab->ca_key);
    X509_free(lab->root);
    X509_free(lab->ca);
    NCONF_free(lab->extensions);
    free(lab->name);
    free(lab);
}

X509 *lab_root(struct lab *lab)
{
    return lab->root;
}

X509 *lab_intermediate(struct lab *lab)
{
    return lab->ca;
}

/* ---- carriers ---- */

static enum bf_err add_tnauth(X509 *x, const struct lab_carrier_options *o)
{
    const struct tnauth_entry spc = { TNAUTH_SPC, span_of(o->spc), 1 };
    uint8_t der[16384];
    size_t n = 0;
    enum bf_err err =
        tnauth_write(o->tnauth ? o->tnauth : &spc, o->tnauth ? o->n_tnauth : 1, der, sizeof der, &n);
    if (err)
        return err;
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.26", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    if (oid && value && ASN1_OCTET_STRING_set(value, der, (int)n) == 1)
        extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    const bool good = extension && X509_add_ext(x, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
    return good ? BF_OK : BF_ECRYPTO;
}

static enum bf_err make_leaf(struct lab *lab, const struct lab_carrier_options *o, struct lab_carrier *c)
{
    char organization[128], name[64];
    snprintf(organization, sizeof organization, "%s Telco", lab->name);
    snprintf(name, sizeof name, "SHAKEN %s", o->spc);
    const struct order order = { "carrier",
                                 organization,
                                 name,
                                 o->not_before ? o->not_before : lab->not_before,
                                 o->not_after ? o->not_after : lab->not_after,
                                 c->key,
                                 lab->ca };
    c->leaf = make_certificate(lab, &order);
    enum bf_err err = c->leaf ? add_tnauth(c->leaf, o) : BF_ECRYPTO;
    if (!err && !sign_certificate(lab, c->leaf, lab->ca_key))
        err = BF_ECRYPTO;
    return err;
}

enum bf_err lab_carrier(struct lab *lab, const struct lab_carrier_options *options, struct lab_carrier *ret)
{
    struct lab_carrier c = { NULL, NULL };
    if (options->key && EVP_PKEY_up_ref(options->key) == 1)
        c.key = options->key;
    else if (!options->key)
        c.key = make_key(LAB_P256);
    enum bf_err err = c.key ? make_leaf(lab, options, &c) : BF_ECRYPTO;
    ERR_clear_error();
    if (err) {
        lab_carrier_clear(&c);
        return err;
    }
    *ret = c;
    return BF_OK;
}

void lab_carrier_clear(struct lab_carrier *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->leaf);
    *c = (struct lab_carrier){ NULL, NULL };
}

/* ---- as text ---- */

/* What the BIO holds, as a text to be freed; frees the BIO. */
static char *take_text(BIO *out, bool good)
{
    char *bytes = NULL, *text = NULL;
    const long n = out ? BIO_get_mem_data(out, &bytes) : 0;
    if (good && n > 0 && (text = malloc((size_t)n + 1))) {
        memcpy(text, bytes, (size_t)n);
        text[n] = '\0';
    }
    BIO_free(out);
    return text;
}

char *lab_chain_pem(struct lab *lab, const struct lab_carrier *carrier)
{
    BIO *out = BIO_new(BIO_s_mem());
    const bool good =
        out && PEM_write_bio_X509(out, carrier->leaf) == 1 && PEM_write_bio_X509(out, lab->ca) == 1;
    return take_text(out, good);
}

char *lab_root_pem(struct lab *lab)
{
    BIO *out = BIO_new(BIO_s_mem());
    return take_text(out, out && PEM_write_bio_X509(out, lab->root) == 1);
}

char *lab_intermediate_pem(struct lab *lab)
{
    BIO *out = BIO_new(BIO_s_mem());
    return take_text(out, out && PEM_write_bio_X509(out, lab->ca) == 1);
}

char *lab_key_pem(const struct lab_carrier *carrier)
{
    BIO *out = BIO_new(BIO_s_secmem());
    return take_text(out,
                     out && PEM_write_bio_PKCS8PrivateKey(out, carrier->key, NULL, NULL, 0, NULL, NULL) == 1);
}

utc_t lab_not_before(const struct lab *lab)
{
    return lab->not_before;
}

utc_t lab_not_after(const struct lab *lab)
{
    return lab->not_after;
}
