/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of numbers: `+12025550100/100` is 2025550100 to 2025550199. A count never changes the length (SEC-054). */
#include "sip/number.h"

#include "sip/chars.h"

#define SHORT_CODE_MAX 6u
#define PREFIX_MAX     6u /* no telephone number of the world is so short */

static uint64_t value_of(const struct number *n)
{
    uint64_t value = 0;
    (void)span_decimal(number_span(n), UINT64_MAX, &value); /* at most 15 digits: it fits */
    return value;
}

/* The last number has as many digits as the first. */
static bool count_fits(const struct number *start, uint64_t count)
{
    uint64_t end = 1;
    for (unsigned i = 0; i < start->n; i++)
        end *= 10;
    const uint64_t first = value_of(start);
    return chars_run(number_span(start), CHAR_DIGIT) == start->n && count <= end - first;
}

static enum bf_err read_count(struct span text, struct number_range *r, size_t at, struct fault *fault)
{
    if (at == text.n)
        return BF_OK;
    if (text.p[at] == '*' && at + 1 == text.n) {
        r->count = 0;
        return BF_OK;
    }
    if (text.p[at] != '/')
        return fault_at(fault, BF_EFORM, at, "a digit, '/' or '*' is expected here");
    if (!span_decimal(span_from(text, at + 1), UINT64_MAX, &r->count) || r->count == 0)
        return fault_at(fault, BF_EFORM, at + 1, "how many numbers is not a count");
    if (!count_fits(&r->start, r->count))
        return fault_at(fault, BF_EFORM, at + 1, "so many numbers do not follow this one");
    return BF_OK;
}

/* `911`, `*67`: dialled as it stands, belongs to no country. Longer ones were meant to have a '+'. */
static enum bf_err read_short_code(struct span text, struct number_range *ret, struct fault *fault)
{
    struct number_range r = { .count = 1 };
    if (text.n == 0 || !number_is_canonical(text))
        return fault_at(fault, BF_EFORM, 0, "a number begins with '+', a short code with a digit");
    if (text.n > SHORT_CODE_MAX)
        return fault_at(fault, BF_EFORM, 0, "numbers of more than 6 digits begin with '+' here");
    memcpy(r.start.digits, text.p, text.n);
    r.start.n = (uint8_t)text.n;
    *ret = r;
    return BF_OK;
}

enum bf_err number_range_read(struct span text, struct number_range *ret, struct fault *fault)
{
    struct number_range r = { .count = 1 };
    if (text.n == 0 || text.p[0] != '+')
        return read_short_code(text, ret, fault);
    size_t n = chars_run(span_from(text, 1), CHAR_DIGIT);
    if (n > 15)
        return fault_at(fault, BF_EFORM, 16, "no number has more than 15 digits");
    if (n && text.p[1] == '0')
        return fault_at(fault, BF_EFORM, 1, "no country code begins with 0");
    memcpy(r.start.digits, text.p + 1, n);
    r.start.n = (uint8_t)n;
    if (n == 0)
        r.count = 0; /* `+`: all */
    if (n == 0 && text.n > 1 && !span_equal(text, SPAN("+*")))
        return fault_at(fault, BF_EFORM, 1, "a digit is expected here");
    enum bf_err err = n ? read_count(text, &r, n + 1, fault) : BF_OK;
    if (n + 1 == text.n && n <= PREFIX_MAX)
        r.count = 0; /* `+1`, `+44`: too short for a number, so all that begin like this */
    if (err == BF_OK)
        *ret = r;
    return err;
}

bool number_range_holds(const struct number_range *range, const struct number *number)
{
    if (range->count == 0)
        return span_starts(number_span(number), number_span(&range->start));
    if (range->count == 1)
        return number_equal(&range->start, number);
    if (number->n != range->start.n || chars_run(number_span(number), CHAR_DIGIT) != number->n)
        return false;
    const uint64_t first = value_of(&range->start), value = value_of(number);
    return value >= first && value - first < range->count;
}
