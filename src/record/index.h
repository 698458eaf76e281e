/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The indexer: a thread that copies a journal into the database, in order, and keeps both within their bounds. Nobody waits
 * for it: a database that is slow, locked or gone makes it late, and it goes on where it stopped. Under load it comes by
 * four times a second, for the fewer the transactions the cheaper is a record; one that comes alone is indexed at once.
 */
#ifndef RECORD_INDEX_H
#define RECORD_INDEX_H

#include "record/record.h"
#include "store/journal.h"

/* The journal is kept this long at least, for record_replays: twice the largest freshness_s (600), and some more. */
#define RECORD_REPLAY_S 1800

struct indexer;

/* options->db_url NULL: only retention. The journal must outlive it. *ret_message: a sentence, to be freed. */
enum bf_err indexer_create(const struct recorder_options *options, struct journal *journal,
                           struct indexer **ret, char **ret_message) must_use;
void indexer_destroy(struct indexer *x); /* catches up first, at most 5 s */

/* So many bytes are behind the journal's new end; at: of the newest record. From any thread, cheap. */
void indexer_note(struct indexer *x, uint64_t bytes, struct instant at);
/* Until all before `position` is indexed. BF_ETIME. */
enum bf_err indexer_wait(struct indexer *x, uint64_t position, unsigned timeout_ms) must_use;
/* Retention now instead of within the minute; waits for it. BF_ETIME. */
enum bf_err indexer_tidy(struct indexer *x, unsigned timeout_ms) must_use;

struct indexer_counts {
    uint64_t lag_records, lag_bytes, db_bytes, damaged;
    int64_t lag_ms;
};
struct indexer_counts indexer_counts(const struct indexer *x);

AUTO_DEFINE(struct indexer, indexer_destroy);

#endif
