/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `strict` is fdatasync before the answer, seen in three ways: by the order of system calls, by a disk that forgets what was
 * not synced, and by killing a writer fifty times. The writer is this program itself, called with arguments; its answers
 * are 16 bytes through a pipe: the first number of a batch that was kept, and how many.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "record/member.h"
#include "record/test_record.h"
#include "store/journal.h"

#define AT    1700000000
#define BATCH 8u

struct kept {
    uint64_t first, n;
};

/* ---- the writer ---- */

struct writer {
    struct recorder *recorder;
    _Atomic uint64_t next;
    uint64_t batches; /* of a thread */
};

static void *write_batches(void *arg)
{
    struct writer *w = arg;
    struct sample samples[BATCH];
    struct record records[BATCH];
    for (uint64_t b = 0; b < w->batches; b++) {
        const uint64_t first = atomic_fetch_add(&w->next, BATCH);
        for (uint64_t i = 0; i < BATCH; i++) {
            sample_make(&samples[i], first + i, AT);
            records[i] = samples[i].record;
        }
        const struct kept answer = { first, BATCH };
        if (recorder_append(w->recorder, records, BATCH) != BF_OK ||
            write(STDOUT_FILENO, &answer, sizeof answer) != (ssize_t)sizeof answer)
            abort();
    }
    return NULL;
}

/* write JOURNAL URL DURABILITY THREADS BATCHES FIRST */
static int writer_main(char **argv)
{
    struct recorder_options options = { .journal_dir = argv[2],
                                        .durability = RECORD_STRICT,
                                        .keep_bytes = 4u << 20 };
    struct writer w = { .next = strtoull(argv[7], NULL, 10), .batches = strtoull(argv[6], NULL, 10) };
    const unsigned n = (unsigned)atoi(argv[5]);
    pthread_t threads[8];
    char *message = NULL;
    if (strcmp(argv[3], "-") != 0)
        options.db_url = argv[3];
    if (strcmp(argv[4], "relaxed") == 0)
        options.durability = RECORD_RELAXED;
    if (recorder_create(&options, &w.recorder, &message) != BF_OK) {
        fprintf(stderr, "%s\n", message ? message : "?");
        return 1;
    }
    for (unsigned i = 1; i < n; i++)
        pthread_create(&threads[i], NULL, write_batches, &w);
    write_batches(&w);
    for (unsigned i = 1; i < n; i++)
        pthread_join(threads[i], NULL);
    recorder_destroy(w.recorder);
    return 0;
}

struct run {
    const char *durability, *threads, *batches, *url;
    uint64_t first;
    bool forgetful;
    const char *trace; /* a file for strace; NULL: none */
};

static void become_writer(const struct place *p, const struct run *run)
{
    char self[512], first[32], shadow[300];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n < 0 ? 0 : n] = '\0';
    snprintf(first, sizeof first, "%llu", (unsigned long long)run->first);
    snprintf(shadow, sizeof shadow, "%s/shadow", p->dir);
    if (run->forgetful) {
        setenv("LD_PRELOAD", getenv("BF_FORGET"), 1);
        setenv("BF_SHADOW", shadow, 1);
        setenv("BF_FORGET_DIR", p->journal, 1);
    }
    /* sanitizers want to be loaded first, and cannot look for leaks under strace */
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
    const char *const args[] = { "strace",
                                 "-f",
                                 "-o",
                                 run->trace,
                                 self,
                                 "write",
                                 p->journal,
                                 run->url ? run->url : "-",
                                 run->durability,
                                 run->threads,
                                 run->batches,
                                 first,
                                 NULL };
    if (run->trace)
        execvp("strace", (char **)(uintptr_t)args);
    else
        execv(self, (char **)(uintptr_t)(args + 4));
    _exit(99);
}

/* ---- what was answered ---- */

#define MOST 1000000u
static bool answered[MOST], found[MOST];

static void note_answer(const struct kept *k, uint64_t *ret_next)
{
    for (uint64_t i = k->first; i < k->first + k->n && i < MOST; i++)
        answered[i] = true;
    if (k->first + k->n > *ret_next)
        *ret_next = k->first + k->n;
}

/*
 * Runs a writer, kills it after so many answers (0: lets it end), and takes every answer that left before. Returns its
 * status; *ret_next: behind the last number answered.
 */
