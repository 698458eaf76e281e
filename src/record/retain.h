/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping records within their days and bytes, a small step at a time. */
#ifndef RECORD_RETAIN_H
#define RECORD_RETAIN_H

#include "base/clock.h"
#include "store/db.h"
#include "store/journal.h"

struct retain {
    unsigned keep_days;
    uint64_t keep_bytes;
};

/*
 * Deletes a few of the oldest rows that are too old or too many, and gives pages back. *ret_more: there are further ones.
 * Both kinds of BF_EAGAIN and BF_EIO as db_run.
 */
enum bf_err retain_rows(const struct retain *rules, struct db *db, uint64_t journal_bytes, utc_t now,
                        bool *ret_more) must_use;

/*
 * The journal: a segment a day at least; segments go once they are indexed up to `position` and too old for a replay
 * reload. Without an index the journal is the record: has_index false, and days and bytes hold for it.
 */
enum bf_err retain_journal(const struct retain *rules, struct journal *journal, bool has_index,
                           uint64_t position, utc_t now) must_use;

#endif
