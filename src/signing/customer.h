/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: customers, how they are known, and what is said of their calls.             ID-101, ID-102; design.md
 *
 * The owner of the number comes first, if the call is known to be from it. Else a letter of authority of somebody the call
 * is known to be from. Else the first one the call is known to be from that may sign numbers of others. Else nobody.
 */
#ifndef SIGNING_CUSTOMER_H
#define SIGNING_CUSTOMER_H

#include "signing/stock.h"

/* What the call shows that is the customer's. */
enum sign_known { KNOWN_NOT, KNOWN_ADDRESS, KNOWN_TLS, KNOWN_KEY, KNOWN_TRUNK, KNOWN_HEADER };
const char *sign_known_text(enum sign_known known);

struct letter {
    struct number_set *numbers;
    utc_t until;
    char *reference;
};

struct customer {
    char *name;
    char attest, others;
    struct cidr *from, *via;
    size_t n_from, n_via;
    char **tls, **keys, **trunk_groups;
    size_t n_tls, n_keys, n_trunk_groups;
    char *header_name, *header_value;
    struct letter *letters;
    size_t n_letters;
};

/* Copies, reads the files of letters. *ret_message says what is wrong; customer_clear in any case. */
enum bf_err customer_init(struct customer *c, const struct sign_customer_options *options,
                          const struct dial_plan *plan, char **ret_message) must_use;
void customer_clear(struct customer *c);

enum sign_known customer_known(const struct customer *c, const struct call *call);
/* The letter that holds for the number at that time; NULL: none. */
const struct letter *customer_letter(const struct customer *c, const struct number *number, utc_t at);

enum attest_ground { GROUND_NONE, GROUND_OWN, GROUND_LETTER, GROUND_OTHERS };
struct attested {
    enum sign_refusal refusal;
    size_t customer; /* SIGN_OK */
    char attest;
    enum attest_ground ground;
};
struct attested customers_decide(const struct customer *all, size_t n, const struct stock *stock,
                                 const struct call *call);

#endif
