/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "record/index.h"
#include "record/member.h"
#include "record/test_record.h"

#define DAY 86400

struct keeper {
    struct place place;
    struct journal *journal;
    struct indexer *indexer;
    uint64_t next;
};

static struct keeper keeper_open(bool has_db, unsigned keep_days, uint64_t keep_bytes)
{
    struct keeper k = { .place = place_make() };
    const struct journal_options journal = { .segment_bytes = 50000 };
    const struct recorder_options options = { .journal_dir = k.place.journal,
                                              .db_url = has_db ? k.place.url : NULL,
                                              .keep_days = keep_days,
                                              .keep_bytes = keep_bytes };
    char *message = NULL;
    assert_int_equal(journal_open(k.place.journal, &journal, &k.journal, &message), BF_OK);
    assert_int_equal(indexer_create(&options, k.journal, &k.indexer, &message), BF_OK);
    return k;
}

static void keeper_close(struct keeper *k)
{
    indexer_destroy(k->indexer);
    journal_close(k->journal);
    place_remove(&k->place);
}

static void keep(struct keeper *k, size_t n, utc_t at)
{
    for (size_t i = 0; i < n; i++) {
        struct sample s;
        char memory[4096];
        struct buf b = BUF_ON(memory);
        uint64_t end;
        sample_make(&s, k->next++, at);
        b.n = JOURNAL_FRAME;
        record_entry_write(&s.record, &b);
        journal_frame(memory, b.n - JOURNAL_FRAME);
        const struct journal_batch batch = { memory, b.n, 1 };
        while (!journal_take(k->journal)) /* it is the indexer's now and then */
            sched_yield();
        assert_int_equal(journal_append(k->journal, &batch, 1, &end), BF_OK);
        journal_leave(k->journal);
        indexer_note(k->indexer, b.n, s.record.at);
    }
}

static bool tally(void *arg, const struct record *r)
{
    struct {
        size_t n;
        utc_t oldest;
    } *t = arg;
    t->n++;
    if (t->oldest == 0 || r->at.utc < t->oldest)
        t->oldest = r->at.utc;
    return true;
}

static size_t rows(const struct keeper *k, utc_t *ret_oldest)
{
    struct {
        size_t n;
        utc_t oldest;
    } t = { 0, 0 };
    char *message = NULL;
    const struct record_filter all = { .outcome = -1, .limit = 1000000 };
    assert_int_equal(record_query(k->place.url, &all, tally, &t, &message), BF_OK);
    if (ret_oldest)
        *ret_oldest = t.oldest;
    return t.n;
}

static void catch_up_and_tidy(struct keeper *k)
{
    assert_int_equal(indexer_wait(k->indexer, journal_end(k->journal), 20000), BF_OK);
    assert_int_equal(indexer_tidy(k->indexer, 20000), BF_OK);
}

/* Segments, and what they look like after so many seconds. */
static size_t segments(const struct keeper *k, long age)
{
    const struct timespec when = { .tv_sec = clock_now(&clock_system).utc - age };
    const struct timespec times[2] = { when, when };
    size_t n = 0;
    DIR *d = opendir(k->place.journal);
    for (const struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".journal")) {
            n++;
            if (age)
                assert_int_equal(utimensat(dirfd(d), e->d_name, times, 0), 0);
        }
    closedir(d);
    return n;
}

static void records_go_after_their_days(void **state)
{
    utc_t oldest;
    (void)state;
    const utc_t now = clock_now(&clock_system).utc;
    struct keeper k = keeper_open(true, 30, 0);
    keep(&k, 700, now - 31 * DAY); /* several steps of deleting */
    keep(&k, 50, now - 29 * DAY);
    keep(&k, 10, now);
    catch_up_and_tidy(&k);
    assert_int_equal(rows(&k, &oldest), 60);
    assert_int_equal(oldest, now - 29 * DAY);
    keeper_close(&k);
}

static void records_are_kept_for_ever_unless_told_otherwise(void **state)
{
    (void)state;
    struct keeper k = keeper_open(true, 0, 0);
    keep(&k, 10, 1000);
    catch_up_and_tidy(&k);
    assert_int_equal(rows(&k, NULL), 10);
    keeper_close(&k);
}

