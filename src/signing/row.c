/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row is put to the test when it is read, not when the first call needs it: the key must load, the URL must be
 * one that verifiers follow, and a chain that is named must hold the key's own certificate.
 */
#include "signing/row.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "fetch/fetch.h"

static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...) printf_(3, 4);
static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(ret_message, format, args) < 0)
        *ret_message = NULL;
    va_end(args);
    return err;
}

/* Certificates of a PEM file; the caller frees the stack. NULL with errno 0: not one that can be read. */
static STACK_OF(X509) * read_chain(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *cert;
    while (chain && sk_X509_num(chain) < (int)LIMIT_CHAIN_CERTS &&
           (cert = PEM_read_X509(file, NULL, NULL, NULL)))
        if (!sk_X509_push(chain, cert))
            X509_free(cert);
    ERR_clear_error();
    fclose(file);
    errno = 0;
    if (chain && sk_X509_num(chain) > 0)
        return chain;
    sk_X509_free(chain);
    return NULL;
}

static bool is_of_key(X509 *cert, const struct es256_key *key)
{
    struct es256_key *other = NULL;
    const enum bf_err err = es256_key_create(X509_get0_pubkey(cert), &other);
    const bool same = err == BF_OK && memcmp(es256_key_point(key), es256_key_point(other), 64) == 0;
    es256_key_destroy(other);
    return same;
}

static utc_t time_of(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (utc_t)timegm(&tm) : 0;
}

static void narrow(struct sign_row *row, const X509 *cert)
{
    const utc_t from = time_of(X509_get0_notBefore(cert)), to = time_of(X509_get0_notAfter(cert));
    if (from > row->not_before)
        row->not_before = from;
    if (to < row->not_after)
        row->not_after = to;
}

/* The times in which the certificate and all that the file holds above it are valid (DT-002). */
static void narrow_by_chain(struct sign_row *row, STACK_OF(X509) * chain, X509 *leaf)
{
    X509 *at = leaf;
    for (int depth = 0; at && depth < (int)LIMIT_CHAIN_CERTS; depth++) {
        X509 *issuer = NULL;
        narrow(row, at);
        for (int i = 0; i < sk_X509_num(chain) && !issuer; i++)
            if (sk_X509_value(chain, i) != at && X509_check_issued(sk_X509_value(chain, i), at) == X509_V_OK)
                issuer = sk_X509_value(chain, i);
        at = issuer;
    }
}

static enum bf_err load_chain(struct sign_row *row, const char *path, char **ret_message)
{
    STACK_OF(X509) *chain = read_chain(path);
    X509 *leaf = NULL;
    if (!chain)
        return errno ? told(BF_EIO, ret_message, "%s: %s", path, strerror(errno))
                     : told(BF_EFORM, ret_message, "%s: no PEM certificate in it", path);
    row->chain = chain;
    for (int i = 0; i < sk_X509_num(chain) && !leaf; i++)
        if (is_of_key(sk_X509_value(chain, i), key_public(row->key)))
            leaf = sk_X509_value(chain, i);
    row->leaf = leaf;
    if (leaf)
        narrow_by_chain(row, chain, leaf);
    return leaf ? BF_OK : told(BF_EINVAL, ret_message, "%s: no certificate in it is of this row's key", path);
}

static void *copy(const void *p, size_t n, size_t size)
{
    void *q = calloc(n ? n : 1, size);
    if (q && n)
        memcpy(q, p, n * size);
    return q;
}

/* What a token is signed with: all but whose calls. */
struct paper {
    char attest;
    const char *key, *x5u, *chain;
};

static enum bf_err take_paper(struct sign_row *row, const struct paper *p, struct sign_keys *keys,
                              char **ret_message)
{
    struct fault fault = { 0, "" };
    if (p->attest < 'A' || p->attest > 'C')
        return told(BF_EINVAL, ret_message, "attest must be A, B or C");
    if (!p->key || !p->x5u || !*p->key || !*p->x5u)
        return told(BF_EINVAL, ret_message, "%s is missing", p->key && *p->key ? "x5u" : "key");
    if (fetch_url_allowed(span_of(p->x5u), true, &fault) != BF_OK)
        return told(BF_EINVAL, ret_message, "x5u: %s", fault.what);
    row->attest = p->attest;
    if (!(row->x5u = strdup(p->x5u)))
        return BF_ENOMEM;
    enum bf_err err = BF_OK;
    for (char attest = row->attest; err == BF_OK && attest <= 'C'; attest++)
        err =
            token_template_create(PPT_SHAKEN, span_of(row->x5u), attest, &row->tokens[attest - 'A'], &fault);
    if (err == BF_EFORM || err == BF_ELIMIT)
        return told(BF_EINVAL, ret_message, "x5u: %s", fault.what);
    if (err == BF_OK)
        err = sign_keys_load(keys, p->key, &row->key, ret_message);
    return err == BF_OK && p->chain && *p->chain ? load_chain(row, p->chain, ret_message) : err;
}

static void begin(struct sign_row *row)
{
    memset(row, 0, sizeof *row);
    row->not_before = INT64_MIN;
    row->not_after = INT64_MAX;
}

enum bf_err row_init(struct sign_row *row, const struct sign_row_options *o, struct sign_keys *keys,
                     char **ret_message)
{
    const struct paper paper = { o->attest, o->key_path, o->x5u, o->chain_path };
    begin(row);
    if (o->n_numbers == 0)
        return told(BF_EINVAL, ret_message, "no numbers: a row without them would sign nothing");
    row->numbers = copy(o->numbers, o->n_numbers, sizeof *o->numbers);
    row->customers = copy(o->customers, o->n_customers, sizeof *o->customers);
    row->n_numbers = o->n_numbers;
    row->n_customers = o->n_customers;
    return row->numbers && row->customers ? take_paper(row, &paper, keys, ret_message) : BF_ENOMEM;
}

enum bf_err row_init_customer(struct sign_row *row, const struct sign_customer_options *o,
                              struct sign_keys *keys, char **ret_message)
{
    const struct paper paper = { o->attest, o->key_path, o->x5u, o->chain_path };
    begin(row);
    return take_paper(row, &paper, keys, ret_message);
}

void row_clear(struct sign_row *row)
{
    free(row->numbers);
    free(row->customers);
    free(row->x5u);
    for (size_t i = 0; i < ARRAY_SIZE(row->tokens); i++)
        token_template_destroy(row->tokens[i]);
    sk_X509_pop_free(row->chain, X509_free);
    memset(row, 0, sizeof *row);
}
