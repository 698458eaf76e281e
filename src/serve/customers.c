/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/customers.h"

#include <time.h>

#include "serve/values.h"

#define IN(member) .at = offsetof(struct sign_customer_options, member)
#define LIST_IN(member)                                                                                      \
    .at = offsetof(struct sign_customer_options, member),                                                    \
    .n_at = offsetof(struct sign_customer_options, n_##member), .shape = SHAPE_LIST
#define FIELDS(table) .fields = (table), .n_fields = ARRAY_SIZE(table)
#define WORDS(...)                                                                                           \
    .choices = (const char *const[])                                                                         \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

/* ---- kinds ---- */

/* It goes into headers, records and lines of the log as it is. */
static bool read_name(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    if (!config_text(r, o, node))
        return false;
    for (size_t i = 0; i < node->text.n; i++) {
        const char c = node->text.p[i], low = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'z') && c != '-' && c != '_' && c != '.')
            return config_refuse(r, o, node, i, NULL);
    }
    if (node->text.n == 0)
        return config_refuse(r, o, node, 0, NULL);
    *(const char **)out = node->text.p;
    return true;
}

/* `numbers.csv` or `sqlite:numbers.db`; either is relative to the configuration. */
static bool read_numbers_file(struct config_reader *r, const struct config_option *o, const struct node *node,
                              void *out)
{
    const struct span sqlite = SPAN("sqlite:");
    if (!config_text(r, o, node))
        return false;
    if (!span_starts(node->text, sqlite))
        return kind_file.read(r, o, node, out);
    if (node->text.n == sqlite.n)
        return config_refuse(r, o, node, 0, NULL);
    struct node path = *node;
    path.text = span_from(node->text, sqlite.n);
    if (!kind_file.read(r, o, &path, out))
        return false;
    const char *const url = arena_printf(r->arena, "sqlite:%s", *(const char **)out);
    *(const char **)out = url;
    return url || config_no_memory(r);
}

static bool two_digits(const char *p, int *ret)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *ret = (p[0] - '0') * 10 + p[1] - '0';
    return true;
}

/* `2026-12-31`: to the end of that day, UTC. */
static bool read_day(struct config_reader *r, const struct config_option *o, const struct node *node,
                     void *out)
{
    int century, year, month, day;
    if (!config_text(r, o, node))
        return false;
    const char *p = node->text.p;
    if (node->text.n != 10 || !two_digits(p, &century) || !two_digits(p + 2, &year) || p[4] != '-' ||
        !two_digits(p + 5, &month) || p[7] != '-' || !two_digits(p + 8, &day))
        return config_refuse(r, o, node, 0, NULL);
    struct tm tm = { .tm_year = century * 100 + year - 1900,
                     .tm_mon = month - 1,
                     .tm_mday = day,
                     .tm_hour = 23,
                     .tm_min = 59,
                     .tm_sec = 59 };
    const utc_t end = (utc_t)timegm(&tm);
    if (tm.tm_mon != month - 1 || tm.tm_mday != day)
        return config_refuse(r, o, node, 0, "there is no such day");
    *(utc_t *)out = end;
    return true;
}

#define TEXT sizeof(const char *), true
static const struct config_kind kind_name = { "a name of letters, digits, '-', '_' and '.'", TEXT,
                                              read_name };
const struct config_kind kind_numbers_file = { "a path of a CSV file, or sqlite:PATH", TEXT,
                                               read_numbers_file };
static const struct config_kind kind_day = { "a day like 2026-12-31", sizeof(utc_t), false, read_day };

/* ---- rows ---- */

struct certificate {
    const char *key, *x5u, *chain;
};
_Static_assert(offsetof(struct sign_customer_options, x5u) -
                           offsetof(struct sign_customer_options, key_path) ==
                       offsetof(struct certificate, x5u) &&
                   offsetof(struct sign_customer_options, chain_path) -
                           offsetof(struct sign_customer_options, key_path) ==
                       offsetof(struct certificate, chain),
               "a certificate stands in a customer as it does alone");

static const struct config_option certificate_fields[] = {
    { "key", &kind_file, "\"\"", "The private key, PEM, P-256.", .at = offsetof(struct certificate, key) },
    { "x5u", &kind_x5u_or_none, "\"\"", "Where everybody finds the certificate.",
      .at = offsetof(struct certificate, x5u) },
    { "chain", &kind_file, "\"\"",
      "The certificate chain, PEM. With it the key, the validity and revocation are checked, and alarms come "
      "before it "
      "ends.",
      .at = offsetof(struct certificate, chain) },
};
const struct config_rows certificate_rows = { FIELDS(certificate_fields), sizeof(struct certificate), NULL,
                                              NULL };

