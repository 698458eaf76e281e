/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of the recorder: a batch is put into the journal's form in memory that is kept, then appended at once. The rest
 * (index.c) happens behind everybody's back.
 */
#include "record/record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/index.h"
#include "record/member.h"

#define SCRATCH (256u << 10)

/* Where a batch is put together. As many as threads ever appended at once; none is given back before the end. */
struct scratch {
    struct scratch *next;
    char *memory;
    size_t size;
    struct span *entries;
    size_t n_entries;
};

struct recorder {
    struct journal *journal;
    struct indexer *indexer;
    pthread_mutex_t lock;
    struct scratch *free;
    _Atomic uint64_t appended, failed;
};

static enum bf_err say(char **message, enum bf_err err)
{
    if (asprintf(message, "records: %s", bf_err_text(err)) < 0)
        *message = NULL;
    return err;
}

/* With a bound on bytes, segments are small enough for the bound to be kept. */
static uint64_t segment_bytes(uint64_t keep_bytes)
{
    const uint64_t least = 1u << 20, most = 64u << 20, part = keep_bytes / 16;
    if (keep_bytes == 0)
        return most;
    return part < least ? least : part > most ? most : part;
}

enum bf_err recorder_create(const struct recorder_options *options, struct recorder **ret, char **ret_message)
{
    auto_(recorder_destroy) struct recorder *r = calloc(1, sizeof *r);
    const struct journal_options journal = {
        .segment_bytes = segment_bytes(options->keep_bytes),
        .sync = options->durability == RECORD_STRICT,
    };
    if (!r)
        return say(ret_message, BF_ENOMEM);
    pthread_mutex_init(&r->lock, NULL);
    enum bf_err err = journal_open(options->journal_dir, &journal, &r->journal, ret_message);
    if (err != BF_OK)
        return err;
    if (journal_repaired(r->journal))
        log_put(options->log, LOG_WARN, "journal %s: %llu bytes of a torn tail were cut off",
                options->journal_dir, (unsigned long long)journal_repaired(r->journal));
    err = indexer_create(options, r->journal, &r->indexer, ret_message);
    if (err != BF_OK)
        return err;
    *ret = r;
    r = NULL;
    return BF_OK;
}

static void scratch_destroy(struct scratch *s)
{
    free(s->memory);
    free(s->entries);
    free(s);
}

void recorder_destroy(struct recorder *r)
{
    if (!r)
        return;
    indexer_destroy(r->indexer);
    journal_close(r->journal);
    for (struct scratch *s = r->free, *next; s; s = next) {
        next = s->next;
        scratch_destroy(s);
    }
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct scratch *scratch_take(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    struct scratch *s = r->free;
    if (s)
        r->free = s->next;
    pthread_mutex_unlock(&r->lock);
    return s ? s : calloc(1, sizeof *s);
}

static void scratch_give(struct recorder *r, struct scratch *s)
{
    pthread_mutex_lock(&r->lock);
    s->next = r->free;
    r->free = s;
    pthread_mutex_unlock(&r->lock);
}

static bool grow(void **memory, size_t *have, size_t want, size_t each)
{
    if (want <= *have)
        return true;
    void *more = realloc(*memory, want * each);
    if (!more)
        return false;
    *memory = more;
    *have = want;
    return true;
}

/* *ret_bytes: of all entries. Their spans are made last: memory may have moved before. */
static enum bf_err put_together(struct scratch *s, const struct record *records, size_t n, size_t *ret_bytes)
{
    struct buf b = { .p = s->memory, .size = s->size };
    if (!grow((void **)&s->entries, &s->n_entries, n, sizeof *s->entries))
        return BF_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const size_t start = b.n;
        for (record_entry_write(&records[i], &b); !buf_ok(&b); record_entry_write(&records[i], &b)) {
            if (!grow((void **)&s->memory, &s->size, s->size ? 2 * s->size : SCRATCH, 1))
                return BF_ENOMEM;
            b = (struct buf){ .p = s->memory, .n = start, .size = s->size };
        }
        s->entries[i] = span_make(NULL, b.n - start);
    }
    const char *at = s->memory;
    for (size_t i = 0; i < n; i++, at += s->entries[i - 1].n)
        s->entries[i].p = at;
    *ret_bytes = b.n;
    return BF_OK;
}

enum bf_err recorder_append(struct recorder *r, const struct record *records, size_t n)
{
    uint64_t end;
    size_t bytes;
    struct scratch *s = n ? scratch_take(r) : NULL;
    if (!s)
        return n ? BF_ENOMEM : BF_OK;
    enum bf_err err = put_together(s, records, n, &bytes);
    if (err == BF_OK)
        err = journal_append(r->journal, s->entries, n, &end);
    scratch_give(r, s);
    if (err == BF_OK)
        indexer_note(r->indexer, bytes, records[n - 1].at);
    atomic_fetch_add(err == BF_OK ? &r->appended : &r->failed, n);
    return err;
}

enum bf_err recorder_flush(struct recorder *r, unsigned timeout_ms)
{
    return indexer_wait(r->indexer, journal_end(r->journal), timeout_ms);
}

struct recorder_counts recorder_counts(const struct recorder *r)
{
    const struct indexer_counts x = indexer_counts(r->indexer);
    return (struct recorder_counts){
        .appended = atomic_load(&r->appended),
        .failed = atomic_load(&r->failed),
        .bytes = journal_bytes(r->journal) + x.db_bytes,
        .lag_records = x.lag_records,
        .lag_bytes = x.lag_bytes,
        .lag_ms = x.lag_ms,
    };
}
