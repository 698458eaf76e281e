/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/domain.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/chain.h"
#include "trust/crl.h"
#include "trust/pem.h"

#define ANCHOR_FILE_BYTES (16u << 20)
#define ANCHORS_MAX       4096u

/* ---- small things ---- */

static bool read_time(const ASN1_TIME *time, utc_t *ret)
{
    struct tm tm;
    if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *ret = timegm(&tm);
    return true;
}

utc_t x509_not_before(const X509 *x)
{
    utc_t t;
    return read_time(X509_get0_notBefore(x), &t) ? t : INT64_MAX;
}

utc_t x509_not_after(const X509 *x)
{
    utc_t t;
    return read_time(X509_get0_notAfter(x), &t) ? t : INT64_MIN;
}

static enum bf_err read_open(FILE *file, size_t max, char **ret, size_t *ret_n)
{
    size_t n = 0, size = 16384;
    char *bytes = malloc(size);
    while (bytes && !feof(file) && !ferror(file)) {
        if (n == size) {
            char *more = n > max ? NULL : realloc(bytes, size *= 2);
            if (!more) {
                free(bytes);
                return n > max ? BF_ELIMIT : BF_ENOMEM;
            }
            bytes = more;
        }
        n += fread(bytes + n, 1, size - n, file);
    }
    if (!bytes)
        return BF_ENOMEM;
    if (ferror(file) || n > max) {
        const enum bf_err err = ferror(file) ? BF_EIO : BF_ELIMIT;
        free(bytes);
        return err;
    }
    *ret = bytes;
    *ret_n = n;
    return BF_OK;
}

enum bf_err file_read(const char *path, size_t max, char **ret, size_t *ret_n)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return BF_EIO;
    enum bf_err err = read_open(file, max, ret, ret_n);
    const int saved = errno;
    fclose(file);
    errno = saved;
    return err;
}

/* Where what went wrong is told; err passes through. */
static enum bf_err say(char **ret_message, enum bf_err err, const char *format, ...) printf_(3, 4);
static enum bf_err say(char **ret_message, enum bf_err err, const char *format, ...)
{
    va_list args;
    if (!ret_message || *ret_message)
        return err;
    va_start(args, format);
    if (vasprintf(ret_message, format, args) < 0)
        *ret_message = NULL;
    va_end(args);
    return err;
}

/* ---- anchors ---- */

static bool is_among(STACK_OF(X509) * all, const X509 *x)
{
    for (int i = 0; i < sk_X509_num(all); i++)
        if (X509_cmp(sk_X509_value(all, i), x) == 0)
            return true;
    return false;
}

static enum bf_err keep(STACK_OF(X509) * all, X509 *x)
{
    if (is_among(all, x))
        return BF_OK;
    if (X509_up_ref(x) != 1)
        return BF_ECRYPTO;
    if (sk_X509_push(all, x) > 0)
        return BF_OK;
    X509_free(x);
    return BF_ENOMEM;
}

static enum bf_err add_certificate(struct domain *d, const char *path, int nth, X509 *x, char **ret_message)
{
    if (!(X509_get_extension_flags(x) & EXFLAG_SS))
        return keep(d->known, x);
    const char *why = chain_key_refused(x);
    if (why)
        return say(ret_message, BF_EUNSUP, "%s: anchor %d has %s", path, nth + 1, why);
    if (sk_X509_num(d->anchors) >= (int)ANCHORS_MAX)
        return say(ret_message, BF_ELIMIT, "%s: more than %u anchors", path, ANCHORS_MAX);
    return keep(d->anchors, x);
}

static enum bf_err add_file(struct domain *d, const char *path, char **ret_message)
{
    char *bytes = NULL;
    size_t n = 0;
    struct fault fault = { 0, "no certificate in it" };
    STACK_OF(X509) *all = NULL;
    enum bf_err err = file_read(path, ANCHOR_FILE_BYTES, &bytes, &n);
    if (err)
        return say(ret_message, err, "%s: cannot be read: %s", path,
                   err == BF_EIO ? strerror(errno) : bf_err_text(err));
    err = pem_certificates(span_make(bytes, n), ANCHORS_MAX, &all, &fault);
    free(bytes);
    if (err)
        return say(ret_message, err, "%s: byte %zu: %s", path, fault.at, fault.what);
    for (int i = 0; i < sk_X509_num(all) && !err; i++)
        err = add_certificate(d, path, i, sk_X509_value(all, i), ret_message);
    pem_certificates_free(all);
    return err;
}

static int is_certificate_file(const struct dirent *e)
{
    static const char *const endings[] = { ".pem", ".crt", ".cer", ".der" };
    const struct span name = span_of(e->d_name);
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
        if (name.n > 4 && name.p[0] != '.' &&
            span_equal_nocase(span_from(name, name.n - 4), span_of(endings[i])))
            return 1;
    return 0;
}

