/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A narrow SQL door: what rooms need of a database, so that SQLite (and, later, PostgreSQL) stand behind it.
 * Each room keeps the SQL of its own nouns, with numbered forward migrations. A connection belongs to one thread.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/fault.h"
#include "base/span.h"

struct db;
struct db_query;

enum db_mode { DB_READ, DB_WRITE };

/*
 * url: `sqlite:path` or `sqlite::memory:`. Files get mode 0600. *ret_message: to be freed. BF_EFORM: another scheme;
 * BF_ENOENT: to be read, and not there; BF_EAGAIN: busy; BF_EIO; BF_ENOMEM.
 */
enum bf_err db_open(const char *url, enum db_mode mode, struct db **ret, char **ret_message) must_use;
void db_patience(struct db *db,
                 unsigned ms); /* how long a call waits for other connections; 5000 unless set */
void db_close(struct db *db);
const char *db_error(const struct db *db); /* of the last failure */

enum bf_err db_begin(struct db *db) must_use;
enum bf_err db_commit(struct db *db) must_use;
void db_rollback(struct db *db);

/* Statements without results, in one go. BF_EAGAIN: busy; BF_EIO. */
enum bf_err db_run(struct db *db, const char *sql) must_use;
int64_t db_changes(const struct db *db); /* rows that the last INSERT, UPDATE or DELETE touched */
uint64_t db_bytes(struct db *db);        /* in use on disk, pages given back not counted */

/* Prepared, kept by the caller; parameters are ?1, ?2 … */
enum bf_err db_prepare(struct db *db, const char *sql, struct db_query **ret) must_use;
void db_finalize(struct db_query *q);
void db_reset(struct db_query *q); /* also clears bindings */
void db_bind_int(struct db_query *q, int at, int64_t value);
void db_bind_text(struct db_query *q, int at,
                  struct span text); /* not copied: lives until db_reset; SPAN_NONE: NULL */
void db_bind_blob(struct db_query *q, int at, struct span bytes);
/* BF_OK: a row; BF_ENOENT: no more; BF_EAGAIN: busy; BF_EIO. */
enum bf_err db_step(struct db_query *q) must_use;
int64_t db_int(struct db_query *q, int column);
struct span db_text(struct db_query *q, int column); /* until the next step or reset */
struct span db_blob(struct db_query *q, int column);

/*
 * Brings the room's tables up to date: migrations[0..n) are run in order, each in its transaction, once; the room's number is
 * kept in table `migrations`. BF_EUNSUP: the database is newer than this program. A connection to read only looks: BF_ENOENT
 * when the tables are not there yet, BF_EUNSUP when they are older, too.
 */
enum bf_err db_migrate(struct db *db, const char *room, const char *const *migrations, size_t n,
                       char **ret_message) must_use;

AUTO_DEFINE(struct db, db_close);
AUTO_DEFINE(struct db_query, db_finalize);

#endif
