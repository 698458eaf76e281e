/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite 3 behind the narrow door. Write-ahead log, so that readers and the one writer do not wait for each other; pages are
 * given back in steps (incremental vacuum), so that retention by bytes frees disk. Pages of 8 KiB, for our rows are of about
 * one: fewer writes, and less of a page left empty behind the last row that fits; the log is copied back at 500 pages, 4 MiB.
 */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <unistd.h>

#define PATIENCE_MS      5000
#define OPEN_PATIENCE_MS 200 /* who opens may have better things to do, and can come again */

struct db {
    sqlite3 *sqlite;
    enum db_mode mode;
};

struct db_query {
    sqlite3_stmt *statement;
};

static enum bf_err err_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW: return BF_OK;
    case SQLITE_DONE: return BF_ENOENT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return BF_EAGAIN;
    case SQLITE_NOMEM: return BF_ENOMEM;
    default: return BF_EIO;
    }
}

static enum bf_err say(char **message, enum bf_err err, const char *url, const char *what)
{
    if (asprintf(message, "store %s: %s", url, what) < 0)
        *message = NULL;
    return err;
}

/*
 * The file is there, with mode 0600, before SQLite sees it: its log and its shared memory get the same. One that is there
 * already is not opened: closing any descriptor of it would drop the locks that other connections of this process hold (POSIX),
 * and another process would take itself for the last one, and throw away the log that they write to.
 */
static enum bf_err file_make(const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? BF_OK : BF_EIO;
    close(fd);
    return BF_OK;
}

static enum bf_err set_up(struct db *db)
{
    sqlite3_busy_timeout(db->sqlite, OPEN_PATIENCE_MS);
    sqlite3_extended_result_codes(db->sqlite, 1);
    if (db->mode == DB_READ)
        return db_run(db,
                      "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; SELECT 1 FROM sqlite_schema LIMIT 1");
    return db_run(db, "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; "
                      "PRAGMA synchronous=FULL;"
                      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=4194304; "
                      "PRAGMA wal_autocheckpoint=500");
}

enum bf_err db_open(const char *url, enum db_mode mode, struct db **ret, char **ret_message)
{
    auto_(db_close) struct db *db = NULL;
    const struct span scheme = SPAN("sqlite:");
    if (!span_starts(span_of(url), scheme) || strlen(url) == scheme.n)
        return say(ret_message, BF_EFORM, url, "no such kind of database here: write sqlite:PATH");
    const char *path = url + scheme.n;
    const bool memory = strcmp(path, ":memory:") == 0;
    if (!memory && mode == DB_READ && access(path, F_OK) < 0 && errno == ENOENT)
        return say(ret_message, BF_ENOENT, url, "there is no such file");
    if (!memory && mode == DB_WRITE && file_make(path) != BF_OK)
        return say(ret_message, BF_EIO, url, strerror(errno));
    if (!(db = calloc(1, sizeof *db)))
        return say(ret_message, BF_ENOMEM, url, "out of memory");
    db->mode = mode;
    const int flags = (mode == DB_READ && !memory ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    enum bf_err err = err_of(sqlite3_open_v2(path, &db->sqlite, flags, NULL));
    if (err == BF_OK)
        err = set_up(db);
    if (err != BF_OK)
        return say(ret_message, err, url, db_error(db));
    sqlite3_busy_timeout(db->sqlite, PATIENCE_MS);
    *ret = db;
    db = NULL;
    return BF_OK;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    sqlite3_close_v2(db->sqlite);
    free(db);
}

void db_patience(struct db *db, unsigned ms)
{
    sqlite3_busy_timeout(db->sqlite, (int)ms);
}

const char *db_error(const struct db *db)
{
    return db->sqlite ? sqlite3_errmsg(db->sqlite) : "out of memory";
}

enum bf_err db_begin(struct db *db)
{
    return db_run(db, "BEGIN IMMEDIATE");
}

enum bf_err db_commit(struct db *db)
{
    return db_run(db, "COMMIT");
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->sqlite)) /* an error may have rolled back already */
        (void)!db_run(db, "ROLLBACK");
}

enum bf_err db_run(struct db *db, const char *sql)
{
    return err_of(sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->sqlite);
}

static int64_t one_number(struct db *db, const char *sql)
{
    auto_(db_finalize) struct db_query *q = NULL;
    return db_prepare(db, sql, &q) == BF_OK && db_step(q) == BF_OK ? db_int(q, 0) : 0;
}

uint64_t db_bytes(struct db *db)
{
    const int64_t pages = one_number(db, "PRAGMA page_count") - one_number(db, "PRAGMA freelist_count");
    return (uint64_t)(pages * one_number(db, "PRAGMA page_size"));
}

/* ---- statements ---- */

