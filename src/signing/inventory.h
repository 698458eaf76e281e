/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: which rows hold a number. A carrier has thousands of rows, and a call must not walk them all.
 *
 * Does not know who a row is for, nor which of several rows counts.
 */
#ifndef SIGNING_INVENTORY_H
#define SIGNING_INVENTORY_H

#include "sip/number.h"

struct inventory_entry {
    const struct number_range *range; /* must outlive the inventory */
    uint32_t row;
};

struct inventory;

/* BF_ENOMEM. Immutable afterwards. */
enum bf_err inventory_create(const struct inventory_entry *entries, size_t n, struct inventory **ret)
    must_use;
void inventory_destroy(struct inventory *inventory);

/*
 * Calls `see` once for every range that holds the number, in no order. number: canonical. Allocates nothing; takes steps as the
 * logarithm of the ranges there are, and as those found.
 */
void inventory_look(const struct inventory *inventory, const struct number *number,
                    void (*see)(void *arg, uint32_t row), void *arg);

AUTO_DEFINE(struct inventory, inventory_destroy);

#endif