static enum bf_err add_directory(struct domain *d, const char *path, char **ret_message)
{
    struct dirent **entries = NULL;
    enum bf_err err = BF_OK;
    const int n = scandir(path, &entries, is_certificate_file, alphasort);
    if (n < 0)
        return say(ret_message, BF_EIO, "%s: cannot be read: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (!err && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
            file = NULL;
            err = BF_ENOMEM;
        }
        if (!err)
            err = add_file(d, file, ret_message);
        free(file);
        free(entries[i]);
    }
    free(entries);
    if (!err && n == 0)
        return say(ret_message, BF_EFORM, "%s: no .pem, .crt, .cer or .der file in it", path);
    return err;
}

static enum bf_err read_anchors(struct domain *d, const struct trust_domain_options *o, char **ret_message)
{
    for (size_t i = 0; i < o->n_anchors; i++) {
        struct stat st;
        const bool is_dir = stat(o->anchors[i], &st) == 0 && S_ISDIR(st.st_mode);
        enum bf_err err =
            is_dir ? add_directory(d, o->anchors[i], ret_message) : add_file(d, o->anchors[i], ret_message);
        if (err)
            return err;
    }
    if (o->n_anchors && sk_X509_num(d->anchors) == 0)
        return say(ret_message, BF_EFORM, "%s: holds no self-signed certificate, so no anchor",
                   o->anchors[0]);
    return BF_OK;
}

/* ---- a domain ---- */

static enum bf_err copy_texts(const char *const *from, size_t texts, size_t size, char *to)
{
    for (size_t i = 0; i < texts; i++) {
        const size_t n = strlen(from[i]);
        if (n >= size)
            return BF_ELIMIT;
        memcpy(to + i * size, from[i], n + 1);
    }
    return BF_OK;
}

static enum bf_err copy_rules(struct domain *d, const struct trust_domain_options *o)
{
    d->name = strdup(o->name ? o->name : "");
    d->policy_oids = calloc(o->n_policy_oids + 1, sizeof *d->policy_oids);
    d->subject_c = calloc(o->n_subject_c + 1, sizeof *d->subject_c);
    d->numbers = calloc(o->n_numbers + 1, sizeof *d->numbers);
    d->anchors = sk_X509_new_null();
    d->known = sk_X509_new_null();
    d->crl_signers = sk_X509_new_null();
    if (!d->name || !d->policy_oids || !d->subject_c || !d->numbers || !d->anchors || !d->known ||
        !d->crl_signers)
        return BF_ENOMEM;
    if (asprintf(&d->leads, "the chain leads to an anchor of trust domain %s", d->name) < 0) {
        d->leads = NULL;
        return BF_ENOMEM;
    }
    d->lab = o->lab;
    d->n_policy_oids = o->n_policy_oids;
    d->n_subject_c = o->n_subject_c;
    d->n_numbers = o->n_numbers;
    if (o->n_numbers)
        memcpy(d->numbers, o->numbers, o->n_numbers * sizeof *o->numbers);
    enum bf_err err = copy_texts(o->policy_oids, o->n_policy_oids, POLICY_TEXT, d->policy_oids[0]);
    return err ? err : copy_texts(o->subject_c, o->n_subject_c, COUNTRY_TEXT, d->subject_c[0]);
}

static enum bf_err fill_domain(struct domain *d, const struct trust_domain_options *o, utc_t now,
                               char **ret_message)
{
    enum bf_err err = copy_rules(d, o);
    if (err)
        return say(ret_message, err, "trust domain %s: %s", o->name, bf_err_text(err));
    err = read_anchors(d, o, ret_message);
    for (size_t i = 0; i < o->n_crls && !err; i++)
        err = crl_read_file(o->crls[i], &d->crls, &d->n_crls, d->crl_signers);
    /* Configured, and not one list in all the files: revocation is unknown rather than not asked. */
    if (!err && o->n_crls && d->n_crls == 0)
        err = crl_read(o->crls[0], SPAN_NONE, &d->crls, &d->n_crls, d->crl_signers);
    for (size_t i = 0; i < d->n_crls && !err; i++)
        crl_settle(d, d->crls[i], now);
    return err;
}

static void clear_domain(struct domain *d)
{
    for (size_t i = 0; i < d->n_crls; i++)
        crl_destroy(d->crls[i]);
    free(d->crls);
    pem_certificates_free(d->crl_signers);
    pem_certificates_free(d->anchors);
    pem_certificates_free(d->known);
    free(d->numbers);
    free(d->subject_c);
    free(d->policy_oids);
    free(d->leads);
    free(d->name);
}

