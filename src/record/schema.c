/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of records: the entry as the journal has it, and beside it the few members that filters ask for. `seq` is the
 * order in which records came in, which is what a follower follows; ids are made when a call arrives, and a parked call is
 * recorded after calls that came later.
 *
 * The one index is (at, key): it serves windows of time, and makes indexing again harmless, for the same entry has the same
 * of both. It grows at its end, as the table does; an index on anything else touches a page of its own for each record,
 * which at a million records costs more than all the rest.
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
};
const size_t n_record_migrations = ARRAY_SIZE(record_migrations);

const char record_insert[] =
    "INSERT INTO records (at, key, id, kind, outcome, status, caller, called, call_id, origid, spc, entry)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING";

int64_t record_ms(utc_t utc, int ms)
{
    const utc_t most = INT64_MAX / 1000 - 1;
    return (utc > most ? most : utc < -most ? -most : utc) * 1000 + ms;
}

void record_bind(struct db_query *q, const struct record *r, struct span entry)
{
    db_bind_int(q, 1, record_ms(r->at.utc, r->at.ms));
    db_bind_blob(q, 2, span_make(r->key, RECORD_KEY));
    db_bind_text(q, 3, span_make(r->id, RECORD_ID));
    db_bind_int(q, 4, r->kind);
    db_bind_int(q, 5, r->outcome);
    db_bind_int(q, 6, r->status);
    db_bind_text(q, 7, r->caller);
    db_bind_text(q, 8, r->called);
    db_bind_text(q, 9, r->call_id);
    db_bind_text(q, 10, r->origid);
    db_bind_text(q, 11, r->spc);
    db_bind_blob(q, 12, entry);
}
