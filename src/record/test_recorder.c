/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "record/index.h"
#include "record/member.h"
#include "record/test_record.h"

#define AT 1700000000

static struct recorder *open_with(const struct recorder_options *options)
{
    struct recorder *r = NULL;
    char *message = NULL;
    if (recorder_create(options, &r, &message) != BF_OK)
        fail_msg("%s", message ? message : "?");
    return r;
}

static struct recorder *open_recorder(const struct place *p)
{
    return open_with(&(struct recorder_options){ .journal_dir = p->journal, .db_url = p->url });
}

static void append_at(struct recorder *r, uint64_t from, size_t n, utc_t at)
{
    struct sample *samples = calloc(n, sizeof *samples);
    struct record *records = calloc(n, sizeof *records);
    for (size_t i = 0; i < n; i++) {
        sample_make(&samples[i], from + i, at + (utc_t)i);
        records[i] = samples[i].record;
    }
    assert_int_equal(recorder_append(r, records, n), BF_OK);
    free(samples);
    free(records);
}

/* All records of the index: how many, whether each number is there once, and is as it was appended. */
struct seen {
    size_t n;
    bool right;
    bool numbers[10000];
};
static struct seen seen;

static bool see(void *arg, const struct record *r)
{
    struct sample expected;
    char id[RECORD_ID + 1] = "";
    (void)arg;
    memcpy(id, r->id, RECORD_ID);
    const uint64_t number = strtoull(id, NULL, 10);
    sample_make(&expected, number, r->at.utc);
    seen.n++;
    seen.right &=
        number < ARRAY_SIZE(seen.numbers) && !seen.numbers[number] &&
        span_equal(r->call_id, expected.record.call_id) && span_equal(r->x5u, expected.record.x5u) &&
        memcmp(r->key, expected.record.key, RECORD_KEY) == 0 && r->outcome == expected.record.outcome &&
        r->at.ms == expected.record.at.ms && r->n_ballots == 2 &&
        span_equal(r->ballots[1].check, SPAN("replay")) && r->ballots[1].identity == -1;
    if (number < ARRAY_SIZE(seen.numbers))
        seen.numbers[number] = true;
    return true;
}

static size_t indexed(const struct place *p)
{
    const struct record_filter all = { .outcome = -1, .limit = 100000 };
    char *message = NULL;
    memset(&seen, 0, sizeof seen);
    seen.right = true;
    if (record_query(p->url, &all, see, NULL, &message) != BF_OK)
        fail_msg("%s", message ? message : "?");
    assert_true(seen.right);
    return seen.n;
}

static void run_sql(const struct place *p, const char *sql)
{
    struct db *db;
    char *message = NULL;
    assert_int_equal(db_open(p->url, DB_WRITE, &db, &message), BF_OK);
    assert_int_equal(db_run(db, sql), BF_OK);
    db_close(db);
}

static void what_is_appended_is_in_the_index(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    append_at(r, 0, 64, AT);
    append_at(r, 64, 3, AT);
    append_at(r, 67, 0, AT);
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    assert_int_equal(indexed(&p), 67);
    const struct recorder_counts c = recorder_counts(r);
    assert_int_equal(c.appended, 67);
    assert_int_equal(c.failed, 0);
    assert_int_equal(c.lag_records, 0);
    assert_int_equal(c.lag_bytes, 0);
    assert_int_equal(c.lag_ms, 0);
    assert_true(c.bytes > 67 * 500);
    recorder_destroy(r);
    place_remove(&p);
}

static void ending_waits_for_the_index(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    append_at(r, 0, 3000, AT); /* several transactions */
    recorder_destroy(r);
    assert_int_equal(indexed(&p), 3000);
    place_remove(&p);
}

