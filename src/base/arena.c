/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first, *last;
    size_t block, max, total;
};

static struct block *block_add(struct arena *a, size_t size)
{
    if (size > a->max - a->total)
        return NULL;
    struct block *b = malloc(sizeof *b + size);
    if (!b)
        return NULL;
    *b = (struct block){ .size = size };
    a->total += size;
    if (a->last)
        a->last->next = b;
    else
        a->first = b;
    return a->last = b;
}

enum bf_err arena_create(size_t block, size_t max, struct arena **ret)
{
    struct arena *a = malloc(sizeof *a);
    if (!a)
        return BF_ENOMEM;
    *a = (struct arena){ .block = block, .max = max };
    if (!block_add(a, block)) {
        free(a);
        return BF_ENOMEM;
    }
    *ret = a;
    return BF_OK;
}

static void blocks_free(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_destroy(struct arena *a)
{
    if (!a)
        return;
    blocks_free(a->first);
    free(a);
}

void *arena_take(struct arena *a, size_t size)
{
    const size_t grain = alignof(max_align_t);
    if (size > a->max)
        return NULL;
    size = (size + grain - 1) & ~(grain - 1);
    struct block *b = a->last;
    if (size > b->size - b->used)
        b = block_add(a, size > a->block ? size : a->block);
    if (!b)
        return NULL;
    void *p = b->bytes + b->used;
    b->used += size;
    return memset(p, 0, size);
}

struct span arena_copy(struct arena *a, struct span s)
{
    char *p = arena_take(a, s.n + 1);
    if (!p)
        return SPAN_NONE;
    if (s.n)
        memcpy(p, s.p, s.n);
    return span_make(p, s.n);
}

const char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *p = n < 0 ? NULL : arena_take(a, (size_t)n + 1);
    if (p)
        vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return p;
}

void arena_reset(struct arena *a)
{
    blocks_free(a->first->next);
    a->first->next = NULL;
    a->first->used = 0;
    a->last = a->first;
    a->total = a->first->size;
}
