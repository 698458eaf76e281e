/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of values that speak of countries and of how numbers are written there. */
#include "serve/values.h"

/* `FR`, or `33`, or nothing. */
static bool read_home(struct config_reader *r, const struct config_option *o, const struct node *node,
                      void *out)
{
    if (!config_text(r, o, node))
        return false;
    for (size_t i = 0; i < node->text.n && !country_find(node->text); i++)
        if (node->text.p[i] < '0' || node->text.p[i] > '9')
            return config_refuse(r, o, node, i,
                                 "only digits, or a country's two capital letters, may stand here");
    *(const char **)out = node->text.p;
    return true;
}

static bool read_nation(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    const struct country *country = NULL;
    if (!config_text(r, o, node))
        return false;
    if (node->text.n && !(country = country_find(node->text)))
        return config_refuse(r, o, node, 0, NULL);
    *(const struct country **)out = country;
    return true;
}

static bool read_format(struct config_reader *r, const struct config_option *o, const struct node *node,
                        void *out)
{
    struct config_format format = { .written = node->kind == NODE_SCALAR && node->text.n > 0 };
    const struct span national = SPAN("national:");
    if (!config_text(r, o, node))
        return false;
    if (format.written && !span_equal(node->text, SPAN("e164"))) {
        if (span_starts(node->text, national))
            format.how.national = country_find(span_from(node->text, national.n));
        if (!format.how.national)
            return config_refuse(r, o, node, 0, NULL);
    }
    *(struct config_format *)out = format;
    return true;
}

const struct config_kind kind_home = { "a country like FR, or a country code like 33", sizeof(const char *),
                                       true, read_home };
const struct config_kind kind_nation = { "a country of two capital letters, like FR",
                                         sizeof(const struct country *), false, read_nation };
const struct config_kind kind_format = { "e164, or national: and a country, like national:FR",
                                         sizeof(struct config_format), false, read_format };
