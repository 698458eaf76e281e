/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: intervals of keys, sorted a bundle at a time, and all bundles read back as one sorted row.
 * A key orders numbers so that a range of them is an interval: see key.h.
 */
#ifndef NUMBERS_RUN_H
#define NUMBERS_RUN_H

#include "base/fault.h"

struct interval {
    uint64_t first, last; /* keys, both included */
    uint32_t value;
};

struct runs;

enum bf_err runs_create(struct runs **ret) must_use; /* BF_ENOMEM */
void runs_destroy(struct runs *r);

enum bf_err runs_add(struct runs *r, const struct interval *i) must_use; /* BF_ENOMEM, BF_ELIMIT */

/* Adding is over. BF_ENOMEM, BF_ELIMIT. */
enum bf_err runs_rewind(struct runs *r) must_use;
/* The next one by `first`, of equals by `last`, then by value; false: that was all. Memory goes as it is read. */
bool runs_next(struct runs *r, struct interval *ret);

AUTO_DEFINE(struct runs, runs_destroy);

#endif
