/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers: `sip:%2B1(215)555.1212;npdi@h;user=phone` -> 12155551212.        RFC 8224 section 8.3, RFC 3966; TN-001..008
 *
 * Only ASCII digits count (SEC-053). A number that claims to be global and cannot be one (more than 15 digits, a
 * leading zero) is no number at all, and neither is anything longer than a token can carry.
 */
#include "sip/number.h"

#include "sip/chars.h"
#include "sip/message.h"

const struct dial_plan dial_plan_usual = { .digits_are_numbers = true };

#define LONGEST         15u /* E.164, and what a TNAuthList can hold: PP-015 */
#define LONGEST_DIALLED 24u /* before prefixes are taken off: 00 33 10200 123456789 */
#define SHORTEST_GLOBAL 7u  /* with its country code; below are service codes */

/* A French number that was ported: its country code, five digits that say to which carrier, nine of its own. */
#define PORTED_CODE     2u
#define PORTED_PREFIX   5u
#define PORTED_NATIONAL 9u
#define PORTED          (PORTED_CODE + PORTED_PREFIX + PORTED_NATIONAL)

struct dialled {
    struct number n;
    bool plus;
};

/* A mark or separator. false: it cannot stand in a number. */
static bool dialled_mark(struct dialled *d, char c, bool first)
{
    if (c == '+') {
        d->plus = first;
        return first;
    }
    if (c == '#' || c == '*') {
        if (d->n.n == LONGEST_DIALLED)
            return false;
        d->n.digits[d->n.n++] = c;
        return true;
    }
    return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

static bool dialled_add(struct dialled *d, char c, bool first)
{
    if (!char_is(c, CHAR_DIGIT))
        return dialled_mark(d, c, first);
    if (d->n.n == LONGEST_DIALLED)
        return false;
    d->n.digits[d->n.n++] = c;
    return true;
}

/* Escapes decoded first, separators dropped (TN-003). Nearly all of it is digits. */
static bool dialled_read(struct span text, bool escaped, struct dialled *d, size_t *ret_at)
{
    *d = (struct dialled){ .plus = false };
    for (size_t i = 0, taken = 1; i < text.n; i += taken) {
        char c = text.p[i];
        taken = 1;
        if (c == '%' && escaped && text.n - i >= 3 && char_hex(text.p[i + 1]) >= 0 &&
            char_hex(text.p[i + 2]) >= 0) {
            c = (char)(char_hex(text.p[i + 1]) << 4 | char_hex(text.p[i + 2]));
            taken = 3;
        }
        *ret_at = i;
        if (!dialled_add(d, c, i == 0))
            return false;
    }
    *ret_at = text.n;
    return d->n.n > 0;
}

static bool all_digits(const struct number *n)
{
    return chars_run(number_span(n), CHAR_DIGIT) == n->n;
}

/* A country code can follow the '+'. */
static bool is_global(const struct number *n)
{
    return n->n > 0 && n->digits[0] != '0' && all_digits(n);
}

static bool starts_with(const struct number *n, const char *prefix)
{
    return *prefix && span_starts(number_span(n), span_of(prefix));
}

static void drop_front(struct number *n, size_t count)
{
    n->n = (uint8_t)(n->n - count);
    memmove(n->digits, n->digits + count, n->n);
}

static bool put_front(struct number *n, struct span prefix)
{
    if (prefix.n + n->n > LONGEST_DIALLED)
        return false;
    memmove(n->digits + prefix.n, n->digits, n->n);
    memcpy(n->digits, prefix.p, prefix.n);
    n->n = (uint8_t)(n->n + prefix.n);
    n->global = true;
    return true;
}

/* 33 10200 123456789 -> 33 123456789: no number in France is so long otherwise. */
static void drop_ported(struct number *n)
{
    if (n->n == PORTED && starts_with(n, "33")) {
        n->n = PORTED_CODE + PORTED_NATIONAL;
        memcpy(n->ported, n->digits + PORTED_CODE, PORTED_PREFIX);
        n->ported[PORTED_PREFIX] = '\0';
        memmove(n->digits + PORTED_CODE, n->digits + PORTED_CODE + PORTED_PREFIX, PORTED_NATIONAL);
    }
}

static bool is_national(const struct dial_plan *plan, size_t digits)
{
    return digits >= plan->national_min && digits <= plan->national_max;
}

/* Behind a trunk prefix a ported number can be told as well. */
static bool is_national_or_ported(const struct dial_plan *plan, size_t digits)
{
    return is_national(plan, digits) ||
           (digits == PORTED_PREFIX + PORTED_NATIONAL && span_equal(span_of(plan->country), SPAN("33")));
}

/* `;phone-context=+44`: the number is the rest of one that begins so. Too short a one is a service code (911). */
static bool apply_context(const struct dial_plan *plan, struct span context, struct number *n)
{
    struct dialled d;
    size_t at;
    if (!dialled_read(context, true, &d, &at) || !d.plus || !is_global(&d.n) || !all_digits(n))
        return false;
    const bool ours = plan->country[0] && starts_with(&d.n, plan->country) && plan->national_min;
    const size_t least = ours ? strlen(plan->country) + plan->national_min : SHORTEST_GLOBAL;
    return n->n > 3 && (size_t)n->n + d.n.n >= least && put_front(n, number_span(&d.n));
}

static bool drop_international(struct number *n, const char *prefix)
{
    const size_t length = strlen(prefix);
    if (!starts_with(n, prefix) || n->n < length + SHORTEST_GLOBAL || n->digits[length] == '0')
        return false;
    drop_front(n, length);
    n->global = true;
    return true;
}

/* `110 112 115` lists 112. */
static bool is_service(const char *services, const struct number *n)
{
    for (struct span word, rest = span_of(services); rest.n; rest = span_from(rest, word.n + 1)) {
        word = span_first(rest, span_find(rest, ' '));
        if (span_equal(word, number_span(n)))
            return true;
    }
    return false;
}

/* What the digits mean here (TN-004). Without a rule that fits they stay as they are. */
static void apply_plan(const struct dial_plan *plan, struct number *n)
{
    const size_t trunk = strlen(plan->trunk_prefix), country = strlen(plan->country);
    if (!all_digits(n) || (plan->services && n->n < SHORTEST_GLOBAL && is_service(plan->services, n)))
        return;
    if (drop_international(n, plan->international_prefix) || drop_international(n, plan->second_prefix))
        return;
    if (plan->digits_are_global)
        number_assume_global(n);
    if (n->global || !country || !plan->national_max)
        return;
    if (starts_with(n, plan->trunk_prefix) && is_national_or_ported(plan, n->n - trunk)) {
        drop_front(n, trunk);
        (void)put_front(n, span_of(plan->country));
    } else if (starts_with(n, plan->country) && is_national(plan, n->n - country)) {
        n->global = true;
    } else if (is_national(plan, n->n) && (trunk == 0 || plan->national_min == plan->national_max)) {
        (void)put_front(n, span_of(plan->country));
    }
}

/* Canonical digits of what was dialled; false when that cannot be a number. */
static bool resolve(struct dialled *d, const struct dial_plan *plan, struct span context)
{
    if (d->plus)
        d->n.global = is_global(&d->n);
    else if (plan && !(context.n && apply_context(plan, context, &d->n)))
        apply_plan(plan, &d->n);
    drop_ported(&d->n);
    return d->n.n <= LONGEST && (!d->plus || d->n.global);
}

bool number_of_uri(const struct sip_uri *uri, const struct dial_plan *plan, struct number *ret)
{
    struct dialled d;
    struct span user = uri->user, kind = SPAN_NONE, context = SPAN_NONE;
    size_t at;
    const bool tel = uri->scheme == URI_TEL;
    if (!tel && uri->scheme != URI_SIP && uri->scheme != URI_SIPS)
        return false;
    const struct span subscriber = span_first(user, span_find(user, ';'));
    if (!dialled_read(subscriber, true, &d, &at))
        return false;
    const bool phone = sip_param(uri->params, SPAN("user"), &kind) && span_equal_nocase(kind, SPAN("phone"));
    const bool local = plan && plan->digits_are_numbers && d.n.n >= NUMBER_LOCAL_MIN && all_digits(&d.n);
    if (!tel && !phone && !d.plus && !local)
        return false;
    (void)sip_param(tel ? uri->params : span_from(user, subscriber.n), SPAN("phone-context"), &context);
    if (!resolve(&d, plan, context))
        return false;
    *ret = d.n;
    return true;
}

/* Where the first sign stands that is one too many. */
static size_t too_long_at(struct span typed)
{
    size_t at = 0;
    for (size_t n = 0; at < typed.n; at++)
        if ((char_is(typed.p[at], CHAR_DIGIT) || typed.p[at] == '#' || typed.p[at] == '*') && n++ == LONGEST)
            break;
    return at;
}

enum bf_err number_of_text(struct span text, const struct dial_plan *plan, struct number *ret,
                           struct fault *fault)
{
    struct dialled d;
    size_t at;
    const struct span typed = span_trim(text);
    if (!dialled_read(typed, false, &d, &at))
        return fault_at(fault, BF_EFORM, span_offset(text, typed.p) + at, "this is not a telephone number");
    if (!resolve(&d, plan, SPAN_NONE))
        return d.n.n > LONGEST
                   ? fault_at(fault, BF_EFORM, span_offset(text, typed.p) + too_long_at(typed),
                              "no number has more than 15 digits")
                   : fault_at(fault, BF_EFORM, span_offset(text, typed.p), "no country has such a number");
    *ret = d.n;
    return BF_OK;
}

bool number_is_canonical(struct span digits)
{
    size_t n = 0;
    while (n < digits.n && (char_is(digits.p[n], CHAR_DIGIT) || digits.p[n] == '#' || digits.p[n] == '*'))
        n++;
    return n == digits.n && n >= 1 && (n <= LONGEST || (n == PORTED && span_starts(digits, SPAN("33"))));
}

bool number_is(const struct number *n, struct span tn)
{
    if (span_equal(tn, number_span(n)))
        return true;
    return tn.n == PORTED && n->n == PORTED_CODE + PORTED_NATIONAL && span_starts(tn, SPAN("33")) &&
           starts_with(n, "33") &&
           span_equal(span_from(tn, PORTED_CODE + PORTED_PREFIX), span_from(number_span(n), PORTED_CODE));
}

void number_assume_global(struct number *n)
{
    n->global = n->global || (n->n >= SHORTEST_GLOBAL && is_global(n));
}

char *number_show(const struct number *n, char out[static LIMIT_NUMBER + 2])
{
    const bool plus = (n->global || n->n >= SHORTEST_GLOBAL) && is_global(n);
    if (plus)
        out[0] = '+';
    memcpy(out + plus, n->digits, n->n);
    out[plus + n->n] = '\0';
    return out;
}
