/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

enum bf_err inbox_init(struct inbox *box)
{
    atomic_init(&box->newest, NULL);
    box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return box->fd < 0 ? BF_EIO : BF_OK;
}

void inbox_clear(struct inbox *box)
{
    if (box->fd >= 0)
        close(box->fd);
    box->fd = -1;
}

void inbox_wake(struct inbox *box)
{
    const uint64_t one = 1;
    if (write(box->fd, &one, sizeof one) < 0)
        return; /* the counter is full: the reader has been told often enough */
}

void inbox_put(struct inbox *box, struct inbox_item *item)
{
    struct inbox_item *before = atomic_load_explicit(&box->newest, memory_order_relaxed);
    do
        item->next = before;
    while (!atomic_compare_exchange_weak_explicit(&box->newest, &before, item, memory_order_release,
                                                  memory_order_relaxed));
    if (!before)
        inbox_wake(box);
}

struct inbox_item *inbox_take(struct inbox *box)
{
    uint64_t told;
    struct inbox_item *item, *oldest = NULL;
    /* The eventfd first: whoever puts something in after the exchange finds the box empty and tells us again. */
    if (read(box->fd, &told, sizeof told) < 0)
        told = 0;
    item = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
    while (item) {
        struct inbox_item *next = item->next;
        item->next = oldest;
        oldest = item;
        item = next;
    }
    return oldest;
}
