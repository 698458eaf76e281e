/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "store/test_store.h"

static char *url_at(const struct place *p)
{
    static char url[320];
    snprintf(url, sizeof url, "sqlite:%s/test.db", p->dir);
    return url;
}

static struct db *open_db(const char *url, enum db_mode mode)
{
    struct db *db = NULL;
    char *message = NULL;
    if (db_open(url, mode, &db, &message) != BF_OK)
        fail_msg("%s", message ? message : "?");
    return db;
}

static int64_t number_of(struct db *db, const char *sql)
{
    struct db_query *q;
    assert_int_equal(db_prepare(db, sql, &q), BF_OK);
    assert_int_equal(db_step(q), BF_OK);
    const int64_t n = db_int(q, 0);
    db_finalize(q);
    return n;
}

static void values_come_back_as_they_were_bound(void **state)
{
    (void)state;
    struct db *db = open_db("sqlite::memory:", DB_WRITE);
    struct db_query *q;
    const struct span binary = { "a\0b\xff", 4 };
    assert_int_equal(db_run(db, "CREATE TABLE t (i INTEGER, x TEXT, y BLOB, z TEXT, e TEXT)"), BF_OK);
    assert_int_equal(db_prepare(db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)", &q), BF_OK);
    db_bind_int(q, 1, INT64_MIN);
    db_bind_text(q, 2, SPAN("Zoë"));
    db_bind_blob(q, 3, binary);
    db_bind_text(q, 4, SPAN_NONE);
    db_bind_text(q, 5, SPAN(""));
    assert_int_equal(db_step(q), BF_ENOENT);
    assert_int_equal(db_changes(db), 1);
    db_reset(q);
    db_finalize(q);
    assert_int_equal(db_prepare(db, "SELECT * FROM t", &q), BF_OK);
    assert_int_equal(db_step(q), BF_OK);
    assert_int_equal(db_int(q, 0), INT64_MIN);
    assert_true(span_equal(db_text(q, 1), SPAN("Zoë")));
    assert_true(span_equal(db_blob(q, 2), binary));
    assert_null(db_text(q, 3).p);
    assert_non_null(db_text(q, 4).p);
    assert_int_equal(db_text(q, 4).n, 0);
    assert_int_equal(db_step(q), BF_ENOENT);
    db_finalize(q);
    db_close(db);
}

static void files_are_for_their_owner_alone(void **state)
{
    static const char *const names[] = { "test.db", "test.db-wal", "test.db-shm" };
    char path[400];
    struct stat st;
    (void)state;
    const struct place p = place_make();
    struct db *db = open_db(url_at(&p), DB_WRITE);
    assert_int_equal(db_run(db, "CREATE TABLE t (i)"), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s", p.dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_true(db_bytes(db) > 0);
    db_close(db);
    place_remove(&p);
}

static void what_cannot_be_opened_is_named(void **state)
{
    static const struct {
        const char *url;
        enum db_mode mode;
        enum bf_err err;
    } rows[] = {
        { "postgresql://db/bonafide", DB_WRITE, BF_EFORM },
        { "bonafide.db", DB_WRITE, BF_EFORM },
        { "sqlite:", DB_WRITE, BF_EFORM },
        { "sqlite:/nowhere/at/all.db", DB_WRITE, BF_EIO },
        { "sqlite:/nowhere/at/all.db", DB_READ, BF_ENOENT },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct db *db;
        char *message = NULL;
        assert_int_equal(db_open(rows[i].url, rows[i].mode, &db, &message), rows[i].err);
        assert_non_null(strstr(message, rows[i].url));
        free(message);
    }
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    char path[400];
    struct db *db;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    snprintf(path, sizeof path, "%s/test.db", p.dir);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++)
        fputs("this is a letter, not a database\n", file);
    fclose(file);
    assert_int_equal(db_open(url_at(&p), DB_WRITE, &db, &message), BF_EIO);
    assert_non_null(strstr(message, "not a database"));
    free(message);
    message = NULL;
    assert_int_equal(db_open(url_at(&p), DB_READ, &db, &message), BF_EIO);
    free(message);
    place_remove(&p);
}

static void readers_do_not_wait_and_writers_say_busy(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct db *one = open_db(url_at(&p), DB_WRITE), *two = open_db(url_at(&p), DB_WRITE);
    assert_int_equal(db_run(one, "CREATE TABLE t (i)"), BF_OK);
    db_patience(two, 0);
    assert_int_equal(db_begin(one), BF_OK);
    assert_int_equal(db_run(one, "INSERT INTO t VALUES (1)"), BF_OK);
    assert_int_equal(db_begin(two), BF_EAGAIN);
    struct db *reader = open_db(url_at(&p), DB_READ);
    assert_int_equal(number_of(reader, "SELECT count(*) FROM t"), 0);
    assert_int_equal(db_run(reader, "INSERT INTO t VALUES (2)"), BF_EIO);
    assert_int_equal(db_commit(one), BF_OK);
    assert_int_equal(number_of(reader, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_begin(two), BF_OK);
    db_rollback(two);
    db_rollback(two); /* nothing to roll back: nothing happens */
    db_close(reader);
    db_close(two);
    db_close(one);
    place_remove(&p);
}

/* ---- migrations ---- */

static const char *const migrations[] = {
    "CREATE TABLE people (name TEXT)",
    "ALTER TABLE people ADD COLUMN number TEXT; INSERT INTO people VALUES ('Ada', '1')",
    "INSERT INTO people VALUES ('Grace', '2')",
};

static void every_migration_runs_once_in_order(void **state)
{
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    for (size_t n = 1; n <= ARRAY_SIZE(migrations); n++)
        for (int again = 0; again < 2; again++) {
            struct db *db = open_db(url_at(&p), DB_WRITE);
            assert_int_equal(db_migrate(db, "people", migrations, n, &message), BF_OK);
            assert_int_equal(number_of(db, "SELECT count(*) FROM people"), n - 1);
            assert_int_equal(number_of(db, "SELECT number FROM migrations WHERE room = 'people'"), n);
            db_close(db);
        }
    place_remove(&p);
}

static void rooms_count_their_own_migrations(void **state)
{
    static const char *const other[] = { "CREATE TABLE other (x)" };
    char *message = NULL;
    (void)state;
    struct db *db = open_db("sqlite::memory:", DB_WRITE);
    assert_int_equal(db_migrate(db, "people", migrations, 3, &message), BF_OK);
    assert_int_equal(db_migrate(db, "other", other, 1, &message), BF_OK);
    assert_int_equal(number_of(db, "SELECT count(*) FROM other"), 0);
    db_close(db);
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    struct db *db = open_db(url_at(&p), DB_WRITE);
    assert_int_equal(db_migrate(db, "people", migrations, 3, &message), BF_OK);
    assert_int_equal(db_migrate(db, "people", migrations, 2, &message), BF_EUNSUP);
    assert_non_null(strstr(message, "newer"));
    free(message);
    assert_int_equal(number_of(db, "SELECT count(*) FROM people"), 2);
    db_close(db);
    place_remove(&p);
}

static void a_reader_looks_and_changes_nothing(void **state)
{
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    struct db *db = open_db(url_at(&p), DB_WRITE), *reader = open_db(url_at(&p), DB_READ);
    assert_int_equal(db_migrate(reader, "people", migrations, 2, &message), BF_ENOENT);
    free(message);
    assert_int_equal(db_migrate(db, "people", migrations, 2, &message), BF_OK);
    assert_int_equal(db_migrate(reader, "people", migrations, 2, &message), BF_OK);
    assert_int_equal(db_migrate(reader, "people", migrations, 3, &message), BF_EUNSUP);
    assert_non_null(strstr(message, "older"));
    free(message);
    assert_int_equal(db_migrate(reader, "people", migrations, 1, &message), BF_EUNSUP);
    assert_non_null(strstr(message, "newer"));
    free(message);
    db_close(reader);
    db_close(db);
    place_remove(&p);
}

static void a_migration_that_fails_leaves_nothing_behind(void **state)
{
    static const char *const bad[] = { "CREATE TABLE good (x)",
                                       "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)" };
    char *message = NULL;
    (void)state;
    struct db *db = open_db("sqlite::memory:", DB_WRITE);
    assert_int_equal(db_migrate(db, "room", bad, 2, &message), BF_EIO);
    assert_non_null(strstr(message, "nowhere"));
    free(message);
    assert_int_equal(number_of(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
    assert_int_equal(number_of(db, "SELECT number FROM migrations"), 1);
    db_close(db);
}

/* Another process, which opens the store and closes it again, must not take itself for the last one. */
static void a_second_writer_does_not_drop_the_locks_of_the_first(void **state)
{
    const struct place p = place_make();
    const char *url = url_at(&p);
    (void)state;
    int go[2];
    char byte = 0;
    assert_int_equal(pipe(go), 0);
    const pid_t child =
        fork(); /* before anything is open: it must not know of these locks but from the file */
    if (child == 0) {
        struct db *db = NULL;
        char *message = NULL;
        close(go[1]); /* should the test end early, so does this */
        const bool good = read(go[0], &byte, 1) == 1 && db_open(url, DB_WRITE, &db, &message) == BF_OK &&
                          db_run(db, "INSERT INTO t VALUES (1)") == BF_OK;
        db_close(db);
        _exit(good ? 0 : 1);
    }
    struct db *first = open_db(url, DB_WRITE);
    assert_int_equal(db_run(first, "CREATE TABLE t (i INTEGER)"), BF_OK);
    struct db *second = open_db(url, DB_WRITE);
    int status = -1;
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(db_run(first, "INSERT INTO t VALUES (2)"), BF_OK);
    struct db *reader = open_db(url, DB_READ); /* what a newcomer finds is what there is */
    assert_int_equal(number_of(reader, "SELECT count(*) FROM t"), 2);
    assert_int_equal(number_of(second, "SELECT count(*) FROM t"), 2);
    db_close(reader);
    db_close(second);
    db_close(first);
    close(go[0]);
    close(go[1]);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_as_they_were_bound),
        cmocka_unit_test(files_are_for_their_owner_alone),
        cmocka_unit_test(what_cannot_be_opened_is_named),
        cmocka_unit_test(a_file_that_is_no_database_is_refused),
        cmocka_unit_test(readers_do_not_wait_and_writers_say_busy),
        cmocka_unit_test(every_migration_runs_once_in_order),
        cmocka_unit_test(rooms_count_their_own_migrations),
        cmocka_unit_test(a_newer_database_is_refused_and_left_alone),
        cmocka_unit_test(a_reader_looks_and_changes_nothing),
        cmocka_unit_test(a_migration_that_fails_leaves_nothing_behind),
        cmocka_unit_test(a_second_writer_does_not_drop_the_locks_of_the_first),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