static int run_writer(const struct place *p, const struct run *run, unsigned answers, uint64_t *ret_next)
{
    int ends[2], status;
    struct kept k;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        become_writer(p, run);
    }
    close(ends[1]);
    for (unsigned n = 1; read(ends[0], &k, sizeof k) == (ssize_t)sizeof k; n++) {
        note_answer(&k, ret_next);
        if (n == answers)
            kill(child, SIGKILL);
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static bool find(void *arg, uint64_t position, struct span entry)
{
    static struct record_ballot ballots[RECORD_BALLOTS];
    struct record r;
    struct sample expected;
    char id[RECORD_ID + 1] = "";
    (void)arg;
    (void)position;
    assert_int_equal(record_entry_read(entry, ballots, &r), BF_OK);
    memcpy(id, r.id, RECORD_ID);
    const uint64_t number = strtoull(id, NULL, 10);
    assert_true(number < MOST);
    sample_make(&expected, number, AT);
    assert_true(span_equal(r.call_id, expected.record.call_id));
    found[number] = true;
    return true;
}

/* How many records that were answered for are not in the journal. */
static size_t count_lost(const struct place *p)
{
    uint64_t next;
    size_t lost = 0;
    memset(found, 0, sizeof found);
    assert_int_equal(journal_read(p->journal, 0, find, NULL, &next), BF_OK);
    for (size_t i = 0; i < MOST; i++)
        lost += answered[i] && !found[i];
    return lost;
}

static size_t count_found(void)
{
    size_t n = 0;
    for (size_t i = 0; i < MOST; i++)
        n += found[i];
    return n;
}

static bool count(void *arg, const struct record *r)
{
    (void)r;
    ++*(size_t *)arg;
    return true;
}

/* ---- the tests ---- */

static void fifty_kills_lose_no_record_that_was_answered(void **state)
{
    uint64_t next = 0;
    char *message = NULL;
    (void)state;
    const struct place p = place_make();
    memset(answered, 0, sizeof answered);
    for (unsigned i = 0; i < 50; i++) {
        const struct run run = { "strict", "4", "100000", p.url, next, false, NULL };
        const int status = run_writer(&p, &run, 1 + i * 7 % 60, &next);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(count_lost(&p), 0);
        next += 1000; /* numbers that were on their way are not used again */
    }
    assert_true(next > 50 * 1000);

    struct recorder *r; /* and the index has every record of the journal, once */
    size_t rows = 0;
    const struct recorder_options options = { .journal_dir = p.journal, .db_url = p.url };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    assert_int_equal(recorder_flush(r, 120000), BF_OK);
    const struct record_filter all = { .outcome = -1, .limit = MOST };
    assert_int_equal(record_query(p.url, &all, count, &rows, &message), BF_OK);
    assert_int_equal(rows, count_found());
    recorder_destroy(r);
    place_remove(&p);
}

/* What was never synced is there by its name, and empty. */
static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(out);
    for (size_t n; in && (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    if (in)
        fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* The journal becomes what the disk remembers of it. */
static void cut_power(const struct place *p)
{
    char path[600], to[600], name[128];
    unsigned long long inode;
    scratch_remove(p->journal);
    assert_int_equal(mkdir(p->journal, 0700), 0);
    snprintf(path, sizeof path, "%s/shadow/names", p->dir);
    FILE *names = fopen(path, "r");
    assert_non_null(names);
    while (fscanf(names, "%llu %127s", &inode, name) == 2) {
        snprintf(path, sizeof path, "%s/shadow/%llu", p->dir, inode);
        snprintf(to, sizeof to, "%s/%s", p->journal, name);
        copy_file(path, to);
    }
    fclose(names);
}

/* Returns how many answers the disk has forgotten. */
static size_t lost_to_a_power_cut(const char *durability, unsigned answers, size_t *ret_found)
{
    char shadow[300];
    uint64_t next = 0;
    const struct place p = place_make();
    const struct run run = { durability, "3", "100000", NULL, 0, true, NULL };
    snprintf(shadow, sizeof shadow, "%s/shadow", p.dir);
    assert_int_equal(mkdir(shadow, 0700), 0);
    memset(answered, 0, sizeof answered);
    const int status = run_writer(&p, &run, answers, &next);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(next > 0);
    cut_power(&p);
    const size_t lost = count_lost(&p);
    *ret_found = count_found();
    place_remove(&p);
    return lost;
}

static void a_power_cut_loses_no_record_that_was_answered(void **state)
{
    size_t n;
    (void)state;
    if (!getenv("BF_FORGET")) {
        tap_skip("the disk that forgets is not built");
        return;
    }
    for (unsigned i = 0; i < 10; i++) {
        /* the last runs are long enough for several segments of 1 MiB */
        assert_int_equal(lost_to_a_power_cut("strict", i < 8 ? 1 + i * 9 : 400, &n), 0);
        assert_true(n > 0);
    }
}

/* That the disk does forget: answers that left before fdatasync are lost. */
static void a_relaxed_writer_loses_to_the_same_disk(void **state)
{
    size_t n;
    (void)state;
    if (!getenv("BF_FORGET")) {
        tap_skip("the disk that forgets is not built");
        return;
    }
    assert_true(lost_to_a_power_cut("relaxed", 30, &n) > 0);
}

/* ---- the order of system calls ---- */

/* What was done for an answer since the last one, by the thread that answers and by the one that writes. */
struct order {
    long answerer, writer; /* the first of the file; whoever calls pwritev, which SQLite never does */
    unsigned wrote, synced, other, answers, wrong;
    char culprit[200];
};

/* The first answers pay for memory that is kept from then on. */
static void judge_answer(struct order *o, const char *call)
{
    if (++o->answers > 3 && (o->wrote != 1 || o->synced != 1 || o->other) && !o->wrong++)
        snprintf(o->culprit, sizeof o->culprit, "%u writes, %u fdatasyncs, %u others: %.100s", o->wrote,
                 o->synced, o->other, call);
    o->wrote = o->synced = o->other = 0;
}

static void follow(struct order *o, long thread, const char *call)
{
    const bool is_write = strncmp(call, "pwritev(", 8) == 0 || strncmp(call, "pwritev2(", 9) == 0;
    const bool is_sync =
        strncmp(call, "fdatasync(", 10) == 0 || strncmp(call, "<... fdatasync resumed", 22) == 0;
    if (is_write)
        o->writer = thread;
    if (thread != o->answerer && thread != o->writer)
        return;
    if (thread == o->answerer && strncmp(call, "write(1,", 8) == 0)
        judge_answer(o, call);
    else if (is_write)
        o->wrote++;
    else if (is_sync) /* it counts once it is through, and only behind the write */
        o->synced += strstr(call, "<unfinished") == NULL && strstr(call, "= 0") && o->wrote == 1;
    else if (strncmp(call, "futex(", 6) != 0 && strncmp(call, "<... ", 5) != 0)
        o->other++;
}

static struct order read_trace(const char *path)
{
    char line[4096];
    struct order o = { 0 };
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char *call;
        const long thread = strtol(line, &call, 10);
        o.answerer = o.answerer ? o.answerer : thread;
        follow(&o, thread, call + strspn(call, " "));
    }
    fclose(file);
    return o;
}

static bool can_trace(void)
{
    int status = 1;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("strace", "strace", "-o", "/dev/null", "true", (char *)NULL);
        _exit(99);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void an_answer_comes_after_one_write_and_one_fdatasync(void **state)
{
    char trace[300];
    uint64_t next = 0;
    (void)state;
    if (!can_trace()) {
        tap_skip("strace is absent or not allowed");
        return;
    }
    const struct place p = place_make();
    snprintf(trace, sizeof trace, "%s/trace", p.dir);
    const struct run run = { "strict", "1", "100", p.url, 0, false, trace };
    assert_int_equal(run_writer(&p, &run, 0, &next), 0);
    const struct order o = read_trace(trace);
    if (o.wrong)
        fail_msg("%s", o.culprit);
    assert_int_equal(o.answers, 100);
    assert_int_equal(next, 100 * BATCH);
    place_remove(&p);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_kills_lose_no_record_that_was_answered),
        cmocka_unit_test(a_power_cut_loses_no_record_that_was_answered),
        cmocka_unit_test(a_relaxed_writer_loses_to_the_same_disk),
        cmocka_unit_test(an_answer_comes_after_one_write_and_one_fdatasync),
    };
    if (argc == 8 && strcmp(argv[1], "write") == 0)
        return writer_main(argv);
    return tap_run(tests, ARRAY_SIZE(tests));
}
