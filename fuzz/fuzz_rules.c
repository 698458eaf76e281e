/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as the desk sends them: what is read is written, and what is written reads again as the same. */
#include <stdlib.h>

#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rules *must_read(struct span json)
{
    struct rules *r = NULL;
    char *message = NULL;
    if (rules_of_json(json, &(struct rules_options){ .may_reject = true }, &r, &message))
        free(message);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[1 << 16], second[1 << 16];
    const struct number caller = { .digits = "12025550100", .n = 11, .global = true };
    const struct rule_facts facts = { .outcome = UNPROVEN, .caller = &caller, .at = 1795435200 };
    struct buf a = BUF_ON(first), b = BUF_ON(second);
    auto_(rules_destroy) struct rules *r = must_read(span_make(data, size));
    if (!r)
        return 0;
    if (rules_match(r, &facts) >= (int)rules_count(r))
        abort();
    rules_json(r, &a);
    if (!buf_ok(&a))
        return 0;
    auto_(rules_destroy) struct rules *again = must_read(buf_span(&a));
    if (!again)
        abort();
    rules_json(again, &b);
    if (!span_equal(buf_span(&a), buf_span(&b)))
        abort();
    return 0;
}
