/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a URI, a number, a range, a date. A canonical form is its own canonical form. */
#include <stdlib.h>

#include "sip/date.h"
#include "sip/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(bool is, const struct number *n)
{
    if (is && !number_is_canonical(number_span(n)))
        abort();
}

static void check_canonical(const struct sip_uri *uri)
{
    char first[2 * LIMIT_URI], second[2 * LIMIT_URI];
    struct buf a = BUF_ON(first), b = BUF_ON(second);
    struct sip_uri again;
    if (uri_canonical(uri, &a) != BF_OK)
        return;
    if (uri_read(buf_span(&a), &again, NULL) != BF_OK || uri_canonical(&again, &b) != BF_OK ||
        !span_equal(buf_span(&a), buf_span(&b)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dial_plan plans[] = {
        { .country = "1",
          .international_prefix = "011",
          .trunk_prefix = "1",
          .national_min = 10,
          .national_max = 10 },
        { .country = "49",
          .international_prefix = "00",
          .trunk_prefix = "0",
          .national_min = 2,
          .national_max = 15 },
        { .digits_are_numbers = true },
    };
    const struct span text = span_make(data, size);
    struct sip_uri uri;
    struct number n;
    struct number_range range;
    utc_t t;
    const bool is_uri = uri_read(text, &uri, NULL) == BF_OK;
    if (is_uri)
        check_canonical(&uri);
    for (size_t i = 0; i <= ARRAY_SIZE(plans); i++) {
        const struct dial_plan *plan = i < ARRAY_SIZE(plans) ? &plans[i] : NULL;
        check_number(is_uri && number_of_uri(&uri, plan, &n), &n);
        check_number(number_of_text(text, plan, &n, NULL) == BF_OK, &n);
    }
    if (number_range_read(text, &range, NULL) == BF_OK && range.count &&
        !number_range_holds(&range, &range.start))
        abort();
    char date[SIP_DATE_TEXT + 1];
    if (sip_date_read(text, &t, NULL) == BF_OK && !span_equal(text, span_of(sip_date_write(t, date))))
        abort();
    return 0;
}
