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
    bool global; /* it is known to begin with a country code: there was a '+', or a rule of the dial plan */
    char ported
        [6]; /* "10200": digits that stood behind +33 and say which carrier it was ported to; "": none */
};

/* Fewer digits than these are an extension (`sip:1001@pbx`) unless the URI says user=phone. */
#define NUMBER_LOCAL_MIN 7u

/*
 * How numbers without '+' are understood here. All texts are digits; empty ones are not applied. The table of countries
 * (numbers/plan.h) makes them. Without its trunk prefix a national number is only known where all are of one length: else it
 * may be a local one, and stays as it is.
 */
struct dial_plan {
    char country[4];              /* "1" */
    char international_prefix[8]; /* "011" */
    char second_prefix[8];        /* another one, where there are two */
    char trunk_prefix[4];         /* "0"; stripped before the country code is put in front */
    uint8_t national_min,
        national_max; /* digits of a national number, trunk prefix excluded; 0: plan unused */
    bool
        digits_are_numbers; /* a user part of NUMBER_LOCAL_MIN digits or more is a number without user=phone too (TN-001) */
    bool
        digits_are_global; /* whoever writes digits without '+' means the same as with it (a trunk of format e164) */
    const char *services; /* "110 112 115": dialled as they stand, a blank between; NULL: none */
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

/*
 * Exactly 1*15 canonical characters, as tokens and certificates must have them (PP-015), or a French number behind the five
 * digits that say which carrier it was ported to, as French tokens may have them: `33` `10200` `123456789`.
 */
bool number_is_canonical(struct span digits);

/* A token's tn, canonical, is this number. The digits of a French porting prefix do not count: they are never in a struct number. */
bool number_is(const struct number *n, struct span tn);

/* Where numbers are written with their country code and without '+' (RFC 8225, the HTTP APIs): now it is known to be global, if it can be. */
void number_assume_global(struct number *n);

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
