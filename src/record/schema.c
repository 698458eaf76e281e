/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of records: chunks of entries as the journal has them. `seq`, and the place in the chunk, is the order in which
 * records came in, which is what a follower follows; ids are made when a call arrives, and a parked call is recorded after
 * calls that came later.
 *
 * The one index is of time, in milliseconds: of the newest and the oldest record of a chunk. It serves windows of time,
 * and tells the chunks that can have a record already. Everything else is found by reading: some million records a second.
 */
#include "record/member.h"

const char *const record_migrations[] = {
    "CREATE TABLE records ("
    " seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL, kind INTEGER NOT "
    "NULL,"
    " outcome INTEGER NOT NULL, status INTEGER NOT NULL, caller TEXT, called TEXT, call_id TEXT, origid TEXT,"
    " spc TEXT, entry BLOB NOT NULL);"
    "CREATE UNIQUE INDEX records_at ON records (at, key);"
    "CREATE TABLE journals (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",

    "CREATE TABLE chunks (seq INTEGER PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
    " n INTEGER NOT NULL, entries BLOB NOT NULL);"
    "INSERT INTO chunks SELECT seq, at, at, 1, entry FROM records ORDER BY seq;"
    "DROP TABLE records;"
    "CREATE INDEX chunks_at ON chunks (last_at, first_at)",
};
const size_t n_record_migrations = ARRAY_SIZE(record_migrations);

const char record_insert[] = "INSERT INTO chunks (first_at, last_at, n, entries) VALUES (?1, ?2, ?3, ?4)";

int64_t record_ms(utc_t utc, int ms)
{
    const utc_t most = INT64_MAX / 1000 - 1;
    return (utc > most ? most : utc < -most ? -most : utc) * 1000 + ms;
}

void record_bind(struct db_query *q, const struct chunk *c)
{
    db_bind_int(q, 1, c->first_at);
    db_bind_int(q, 2, c->last_at);
    db_bind_int(q, 3, (int64_t)c->n);
    db_bind_blob(q, 4, chunk_span(c));
}
