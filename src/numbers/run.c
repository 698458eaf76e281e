/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle of 256 Ki intervals is sorted in an array and written away as differences; at the end the bundles are merged
 * by a heap of their heads. So what is being sorted takes the memory of what will come of it, not of an array of all.
 */
#include "numbers/run.h"

#include <stdlib.h>

#include "numbers/pieces.h"

#define BUNDLE      262144u
#define ENTRY_BYTES 25u /* two differences of 10 bytes, a value of 5 */

struct run {
    struct pieces pieces;
    size_t n;         /* entries not read yet */
    size_t piece, at; /* where the next one is read */
    uint32_t *ends;   /* bytes used of each piece */
    struct interval head;
};

struct runs {
    struct interval *bundle;
    size_t n; /* in the bundle */
    struct run *all;
    size_t n_runs, size;
    uint32_t *heap; /* runs by their heads, the lowest first */
    size_t n_heap;
};

static int compare(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

enum bf_err runs_create(struct runs **ret)
{
    struct runs *r = calloc(1, sizeof *r);
    if (!r)
        return BF_ENOMEM;
    *ret = r;
    return BF_OK;
}

void runs_destroy(struct runs *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_runs; i++) {
        pieces_clear(&r->all[i].pieces);
        free(r->all[i].ends);
    }
    free(r->all);
    free(r->heap);
    free(r->bundle);
    free(r);
}

/* ---- writing ---- */

static enum bf_err another_run(struct runs *r)
{
    if (r->n_runs == r->size) {
        const size_t size = r->size ? 2 * r->size : 8;
        struct run *all = realloc(r->all, size * sizeof *all);
        if (!all)
            return BF_ENOMEM;
        r->all = all;
        r->size = size;
    }
    r->all[r->n_runs++] = (struct run){ .n = r->n };
    return BF_OK;
}

static enum bf_err note_end(struct run *run)
{
    if (run->pieces.n == 0)
        return BF_OK;
    uint32_t *ends = realloc(run->ends, run->pieces.n * sizeof *ends);
    if (!ends)
        return BF_ENOMEM;
    run->ends = ends;
    ends[run->pieces.n - 1] = (uint32_t)run->pieces.used;
    return BF_OK;
}

static enum bf_err write_run(struct run *run, const struct interval *all)
{
    uint64_t before = 0;
    for (size_t i = 0; i < run->n; i++) {
        uint8_t *to;
        if (run->pieces.n && PIECE_BYTES - run->pieces.used < ENTRY_BYTES && note_end(run) != BF_OK)
            return BF_ENOMEM;
        const enum bf_err err = pieces_room(&run->pieces, ENTRY_BYTES, &to);
        if (err != BF_OK)
            return err;
        size_t n = varint_put(to, all[i].first - before);
        n += varint_put(to + n, all[i].last - all[i].first);
        n += varint_put(to + n, all[i].value);
        pieces_took(&run->pieces, n);
        before = all[i].first;
    }
    return note_end(run);
}

static bool is_sorted(const struct interval *all, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (compare(&all[i - 1], &all[i]) > 0)
            return false;
    return true;
}

static enum bf_err put_away(struct runs *r)
{
    if (r->n == 0)
        return BF_OK;
    if (!is_sorted(r->bundle, r->n))
        qsort(r->bundle, r->n, sizeof r->bundle[0], compare);
    enum bf_err err = another_run(r);
    if (err == BF_OK)
        err = write_run(&r->all[r->n_runs - 1], r->bundle);
    r->n = 0;
    return err;
}

enum bf_err runs_add(struct runs *r, const struct interval *i)
{
    if (!r->bundle && !(r->bundle = malloc(BUNDLE * sizeof *r->bundle)))
        return BF_ENOMEM;
    if (r->n == BUNDLE) {
        const enum bf_err err = put_away(r);
        if (err != BF_OK)
            return err;
    }
    r->bundle[r->n++] = *i;
    return BF_OK;
}

/* ---- reading ---- */

/* The next entry into the head; false: there is none. */
static bool advance(struct run *run)
{
    if (run->n == 0) {
        if (run->pieces.n)
            pieces_release(&run->pieces, run->pieces.n - 1);
        return false;
    }
    if (run->at == run->ends[run->piece]) {
        pieces_release(&run->pieces, run->piece++);
        run->at = 0;
    }
    const uint8_t *const start = run->pieces.all[run->piece] + run->at, *p = start;
    run->head.first += varint_take(&p);
    run->head.last = run->head.first + varint_take(&p);
    run->head.value = (uint32_t)varint_take(&p);
    run->at += (size_t)(p - start);
    run->n--;
    return true;
}

static bool is_before(const struct runs *r, size_t a, size_t b)
{
    return compare(&r->all[r->heap[a]].head, &r->all[r->heap[b]].head) < 0;
}

static void sink(struct runs *r, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < r->n_heap; child++)
            if (is_before(r, child, least))
                least = child;
        if (least == at)
            return;
        const uint32_t run = r->heap[at];
        r->heap[at] = r->heap[least];
        r->heap[least] = run;
        at = least;
    }
}

enum bf_err runs_rewind(struct runs *r)
{
    const enum bf_err err = put_away(r);
    free(r->bundle);
    r->bundle = NULL;
    if (err != BF_OK)
        return err;
    r->heap = calloc(r->n_runs ? r->n_runs : 1, sizeof *r->heap);
    if (!r->heap)
        return BF_ENOMEM;
    for (size_t i = 0; i < r->n_runs; i++)
        if (advance(&r->all[i]))
            r->heap[r->n_heap++] = (uint32_t)i;
    for (size_t i = r->n_heap; i-- > 0;)
        sink(r, i);
    return BF_OK;
}

bool runs_next(struct runs *r, struct interval *ret)
{
    if (r->n_heap == 0)
        return false;
    struct run *const run = &r->all[r->heap[0]];
    *ret = run->head;
    if (!advance(run))
        r->heap[0] = r->heap[--r->n_heap];
    sink(r, 0);
    return true;
}
