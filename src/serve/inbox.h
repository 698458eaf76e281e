/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other threads leave for a worker: signers that arrived, connections, cancelled calls.
 * Many writers, one reader, no lock; the eventfd is written only when the box was empty.
 */
#ifndef SERVE_INBOX_H
#define SERVE_INBOX_H

#include <stdatomic.h>

#include "base/fault.h"

enum inbox_kind { INBOX_SIGNER, INBOX_CANCEL, INBOX_CANCEL_ASKED, INBOX_CONNECTION, INBOX_PROXY };

/* The first member of whatever is left in a box; belongs to the box until it is taken. */
struct inbox_item {
    struct inbox_item *next;
    enum inbox_kind kind;
};

struct inbox {
    _Atomic(struct inbox_item *) newest;
    int fd; /* readable when there may be something */
};

enum bf_err inbox_init(struct inbox *box) must_use; /* BF_EIO */
void inbox_clear(struct inbox *box);

void inbox_put(struct inbox *box, struct inbox_item *item);
void inbox_wake(struct inbox *box); /* the reader looks up, though nothing is in it */

/* Everything there is, oldest first, linked by `next`; NULL: nothing. The reader's thread only. */
struct inbox_item *inbox_take(struct inbox *box);

#endif
