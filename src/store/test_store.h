/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this room share: a directory of their own, a journal in it. */
#ifndef STORE_TEST_STORE_H
#define STORE_TEST_STORE_H

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/journal.h"
#include "scratch.h"
#include "tap.h"

struct place {
    char dir[256], journal[300];
};

static inline struct place place_make(void)
{
    struct place p;
    scratch_make(p.dir, sizeof p.dir, "store");
    snprintf(p.journal, sizeof p.journal, "%s/journal", p.dir);
    return p;
}

static inline void place_remove(const struct place *p)
{
    scratch_remove(p->dir);
}

static inline struct journal *journal_at(const struct place *p, uint64_t segment_bytes, bool sync)
{
    const struct journal_options options = { .segment_bytes = segment_bytes, .sync = sync };
    struct journal *j = NULL;
    char *message = NULL;
    if (journal_open(p->journal, &options, &j, &message) != BF_OK)
        fail_msg("%s", message ? message : "?");
    return j;
}

/* Entry n says its number, and is 16 to 45 bytes long. */
static inline struct span entry_text(uint64_t n, char out[static 64])
{
    const int length = snprintf(out, 64, "entry %" PRIu64 " %.*s", n, 8 + (int)(n * 7 % 29),
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO");
    return span_make(out, (size_t)length);
}

/* The entries as one batch, once it is our turn. */
static inline enum bf_err append_spans(struct journal *j, const struct span *entries, size_t n,
                                       uint64_t *ret_end)
{
    struct journal_batch b = { .n = n };
    for (size_t i = 0; i < n; i++)
        b.bytes += JOURNAL_FRAME + entries[i].n;
    char *at = b.p = malloc(b.bytes + 1);
    for (size_t i = 0; i < n; i++) {
        journal_frame(at, entries[i].n);
        if (entries[i].n)
            memcpy(at + JOURNAL_FRAME, entries[i].p, entries[i].n);
        at += JOURNAL_FRAME + entries[i].n;
    }
    while (!journal_take(j))
        sched_yield();
    const enum bf_err err = journal_append(j, &b, 1, ret_end);
    journal_leave(j);
    free(b.p);
    return err;
}

static inline enum bf_err append_one(struct journal *j, uint64_t n)
{
    char text[64];
    uint64_t end;
    const struct span entry = entry_text(n, text);
    return append_spans(j, &entry, 1, &end);
}

static inline void append_many(struct journal *j, uint64_t from, uint64_t until)
{
    for (uint64_t n = from; n < until; n++)
        assert_int_equal(append_one(j, n), BF_OK);
}

/* Reads all and counts what is at its position as it was appended there; anything else is wrong. */
struct tally {
    size_t right, wrong;
    uint64_t last;
    enum bf_err err;
    uint64_t next;
};

static inline bool tally_entry(void *arg, uint64_t position, struct span entry)
{
    struct tally *t = arg;
    char text[64];
    if (span_equal(entry, entry_text(position, text)))
        t->right++;
    else
        t->wrong++;
    t->last = position;
    return true;
}

static inline struct tally tally_from(const struct place *p, uint64_t from)
{
    struct tally t = { 0 };
    t.err = journal_read(p->journal, from, tally_entry, &t, &t.next);
    return t;
}

#endif
