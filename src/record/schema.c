/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of records. `seq` is the order in which records came in, which is what a follower follows; ids are made when a
 * call arrives, and a parked call is recorded after calls that came later.
 */
#include "record/member.h"

const char *const record_migrations[] = {
    "CREATE TABLE records ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, key BLOB NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL, at INTEGER NOT NULL, at_ms INTEGER NOT NULL, node TEXT, source_peer TEXT, "
    "transport TEXT,"
    " call_id TEXT, from_header TEXT, pai TEXT, to_header TEXT, request_uri TEXT, claimed_name TEXT, caller "
    "TEXT,"
    " called TEXT, masked INTEGER NOT NULL, outcome INTEGER NOT NULL, verstat INTEGER NOT NULL,"
    " attest INTEGER NOT NULL, lab INTEGER NOT NULL, proof TEXT, trust_domain TEXT, failure TEXT, why TEXT,"
    " origid TEXT, x5u TEXT, spc TEXT, serial TEXT, subject TEXT, iat INTEGER NOT NULL, status INTEGER NOT "
    "NULL,"
    " latency_us INTEGER NOT NULL, answer BLOB, message BLOB, ballots TEXT NOT NULL);"
    "CREATE INDEX records_id ON records (id);"
    "CREATE INDEX records_at ON records (at);"
    "CREATE INDEX records_caller ON records (caller);"
    "CREATE INDEX records_called ON records (called);"
    "CREATE INDEX records_call_id ON records (call_id);"
    "CREATE INDEX records_origid ON records (origid);"
    "CREATE INDEX records_spc ON records (spc);"
    "CREATE TABLE journals (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
};
const size_t n_record_migrations = ARRAY_SIZE(record_migrations);

static void put_ballots(struct buf *out, const struct record *r)
{
    buf_char(out, '[');
    for (size_t i = 0; i < r->n_ballots; i++) {
        const struct record_ballot *b = &r->ballots[i];
        buf_text(out, i ? ",[" : "[");
        buf_json_string(out, b->check);
        buf_printf(out, ",%d,%d,", b->identity, b->vote);
        buf_json_string(out, b->why);
        buf_char(out, ']');
    }
    buf_char(out, ']');
}

/* Six bytes for one at worst (a control byte), and the frame. */
size_t record_ballots_size(const struct record *r)
{
    size_t n = 2;
    for (size_t i = 0; i < r->n_ballots; i++)
        n += 32 + 6 * (r->ballots[i].check.n + r->ballots[i].why.n);
    return n;
}

void record_columns(struct buf *out)
{
    for (size_t i = 0; i < n_record_members; i++)
        buf_printf(out, "%s, ", record_members[i].column);
    buf_text(out, "ballots");
}

void record_bind(struct db_query *q, const struct record *r, struct buf *memory)
{
    int at = 1;
    for (size_t i = 0; i < n_record_members; i++, at++) {
        const struct member *m = &record_members[i];
        if (member_is_number(m))
            db_bind_int(q, at, member_number(m, r));
        else if (m->kind == MEMBER_BYTES || m->kind == MEMBER_FIXED_BYTES)
            db_bind_blob(q, at, member_bytes(m, r));
        else
            db_bind_text(q, at, member_bytes(m, r));
    }
    put_ballots(memory, r);
    db_bind_text(q, at, buf_ok(memory) ? buf_span(memory) : SPAN("[]"));
}
