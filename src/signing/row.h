/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: a row, or what a customer's calls are signed with: its key in memory, the validity of its certificate. */
#ifndef SIGNING_ROW_H
#define SIGNING_ROW_H

#include <stdatomic.h>
#include <openssl/x509.h>

#include "signing/keys.h"
#include "signing/signing.h"
#include "token/template.h"

struct sign_row {
    struct number_range *numbers;
    size_t n_numbers;
    struct cidr *customers;
    size_t n_customers;
    char attest;
    const struct key *key; /* of the keys of all rows */
    char *x5u;
    struct token_template *tokens[3]; /* for A, B, C: the row's own attestation, and the lower ones */
    utc_t not_before, not_after; /* of the certificate and those above it; all times without a chain_path */
    STACK_OF(X509) * chain;      /* NULL: none was given */
    X509 *leaf;                  /* in it */
    _Atomic bool revoked;
};

/* The same for a customer: no numbers, no networks. */
enum bf_err row_init_customer(struct sign_row *row, const struct sign_customer_options *options,
                              struct sign_keys *keys, char **ret_message) must_use;

/* Copies and loads. Error: *ret_message, to be freed, says what is wrong with it; row_clear in any case. */
enum bf_err row_init(struct sign_row *row, const struct sign_row_options *options, struct sign_keys *keys,
                     char **ret_message) must_use;
void row_clear(struct sign_row *row);

#endif
