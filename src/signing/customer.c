/* SPDX-License-Identifier: Apache-2.0 */
#include "signing/customer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "numbers/file.h"

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

const char *sign_known_text(enum sign_known known)
{
    switch (known) {
    case KNOWN_NOT: return "the call shows nothing of this customer";
    case KNOWN_ADDRESS: return "known by its address";
    case KNOWN_TLS: return "known by its TLS name";
    case KNOWN_KEY: return "known by its API key";
    case KNOWN_TRUNK: return "known by its trunk group";
    case KNOWN_HEADER: return "known by its header";
    }
    return "unknown";
}

/* ---- making one ---- */

static bool copy_nets(const struct cidr *from, size_t n, struct cidr **ret, size_t *ret_n)
{
    *ret = calloc(n ? n : 1, sizeof **ret);
    if (*ret && n)
        memcpy(*ret, from, n * sizeof **ret);
    *ret_n = *ret ? n : 0;
    return *ret != NULL;
}

static bool copy_texts(const char *const *from, size_t n, char ***ret, size_t *ret_n)
{
    *ret = calloc(n ? n : 1, sizeof **ret);
    for (*ret_n = 0; *ret && *ret_n < n; ++*ret_n)
        if (!((*ret)[*ret_n] = strdup(from[*ret_n])))
            return false;
    return *ret != NULL;
}

static void free_texts(char **all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(all[i]);
    free(all);
}

/* RFC 1918, RFC 6598, RFC 4193, loopback and link-local: where what a header says can be somebody's we know. */
static bool is_private(const struct cidr *net)
{
    static const struct cidr all[] = {
        { { [10] = 0xFF, [11] = 0xFF, [12] = 10 }, 104 },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 172, [13] = 16 }, 108 },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 192, [13] = 168 }, 112 },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 100, [13] = 64 }, 106 },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 127 }, 104 },
        { { [10] = 0xFF, [11] = 0xFF, [12] = 169, [13] = 254 }, 112 },
        { { [0] = 0xFC }, 7 },
        { { [0] = 0xFE, [1] = 0x80 }, 10 },
        { { [15] = 1 }, 128 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        const unsigned whole = all[i].bits / 8, rest = all[i].bits % 8;
        if (net->bits >= all[i].bits && memcmp(net->bytes, all[i].bytes, whole) == 0 &&
            (rest == 0 || (net->bytes[whole] ^ all[i].bytes[whole]) >> (8 - rest) == 0))
            return true;
    }
    return false;
}

static enum bf_err check(const struct sign_customer_options *o, char **ret_message)
{
    const bool header = o->header_name && *o->header_name;
    if (o->others && (o->others < 'B' || o->others > 'C' || o->others < o->attest))
        return told(
            BF_EINVAL, ret_message,
            "other_numbers must be B, C or none, and not higher than attest: only its own numbers have A");
    if (header != (o->header_value && *o->header_value))
        return told(BF_EINVAL, ret_message, "header needs a name and a value");
    if ((header || o->n_trunk_groups) && o->n_via == 0)
        return told(BF_EINVAL, ret_message,
                    "header and trunk_groups are said by the call itself: name under via who may say so");
    for (size_t i = 0; i < o->n_via && header; i++)
        if (!is_private(&o->via[i]))
            return told(BF_EINVAL, ret_message,
                        "a header counts only from private addresses: a network under via is none");
    for (size_t i = 0; i < o->n_trunk_groups; i++)
        if (!strchr(o->trunk_groups[i], '@'))
            return told(BF_EINVAL, ret_message, "trunk group %s: write tgrp@trunk-context",
                        o->trunk_groups[i]);
    return BF_OK;
}

static enum bf_err add_letter_row(void *arg, const struct number_row *row, char **ret_message)
{
    const enum bf_err err = number_set_add(arg, &row->range, 0);
    return err == BF_EINVAL ? told(BF_EFORM, ret_message, "so many numbers do not follow this one") : err;
}

static enum bf_err letter_init(struct letter *l, const struct sign_letter_options *o,
                               const struct dial_plan *plan, char **ret_message)
{
    const struct number_files files = { &o->file, o->file && *o->file ? 1 : 0, NULL, 0, plan };
    auto_(number_set_maker_destroy) struct number_set_maker *maker = NULL;
    struct number_set_report report;
    l->until = o->until;
    l->reference = strdup(o->reference ? o->reference : "");
    if (o->n_numbers == 0 && files.n_paths == 0)
        return told(BF_EINVAL, ret_message, "letter_of_authority: write its numbers, or a file of them");
    enum bf_err err = l->reference ? number_set_begin(&maker) : BF_ENOMEM;
    for (size_t i = 0; i < o->n_numbers && err == BF_OK; i++)
        err = number_set_add(maker, &o->numbers[i], 0);
    if (err == BF_OK)
        err = number_files_read(&files, add_letter_row, maker, ret_message);
    if (err != BF_OK)
        return err;
    err = number_set_end(maker, &l->numbers, &report);
    maker = NULL;
    return err;
}

static enum bf_err letters_init(struct customer *c, const struct sign_customer_options *o,
                                const struct dial_plan *plan, char **ret_message)
{
    enum bf_err err = BF_OK;
    c->letters = calloc(o->n_letters ? o->n_letters : 1, sizeof *c->letters);
    if (!c->letters)
        return BF_ENOMEM;
    while (err == BF_OK && c->n_letters < o->n_letters) {
        const size_t i = c->n_letters++;
        err = letter_init(&c->letters[i], &o->letters[i], plan, ret_message);
    }
    return err;
}

