/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of up to 32 intervals, written as differences; an index of the first key of each block.
 *
 *     an entry: gap << 2 | value follows << 1 | length follows, [length - 1], [value]; all of them varints
 *     +12025550100 and +12025550105, both of customer 7:  0<<2|2, 7   4<<2        (the first key stands in the index)
 *
 * Neighbours of one value are one interval: a hundred numbers in a row, told one by one, take three bytes.
 */
#include "numbers/set.h"

#include <stdlib.h>

#include "numbers/key.h"
#include "numbers/pieces.h"
#include "numbers/run.h"

#define BLOCK       32u
#define ENTRY_BYTES 25u
#define HAS_LENGTH  1u
#define HAS_VALUE   2u

struct number_set {
    struct pieces bytes;
    uint64_t *firsts; /* of each block */
    uint32_t *where;  /* its first byte: piece * PIECE_BYTES + offset */
    size_t n, size;   /* blocks */
    uint32_t last_n;  /* entries of the last block */
};

struct number_set_maker {
    struct runs *runs;
};

enum bf_err number_set_begin(struct number_set_maker **ret)
{
    auto_(number_set_maker_destroy) struct number_set_maker *m = calloc(1, sizeof *m);
    const enum bf_err err = m ? runs_create(&m->runs) : BF_ENOMEM;
    if (err != BF_OK)
        return err;
    *ret = m;
    m = NULL;
    return BF_OK;
}

void number_set_maker_destroy(struct number_set_maker *m)
{
    if (!m)
        return;
    runs_destroy(m->runs);
    free(m);
}

void number_set_destroy(struct number_set *s)
{
    if (!s)
        return;
    pieces_clear(&s->bytes);
    free(s->firsts);
    free(s->where);
    free(s);
}

enum bf_err number_set_add(struct number_set_maker *maker, const struct number_range *range, uint32_t value)
{
    struct key_interval all[KEY_INTERVALS];
    size_t n = 0;
    enum bf_err err = key_intervals(range, all, &n) ? BF_OK : BF_EINVAL;
    for (size_t i = 0; i < n && err == BF_OK; i++) {
        const struct interval one = { all[i].first, all[i].last, value };
        err = runs_add(maker->runs, &one);
    }
    return err;
}

/* ---- writing ---- */

struct writer {
    struct number_set *set;
    uint64_t end;   /* the key behind the last entry */
    uint32_t value; /* of the last entry */
};

static enum bf_err begin_block(struct writer *w, uint64_t first, uint8_t **ret)
{
    struct number_set *const s = w->set;
    if (s->n == s->size) {
        const size_t size = s->size ? s->size + s->size / 2 : 64;
        uint64_t *firsts = realloc(s->firsts, size * sizeof *firsts);
        if (!firsts)
            return BF_ENOMEM;
        s->firsts = firsts;
        uint32_t *where = realloc(s->where, size * sizeof *where);
        if (!where)
            return BF_ENOMEM;
        s->where = where;
        s->size = size;
    }
    const enum bf_err err = pieces_room(&s->bytes, (size_t)BLOCK * ENTRY_BYTES, ret);
    if (err != BF_OK)
        return err;
    s->firsts[s->n] = first;
    s->where[s->n++] = (uint32_t)((s->bytes.n - 1) * PIECE_BYTES + s->bytes.used);
    s->last_n = 0;
    w->end = first;
    return BF_OK;
}

static enum bf_err write_entry(struct writer *w, const struct interval *i)
{
    struct number_set *const s = w->set;
    uint8_t *to;
    const bool begins = s->n == 0 || s->last_n == BLOCK;
    /* A block has room for all its entries from the start: it never lies in two pieces. */
    const enum bf_err err = begins ? begin_block(w, i->first, &to) : pieces_room(&s->bytes, 0, &to);
    if (err != BF_OK)
        return err;
    const bool length = i->last > i->first, value = begins || i->value != w->value;
    size_t n = varint_put(to, (i->first - w->end) << 2 | (value ? HAS_VALUE : 0) | (length ? HAS_LENGTH : 0));
    if (length)
        n += varint_put(to + n, i->last - i->first);
    if (value)
        n += varint_put(to + n, i->value);
    pieces_took(&s->bytes, n);
    s->last_n++;
    w->end = i->last + 1;
    w->value = i->value;
    return BF_OK;
}

