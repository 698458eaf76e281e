/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     bonafide-crl-numbers 1
 *     <SHA-256 of the list's identity, hex> <cRLNumber, 40 digits, hex>
 */
#include "trust/crl_numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "trust/crl.h"
#include "trust/domain.h"

#define FIRST_LINE "bonafide-crl-numbers 1\n"
#define NAME       "/crl-numbers"
#define ROWS_MAX   1024u
#define DIGITS     40u                                 /* 20 octets are the most a number may have */
#define ROW_BYTES  (2 * SHA256_BYTES + 1 + DIGITS + 1) /* with its line end */
#define PATH_SIZE  4352u

/* Both in hex, so that a row of the file is a row in memory; numbers of one width compare as texts. */
struct row {
    char list[2 * SHA256_BYTES], number[DIGITS];
};
struct numbers {
    struct row rows[ROWS_MAX];
    size_t n;
    bool changed;
};

/* ---- a list's identity and number ---- */

static struct span scope_of(const X509_CRL *list)
{
    const int at = X509_CRL_get_ext_by_NID(list, NID_issuing_distribution_point, -1);
    const ASN1_OCTET_STRING *scope = at < 0 ? NULL : X509_EXTENSION_get_data(X509_CRL_get_ext(list, at));
    return scope ? span_make(ASN1_STRING_get0_data(scope), (size_t)ASN1_STRING_length(scope)) : SPAN_NONE;
}

static enum bf_err name_list(const struct domain *d, const struct crl *crl, struct row *row)
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = buf_on(row->list, sizeof row->list);
    auto_(sha256_destroy) struct sha256 *sha = NULL;
    unsigned char *issuer = NULL;
    const int n = i2d_X509_NAME(X509_CRL_get_issuer(crl->list), &issuer);
    const struct span parts[] = { span_make(d->name, strlen(d->name) + 1),
                                  crl->indirect ? SPAN("i") : SPAN("d"),
                                  span_make(issuer, n > 0 ? (size_t)n : 0), scope_of(crl->list) };
    enum bf_err err = n > 0 ? sha256_create(&sha) : BF_ENOMEM;
    if (!err)
        err = sha256_many(sha, parts, ARRAY_SIZE(parts), digest);
    if (!err)
        buf_hex(&hex, digest, sizeof digest);
    OPENSSL_free(issuer);
    return err;
}

/* Zeros where there is none, or one that no number may be: lower than all that are remembered. */
static void number_list(const struct crl *crl, struct row *row)
{
    uint8_t octets[DIGITS / 2] = { 0 };
    struct buf hex = buf_on(row->number, sizeof row->number);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl->list, NID_crl_number, NULL, NULL);
    BIGNUM *value = number ? ASN1_INTEGER_to_BN(number, NULL) : NULL;
    if (value && !BN_is_negative(value))
        (void)BN_bn2binpad(value, octets, sizeof octets); /* too long: stays 0 */
    buf_hex(&hex, octets, sizeof octets);
    BN_free(value);
    ASN1_INTEGER_free(number);
}

/* ---- the file ---- */

static bool is_hex(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
    return true;
}

static bool row_read(const char *line, struct row *row)
{
    const size_t gap = sizeof row->list;
    if (line[gap] != ' ' || line[ROW_BYTES - 1] != '\n' || !is_hex(line, gap) ||
        !is_hex(line + gap + 1, DIGITS))
        return false;
    memcpy(row->list, line, gap);
    memcpy(row->number, line + gap + 1, DIGITS);
    return true;
}

static enum bf_err numbers_read(const char *path, struct numbers *n)
{
    const size_t head = strlen(FIRST_LINE);
    char *bytes = NULL;
    size_t size = 0;
    enum bf_err err = file_read(path, head + ROWS_MAX * ROW_BYTES, &bytes, &size);
    if (err)
        return err == BF_EIO && errno == ENOENT ? BF_OK : err;
    bool good = size >= head && memcmp(bytes, FIRST_LINE, head) == 0 && (size - head) % ROW_BYTES == 0;
    for (size_t at = head; good && at < size; at += ROW_BYTES)
        good = row_read(bytes + at, &n->rows[n->n++]);
    free(bytes);
    return good ? BF_OK : BF_EFORM;
}

static bool rows_write(FILE *file, const struct numbers *n)
{
    bool good = fputs(FIRST_LINE, file) >= 0;
    for (size_t i = 0; i < n->n; i++)
        good = good && fprintf(file, "%.*s %.*s\n", (int)sizeof n->rows[i].list, n->rows[i].list, (int)DIGITS,
                               n->rows[i].number) > 0;
    return fflush(file) == 0 && good && fdatasync(fileno(file)) == 0;
}

static enum bf_err numbers_write(const char *path, const struct numbers *n)
{
    char aside[PATH_SIZE + 8];
    snprintf(aside, sizeof aside, "%s.part", path);
    const int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return BF_EIO;
    }
    const bool written = rows_write(file, n);
    if (fclose(file) == 0 && written && rename(aside, path) == 0)
        return BF_OK;
    unlink(aside);
    return BF_EIO;
}

/* ---- heeding ---- */

static struct row *find(struct numbers *n, const struct row *row)
{
    for (size_t i = 0; i < n->n; i++)
        if (memcmp(n->rows[i].list, row->list, sizeof row->list) == 0)
            return &n->rows[i];
    return NULL;
}

/* A list that is left out here keeps its neighbours' verdicts as they are: they speak of other certificates. */
static void heed(struct numbers *n, const struct row *row, struct crl *crl)
{
    struct row *seen = find(n, row);
    const int order = seen ? memcmp(row->number, seen->number, DIGITS) : 1;
    if (order < 0) {
        crl->why =
            "a list with a higher number was seen before: this one is older (crl-numbers in x5u.cache_dir)";
    } else if (order > 0 && crl->proven && (seen || n->n < ROWS_MAX)) {
        *(seen ? seen : &n->rows[n->n++]) = *row;
        n->changed = true;
    }
}

static enum bf_err heed_domain(struct numbers *n, struct domain *d)
{
    for (size_t i = 0; i < d->n_crls; i++) {
        struct row row;
        if (!d->crls[i]->list || d->crls[i]->why)
            continue;
        enum bf_err err = name_list(d, d->crls[i], &row);
        if (err)
            return err;
        number_list(d->crls[i], &row);
        heed(n, &row, d->crls[i]);
    }
    return BF_OK;
}

static enum bf_err heed_all(struct numbers *n, struct trust *t)
{
    enum bf_err err = BF_OK;
    for (size_t i = 0; i < t->n && !err; i++)
        err = heed_domain(n, &t->domains[i]);
    ERR_clear_error();
    return err;
}

enum bf_err crl_numbers_heed(struct trust *t, const char *dir, bool keep)
{
    char path[PATH_SIZE];
    if ((size_t)snprintf(path, sizeof path, "%s%s", dir, NAME) >= sizeof path)
        return BF_EIO;
    struct numbers *n = calloc(1, sizeof *n);
    if (!n)
        return BF_ENOMEM;
    enum bf_err read = numbers_read(path, n), err = BF_OK;
    if (read == BF_EFORM || read == BF_ELIMIT) {
        n->n = 0;
        read = BF_EFORM;
    }
    if (!read || read == BF_EFORM)
        err = heed_all(n, t);
    if (!err && keep && n->changed)
        err = numbers_write(path, n);
    free(n);
    return err ? err : read;
}
