/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue is a ring of RECORD_AHEAD slots and three counters: batches put, batches done (written, or given up), and batches
 * whose fate its owner has heard. The owner alone moves the first and the last, whoever has the turn the second.
 *
 * That nothing is left behind: who puts a batch and finds the turn taken, and who leaves the turn, each write one variable
 * and then read the other's, in one order for all (sequentially consistent). So either the one gets the turn, or the other
 * sees the batch. And who cannot have the turn asks again every TURN_MS, for the indexer takes it, too.
 */
#include "record/queue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "record/member.h"

#define SLOT_BYTES (64u << 10) /* to begin with: a batch of usual records is half of that */
#define TURN_MS    1

_Static_assert(QUEUES *RECORD_AHEAD <= JOURNAL_BATCHES, "one append takes what all queues hold");

struct slot {
    struct buf bytes;
    size_t n;
    struct instant newest;
    enum bf_err err;
};

enum wish { WISH_NOTHING, WISH_POST, WISH_WAKE };

struct record_queue {
    struct queues *all;
    _Atomic uint64_t put;
    uint64_t heard;
    void (*wake)(void *arg);
    void *arg;
    struct slot slots[RECORD_AHEAD];
    _Alignas(64) _Atomic uint64_t done;
    _Atomic int wish; /* enum wish */
    sem_t news;
};

struct queues {
    struct queues_options options;
    _Atomic(struct record_queue *) queues[QUEUES];
    _Atomic unsigned n;
    _Atomic uint64_t appended, failed;
    pthread_t thread;
    bool running;
    _Atomic bool stop, asleep;
    sem_t work;
    /* of whoever has the turn */
    struct journal_batch batches[QUEUES * RECORD_AHEAD];
};

/* ---- with the turn ---- */

static size_t gather(struct queues *qs, unsigned n, uint64_t puts[static QUEUES])
{
    size_t batches = 0;
    for (unsigned i = 0; i < n; i++) {
        struct record_queue *q = atomic_load(&qs->queues[i]);
        puts[i] = q ? atomic_load(&q->put) : 0;
        for (uint64_t at = q ? atomic_load(&q->done) : 0; at < puts[i]; at++) {
            const struct slot *s = &q->slots[at % RECORD_AHEAD];
            qs->batches[batches++] = (struct journal_batch){ s->bytes.p, s->bytes.n, s->n };
        }
    }
    return batches;
}

/* The queue is not touched after its owner may know; but for its wish, and it outlives that. */
static void tell(struct record_queue *q, uint64_t until, enum bf_err err)
{
    for (uint64_t at = atomic_load(&q->done); at < until; at++)
        q->slots[at % RECORD_AHEAD].err = err;
    atomic_store(&q->done, until);
    switch (atomic_exchange(&q->wish, WISH_NOTHING)) {
    case WISH_POST: sem_post(&q->news); break;
    case WISH_WAKE: q->wake(q->arg); break;
    default: break;
    }
}

static void count(struct queues *qs, unsigned n, const uint64_t puts[static QUEUES], enum bf_err err)
{
    uint64_t records = 0, bytes = 0;
    struct instant newest = { .utc = INT64_MIN };
    for (unsigned i = 0; i < n; i++) {
        struct record_queue *q = atomic_load(&qs->queues[i]);
        for (uint64_t at = q ? atomic_load(&q->done) : 0; at < puts[i]; at++) {
            const struct slot *s = &q->slots[at % RECORD_AHEAD];
            records += s->n;
            bytes += s->bytes.n;
            if (s->newest.utc >= newest.utc)
                newest = s->newest;
        }
    }
    atomic_fetch_add(err == BF_OK ? &qs->appended : &qs->failed, records);
    if (err == BF_OK)
        qs->options.written(qs->options.arg, bytes, newest);
}

static bool write_all(struct queues *qs)
{
    uint64_t puts[QUEUES], end;
    const unsigned n = atomic_load(&qs->n);
    const size_t batches = gather(qs, n, puts);
    if (batches == 0)
        return false;
    const enum bf_err err = journal_append(qs->options.journal, qs->batches, batches, &end);
    count(qs, n, puts, err);
    for (unsigned i = 0; i < n; i++)
        if (puts[i])
            tell(atomic_load(&qs->queues[i]), puts[i], err);
    return true;
}

static bool is_behind(struct queues *qs)
{
    const unsigned n = atomic_load(&qs->n);
    for (unsigned i = 0; i < n; i++) {
        struct record_queue *q = atomic_load(&qs->queues[i]);
        if (q && atomic_load(&q->done) < atomic_load(&q->put))
            return true;
    }
    return false;
}

/* false: the turn is another's. */
static bool work(struct queues *qs)
{
    while (is_behind(qs)) {
        if (!journal_take(qs->options.journal))
            return false;
        while (write_all(qs))
            ;
        journal_leave(qs->options.journal);
    }
    return true;
}

/* ---- the thread ---- */

static void nap(sem_t *sem)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TURN_MS * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    sem_clockwait(sem, CLOCK_MONOTONIC, &until);
}

static void *run(void *arg)
{
    struct queues *qs = arg;
    pthread_setname_np(pthread_self(), "record");
    while (!atomic_load(&qs->stop) || is_behind(qs)) {
        if (!work(qs)) {
            nap(&qs->work);
            continue;
        }
        atomic_store(&qs->asleep, true);
        if (is_behind(qs) || atomic_load(&qs->stop))
            atomic_store(&qs->asleep, false);
        else
            sem_wait(&qs->work);
    }
    return NULL;
}

