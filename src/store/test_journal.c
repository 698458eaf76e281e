/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/segment.h"
#include "store/test_store.h"

static size_t count_segments(const struct place *p, uint64_t *ret_first)
{
    uint64_t *list;
    size_t n;
    const int dir = open(p->journal, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segments_list(dir, &list, &n), BF_OK);
    if (ret_first)
        *ret_first = list[0];
    free(list);
    close(dir);
    return n;
}

static uint64_t bytes_on_disk(const struct place *p)
{
    uint64_t *list, sum = 0;
    size_t n;
    char name[SEGMENT_NAME];
    struct stat st;
    const int dir = open(p->journal, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segments_list(dir, &list, &n), BF_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(fstatat(dir, segment_name(list[i], name), &st, 0), 0);
        sum += (uint64_t)st.st_size;
    }
    free(list);
    close(dir);
    return sum;
}

static void what_is_appended_is_read_in_order(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    append_many(j, 0, 100);
    assert_int_equal(journal_end(j), 100);
    struct tally t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_OK);
    assert_int_equal(t.right, 100);
    assert_int_equal(t.wrong, 0);
    assert_int_equal(t.next, 100);
    t = tally_from(&p, 60);
    assert_int_equal(t.right, 40);
    journal_close(j);
    place_remove(&p);
}

static void an_empty_entry_and_the_largest_are_entries(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, false);
    char *large = calloc(1, JOURNAL_ENTRY + 1);
    uint64_t end;
    const struct span two[] = { SPAN(""), { large, JOURNAL_ENTRY } }, over = { large, JOURNAL_ENTRY + 1 };
    assert_int_equal(append_spans(j, two, 2, &end), BF_OK);
    assert_int_equal(end, 2);
    assert_int_equal(append_spans(j, &over, 1, &end), BF_ELIMIT);
    assert_int_equal(journal_bytes(j), SEGMENT_HEADER + 2 * ENTRY_HEADER + JOURNAL_ENTRY);
    const struct tally t = tally_from(&p, 0);
    assert_int_equal(t.wrong, 2); /* both there, neither of our usual text */
    journal_close(j);
    free(large);
    place_remove(&p);
}

static void a_batch_of_any_size_is_one_append(void **state)
{
    enum { N = 1500 };
    static char texts[N][64];
    static struct span entries[N];
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    uint64_t end;
    for (size_t i = 0; i < N; i++)
        entries[i] = entry_text(i, texts[i]);
    assert_int_equal(append_spans(j, entries, N, &end), BF_OK);
    assert_int_equal(end, N);
    assert_int_equal(tally_from(&p, 0).right, N);
    journal_close(j);
    place_remove(&p);
}

static void opening_again_goes_on_where_it_ended(void **state)
{
    char name[JOURNAL_NAME + 1];
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 300, true);
    append_many(j, 0, 50);
    memcpy(name, journal_name(j), sizeof name);
    const uint64_t bytes = journal_bytes(j);
    journal_close(j);
    j = journal_at(&p, 300, true);
    assert_int_equal(journal_end(j), 50);
    assert_int_equal(journal_bytes(j), bytes);
    assert_int_equal(journal_repaired(j), 0);
    assert_string_equal(journal_name(j), name);
    append_many(j, 50, 80);
    assert_int_equal(bytes_on_disk(&p), journal_bytes(j));
    assert_int_equal(tally_from(&p, 0).right, 80);
    journal_close(j);
    place_remove(&p);
}

