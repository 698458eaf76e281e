/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record costs, and whom: the thread that hands batches of 64 over, the thread that writes and syncs them (strict
 * alone), and the thread that copies them into the database. And how long a strict batch takes until it may be answered,
 * beside a write and an fdatasync of as many bytes by nobody but the disk; and beside the same records put into SQLite in the
 * answer's path, one transaction a batch, which is as durable as strict. In turns, in one run, on the file system of
 * $TMPDIR.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/bench/meter.h"
#include "cli/bench/stats.h"
#include "record/member.h"

#define TURNS   9u
#define BATCHES 40u

struct way {
    const char *name;
    bool (*run)(struct way *way);
    struct recorder *recorder;
    struct record_queue *queue;
    struct histogram latency;                          /* of a batch */
    double caller[TURNS], record[TURNS], index[TURNS]; /* CPU microseconds a record */
};

struct stand {
    char dir[200];
    struct db *db;
    struct db_query *insert;
    struct chunk chunk;
    int raw;       /* a file that is written and synced, and nothing else */
    uint64_t next; /* keys */
};
static struct stand stand;
static struct record batch[LIMIT_BATCH];

static const struct record_ballot ballots[] = {
    { { "signature", 9 }, 0, 0, { "the signature holds under the key of the certificate", 52 } },
    { { "chain", 5 }, 0, 0, { "the certificate leads to an anchor of trust domain lab", 54 } },
    { { "fresh", 5 }, 0, 0, { "made 1 s ago", 12 } },
    { { "number-listed", 13 }, 0, 0, { "the certificate speaks for the number by its SPC", 48 } },
    { { "called-number", 13 }, -1, 0, { "the number called is in the token", 33 } },
    { { "number-shown", 12 }, -1, 0, { "every number a phone may show is the proven one", 47 } },
    { { "replay", 6 }, 0, 0, { "seen for the first time", 23 } },
};

static void batch_make(void)
{
    for (size_t i = 0; i < LIMIT_BATCH; i++) {
        struct record *r = &batch[i];
        *r = (struct record){ .at = clock_now(&clock_system),
                              .verstat = 1,
                              .attest = 'A',
                              .status = 302,
                              .latency_us = 95,
                              .node = SPAN("node-1"),
                              .source_peer = SPAN("192.0.2.7:5060"),
                              .transport = SPAN("udp"),
                              .call_id = SPAN("9f2c11d04b7a4f7e8c51@192.0.2.7"),
                              .from = SPAN("\"Lab\" <sip:+12155550121@carrier.example>;tag=5c9d1b"),
                              .to = SPAN("<sip:+12155550131@carrier.example>"),
                              .request_uri = SPAN("sip:+12155550131@192.0.2.1;user=phone"),
                              .claimed_name = SPAN("Lab"),
                              .caller = SPAN("12155550121"),
                              .called = SPAN("12155550131"),
                              .proof = SPAN("identity"),
                              .trust_domain = SPAN("lab"),
                              .why =
                                  SPAN("a trusted signature made for this very call vouches for the number"),
                              .origid = SPAN("7a1b2c3d-0000-4000-8000-000000000001"),
                              .x5u = SPAN("https://certs.example.org/shaken/1234.pem"),
                              .spc = SPAN("1234"),
                              .serial = SPAN("0a0b0c0d0e0f"),
                              .subject = SPAN("CN=SHAKEN 1234,O=Lab,C=US"),
                              .iat = 1700000000,
                              .ballots = ballots,
                              .n_ballots = sizeof ballots / sizeof ballots[0],
                              .n_replays = 1 };
        memset(r->id, '0', RECORD_ID);
        stand.next++;
        memcpy(r->key, &stand.next, sizeof stand.next);
    }
}

/* ---- the ways ---- */

static bool run_queue(struct way *way)
{
    return record_queue_put(way->queue, batch, LIMIT_BATCH) == BF_OK &&
           record_queue_wait(way->queue) == BF_OK;
}

