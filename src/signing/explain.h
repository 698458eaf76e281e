/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a call would be signed as it would, or not: a line for every row and every customer.
 *
 * The decision itself is signing_sign_many's; the reasons are found by asking the same questions one by one.
 */
#ifndef SIGNING_EXPLAIN_H
#define SIGNING_EXPLAIN_H

#include "signing/signing.h"

#define EXPLAIN_WHY 256u
struct sign_reason {
    bool customer;         /* else a row of `sign` */
    const char *name;      /* "row-3", or the customer's */
    bool decided;          /* this one signs */
    char attest;           /* decided: what it says; else the most it could */
    char why[EXPLAIN_WHY]; /* words */
};

struct sign_explained {
    enum sign_refusal refusal;
    char attest;      /* SIGN_OK */
    const char *name; /* what decided, also when its certificate keeps it from signing; NULL: nothing did */
    const char *x5u;
    utc_t iat;
};

/* Calls `see` for every row and customer, in the order they are asked. NULL: only the outcome. */
struct sign_explained signing_explain(const struct signing *s, const struct call *call,
                                      void (*see)(void *arg, const struct sign_reason *reason), void *arg);

#endif
