/* SPDX-License-Identifier: Apache-2.0 */
/* Own scanner: OpenSSL's stops at the first block it dislikes, and what is unrelated must not hide what follows. */
#include "trust/pem.h"

#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static const struct span begin_mark = { "-----BEGIN ", 11 };
static const struct span end_mark = { "-----END ", 9 };
static const struct span dashes = { "-----", 5 };

/* Offset of `what` in s, or s.n. */
static size_t find(struct span s, struct span what)
{
    const char *p = s.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
    return p ? (size_t)(p - s.p) : s.n;
}

/* The label in front of the next five dashes on the same line. */
static bool read_label(struct span rest, struct span *ret)
{
    const size_t line = span_find(rest, '\n');
    const size_t n = find(span_first(rest, line), dashes);
    *ret = span_first(rest, n);
    return n < line;
}

enum bf_err pem_next(struct span pem, size_t *at, struct pem_block *ret, struct fault *fault)
{
    const struct span rest = span_from(pem, *at);
    struct span label, end_label = SPAN_NONE;
    const size_t begin = find(rest, begin_mark);
    if (begin == rest.n)
        return BF_ENOENT;
    const struct span body = span_from(rest, begin + begin_mark.n);
    if (!read_label(body, &label))
        return fault_at(fault, BF_EFORM, *at + begin, "a BEGIN line that does not end");
    const struct span inside = span_from(body, label.n + dashes.n);
    const size_t end = find(inside, end_mark);
    if (end == inside.n || !read_label(span_from(inside, end + end_mark.n), &end_label) ||
        !span_equal(label, end_label))
        return fault_at(fault, BF_EFORM, *at + begin, "a block without its END line");
    *ret = (struct pem_block){ label, span_first(inside, end), *at + begin };
    *at += begin + begin_mark.n + label.n + dashes.n + end + end_mark.n + end_label.n + dashes.n;
    return BF_OK;
}

enum bf_err pem_decode(const struct pem_block *block, uint8_t **ret, size_t *ret_n, struct fault *fault)
{
    int n = 0, last = 0;
    uint8_t *out = malloc(block->text.n + 4);
    EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
    if (!out || !ctx || block->text.n > INT32_MAX) {
        free(out);
        EVP_ENCODE_CTX_free(ctx);
        return BF_ENOMEM;
    }
    EVP_DecodeInit(ctx);
    const bool good =
        EVP_DecodeUpdate(ctx, out, &n, (const unsigned char *)block->text.p, (int)block->text.n) >= 0 &&
        EVP_DecodeFinal(ctx, out + n, &last) == 1;
    EVP_ENCODE_CTX_free(ctx);
    if (!good) {
        free(out);
        return fault_at(fault, BF_EFORM, block->at, "a block that is not base64");
    }
    *ret = out;
    *ret_n = (size_t)n + (size_t)last;
    return BF_OK;
}

X509 *pem_x509(struct span der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    if (der.n == 0 || der.n > INT32_MAX)
        return NULL;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (x && p != (const unsigned char *)der.p + der.n) {
        X509_free(x);
        x = NULL;
    }
    ERR_clear_error();
    return x;
}

void pem_certificates_free(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

static bool holds(STACK_OF(X509) * all, const X509 *x)
{
    for (int i = 0; i < sk_X509_num(all); i++)
        if (X509_cmp(sk_X509_value(all, i), x) == 0)
            return true;
    return false;
}

/* Takes x over. */
static enum bf_err add(STACK_OF(X509) * all, X509 *x)
{
    if (!x || holds(all, x)) {
        X509_free(x);
        return BF_OK;
    }
    if (sk_X509_push(all, x) > 0)
        return BF_OK;
    X509_free(x);
    return BF_ENOMEM;
}

static enum bf_err add_block(STACK_OF(X509) * all, const struct pem_block *block, struct fault *fault)
{
    uint8_t *der = NULL;
    size_t n = 0;
    enum bf_err err = pem_decode(block, &der, &n, fault);
    if (err)
        return err;
    X509 *x = pem_x509(span_make(der, n));
    free(der);
    return x ? add(all, x) : fault_at(fault, BF_EFORM, block->at, "a certificate that cannot be read");
}

static bool is_certificate(struct span label)
{
    return span_equal(label, SPAN("CERTIFICATE")) || span_equal(label, SPAN("X509 CERTIFICATE"));
}

static enum bf_err read_all(struct span text, size_t max, STACK_OF(X509) * all, struct fault *fault)
{
    struct pem_block block;
    size_t at = 0, blocks = 0, found = 0;
    enum bf_err err;
    while ((err = pem_next(text, &at, &block, fault)) == BF_OK) {
        blocks++;
        if (!is_certificate(block.label))
            continue;
        if (++found > max)
            return fault_at(fault, BF_ELIMIT, block.at, "too many certificates");
        err = add_block(all, &block, fault);
        if (err)
            return err;
    }
    if (err != BF_ENOENT)
        return err;
    if (blocks == 0) {
        err = add(all, pem_x509(text));
        if (err)
            return err;
    }
    return sk_X509_num(all) > 0 ? BF_OK : fault_at(fault, BF_EFORM, 0, "no certificate in it");
}

enum bf_err pem_certificates(struct span text, size_t max, STACK_OF(X509) * *ret, struct fault *fault)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    if (!all)
        return BF_ENOMEM;
    enum bf_err err = read_all(text, max, all, fault);
    if (err) {
        pem_certificates_free(all);
        return err;
    }
    *ret = all;
    return BF_OK;
}