static void wake_thread(struct queues *qs)
{
    if (atomic_exchange(&qs->asleep, false))
        sem_post(&qs->work);
}

/* ---- made and unmade ---- */

enum bf_err queues_create(const struct queues_options *options, struct queues **ret)
{
    auto_(queues_destroy) struct queues *qs = calloc(1, sizeof *qs);
    if (!qs)
        return BF_ENOMEM;
    qs->options = *options;
    sem_init(&qs->work, 0, 0);
    qs->running = options->has_thread && pthread_create(&qs->thread, NULL, run, qs) == 0;
    if (options->has_thread && !qs->running)
        return BF_ENOMEM;
    *ret = qs;
    qs = NULL;
    return BF_OK;
}

static void queue_destroy(struct record_queue *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < RECORD_AHEAD; i++)
        free(q->slots[i].bytes.p);
    sem_destroy(&q->news);
    free(q);
}

void queues_destroy(struct queues *qs)
{
    if (!qs)
        return;
    atomic_store(&qs->stop, true);
    if (qs->running) {
        sem_post(&qs->work);
        pthread_join(qs->thread, NULL);
    }
    for (unsigned i = 0; i < QUEUES; i++)
        queue_destroy(atomic_load(&qs->queues[i]));
    sem_destroy(&qs->work);
    free(qs);
}

static struct record_queue *queue_make(void)
{
    struct record_queue *q = aligned_alloc(64, (sizeof *q + 63) / 64 * 64);
    if (!q)
        return NULL;
    memset(q, 0, sizeof *q);
    sem_init(&q->news, 0, 0);
    for (size_t i = 0; i < RECORD_AHEAD; i++) {
        char *memory = malloc(SLOT_BYTES);
        q->slots[i].bytes = buf_on(memory, memory ? SLOT_BYTES : 0);
        if (!memory) {
            queue_destroy(q);
            return NULL;
        }
    }
    return q;
}

enum bf_err queue_open(struct queues *qs, void (*wake)(void *arg), void *arg, struct record_queue **ret)
{
    struct record_queue *q = queue_make();
    if (!q)
        return BF_ENOMEM;
    q->all = qs;
    q->wake = wake;
    q->arg = arg;
    const unsigned place = atomic_fetch_add(&qs->n, 1);
    if (place >= QUEUES) {
        atomic_store(&qs->n, QUEUES);
        queue_destroy(q);
        return BF_ELIMIT;
    }
    atomic_store(&qs->queues[place], q);
    *ret = q;
    return BF_OK;
}

struct queues_counts queues_counts(const struct queues *qs)
{
    return (struct queues_counts){ atomic_load(&qs->appended), atomic_load(&qs->failed) };
}

/* ---- the owner's side ---- */

static bool grow(struct buf *b)
{
    const size_t size = 2 * b->size;
    char *memory = realloc(b->p, size);
    if (!memory)
        return false;
    *b = buf_on(memory, size);
    return true;
}

static bool write_records(struct buf *b, const struct record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t frame = b->n;
        if (b->size - b->n < JOURNAL_FRAME)
            return false;
        b->n += JOURNAL_FRAME;
        record_entry_write(&records[i], b);
        if (!buf_ok(b))
            return false;
        journal_frame(b->p + frame, b->n - frame - JOURNAL_FRAME);
    }
    return true;
}

enum bf_err record_queue_put(struct record_queue *q, const struct record *records, size_t n)
{
    const uint64_t put = atomic_load(&q->put);
    struct slot *s = &q->slots[put % RECORD_AHEAD];
    if (put - q->heard == RECORD_AHEAD)
        return BF_EAGAIN;
    for (s->bytes = buf_on(s->bytes.p, s->bytes.size); !write_records(&s->bytes, records, n);)
        if (!grow(&s->bytes))
            return BF_ENOMEM;
    s->n = n;
    s->newest = n ? records[n - 1].at : (struct instant){ 0 };
    atomic_store(&q->put, put + 1);
    if (q->all->running)
        wake_thread(q->all);
    else
        (void)!work(q->all);
    return BF_OK;
}

static bool is_under_way(const struct record_queue *q)
{
    return atomic_load(&q->done) == q->heard && atomic_load(&q->put) > q->heard;
}

enum bf_err record_queue_news(struct record_queue *q)
{
    if (is_under_way(q))
        return BF_EAGAIN;
    if (atomic_load(&q->put) == q->heard)
        return BF_ENOENT;
    return q->slots[q->heard++ % RECORD_AHEAD].err;
}

/* What is left of an older wish at worst wakes once too often. */
enum bf_err record_queue_wait(struct record_queue *q)
{
    while (is_under_way(q)) {
        if (!q->all->running && work(q->all))
            continue;
        atomic_store(&q->wish, WISH_POST);
        if (!is_under_way(q))
            continue;
        if (q->all->running)
            sem_wait(&q->news);
        else
            nap(&q->news);
    }
    return record_queue_news(q);
}

bool record_queue_wake(struct record_queue *q)
{
    if (!is_under_way(q))
        return false;
    atomic_store(&q->wish, WISH_WAKE);
    return is_under_way(q);
}
