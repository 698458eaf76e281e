/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sets: what is owned, value customer * 4 + attest; and what was taken away, value its status. A number counts as owned
 * only where nothing took it away, whichever file said so first.
 */
#include "signing/stock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "numbers/file.h"

#define COLUMNS 3u

struct stock {
    struct number_set *owned, *away;
    uint64_t numbers;
};

static const char *const columns[COLUMNS] = { "customer", "status", "attest" };

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

/* ---- customers by name, sorted ---- */

struct name {
    struct span text;
    uint32_t customer;
};

static int compare(struct span a, struct span b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_name(const void *a, const void *b)
{
    return compare(((const struct name *)a)->text, ((const struct name *)b)->text);
}

struct making {
    const struct signing_options *options;
    struct name *names;
    struct number_set_maker *owned, *away;
    bool all_away; /* the files of what was ported out */
};

static bool find_customer(const struct making *m, struct span text, uint32_t *ret)
{
    const struct name key = { text, 0 };
    const struct name *found = bsearch(&key, m->names, m->options->n_customers, sizeof key, by_name);
    if (found)
        *ret = found->customer;
    return found != NULL;
}

static enum bf_err sort_names(struct making *m, char **ret_message)
{
    const size_t n = m->options->n_customers;
    m->names = calloc(n ? n : 1, sizeof *m->names);
    if (!m->names)
        return BF_ENOMEM;
    for (size_t i = 0; i < n; i++)
        m->names[i] = (struct name){ span_of(m->options->customers[i].name), (uint32_t)i };
    qsort(m->names, n, sizeof *m->names, by_name);
    for (size_t i = 1; i < n; i++)
        if (span_equal(m->names[i - 1].text, m->names[i].text))
            return told(BF_EINVAL, ret_message, "customer %.*s stands twice: give each a name of its own",
                        SPAN_FMT(m->names[i].text));
    return BF_OK;
}

/* ---- rows ---- */

static bool read_status(struct span text, enum stock_status *ret)
{
    static const struct {
        struct span text;
        enum stock_status status;
    } rows[] = { { { "active", 6 }, STOCK_OWNED },
                 { { "ported-out", 10 }, STOCK_PORTED_OUT },
                 { { "suspended", 9 }, STOCK_SUSPENDED } };
    if (text.n == 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (span_equal_nocase(text, rows[i].text)) {
            *ret = rows[i].status;
            return true;
        }
    return false;
}

static enum bf_err add(struct number_set_maker *maker, const struct number_range *range, uint32_t value,
                       char **ret_message)
{
    const enum bf_err err = number_set_add(maker, range, value);
    return err == BF_EINVAL
               ? told(BF_EFORM, ret_message, "so many numbers do not follow this one: lower the count")
               : err;
}

static enum bf_err see_row(void *arg, const struct number_row *row, char **ret_message)
{
    const struct making *m = arg;
    const struct span customer = row->more[0], attest = row->more[2];
    enum stock_status status = m->all_away ? STOCK_PORTED_OUT : STOCK_OWNED;
    uint32_t index = 0;
    if (!read_status(row->more[1], &status))
        return told(BF_EFORM, ret_message, "status \"%.*s\": write active, ported-out or suspended",
                    SPAN_FMT(span_first(row->more[1], 40)));
    if (m->all_away && status == STOCK_OWNED)
        return BF_OK; /* a list of all numbers that says which went */
    if (status != STOCK_OWNED)
        return add(m->away, &row->range, status, ret_message);
    if (attest.n > 1 || (attest.n && (attest.p[0] < 'A' || attest.p[0] > 'C')))
        return told(BF_EFORM, ret_message, "attest \"%.*s\": write A, B or C, or leave it empty",
                    SPAN_FMT(span_first(attest, 40)));
    if (!find_customer(m, customer, &index))
        return told(BF_EFORM, ret_message,
                    "customer \"%.*s\" does not stand under customers: write one that does",
                    SPAN_FMT(span_first(customer, 64)));
    return add(m->owned, &row->range, index * 4 + (attest.n ? (uint32_t)(attest.p[0] - 'A') : 0),
               ret_message);
}

/* What configurations say of themselves. */
static enum bf_err add_inline(const struct making *m, char **ret_message)
{
    for (size_t i = 0; i < m->options->n_customers; i++) {
        const struct sign_customer_options *c = &m->options->customers[i];
        for (size_t k = 0; k < c->n_numbers; k++) {
            const enum bf_err err = number_set_add(m->owned, &c->numbers[k], (uint32_t)i * 4);
            if (err != BF_OK)
                return err == BF_EINVAL
                           ? told(err, ret_message, "customer %s: its numbers cannot be", c->name)
                           : err;
        }
    }
    return BF_OK;
}

/* ---- the same number twice ---- */

struct hunt {
    const struct number_set_report *report;
    uint64_t lines[2];
    const char *files[2];
    size_t n;
};

/* The files are read once more, to say where the two rows stand. */
static enum bf_err hunt_row(void *arg, const struct number_row *row, char **ret_message)
{
    struct hunt *h = arg;
    (void)ret_message;
    if (h->n < 2 && number_range_holds(&row->range, &h->report->clash[0].at)) {
        h->files[h->n] = row->file;
        h->lines[h->n++] = row->line;
    }
    return BF_OK;
}

static enum bf_err tell_clash(const struct number_files *files, const struct number_set_report *report,
                              const char *first, const char *second, char **ret_message)
{
    struct hunt h = { .report = report };
    char shown[LIMIT_NUMBER + 2], *ignored = NULL;
    if (number_files_read(files, hunt_row, &h, &ignored) != BF_OK)
        h.n = 0;
    free(ignored);
    number_show(&report->clash[0].at, shown);
    if (h.n == 2)
        return told(BF_EFORM, ret_message, "%s:%llu: %s stands in %s:%llu too (%s, %s): keep one", h.files[1],
                    (unsigned long long)h.lines[1], shown, h.files[0], (unsigned long long)h.lines[0], first,
                    second);
    return told(BF_EFORM, ret_message, "%s is in the inventory twice (%s, %s): keep one", shown, first,
                second);
}

static enum bf_err end_owned(struct making *m, const struct number_files *files, struct stock *s,
                             char **ret_message)
{
    struct number_set_report report;
    struct number_set_maker *const maker = m->owned;
    m->owned = NULL;
    const enum bf_err err = number_set_end(maker, &s->owned, &report);
    s->numbers = report.numbers;
    if (err != BF_EFORM)
        return err;
    const uint32_t *v = report.clash[0].values;
    return tell_clash(files, &report, m->options->customers[v[0] / 4].name,
                      m->options->customers[v[1] / 4].name, ret_message);
}

static enum bf_err end_away(struct making *m, const struct number_files *files, struct stock *s,
                            char **ret_message)
{
    struct number_set_report report;
    struct number_set_maker *const maker = m->away;
    m->away = NULL;
    const enum bf_err err = number_set_end(maker, &s->away, &report);
    return err == BF_EFORM ? tell_clash(files, &report, "ported-out", "suspended", ret_message) : err;
}

static enum bf_err fill(struct making *m, struct stock *s, char **ret_message)
{
    const struct signing_options *o = m->options;
    const struct number_files owned = { o->inventory, o->n_inventory, columns, COLUMNS, o->plan };
    const struct number_files away = { o->ported_out, o->n_ported_out, columns, COLUMNS, o->plan };
    enum bf_err err = sort_names(m, ret_message);
    if (err == BF_OK)
        err = number_set_begin(&m->owned);
    if (err == BF_OK)
        err = number_set_begin(&m->away);
    if (err == BF_OK)
        err = add_inline(m, ret_message);
    if (err == BF_OK)
        err = number_files_read(&owned, see_row, m, ret_message);
    m->all_away = true;
    if (err == BF_OK)
        err = number_files_read(&away, see_row, m, ret_message);
    if (err == BF_OK)
        err = end_away(m, &away, s, ret_message);
    return err == BF_OK ? end_owned(m, &owned, s, ret_message) : err;
}

enum bf_err stock_create(const struct signing_options *options, struct stock **ret, char **ret_message)
{
    struct making m = { .options = options };
    auto_(stock_destroy) struct stock *s = calloc(1, sizeof *s);
    const enum bf_err err = s ? fill(&m, s, ret_message) : BF_ENOMEM;
    number_set_maker_destroy(m.owned);
    number_set_maker_destroy(m.away);
    free(m.names);
    if (err != BF_OK)
        return err;
    *ret = s;
    s = NULL;
    return BF_OK;
}

void stock_destroy(struct stock *s)
{
    if (!s)
        return;
    number_set_destroy(s->owned);
    number_set_destroy(s->away);
    free(s);
}

struct stock_item stock_find(const struct stock *s, const struct number *number)
{
    uint32_t value;
    if (number_set_find(s->away, number, &value))
        return (struct stock_item){ .status = (enum stock_status)value };
    if (!number_set_find(s->owned, number, &value))
        return (struct stock_item){ .status = STOCK_NOBODYS };
    return (struct stock_item){ STOCK_OWNED, value / 4, (char)('A' + value % 4) };
}

uint64_t stock_numbers(const struct stock *s)
{
    return s->numbers;
}