static void only_the_owner_may_read_what_is_kept(void **state)
{
    struct stat st;
    char path[400];
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    assert_int_equal(stat(p.journal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/00000000000000000000.journal", p.journal);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    journal_close(j);
    place_remove(&p);
}

static void a_second_writer_is_refused(void **state)
{
    const struct journal_options options = { 0 };
    struct journal *second;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    assert_int_equal(journal_open(p.journal, &options, &second, &message), BF_EDENIED);
    assert_non_null(strstr(message, "another process"));
    free(message);
    journal_close(j);
    j = journal_at(&p, 0, true);
    journal_close(j);
    place_remove(&p);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    const struct journal_options options = { 0 };
    struct journal *j;
    char *message = NULL;
    (void)state;
    assert_int_equal(journal_open("/nowhere/at/all", &options, &j, &message), BF_EIO);
    assert_non_null(strstr(message, "/nowhere/at/all"));
    free(message);
}

static void only_whole_old_segments_are_trimmed(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 400, false);
    uint64_t first;
    append_many(j, 0, 100);
    const size_t segments = count_segments(&p, &first);
    assert_true(segments > 5);
    assert_int_equal(journal_trim(j, 50, 0, 0), BF_OK); /* written before 1970: none */
    assert_int_equal(count_segments(&p, &first), segments);
    assert_int_equal(journal_trim(j, 50, INT64_MAX, journal_bytes(j)), BF_OK); /* no more than may be kept */
    assert_int_equal(count_segments(&p, &first), segments);
    assert_int_equal(journal_trim(j, 50, INT64_MAX, 0), BF_OK);
    count_segments(&p, &first);
    assert_in_range(first, 30, 50);
    const struct tally t = tally_from(&p, 0); /* older than the oldest: begins there */
    assert_int_equal(t.err, BF_OK);
    assert_int_equal(t.right, 100 - first);
    assert_int_equal(journal_trim(j, 100, INT64_MAX, 0), BF_OK);
    assert_int_equal(count_segments(&p, &first), 1);
    assert_int_equal(journal_end(j), 100);
    journal_close(j);
    j = journal_at(&p, 400, false);
    assert_int_equal(journal_end(j), 100);
    journal_close(j);
    place_remove(&p);
}

static void a_segment_is_ended_when_it_has_entries_and_is_old(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    assert_int_equal(journal_rotate(j, INT64_MAX), BF_OK); /* empty */
    assert_int_equal(count_segments(&p, NULL), 1);
    append_many(j, 0, 3);
    assert_int_equal(journal_rotate(j, 1000), BF_OK); /* young */
    assert_int_equal(count_segments(&p, NULL), 1);
    assert_int_equal(journal_rotate(j, INT64_MAX), BF_OK);
    assert_int_equal(count_segments(&p, NULL), 2);
    append_many(j, 3, 6);
    assert_int_equal(tally_from(&p, 0).right, 6);
    journal_close(j);
    place_remove(&p);
}

/* ---- several threads ---- */

#define THREADS 4
#define BATCHES 200
#define BATCH   3

struct appender {
    struct journal *journal;
    unsigned number;
    _Atomic unsigned *running;
    bool good;
};

/* Entries say thread and number; ends that come back rise. */
static void *append_in_thread(void *arg)
{
    struct appender *a = arg;
    uint64_t last = 0;
    a->good = true;
    for (unsigned b = 0; b < BATCHES; b++) {
        char texts[BATCH][32];
        struct span entries[BATCH];
        uint64_t end;
        for (unsigned i = 0; i < BATCH; i++)
            entries[i] =
                span_make(texts[i], (size_t)snprintf(texts[i], 32, "%u %u", a->number, b * BATCH + i));
        const bool kept = append_spans(a->journal, entries, BATCH, &end) == BF_OK;
        a->good &= kept && end > last && journal_end(a->journal) >= end;
        last = end;
    }
    atomic_fetch_sub(a->running, 1);
    return NULL;
}

struct listener {
    unsigned next[THREADS];
    size_t n;
    bool good;
};

static void hear(struct listener *l, uint64_t position, struct span entry)
{
    unsigned thread, number;
    char text[32];
    snprintf(text, sizeof text, "%.*s", SPAN_FMT(entry));
    l->good &= sscanf(text, "%u %u", &thread, &number) == 2 && thread < THREADS &&
               l->next[thread]++ == number && position == l->n++;
}

static void threads_append(bool sync)
{
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 3000, sync);
    struct journal_reader *r = NULL;
    pthread_t threads[THREADS];
    struct appender appenders[THREADS];
    _Atomic unsigned running = THREADS;
    struct listener l = { .good = true };
    struct span entry;
    uint64_t position;
    bool ended_well = true; /* nothing is asserted, thus nothing left, while threads work on this stack */
    assert_int_equal(journal_reader_create(p.journal, 0, &r), BF_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        appenders[i] = (struct appender){ j, i, &running, false };
        assert_int_equal(pthread_create(&threads[i], NULL, append_in_thread, &appenders[i]), 0);
    }
    for (bool last = false; !last;) { /* a reader runs beside them, up to the durable end */
        last = atomic_load(&running) == 0;
        const uint64_t end = journal_end(j);
        enum bf_err err;
        while ((err = journal_reader_next(r, end, &position, &entry)) == BF_OK)
            hear(&l, position, entry);
        ended_well &= err == BF_ENOENT && journal_reader_position(r) == end;
        sched_yield();
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++)
        assert_true(appenders[i].good);
    assert_true(ended_well && l.good);
    assert_int_equal(l.n, THREADS * BATCHES * BATCH);
    journal_reader_destroy(r);
    journal_close(j);
    place_remove(&p);
}

static void threads_take_turns_at_a_journal(void **state)
{
    (void)state;
    threads_append(false);
    threads_append(true);
}