/* ---- the snapshot ---- */

static utc_t first_expiry(const struct trust *t)
{
    utc_t first = INT64_MAX;
    for (size_t i = 0; i < t->n; i++)
        for (int k = 0; k < sk_X509_num(t->domains[i].anchors); k++) {
            const utc_t at = x509_not_after(sk_X509_value(t->domains[i].anchors, k));
            first = at < first ? at : first;
        }
    return first;
}

enum bf_err trust_create(const struct trust_domain_options *domains, size_t n, uint64_t generation, utc_t now,
                         struct trust **ret, char **ret_message)
{
    auto_(trust_destroy) struct trust *t = NULL;
    if (ret_message)
        *ret_message = NULL;
    if (n > LIMIT_TRUST_DOMAINS)
        return say(ret_message, BF_ELIMIT, "more than %u trust domains", LIMIT_TRUST_DOMAINS);
    t = calloc(1, sizeof *t);
    if (!t)
        return BF_ENOMEM;
    t->generation = generation;
    for (size_t i = 0; i < n; i++) {
        t->n++;
        enum bf_err err = fill_domain(&t->domains[i], &domains[i], now, ret_message);
        ERR_clear_error();
        if (err)
            return say(ret_message, err, "trust domain %s: %s", domains[i].name, bf_err_text(err));
    }
    t->first_expiry = first_expiry(t);
    *ret = t;
    t = NULL;
    return BF_OK;
}

void trust_destroy(struct trust *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        clear_domain(&t->domains[i]);
    free(t);
}

void trust_succeed(struct trust *t, const struct trust *old)
{
    if (t->generation <= trust_generation(old))
        t->generation = trust_generation(old) + 1;
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < trust_domains(old); k++)
            if (strcmp(t->domains[i].name, old->domains[k].name) == 0)
                crl_keep_newer(&t->domains[i], &old->domains[k]);
}

size_t trust_domains(const struct trust *t)
{
    return t ? t->n : 0;
}

const char *trust_domain_name(const struct trust *t, size_t domain)
{
    const struct domain *d = trust_domain(t, domain);
    return d ? d->name : "";
}

const char *trust_domain_leads(const struct trust *t, size_t domain)
{
    const struct domain *d = trust_domain(t, domain);
    return d ? d->leads : "";
}

bool trust_domain_is_lab(const struct trust *t, size_t domain)
{
    const struct domain *d = trust_domain(t, domain);
    return d && d->lab;
}

bool trust_domain_speaks_for(const struct trust *t, size_t domain, const struct number *caller)
{
    const struct domain *d = trust_domain(t, domain);
    if (!d)
        return false;
    for (size_t i = 0; i < d->n_numbers; i++)
        if (number_range_holds(&d->numbers[i], caller))
            return true;
    return d->n_numbers == 0;
}

size_t trust_domain_anchors(const struct trust *t, size_t domain)
{
    const struct domain *d = trust_domain(t, domain);
    return d ? (size_t)sk_X509_num(d->anchors) : 0;
}

utc_t trust_first_expiry(const struct trust *t)
{
    return t ? t->first_expiry : INT64_MAX;
}

uint64_t trust_generation(const struct trust *t)
{
    return t ? t->generation : 0;
}

static const char *crl_fault(const struct crl *crl, utc_t now)
{
    if (crl->why)
        return crl->why;
    if (now > crl->next_update + CRL_GRACE_S)
        return "the next list is more than 72 hours overdue";
    if (crl->this_update > now + 300)
        return "it is dated in the future";
    return NULL;
}

enum revocation trust_domain_crl(const struct trust *t, size_t domain, utc_t now, int64_t *ret_age_s)
{
    const struct domain *d = trust_domain(t, domain);
    enum revocation state = d && d->n_crls ? REVOCATION_GOOD : REVOCATION_NOT_ASKED;
    int64_t oldest = 0;
    for (size_t i = 0; d && i < d->n_crls; i++) {
        const struct crl *crl = d->crls[i];
        if (crl_fault(crl, now))
            state = REVOCATION_UNKNOWN;
        if (crl->list && now - crl->this_update > oldest)
            oldest = now - crl->this_update;
    }
    if (ret_age_s)
        *ret_age_s = oldest;
    return state;
}

const char *trust_domain_crl_fault(const struct trust *t, size_t domain, utc_t now, const char **ret_file)
{
    const struct domain *d = trust_domain(t, domain);
    for (size_t i = 0; d && i < d->n_crls; i++) {
        const char *why = crl_fault(d->crls[i], now);
        if (why) {
            *ret_file = d->crls[i]->path;
            return why;
        }
    }
    return NULL;
}