enum bf_err customer_init(struct customer *c, const struct sign_customer_options *o,
                          const struct dial_plan *plan, char **ret_message)
{
    memset(c, 0, sizeof *c);
    const enum bf_err err = check(o, ret_message);
    if (err != BF_OK)
        return err;
    c->attest = o->attest;
    c->others = o->others;
    const bool header = o->header_name && *o->header_name;
    if (!(c->name = strdup(o->name)) || (header && !(c->header_name = strdup(o->header_name))) ||
        (header && !(c->header_value = strdup(o->header_value))) ||
        !copy_nets(o->from, o->n_from, &c->from, &c->n_from) ||
        !copy_nets(o->via, o->n_via, &c->via, &c->n_via) ||
        !copy_texts(o->tls, o->n_tls, &c->tls, &c->n_tls) ||
        !copy_texts(o->keys, o->n_keys, &c->keys, &c->n_keys) ||
        !copy_texts(o->trunk_groups, o->n_trunk_groups, &c->trunk_groups, &c->n_trunk_groups))
        return BF_ENOMEM;
    return letters_init(c, o, plan, ret_message);
}

void customer_clear(struct customer *c)
{
    for (size_t i = 0; i < c->n_letters; i++) {
        number_set_destroy(c->letters[i].numbers);
        free(c->letters[i].reference);
    }
    free(c->letters);
    free_texts(c->tls, c->n_tls);
    free_texts(c->keys, c->n_keys);
    free_texts(c->trunk_groups, c->n_trunk_groups);
    free(c->from);
    free(c->via);
    free(c->header_name);
    free(c->header_value);
    free(c->name);
    memset(c, 0, sizeof *c);
}

/* ---- who is it? ---- */

static bool in_nets(const struct cidr *nets, size_t n, const struct call *call)
{
    for (size_t i = 0; i < n; i++)
        if (cidr_holds(&nets[i], (const struct sockaddr *)&call->peer.addr))
            return true;
    return false;
}

static bool among(char *const *texts, size_t n, struct span wanted, bool nocase)
{
    for (size_t i = 0; i < n && wanted.n; i++)
        if (nocase ? span_equal_nocase(span_of(texts[i]), wanted) : span_equal(span_of(texts[i]), wanted))
            return true;
    return false;
}

/* The label as it is written, its context in any case: a host name, or a prefix of digits (RFC 4904 section 4). */
static bool is_trunk(const char *text, const struct call *call)
{
    const struct span whole = span_of(text);
    const size_t at = span_find(whole, '@');
    return call->trunk_group.n && call->trunk_context.n &&
           span_equal(span_first(whole, at), call->trunk_group) &&
           span_equal_nocase(span_from(whole, at + 1), call->trunk_context);
}

/* Once, and with that value: a header that stands twice may have been put there by the caller. */
static bool has_header(const struct customer *c, const struct call *call)
{
    const struct sip_message *m = call->message;
    const struct span name = span_of(c->header_name);
    size_t seen = 0;
    bool equal = false;
    for (size_t i = 0; m && name.n && i < m->n_headers; i++)
        if (span_equal_nocase(m->headers[i].name, name)) {
            seen++;
            equal = span_equal(m->headers[i].value, span_of(c->header_value));
        }
    return seen == 1 && equal;
}

enum sign_known customer_known(const struct customer *c, const struct call *call)
{
    if (in_nets(c->from, c->n_from, call))
        return KNOWN_ADDRESS;
    if (among(c->tls, c->n_tls, call->peer.tls_name, true))
        return KNOWN_TLS;
    if (among(c->keys, c->n_keys, call->peer.api_key, false))
        return KNOWN_KEY;
    if (!in_nets(c->via, c->n_via, call))
        return KNOWN_NOT;
    for (size_t i = 0; i < c->n_trunk_groups; i++)
        if (is_trunk(c->trunk_groups[i], call))
            return KNOWN_TRUNK;
    return has_header(c, call) ? KNOWN_HEADER : KNOWN_NOT;
}

const struct letter *customer_letter(const struct customer *c, const struct number *number, utc_t at)
{
    for (size_t i = 0; i < c->n_letters; i++)
        if (at <= c->letters[i].until && number_set_find(c->letters[i].numbers, number, NULL))
            return &c->letters[i];
    return NULL;
}

/* ---- what is said of the call ---- */

/* The lower of two attestations: the later letter. */
static char lower(char a, char b)
{
    return a > b ? a : b;
}

struct attested customers_decide(const struct customer *all, size_t n, const struct stock *stock,
                                 const struct call *call)
{
    const struct stock_item item = stock_find(stock, &call->caller);
    size_t others = n;
    bool any = false;
    if (item.status == STOCK_SUSPENDED)
        return (struct attested){ .refusal = SIGN_SUSPENDED };
    if (item.status == STOCK_OWNED && customer_known(&all[item.customer], call))
        return (struct attested){ SIGN_OK, item.customer, lower(all[item.customer].attest, item.attest),
                                  GROUND_OWN };
    for (size_t i = 0; i < n; i++) {
        const bool may = all[i].n_letters || (all[i].others && others == n);
        if ((!may && any) || !customer_known(&all[i], call))
            continue;
        any = true;
        if (customer_letter(&all[i], &call->caller, call->arrival.utc))
            return (struct attested){ SIGN_OK, i, all[i].attest, GROUND_LETTER };
        if (all[i].others && others == n)
            others = i;
    }
    if (others < n)
        return (struct attested){ SIGN_OK, others, lower(all[others].attest, all[others].others),
                                  GROUND_OTHERS };
    return (struct attested){ .refusal = item.status == STOCK_PORTED_OUT     ? SIGN_PORTED_OUT
                                         : item.status == STOCK_OWNED || any ? SIGN_NOT_FOR
                                                                             : SIGN_NO_ROW };
}