/* Many batches at once are one write; what is not as it says is refused, and nothing of it is written. */
static void batches_are_written_behind_each_other(void **state)
{
    static char memory[JOURNAL_BATCHES + 1][64];
    struct journal_batch batches[JOURNAL_BATCHES + 1], wrong[2];
    uint64_t end;
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    for (size_t i = 0; i <= JOURNAL_BATCHES; i++) {
        char text[64];
        const struct span entry = entry_text(i, text);
        journal_frame(memory[i], entry.n);
        memcpy(memory[i] + JOURNAL_FRAME, entry.p, entry.n);
        batches[i] = (struct journal_batch){ memory[i], JOURNAL_FRAME + entry.n, 1 };
    }
    assert_true(journal_take(j));
    assert_false(journal_take(j));
    assert_int_equal(journal_append(j, batches, JOURNAL_BATCHES, &end), BF_OK);
    assert_int_equal(end, JOURNAL_BATCHES);
    assert_int_equal(journal_append(j, batches, JOURNAL_BATCHES + 1, &end), BF_ELIMIT);
    for (int off = -1; off <= 1; off += 2) {
        wrong[0] = wrong[1] = batches[0];
        wrong[1].bytes += (size_t)off;
        assert_int_equal(journal_append(j, wrong, 2, &end), BF_EINVAL);
    }
    wrong[1] = (struct journal_batch){ memory[0], JOURNAL_FRAME - 1, 1 };
    assert_int_equal(journal_append(j, wrong, 2, &end), BF_EINVAL);
    journal_leave(j);
    assert_int_equal(journal_end(j), JOURNAL_BATCHES);
    assert_int_equal(bytes_on_disk(&p), journal_bytes(j));
    assert_int_equal(tally_from(&p, 0).right, JOURNAL_BATCHES);
    journal_close(j);
    place_remove(&p);
}

/* ---- no room ---- */

/* Appends until it fails; returns how many were taken. Of what was refused, not a byte is left. */
static uint64_t fill(const struct place *p, struct journal *j, uint64_t n)
{
    while (append_one(j, n) == BF_OK)
        n++;
    assert_int_equal(journal_end(j), n);
    assert_int_equal(bytes_on_disk(p), journal_bytes(j));
    return n;
}

static void a_file_that_may_not_grow_loses_nothing(void **state)
{
    struct rlimit before, small;
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 0, true);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    for (rlim_t limit = 1000; limit < 1100; limit += 7) { /* each cuts an entry at another place */
        small.rlim_cur = limit + 700 * (limit - 1000);
        setrlimit(RLIMIT_FSIZE, &small);
        const uint64_t n = fill(&p, j, journal_end(j));
        assert_int_equal(append_one(j, n), BF_EIO);
        setrlimit(RLIMIT_FSIZE, &before);
        const struct tally t = tally_from(&p, 0);
        assert_int_equal(t.err, BF_OK);
        assert_int_equal(t.right, n);
        assert_int_equal(append_one(j, n), BF_OK); /* room again */
    }
    const uint64_t n = journal_end(j);
    journal_close(j);
    j = journal_at(&p, 0, true);
    assert_int_equal(journal_repaired(j), 0);
    assert_int_equal(tally_from(&p, 0).right, n);
    journal_close(j);
    place_remove(&p);
}

/* In a process of its own, with mounts of its own. 0: as it should be; 77: may not mount. */
static int fill_a_disk(const struct place *p)
{
    char filler[400];
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", p->dir, "tmpfs", 0, "size=256k") < 0)
        return 77;
    snprintf(filler, sizeof filler, "%s/filler", p->dir);
    const int fd = open(filler, O_RDWR | O_CREAT, 0600);
    if (ftruncate(fd, 0) < 0 || posix_fallocate(fd, 0, 100000) != 0)
        return 1;
    struct journal *j = journal_at(p, 20000, true); /* ends within a segment or between two */
    uint64_t n = fill(p, j, 0);
    if (n < 1000 || tally_from(p, 0).right != n)
        return 2;
    unlink(filler);
    close(fd);
    const uint64_t more = fill(p, j, n);
    if (more < n + 1000 || tally_from(p, 0).right != more || tally_from(p, 0).wrong)
        return 3;
    if (journal_trim(j, more, INT64_MAX, 0) != BF_OK || append_one(j, more) != BF_OK)
        return 4;
    journal_close(j);
    j = journal_at(p, 20000, true);
    const bool good = journal_repaired(j) == 0 && journal_end(j) == more + 1;
    journal_close(j);
    return good ? 0 : 5;
}