enum bf_err db_prepare(struct db *db, const char *sql, struct db_query **ret)
{
    struct db_query *q = calloc(1, sizeof *q);
    if (!q)
        return BF_ENOMEM;
    const enum bf_err err =
        err_of(sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->statement, NULL));
    if (err != BF_OK) {
        free(q);
        return err;
    }
    *ret = q;
    return BF_OK;
}

void db_finalize(struct db_query *q)
{
    if (!q)
        return;
    sqlite3_finalize(q->statement);
    free(q);
}

void db_reset(struct db_query *q)
{
    sqlite3_reset(q->statement);
    sqlite3_clear_bindings(q->statement);
}

/* A binding that fails for want of memory leaves NULL, and a NOT NULL column refuses that at the step. */
void db_bind_int(struct db_query *q, int at, int64_t value)
{
    sqlite3_bind_int64(q->statement, at, value);
}

void db_bind_text(struct db_query *q, int at, struct span text)
{
    if (text.p)
        sqlite3_bind_text64(q->statement, at, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_null(q->statement, at);
}

void db_bind_blob(struct db_query *q, int at, struct span bytes)
{
    if (bytes.p)
        sqlite3_bind_blob64(q->statement, at, bytes.p, bytes.n, SQLITE_STATIC);
    else
        sqlite3_bind_null(q->statement, at);
}

enum bf_err db_step(struct db_query *q)
{
    return err_of(sqlite3_step(q->statement));
}

int64_t db_int(struct db_query *q, int column)
{
    return sqlite3_column_int64(q->statement, column);
}

/* NULL is absent; a present but empty text has a pointer. */
static struct span column(struct db_query *q, int at, const void *p)
{
    if (sqlite3_column_type(q->statement, at) == SQLITE_NULL)
        return SPAN_NONE;
    return span_make(p ? p : "", (size_t)sqlite3_column_bytes(q->statement, at));
}

struct span db_text(struct db_query *q, int at)
{
    return column(q, at, sqlite3_column_text(q->statement, at));
}

struct span db_blob(struct db_query *q, int at)
{
    return column(q, at, sqlite3_column_blob(q->statement, at));
}

/* ---- migrations ---- */

static const char create[] =
    "CREATE TABLE IF NOT EXISTS migrations (room TEXT PRIMARY KEY, number INTEGER NOT NULL)";

/* *ret: how many of the room's migrations were run. */
static enum bf_err migration_number(struct db *db, const char *room, int64_t *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, "SELECT number FROM migrations WHERE room = ?1", &q);
    if (err != BF_OK)
        return err;
    db_bind_text(q, 1, span_of(room));
    err = db_step(q);
    *ret = err == BF_OK ? db_int(q, 0) : 0;
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err note_number(struct db *db, const char *room, int64_t number)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db,
                                 "INSERT INTO migrations VALUES (?1, ?2) "
                                 "ON CONFLICT (room) DO UPDATE SET number = excluded.number",
                                 &q);
    if (err != BF_OK)
        return err;
    db_bind_text(q, 1, span_of(room));
    db_bind_int(q, 2, number);
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

/* One migration, unless another process has done it meanwhile. */
static enum bf_err migrate_one(struct db *db, const char *room, const char *const *migrations, int64_t at)
{
    int64_t number;
    enum bf_err err = db_begin(db);
    if (err != BF_OK)
        return err;
    err = migration_number(db, room, &number);
    if (err == BF_OK && number == at) {
        err = db_run(db, migrations[at]);
        if (err == BF_OK)
            err = note_number(db, room, at + 1);
    }
    if (err == BF_OK)
        err = db_commit(db);
    return err;
}

static enum bf_err migrations_look(struct db *db, const char *room, int64_t n, char **message)
{
    int64_t number;
    if (one_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'") == 0 ||
        migration_number(db, room, &number) != BF_OK || number == 0)
        return say(message, BF_ENOENT, room, "nothing is kept here yet");
    if (number < n)
        return say(message, BF_EUNSUP, room,
                   "written by an older version: start `bonafide serve` once, it converts them");
    return BF_OK;
}

enum bf_err db_migrate(struct db *db, const char *room, const char *const *migrations, size_t n,
                       char **ret_message)
{
    int64_t number = 0;
    enum bf_err err =
        db->mode == DB_READ ? migrations_look(db, room, (int64_t)n, ret_message) : db_run(db, create);
    if (db->mode == DB_READ && err != BF_OK)
        return err;
    if (err == BF_OK)
        err = migration_number(db, room, &number);
    if (err == BF_OK && number > (int64_t)n)
        return say(ret_message, BF_EUNSUP, room,
                   "written by a newer version: use that one, or another store");
    for (; err == BF_OK && number < (int64_t)n; number++)
        err = migrate_one(db, room, migrations, number);
    if (err != BF_OK) {
        say(ret_message, err, room, db_error(db)); /* before the rollback forgets it */
        db_rollback(db);
    }
    return err;
}
