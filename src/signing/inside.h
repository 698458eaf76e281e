/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what a struct signing is made of, and the decision that signing.c and explain.c share. */
#ifndef SIGNING_INSIDE_H
#define SIGNING_INSIDE_H

#include "signing/customer.h"
#include "signing/inventory.h"
#include "signing/row.h"

struct signing {
    struct sign_row *rows; /* those of `sign`, then one for each customer */
    char (*names)[32];     /* "row-3" */
    size_t n_rows, n_sign; /* all of them; those of `sign` */
    struct customer *customers;
    size_t n_customers;
    struct sign_keys *keys;
    struct inventory *inventory;
    struct stock *stock; /* NULL: no customers */
};

/* Who decides about the call, and as what: a row that `attest` is said by. */
struct choice {
    size_t row;
    char attest;
    enum attest_ground ground; /* of a customer */
};

/* All that is asked before: is there something to sign at all? */
enum sign_refusal signing_may(const struct call *call);
bool signing_row_is_for(const struct sign_row *row, const struct sockaddr *addr);
enum sign_refusal signing_choose(const struct signing *s, const struct call *call, struct choice *ret);
/* Date, iat and the certificate of the row that was chosen. asked: 0, or the time asked for. */
enum sign_refusal signing_times(const struct sign_row *row, const struct call *call, utc_t asked,
                                utc_t *ret_iat);

#endif