static void a_full_disk_loses_nothing_and_recovers(void **state)
{
    int status;
    (void)state;
    const struct place p = place_make();
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        _exit(fill_a_disk(&p));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    place_remove(&p);
    if (WEXITSTATUS(status) == 77)
        tap_skip("mounting a small file system is not allowed here");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

/* Each tenth becomes longer than it was, each tenth behind it empty; a disk that is full says so at entry `fails`. */
struct changes {
    uint64_t seen, fails;
};

static enum bf_err change_some(void *arg, struct span *entry)
{
    static const char longer[] =
        "what stood here is gone, and this is longer than all that may have stood here before";
    struct changes *c = arg;
    if (++c->seen == c->fails)
        return BF_EIO;
    if (c->seen % 10 == 1)
        *entry = SPAN(longer);
    if (c->seen % 10 == 2)
        *entry = SPAN("");
    return BF_OK;
}

static void entries_are_changed_where_they_are(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 2000, true);
    struct changes c = { 0, 0 };
    append_many(j, 0, 300);
    assert_int_equal(journal_rewrite(j, change_some, &c), BF_OK);
    assert_int_equal(c.seen, 300);
    assert_int_equal(journal_end(j), 300);
    append_many(j, 300, 320);
    struct tally t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_OK);
    assert_int_equal(t.right, 260);
    assert_int_equal(t.wrong, 60);
    assert_int_equal(t.next, 320);
    assert_int_equal(journal_bytes(j), bytes_on_disk(&p));
    journal_close(j);
    j = journal_at(&p, 2000, true);
    assert_int_equal(journal_end(j), 320);
    assert_int_equal(journal_bytes(j), bytes_on_disk(&p));
    journal_close(j);
    place_remove(&p);
}

static void a_change_that_fails_leaves_whole_segments(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 2000, true);
    struct changes c = { 0, 150 };
    append_many(j, 0, 300);
    assert_int_equal(journal_rewrite(j, change_some, &c), BF_EIO);
    struct tally t = tally_from(&p, 0);
    assert_int_equal(t.err, BF_OK);
    assert_int_equal(t.right + t.wrong, 300);
    assert_true(t.wrong > 0 && t.wrong < 30);
    c = (struct changes){ 0, 0 };
    assert_int_equal(journal_rewrite(j, change_some, &c), BF_OK);
    assert_int_equal(tally_from(&p, 0).wrong, 60);
    journal_close(j);
    place_remove(&p);
}

/* A reader stands in a segment that is put in another's place: it misses nothing. */
static void a_reader_goes_on_over_a_change(void **state)
{
    (void)state;
    const struct place p = place_make();
    struct journal *j = journal_at(&p, 2000, false);
    struct journal_reader *r = NULL;
    struct changes c = { 0, 0 };
    struct span entry;
    uint64_t position;
    append_many(j, 0, 100);
    assert_int_equal(journal_reader_create(p.journal, 0, &r), BF_OK);
    for (uint64_t n = 0; n < 35; n++)
        assert_int_equal(journal_reader_next(r, UINT64_MAX, &position, &entry), BF_OK);
    assert_int_equal(journal_rewrite(j, change_some, &c), BF_OK);
    append_many(j, 100, 150);
    for (uint64_t n = 35; n < 150; n++) {
        assert_int_equal(journal_reader_next(r, UINT64_MAX, &position, &entry), BF_OK);
        assert_int_equal(position, n);
    }
    assert_int_equal(journal_reader_next(r, UINT64_MAX, &position, &entry), BF_ENOENT);
    journal_reader_destroy(r);
    journal_close(j);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_read_in_order),
        cmocka_unit_test(an_empty_entry_and_the_largest_are_entries),
        cmocka_unit_test(a_batch_of_any_size_is_one_append),
        cmocka_unit_test(opening_again_goes_on_where_it_ended),
        cmocka_unit_test(only_the_owner_may_read_what_is_kept),
        cmocka_unit_test(a_second_writer_is_refused),
        cmocka_unit_test(a_directory_that_cannot_be_made_is_named),
        cmocka_unit_test(only_whole_old_segments_are_trimmed),
        cmocka_unit_test(a_segment_is_ended_when_it_has_entries_and_is_old),
        cmocka_unit_test(entries_are_changed_where_they_are),
        cmocka_unit_test(a_change_that_fails_leaves_whole_segments),
        cmocka_unit_test(a_reader_goes_on_over_a_change),
        cmocka_unit_test(threads_take_turns_at_a_journal),
        cmocka_unit_test(batches_are_written_behind_each_other),
        cmocka_unit_test(a_file_that_may_not_grow_loses_nothing),
        cmocka_unit_test(a_full_disk_loses_nothing_and_recovers),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