static void files_are_for_their_owner_alone(void **state)
{
    struct stat st;
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    assert_int_equal(stat(p.db, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(p.journal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    recorder_destroy(r);
    place_remove(&p);
}

static void indexing_again_changes_nothing(void **state)
{
    static const char *const harms[] = {
        "UPDATE journals SET position = 0",            /* run again from the start */
        "DELETE FROM journals",                        /* the position is lost */
        "UPDATE journals SET position = position - 7", /* the last commit was lost, and its rows not */
        "UPDATE journals SET position = 1000000",      /* the journal lost what the database has */
        "DELETE FROM chunks; DELETE FROM journals",    /* all is lost but the journal */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(harms); i++) {
        const struct place p = place_make();
        struct recorder *r = open_recorder(&p);
        append_at(r, 0, 700, AT);
        recorder_destroy(r);
        run_sql(&p, harms[i]);
        r = open_recorder(&p);
        append_at(r, 700, 5, AT);
        assert_int_equal(recorder_flush(r, 5000), BF_OK);
        assert_int_equal(indexed(&p), 705);
        recorder_destroy(r);
        place_remove(&p);
    }
}

static void one_call_is_one_row(void **state)
{
    struct sample s;
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    sample_make(&s, 1, AT);
    struct record twice[2] = { s.record, s.record };
    twice[1].id[0] = 'X';
    twice[1].at.utc++;
    assert_int_equal(recorder_append(r, twice, 2), BF_OK);
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    assert_int_equal(indexed(&p), 1);
    recorder_destroy(r);
    place_remove(&p);
}

/* An INVITE that comes again while the server starts again: decided anew, at another time. */
static void one_call_is_one_row_across_a_restart(void **state)
{
    struct sample s;
    (void)state;
    const struct place p = place_make();
    const utc_t now = clock_now(&clock_system).utc;
    for (uint64_t i = 0; i < 3; i++) {
        struct recorder *r = open_recorder(&p);
        sample_make(&s, 1, now + (utc_t)i - 10);
        s.record.id[0] = (char)('0' + i);
        assert_int_equal(recorder_append(r, &s.record, 1), BF_OK);
        recorder_destroy(r);
    }
    assert_int_equal(indexed(&p), 1);
    place_remove(&p);
}

/* A journal begun anew has positions of its own, whatever the database remembers of the old one. */
static void a_new_journal_beside_an_old_database_is_indexed(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    append_at(r, 0, 100, AT);
    recorder_destroy(r);
    scratch_remove(p.journal);
    r = open_recorder(&p);
    append_at(r, 100, 20, AT);
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    assert_int_equal(indexed(&p), 120);
    recorder_destroy(r);
    place_remove(&p);
}

static void a_locked_database_delays_nobody(void **state)
{
    struct db *other;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    assert_int_equal(db_open(p.url, DB_WRITE, &other, &message), BF_OK);
    assert_int_equal(db_begin(other), BF_OK);
    for (uint64_t i = 0; i < 50; i++)
        append_at(r, i * 64, 64, AT);
    assert_int_equal(recorder_flush(r, 300), BF_ETIME);
    const struct recorder_counts c = recorder_counts(r);
    assert_int_equal(c.appended, 3200);
    assert_int_equal(c.lag_records, 3200);
    assert_true(c.lag_bytes > 3200 * 300);
    assert_true(c.lag_ms > 0);
    db_rollback(other);
    assert_int_equal(recorder_flush(r, 20000), BF_OK);
    assert_int_equal(indexed(&p), 3200);
    assert_int_equal(recorder_counts(r).lag_records, 0);
    db_close(other);
    recorder_destroy(r);
    place_remove(&p);
}

static void a_database_that_was_locked_at_the_start_is_opened_later(void **state)
{
    struct db *other;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    assert_int_equal(db_open(p.url, DB_WRITE, &other, &message), BF_OK);
    db_patience(other, 0);
    assert_int_equal(db_run(other, "PRAGMA locking_mode=EXCLUSIVE; CREATE TABLE t (i)"), BF_OK);
    assert_int_equal(db_begin(other), BF_OK);
    struct recorder *r = open_recorder(&p);
    append_at(r, 0, 10, AT);
    assert_int_equal(recorder_flush(r, 10), BF_ETIME);
    db_rollback(other);
    db_close(other);
    assert_int_equal(recorder_flush(r, 30000), BF_OK);
    assert_int_equal(indexed(&p), 10);
    recorder_destroy(r);
    place_remove(&p);
}

/* The rows that make it impossible to go on are put away, as a person would; nothing was lost meanwhile. */
static void a_database_that_fails_makes_the_index_late_and_nothing_else(void **state)
{
    struct log *log;
    (void)state;
    const struct place p = place_make();
    const int null = open("/dev/null", O_WRONLY);
    assert_int_equal(log_create(null, LOG_ALARM, false, &log), BF_OK);
    struct recorder *r =
        open_with(&(struct recorder_options){ .journal_dir = p.journal, .db_url = p.url, .log = log });
    append_at(r, 0, 10, AT);
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    run_sql(&p, "ALTER TABLE chunks RENAME TO away");
    append_at(r, 10, 10, AT);
    assert_int_equal(recorder_flush(r, 300), BF_ETIME);
    assert_int_equal(recorder_counts(r).lag_records, 10);
    assert_int_equal(log_alarms(log), 1);
    run_sql(&p, "ALTER TABLE away RENAME TO chunks");
    assert_int_equal(recorder_flush(r, 30000), BF_OK);
    assert_int_equal(indexed(&p), 20);
    recorder_destroy(r);
    log_destroy(log);
    close(null);
    place_remove(&p);
}

static void a_damaged_record_is_alarmed_and_passed_over(void **state)
{
    struct log *log;
    char path[400];
    struct stat st;
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_with(&(struct recorder_options){ .journal_dir = p.journal });
    append_at(r, 0, 100, AT);
    recorder_destroy(r);
    snprintf(path, sizeof path, "%s/00000000000000000000.journal", p.journal);
    const int fd = open(path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pwrite(fd, "?", 1, st.st_size / 2), 1);
    close(fd);
    const int null = open("/dev/null", O_WRONLY);
    assert_int_equal(log_create(null, LOG_ALARM, false, &log), BF_OK);
    r = open_with(&(struct recorder_options){ .journal_dir = p.journal, .db_url = p.url, .log = log });
    assert_int_equal(recorder_flush(r, 5000), BF_OK);
    assert_int_equal(indexed(&p), 99);
    assert_int_equal(log_alarms(log), 1);
    recorder_destroy(r);
    log_destroy(log);
    close(null);
    place_remove(&p);
}

static void a_newer_database_is_refused(void **state)
{
    struct recorder *r;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    recorder_destroy(open_recorder(&p));
    run_sql(&p, "UPDATE migrations SET number = 1000 WHERE room = 'record'");
    const struct recorder_options options = { .journal_dir = p.journal, .db_url = p.url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_EUNSUP);
    assert_non_null(strstr(message, "newer"));
    free(message);
    place_remove(&p);
}

/* A row as version 1 wrote it: its entry, and beside it what filters asked for. */
static void insert_as_version_1(struct db *db, uint64_t number)
{
    struct db_query *q;
    struct sample s;
    char memory[4096];
    struct buf entry = BUF_ON(memory);
    sample_make(&s, number, AT + (utc_t)number);
    record_entry_write(&s.record, &entry);
    assert_int_equal(db_prepare(db,
                                "INSERT INTO records (at, key, id, kind, outcome, status, call_id, entry) "
                                "VALUES (?1, ?2, ?3, 0, 0, 302, ?4, ?5)",
                                &q),
                     BF_OK);
    db_bind_int(q, 1, record_ms(s.record.at.utc, s.record.at.ms));
    db_bind_blob(q, 2, span_make(s.record.key, RECORD_KEY));
    db_bind_text(q, 3, span_make(s.record.id, RECORD_ID));
    db_bind_text(q, 4, s.record.call_id);
    db_bind_blob(q, 5, buf_span(&entry));
    assert_int_equal(db_step(q), BF_ENOENT);
    db_finalize(q);
}

/* The number in the table is all that tells the program where to go on. */
static void a_database_of_version_1_is_brought_forward(void **state)
{
    struct db *db;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    assert_int_equal(db_open(p.url, DB_WRITE, &db, &message), BF_OK);
    assert_int_equal(db_migrate(db, "record", record_migrations, 1, &message), BF_OK);
    for (uint64_t i = 0; i < 10; i++)
        insert_as_version_1(db, i);
    db_close(db);
    const struct record_filter all = { .outcome = -1 };
    assert_int_equal(record_query(p.url, &all, see, NULL, &message), BF_EUNSUP);
    assert_non_null(strstr(message, "older"));
    free(message);
    struct recorder *r = open_recorder(&p);
    append_at(r, 5, 10, AT + 5); /* five of them again */
    recorder_destroy(r);
    assert_int_equal(indexed(&p), 15);
    place_remove(&p);
}

static void a_second_recorder_is_refused(void **state)
{
    struct recorder *second;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_recorder(&p);
    const struct recorder_options options = { .journal_dir = p.journal, .db_url = p.url };
    assert_int_equal(recorder_create(&options, &second, &message), BF_EDENIED);
    free(message);
    recorder_destroy(r);
    place_remove(&p);
}

/* ---- several threads ---- */

struct worker {
    struct recorder *recorder;
    uint64_t from;
};

static void *work(void *arg)
{
    const struct worker *w = arg;
    for (uint64_t i = 0; i < 50; i++)
        append_at(w->recorder, w->from + i * 16, 16, AT);
    return NULL;
}

static void workers_share_a_recorder(void **state)
{
    pthread_t threads[4];
    struct worker workers[4];
    (void)state;
    const struct place p = place_make();
    struct recorder *r = open_with(&(struct recorder_options){
        .journal_dir = p.journal, .db_url = p.url, .durability = RECORD_RELAXED });
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (struct worker){ r, i * 800 };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    while (recorder_counts(r).appended < 3200) /* somebody looks at the metrics meanwhile */
        sched_yield();
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(recorder_flush(r, 20000), BF_OK);
    assert_int_equal(indexed(&p), 3200);
    recorder_destroy(r);
    place_remove(&p);
}

/* ---- replays ---- */

struct sightings {
    size_t n;
    uint64_t sources;
    utc_t oldest;
};

static void sight(void *arg, const struct replay_sighting *sighting, utc_t at)
{
    struct sightings *s = arg;
    s->n++;
    s->sources += sighting->source;
    if (s->oldest == 0 || at < s->oldest)
        s->oldest = at;
}

static void a_fresh_start_knows_the_tokens_it_saw(void **state)
{
    struct sightings s = { 0 };
    (void)state;
    const struct place p = place_make();
    assert_int_equal(record_replays(p.journal, 0, sight, &s), BF_OK); /* nothing was ever kept */
    assert_int_equal(s.n, 0);
    struct recorder *r = open_with(&(struct recorder_options){ .journal_dir = p.journal });
    for (uint64_t i = 0; i < 100; i++) {
        struct sample sample;
        sample_make(&sample, i, AT + (utc_t)i);
        sample.record.n_replays = i % 2 ? 0 : 2; /* two proofs in a call */
        sample.record.replays[0].source = i;
        sample.record.replays[1].source = 1000;
        assert_int_equal(recorder_append(r, &sample.record, 1), BF_OK);
    }
    recorder_destroy(r);
    assert_int_equal(record_replays(p.journal, AT + 50, sight, &s), BF_OK);
    assert_int_equal(s.n, 50);
    assert_int_equal(s.oldest, AT + 50);
    assert_int_equal(s.sources, (50 + 98) * 25 / 2 + 25 * 1000);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_in_the_index),
        cmocka_unit_test(ending_waits_for_the_index),
        cmocka_unit_test(files_are_for_their_owner_alone),
        cmocka_unit_test(indexing_again_changes_nothing),
        cmocka_unit_test(one_call_is_one_row),
        cmocka_unit_test(one_call_is_one_row_across_a_restart),
        cmocka_unit_test(a_new_journal_beside_an_old_database_is_indexed),
        cmocka_unit_test(a_locked_database_delays_nobody),
        cmocka_unit_test(a_database_that_was_locked_at_the_start_is_opened_later),
        cmocka_unit_test(a_database_that_fails_makes_the_index_late_and_nothing_else),
        cmocka_unit_test(a_damaged_record_is_alarmed_and_passed_over),
        cmocka_unit_test(a_newer_database_is_refused),
        cmocka_unit_test(a_database_of_version_1_is_brought_forward),
        cmocka_unit_test(a_second_recorder_is_refused),
        cmocka_unit_test(workers_share_a_recorder),
        cmocka_unit_test(a_fresh_start_knows_the_tokens_it_saw),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
