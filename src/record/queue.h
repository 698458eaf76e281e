/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How batches of records reach the journal: a bounded queue of each thread that has some, into which it alone puts, and
 * from which whoever has the turn at the journal takes. Nobody waits for a lock, and no lock is taken.
 *
 *   relaxed  whoever put a batch takes the turn, and writes what all queues hold. Is the turn another's, that one looks
 *            again when it is through; so whoever put it only waits.
 *   strict   a thread of its own takes the turns: one write and one fdatasync for what all queues hold; meanwhile they
 *            fill again, so the slower the disk, the fewer the fdatasyncs. Nobody needs to wait until a queue is full.
 */
#ifndef RECORD_QUEUE_H
#define RECORD_QUEUE_H

#include "record/record.h"
#include "store/journal.h"

#define QUEUES 64u /* threads, at most; as many batches as one append takes, in all */

struct queues;

/* written: so many bytes of records, the newest of that time, are behind the journal's new end; from any thread. */
struct queues_options {
    struct journal *journal;
    bool has_thread; /* strict */
    void (*written)(void *arg, uint64_t bytes, struct instant at);
    void *arg;
};
enum bf_err queues_create(const struct queues_options *options, struct queues **ret) must_use;
/* Ends the thread; every queue goes, too. Nobody may be using one. */
void queues_destroy(struct queues *qs);

/* As recorder_queue. BF_ELIMIT, BF_ENOMEM. From any thread. */
enum bf_err queue_open(struct queues *qs, void (*wake)(void *arg), void *arg, struct record_queue **ret)
    must_use;

struct queues_counts {
    uint64_t appended, failed;
};
struct queues_counts queues_counts(const struct queues *qs);

AUTO_DEFINE(struct queues, queues_destroy);

#endif
