/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a number dialled in any country, the first two saying which. What comes out is canonical, and is its own
 * canonical form; whoever's it is, and however it is written, nothing else comes out.
 */
#include <stdlib.h>

#include "numbers/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct number *n, const struct dial_plan *plan)
{
    char shown[LIMIT_NUMBER + 2];
    struct number again;
    if (number_of_text(span_of(number_show(n, shown)), plan, &again, NULL) != BF_OK ||
        !number_equal(n, &again))
        abort();
    if (!number_is_canonical(number_span(n)) || (n->global && !again.global))
        abort();
}

static void check_country(const struct number *n)
{
    const struct country *c = country_of_number(n);
    const char *why = number_impossible(n);
    if (!n->global && (c || why))
        abort();
    if (n->global && !c && !why)
        abort();
    if (c && !span_starts(number_span(n), span_of(c->code)))
        abort();
}

static void check_written(const struct number *n, const struct country *country)
{
    const struct number_format format = { country };
    char memory[64];
    struct buf out = BUF_ON(memory);
    struct number again;
    number_write(&format, n, &out);
    if (!buf_ok(&out) || out.n == 0)
        abort();
    /* a porting prefix survives; with its '+' a number comes back as it was */
    if (!country && n->global &&
        (number_of_text(buf_span(&out), NULL, &again, NULL) != BF_OK || !number_equal(n, &again) ||
         strcmp(n->ported, again.ported) != 0))
        abort();
}

static void check(const struct number *n, const struct country *country, const struct dial_plan *plan)
{
    check_again(n, plan);
    check_country(n);
    check_written(n, NULL);
    check_written(n, country);
    for (size_t i = 0; i < n->n; i++)
        if (!strchr("0123456789#*", n->digits[i]) || n->n > 15)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dial_plan plan;
    struct sip_uri uri;
    struct number n;
    if (size < 2)
        return 0;
    const struct country *country = &countries[(data[0] << 8 | data[1]) % n_countries];
    const struct span text = span_make(data + 2, size - 2);
    country_plan(country, &plan);
    plan.digits_are_global = data[0] >> 7;
    if (number_of_text(text, &plan, &n, NULL) == BF_OK)
        check(&n, country, &plan);
    if (uri_read(text, &uri, NULL) == BF_OK && number_of_uri(&uri, &plan, &n))
        check(&n, country, &plan);
    return 0;
}