_Static_assert(offsetof(struct sign_customer_options, header_value) ==
                   offsetof(struct sign_customer_options, header_name) + sizeof(char *),
               "a header stands in a customer as it does alone");
static const struct config_option header_fields[] = {
    { "name", &kind_text, "\"\"", "The name of the header.", .at = 0, .max = 64 },
    { "value", &kind_text, "\"\"", "Its whole value.", .at = sizeof(char *), .max = 256 },
};
static const struct config_rows header_rows = { FIELDS(header_fields), 2 * sizeof(char *), NULL, NULL };

static const struct config_option letter_fields[] = {
    { "numbers", &kind_range, "[]", "The numbers that are lent.",
      .at = offsetof(struct sign_letter_options, numbers),
      .n_at = offsetof(struct sign_letter_options, n_numbers), .shape = SHAPE_LIST },
    { "file", &kind_numbers_file, "\"\"",
      "A file of them, as under signing.inventory; column number is enough.",
      .at = offsetof(struct sign_letter_options, file) },
    { "until", &kind_day, NULL, "The last day it holds, UTC.",
      .at = offsetof(struct sign_letter_options, until) },
    { "reference", &kind_text, "\"\"", "How people find the paper.",
      .at = offsetof(struct sign_letter_options, reference), .max = 128 },
};
static bool letter_check(struct config_reader *r, const struct node *node, const void *row)
{
    const struct sign_letter_options *l = row;
    return l->n_numbers || l->file ||
           config_fault(r, node, 0, "a letter of authority needs numbers, or a file of them");
}

static const struct config_rows letter_rows = { FIELDS(letter_fields), sizeof(struct sign_letter_options),
                                                NULL, letter_check };

static const struct config_option customer_fields[] = {
    { "name", &kind_name, NULL, "What the inventory, the log and the record call the customer.", IN(name),
      .max = 64 },
    { "attest", &kind_attest, NULL,
      "The highest that is said of its calls. A: the customer and the number are known; B: the customer; C: "
      "the gateway.",
      IN(attest), WORDS("A", "B", "C") },
    { "other_numbers", &kind_attest, "none",
      "What is said of calls from numbers that are not its own: B, C, or none, and then they go out "
      "unsigned.",
      IN(others), WORDS("none", "B", "C") },
    { "certificate", &kind_row, "{}", "What its calls are signed with, where it is not signing.certificate.",
      IN(key_path), .rows = &certificate_rows },
    { "numbers", &kind_range, "[]", "Numbers of its own, beside those of the inventory.", LIST_IN(numbers) },
    { "from", &kind_cidr, "[]", "Networks it calls from.", LIST_IN(from) },
    { "tls", &kind_text, "[]", "Names in its TLS client certificate.", LIST_IN(tls), .min = 0 },
    { "keys", &kind_text, "[]", "Names of its API keys.", LIST_IN(keys) },
    { "trunk_groups", &kind_text, "[]",
      "Its trunk groups, tgrp@trunk-context, as RFC 4904 has them in Contact. They count only from addresses "
      "under via.",
      LIST_IN(trunk_groups) },
    { "header", &kind_row, "{}",
      "A header whose value says that the call is this customer's. It counts only from private addresses "
      "under via.",
      IN(header_name), .rows = &header_rows },
    { "via", &kind_cidr, "[]", "Peers whose word on trunk groups and the header counts.", LIST_IN(via) },
    { "letter_of_authority", &kind_row, "[]",
      "Numbers of others that it may use, with the paper that says so. To them applies what applies to its "
      "own.",
      LIST_IN(letters), .rows = &letter_rows },
};
/* What can be said where it stands; addresses and files are looked at when all of it is loaded (signing/customer.c). */
static bool customer_check(struct config_reader *r, const struct node *node, const void *row)
{
    const struct sign_customer_options *c = row;
    const bool header = *c->header_name || *c->header_value;
    if (c->others != 'n' && c->others < c->attest)
        return config_fault(r, node, 0, "other_numbers is higher than attest: write %c or none", c->attest);
    if (header && (!*c->header_name || !*c->header_value))
        return config_fault(r, node, 0, "header needs a name and a value");
    if ((header || c->n_trunk_groups) && c->n_via == 0)
        return config_fault(
            r, node, 0,
            "header and trunk_groups are said by the call itself: name under \"via\" who may say so");
    for (size_t i = 0; i < c->n_trunk_groups; i++)
        if (!strchr(c->trunk_groups[i], '@'))
            return config_fault(r, node, 0, "trunk group \"%.64s\": write tgrp@trunk-context",
                                c->trunk_groups[i]);
    return true;
}

const struct config_rows customers_rows = { FIELDS(customer_fields), sizeof(struct sign_customer_options),
                                            NULL, customer_check };
