/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telephone numbers in SIP: is it one, and its canonical digits.     RFC 8224 section 8; standards.md B.3
 * One canonicalizer for signing and verifying.
 */
#ifndef SIP_NUMBER_H
#define SIP_NUMBER_H

#include "base/fault.h"
#include "base/limits.h"
#include "sip/uri.h"

/* Canonical: digits, '#', '*'; no '+'. n == 0: no number. */
struct number {
    char digits[LIMIT_NUMBER];
    uint8_t n;
};

/* Fewer digits than these are an extension (`sip:1001@pbx`) unless the URI says user=phone. */
#define NUMBER_LOCAL_MIN 7u

/* How numbers without '+' are understood here. All texts are digits; empty ones are not applied. */
struct dial_plan {
    char country[4];              /* "1" */
    char international_prefix[8]; /* "011" */
    char trunk_prefix[4];         /* "0"; stripped before the country code is put in front */
    uint8_t national_min,
        national_max; /* digits of a national number, trunk prefix excluded; 0: plan unused */
    bool
        digits_are_numbers; /* a user part of NUMBER_LOCAL_MIN digits or more is a number without user=phone too (TN-001) */
};

/* Where nothing is configured: digits stay as they are, and many of them are a number. */
extern const struct dial_plan dial_plan_usual;

static inline struct span number_span(const struct number *n)
{
    return span_make(n->digits, n->n);
}
static inline bool number_equal(const struct number *a, const struct number *b)
{
    return a->n == b->n && memcmp(a->digits, b->digits, a->n) == 0;
}

/*
 * true and *ret set if the URI is a telephone number (TN-001..006). plan may be NULL: digits stay as they are.
 * false: not a number (alice, +1215ALICE, too long): *ret untouched.
 */
bool number_of_uri(const struct sip_uri *uri, const struct dial_plan *plan, struct number *ret);

/* From what a person or an API types: `+1 (215) 555-1212`, `12155551212`. BF_EFORM. */
enum bf_err number_of_text(struct span text, const struct dial_plan *plan, struct number *ret,
                           struct fault *fault) must_use;

/* Exactly 1*15 canonical characters, as tokens and certificates must have them (PP-015). */
bool number_is_canonical(struct span digits);

/* For people: `+12155551212`; short codes and the like without '+'. NUL-terminated. */
char *number_show(const struct number *n, char out[static LIMIT_NUMBER + 2]);

/*
 * A set of numbers as configurations write it: `+12025550100`, `+12025550100/100` (a hundred from there on),
 * `+1202` or `+1202*` (a prefix; up to 6 digits the star may be left out), `+` (all), `911` (a short code of at most
 * 6 digits, as dialled). BF_EFORM.
 */
struct number_range {
    struct number start;
    uint64_t count; /* 1: just start; 0: prefix */
};
enum bf_err number_range_read(struct span text, struct number_range *ret, struct fault *fault) must_use;
bool number_range_holds(const struct number_range *range, const struct number *number);

#endif