static bool run_disk(struct way *way)
{
    static const char bytes[LIMIT_BATCH * 560];
    (void)way;
    return write(stand.raw, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fdatasync(stand.raw) == 0;
}

static bool run_sqlite(struct way *way)
{
    char memory[4096];
    bool good = db_begin(stand.db) == BF_OK;
    (void)way;
    chunk_empty(&stand.chunk);
    for (size_t i = 0; good && i < LIMIT_BATCH; i++) {
        struct buf entry = BUF_ON(memory);
        record_entry_write(&batch[i], &entry);
        good = chunk_add(&stand.chunk, buf_span(&entry), record_ms(batch[i].at.utc, batch[i].at.ms)) == BF_OK;
    }
    record_bind(stand.insert, &stand.chunk);
    good = good && db_step(stand.insert) == BF_ENOENT;
    db_reset(stand.insert);
    return good && db_commit(stand.db) == BF_OK;
}

enum { RELAXED, STRICT, DISK, SQLITE };
static struct way ways[] = {
    [RELAXED] = { .name = "relaxed", .run = run_queue },
    [STRICT] = { .name = "strict", .run = run_queue },
    [DISK] = { .name = "disk alone", .run = run_disk },
    [SQLITE] = { .name = "SQLite in the path", .run = run_sqlite },
};

/* ---- the stand ---- */

static bool complain(char *message)
{
    fprintf(stderr, "bench_record: %s\n", message ? message : "?");
    free(message);
    return false;
}

static bool recorder_make(struct way *way, enum record_durability durability)
{
    char journal[300], url[300], *message = NULL;
    snprintf(journal, sizeof journal, "%s/%s", stand.dir, way->name);
    snprintf(url, sizeof url, "sqlite:%s/%s.db", stand.dir, way->name);
    const struct recorder_options options = { .journal_dir = journal,
                                              .db_url = url,
                                              .durability = durability };
    if (recorder_create(&options, &way->recorder, &message) != BF_OK)
        return complain(message);
    return recorder_queue(way->recorder, NULL, NULL, &way->queue) == BF_OK;
}

static bool db_make(void)
{
    char url[300], *message = NULL;
    snprintf(url, sizeof url, "sqlite:%s/path.db", stand.dir);
    if (db_open(url, DB_WRITE, &stand.db, &message) != BF_OK ||
        db_migrate(stand.db, "record", record_migrations, n_record_migrations, &message) != BF_OK)
        return complain(message);
    return db_prepare(stand.db, record_insert, &stand.insert) == BF_OK;
}

static bool raw_make(void)
{
    char path[300];
    snprintf(path, sizeof path, "%s/raw", stand.dir);
    stand.raw = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return stand.raw >= 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static void stand_clear(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
        recorder_destroy(ways[i].recorder);
    db_finalize(stand.insert);
    db_close(stand.db);
    chunk_clear(&stand.chunk);
    close(stand.raw);
    nftw(stand.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- measuring ---- */

/* CPU of three threads: this one, and of the recorder's own those two that do not sleep in this turn. */
struct spent {
    int64_t caller, record, index;
};

static struct spent spent_now(void)
{
    return (struct spent){ cpu_ns_thread(), cpu_ns_of(getpid(), "record"), cpu_ns_of(getpid(), "index") };
}

static double each(int64_t from, int64_t until)
{
    return (double)(until - from) / 1000 / (BATCHES * LIMIT_BATCH);
}

static bool measure(struct way *way, unsigned turn)
{
    const struct spent from = spent_now();
    int64_t caller = 0;
    for (unsigned i = 0; i < BATCHES; i++) {
        batch_make();
        const mono_t start = clock_now(&clock_system).mono;
        const int64_t cpu = cpu_ns_thread();
        if (!way->run(way))
            return false;
        caller += cpu_ns_thread() - cpu;
        histogram_add(&way->latency, clock_now(&clock_system).mono - start, 1);
    }
    if (way->recorder && recorder_flush(way->recorder, 10000) != BF_OK)
        return false;
    const struct spent until = spent_now();
    way->caller[turn] = each(0, caller);
    way->record[turn] = each(from.record, until.record);
    way->index[turn] = each(from.index, until.index);
    return true;
}

static bool measure_all(void)
{
    for (unsigned turn = 0; turn <= TURNS; turn++) /* the first warms up, and is written over */
        for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
            if (turn == 1)
                memset(&ways[i].latency, 0, sizeof ways[i].latency);
            if (!measure(&ways[i], turn ? turn - 1 : 0))
                return false;
        }
    return true;
}

static void say(struct way *way)
{
    const struct histogram *disk = &ways[DISK].latency, *mine = &way->latency;
    printf("record, %-18s a batch of %u takes %4.0f µs, p99 %5.0f µs (disk alone %4.0f, %5.0f)", way->name,
           LIMIT_BATCH, (double)histogram_at(mine, 0.5) / 1000, (double)histogram_at(mine, 0.99) / 1000,
           (double)histogram_at(disk, 0.5) / 1000, (double)histogram_at(disk, 0.99) / 1000);
    printf("; CPU a record: caller %.2f µs", median(way->caller, TURNS));
    if (way->recorder)
        printf(", recorder %.2f µs, index %.2f µs", median(way->record, TURNS), median(way->index, TURNS));
    printf("\n");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(stand.dir, sizeof stand.dir, "%s/bf-bench-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(stand.dir)) {
        perror("bench_record");
        return 1;
    }
    const bool good = recorder_make(&ways[STRICT], RECORD_STRICT) &&
                      recorder_make(&ways[RELAXED], RECORD_RELAXED) && db_make() && raw_make() &&
                      measure_all();
    if (good)
        for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
            say(&ways[i]);
    stand_clear();
    if (!good)
        fprintf(stderr, "bench_record: could not keep a record\n");
    return good ? 0 : 1;
}
