/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of the recorder: queues in front of the journal (queue.c), and the index, which happens behind everybody's back
 * (index.c).
 */
#include "record/record.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/erase.h"
#include "record/index.h"
#include "record/queue.h"

/* Queues of threads that have none, lent for a batch. */
struct lent {
    struct lent *next;
    struct record_queue *queue;
};

struct recorder {
    struct journal *journal;
    struct indexer *indexer;
    struct queues *queues;
    char *db_url; /* NULL: no index */
    pthread_mutex_t lock;
    struct lent *free;
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

static void written(void *arg, uint64_t bytes, struct instant at)
{
    indexer_note(arg, bytes, at);
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
    if (options->db_url && !(r->db_url = strdup(options->db_url)))
        return say(ret_message, BF_ENOMEM);
    enum bf_err err = journal_open(options->journal_dir, &journal, &r->journal, ret_message);
    if (err != BF_OK)
        return err;
    if (journal_repaired(r->journal))
        log_put(options->log, LOG_WARN, "journal %s: %llu bytes of a torn tail were cut off",
                options->journal_dir, (unsigned long long)journal_repaired(r->journal));
    err = indexer_create(options, r->journal, &r->indexer, ret_message);
    if (err != BF_OK)
        return err;
    const struct queues_options queues = { r->journal, journal.sync, written, r->indexer };
    err = queues_create(&queues, &r->queues);
    if (err != BF_OK)
        return say(ret_message, err);
    *ret = r;
    r = NULL;
    return BF_OK;
}

void recorder_destroy(struct recorder *r)
{
    if (!r)
        return;
    queues_destroy(r->queues);
    indexer_destroy(r->indexer);
    journal_close(r->journal);
    free(r->db_url);
    for (struct lent *l = r->free, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    pthread_mutex_destroy(&r->lock);
    free(r);
}

enum bf_err recorder_queue(struct recorder *r, void (*wake)(void *arg), void *arg, struct record_queue **ret)
{
    return queue_open(r->queues, wake, arg, ret);
}

static enum bf_err lend(struct recorder *r, struct lent **ret)
{
    pthread_mutex_lock(&r->lock);
    struct lent *l = r->free;
    if (l)
        r->free = l->next;
    pthread_mutex_unlock(&r->lock);
    enum bf_err err = BF_OK;
    if (!l && !(l = calloc(1, sizeof *l)))
        return BF_ENOMEM;
    if (!l->queue)
        err = queue_open(r->queues, NULL, NULL, &l->queue);
    if (err == BF_OK)
        *ret = l;
    else
        free(l);
    return err;
}

static void give_back(struct recorder *r, struct lent *l)
{
    pthread_mutex_lock(&r->lock);
    l->next = r->free;
    r->free = l;
    pthread_mutex_unlock(&r->lock);
}

enum bf_err recorder_append(struct recorder *r, const struct record *records, size_t n)
{
    struct lent *l;
    if (n == 0)
        return BF_OK;
    enum bf_err err = lend(r, &l);
    if (err != BF_OK)
        return err;
    err = record_queue_put(l->queue, records, n);
    if (err == BF_OK)
        err = record_queue_wait(l->queue);
    give_back(r, l);
    return err;
}

enum bf_err recorder_flush(struct recorder *r, unsigned timeout_ms)
{
    return indexer_wait(r->indexer, journal_end(r->journal), timeout_ms);
}

#define CATCH_UP_MS 10000u

enum bf_err recorder_erase(struct recorder *r, const struct record_erasing *who, uint64_t *ret_records,
                           char **ret_message)
{
    *ret_message = NULL;
    const enum bf_err err = r->db_url ? recorder_flush(r, CATCH_UP_MS) : BF_OK;
    return err ? err : record_erase(r->journal, r->db_url, who, ret_records, ret_message);
}

struct recorder_counts recorder_counts(const struct recorder *r)
{
    const struct indexer_counts x = indexer_counts(r->indexer);
    const struct queues_counts q = queues_counts(r->queues);
    return (struct recorder_counts){
        .appended = q.appended,
        .failed = q.failed,
        .bytes = journal_bytes(r->journal) + x.db_bytes,
        .lag_records = x.lag_records,
        .lag_bytes = x.lag_bytes,
        .lag_ms = x.lag_ms,
    };
}