static void the_oldest_go_when_there_are_too_many(void **state)
{
    const uint64_t bound = 2u << 20;
    utc_t oldest;
    (void)state;
    struct keeper k = keeper_open(true, 0, bound);
    for (utc_t at = 1; at <= 100; at++)
        keep(&k, 50, at);
    assert_int_equal(indexer_wait(k.indexer, journal_end(k.journal), 20000), BF_OK);
    assert_true(journal_bytes(k.journal) > bound);
    segments(&k, 2 * RECORD_REPLAY_S);
    catch_up_and_tidy(&k);
    assert_true(journal_bytes(k.journal) + indexer_counts(k.indexer).db_bytes <= bound);
    const size_t n = rows(&k, &oldest);
    assert_in_range(n, 500, 4900);                       /* by how the index cut its chunks */
    assert_int_equal(oldest, 100 - (utc_t)(n - 1) / 50); /* the newest are there */
    catch_up_and_tidy(&k);
    assert_int_equal(rows(&k, NULL), n); /* and no more go than must */
    keeper_close(&k);
}

/* A journal that has to be large does not push the database out of its half. */
static void a_large_journal_leaves_half_to_the_database(void **state)
{
    const uint64_t bound = 2u << 20;
    (void)state;
    struct keeper k = keeper_open(true, 0, bound);
    keep(&k, 5000, clock_now(&clock_system).utc);
    catch_up_and_tidy(&k);
    assert_true(journal_bytes(k.journal) > bound); /* too young to go */
    assert_in_range(indexer_counts(k.indexer).db_bytes, bound / 4, bound / 2);
    keeper_close(&k);
}

static void the_journal_goes_once_it_is_indexed_and_old(void **state)
{
    struct db *other;
    char *message = NULL;
    (void)state;
    struct keeper k = keeper_open(true, 0, 0);
    keep(&k, 500, 1000);
    const size_t all = segments(&k, 0);
    assert_true(all > 4);
    catch_up_and_tidy(&k);
    assert_int_equal(segments(&k, 2 * RECORD_REPLAY_S), all); /* young */
    catch_up_and_tidy(&k);
    assert_int_equal(segments(&k, 0), 1);
    assert_int_equal(rows(&k, NULL), 500);

    assert_int_equal(db_open(k.place.url, DB_WRITE, &other, &message), BF_OK);
    assert_int_equal(db_begin(other), BF_OK); /* nothing can be indexed */
    keep(&k, 500, 1000);
    const size_t waiting = segments(&k, 2 * RECORD_REPLAY_S);
    assert_int_equal(indexer_tidy(k.indexer, 500), BF_ETIME);
    assert_int_equal(segments(&k, 0), waiting);
    db_rollback(other);
    db_close(other);
    catch_up_and_tidy(&k);
    assert_int_equal(segments(&k, 0), 1);
    assert_int_equal(rows(&k, NULL), 1000);
    keeper_close(&k);
}

static void without_an_index_the_journal_is_the_record(void **state)
{
    (void)state;
    struct keeper k = keeper_open(false, 30, 0);
    keep(&k, 500, 1000);
    const size_t all = segments(&k, 29 * DAY);
    assert_int_equal(indexer_tidy(k.indexer, 20000), BF_OK);
    assert_int_equal(segments(&k, 31 * DAY), all);
    assert_int_equal(indexer_tidy(k.indexer, 20000), BF_OK);
    assert_int_equal(segments(&k, 0), 1);
    keeper_close(&k);

    k = keeper_open(false, 0, 200000);
    keep(&k, 1000, 1000);
    assert_true(journal_bytes(k.journal) > 400000);
    segments(&k, 2 * RECORD_REPLAY_S);
    assert_int_equal(indexer_tidy(k.indexer, 20000), BF_OK);
    assert_in_range(journal_bytes(k.journal), 100000, 200000);
    keeper_close(&k);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_go_after_their_days),
        cmocka_unit_test(records_are_kept_for_ever_unless_told_otherwise),
        cmocka_unit_test(the_oldest_go_when_there_are_too_many),
        cmocka_unit_test(a_large_journal_leaves_half_to_the_database),
        cmocka_unit_test(the_journal_goes_once_it_is_indexed_and_old),
        cmocka_unit_test(without_an_index_the_journal_is_the_record),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
