/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: whose number is it? The inventory of all customers, and what was ported out or suspended.
 *
 *     number,count,customer,status,attest          status: active (or empty), ported-out, suspended
 *     +12025550100,100,acme,active,                attest: the highest for these numbers, beside the customer's
 *     +12025550150,1,acme,ported-out,              takes one away, also out of a range of the same file
 */
#ifndef SIGNING_STOCK_H
#define SIGNING_STOCK_H

#include "numbers/set.h"
#include "signing/signing.h"

enum stock_status { STOCK_NOBODYS, STOCK_OWNED, STOCK_PORTED_OUT, STOCK_SUSPENDED };
struct stock_item {
    enum stock_status status;
    uint32_t customer; /* STOCK_OWNED */
    char attest;       /* the highest of the number itself; 'A' unless the file says less */
};

struct stock;

/* *ret_message names file, line and column, or the customer. */
enum bf_err stock_create(const struct signing_options *options, struct stock **ret, char **ret_message)
    must_use;
void stock_destroy(struct stock *s);
struct stock_item stock_find(const struct stock *s, const struct number *number);
uint64_t stock_numbers(const struct stock *s);

AUTO_DEFINE(struct stock, stock_destroy);

#endif