static void note(struct number_clash *list, uint64_t *count, uint64_t key, uint32_t before, uint32_t value)
{
    if ((*count)++ < NUMBER_CLASHES)
        list[*count - 1] = (struct number_clash){ key_number(key), { before, value } };
}

/* Sorted intervals become disjoint ones; those that touch and mean the same become one. */
static enum bf_err write_all(struct writer *w, struct runs *runs, struct number_set_report *report)
{
    struct interval now, next;
    if (!runs_next(runs, &now))
        return BF_OK;
    while (runs_next(runs, &next)) {
        const bool overlap = next.first <= now.last;
        if (overlap && next.value == now.value)
            note(report->repeat, &report->repeats, next.first, now.value, next.value);
        else if (overlap)
            note(report->clash, &report->clashes, next.first, now.value, next.value);
        if (overlap || (next.first == now.last + 1 && next.value == now.value)) {
            now.last = next.last > now.last ? next.last : now.last;
            continue;
        }
        const enum bf_err err = write_entry(w, &now);
        if (err != BF_OK)
            return err;
        report->numbers += now.last - now.first + 1;
        now = next;
    }
    report->numbers += now.last - now.first + 1;
    return write_entry(w, &now);
}

enum bf_err number_set_end(struct number_set_maker *maker, struct number_set **ret,
                           struct number_set_report *report)
{
    auto_(number_set_maker_destroy) struct number_set_maker *used = maker;
    auto_(number_set_destroy) struct number_set *s = calloc(1, sizeof *s);
    (void)used;
    struct writer w = { .set = s };
    memset(report, 0, sizeof *report);
    enum bf_err err = s ? runs_rewind(maker->runs) : BF_ENOMEM;
    if (err == BF_OK)
        err = write_all(&w, maker->runs, report);
    if (err == BF_OK && report->clashes)
        err = BF_EFORM;
    if (err != BF_OK)
        return err;
    *ret = s;
    s = NULL;
    return BF_OK;
}

/* ---- reading ---- */

/* The last block that begins at the key or before it; n: none does. */
static size_t block_of(const struct number_set *s, uint64_t key)
{
    size_t from = 0, n = s->n;
    if (n == 0 || s->firsts[0] > key)
        return s->n;
    while (n > 1) { /* the one looked for is among [from, from + n) */
        const size_t half = n / 2;
        from += s->firsts[from + half] <= key ? half : 0;
        n -= half;
    }
    return from;
}

bool number_set_find(const struct number_set *s, const struct number *number, uint32_t *ret_value)
{
    uint64_t key;
    if (!s || !key_of(number, &key))
        return false;
    const size_t block = block_of(s, key);
    if (block == s->n)
        return false;
    const uint8_t *p = s->bytes.all[s->where[block] / PIECE_BYTES] + s->where[block] % PIECE_BYTES;
    uint64_t at = s->firsts[block], value = 0;
    for (uint32_t left = block + 1 == s->n ? s->last_n : BLOCK; left > 0; left--) {
        const uint64_t head = varint_take(&p);
        at += head >> 2;
        const uint64_t length = head & HAS_LENGTH ? varint_take(&p) : 0;
        if (head & HAS_VALUE)
            value = varint_take(&p);
        if (key < at)
            return false;
        if (key - at <= length) {
            if (ret_value)
                *ret_value = (uint32_t)value;
            return true;
        }
        at += length + 1;
    }
    return false;
}

size_t number_set_bytes(const struct number_set *s)
{
    return s ? sizeof *s + s->bytes.n * PIECE_BYTES + s->bytes.size * sizeof *s->bytes.all +
                   s->size * (sizeof *s->firsts + sizeof *s->where)
             : 0;
}
