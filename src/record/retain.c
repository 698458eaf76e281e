/* SPDX-License-Identifier: Apache-2.0 */
#include "record/retain.h"

#include "record/index.h"
#include "record/member.h"

#define CHUNKS 4 /* deleted at a time: a transaction of a few milliseconds */
#define DAY_S  86400
#define VACUUM "PRAGMA incremental_vacuum(256)"

/* The oldest, at most CHUNKS of them. */
static enum bf_err delete_some(struct db *db, utc_t before, bool *ret_more)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db,
                                 "DELETE FROM chunks WHERE seq IN "
                                 "(SELECT seq FROM chunks WHERE last_at < ?1 ORDER BY last_at, seq LIMIT ?2)",
                                 &q);
    if (err != BF_OK)
        return err;
    db_bind_int(q, 1, record_ms(before, 0));
    db_bind_int(q, 2, CHUNKS);
    err = db_step(q);
    if (err != BF_ENOENT)
        return err == BF_OK ? BF_EIO : err;
    *ret_more = db_changes(db) == CHUNKS;
    return BF_OK;
}

/* What is left to the database; however large the journal has to be, half belongs to the database. */
static uint64_t db_share(const struct retain *rules, uint64_t journal_bytes)
{
    const uint64_t half = rules->keep_bytes / 2;
    return journal_bytes < half ? rules->keep_bytes - journal_bytes : half;
}

enum bf_err retain_rows(const struct retain *rules, struct db *db, uint64_t journal_bytes, utc_t now,
                        bool *ret_more)
{
    enum bf_err err = BF_OK;
    bool old = false, many = false;
    if (rules->keep_days)
        err = delete_some(db, now - (utc_t)rules->keep_days * DAY_S, &old);
    if (err == BF_OK && rules->keep_bytes && db_bytes(db) > db_share(rules, journal_bytes))
        err = delete_some(db, INT64_MAX, &many);
    if (err == BF_OK)
        err = db_run(db, VACUUM);
    *ret_more = old || many;
    return err;
}

enum bf_err retain_journal(const struct retain *rules, struct journal *journal, bool has_index,
                           uint64_t position, utc_t now)
{
    const utc_t reload = now - RECORD_REPLAY_S;
    enum bf_err err = journal_rotate(journal, now - DAY_S);
    if (err != BF_OK)
        return err;
    if (has_index)
        return journal_trim(journal, position, reload, 0);
    if (rules->keep_days)
        err = journal_trim(journal, position, now - (utc_t)rules->keep_days * DAY_S, 0);
    if (err == BF_OK && rules->keep_bytes)
        err = journal_trim(journal, position, reload, rules->keep_bytes);
    return err;
}
