/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record costs before its answer may leave: batches of 64 into the journal, with fdatasync (strict) and without
 * (relaxed), beside the same records put into SQLite in the answer's path, one transaction a batch, which is as durable as
 * strict. Wall time, because the disk is what one waits for; CPU time stands behind it. In turns, in one run, on the file
 * system of $TMPDIR.
 */
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

struct stand {
    char dir[200];
    struct recorder *strict, *relaxed;
    struct db *db;
    struct db_query *insert;
    struct chunk chunk;
    char entry[4096];
    uint64_t next; /* keys */
};

static const struct record_ballot ballots[] = {
    { { "signature", 9 }, 0, 0, { "the signature holds under the key of the certificate", 52 } },
    { { "chain", 5 }, 0, 0, { "the certificate leads to an anchor of trust domain lab", 54 } },
    { { "fresh", 5 }, 0, 0, { "made 1 s ago", 12 } },
    { { "number-listed", 13 }, 0, 0, { "the certificate speaks for the number by its SPC", 48 } },
    { { "called-number", 13 }, -1, 0, { "the number called is in the token", 33 } },
    { { "number-shown", 12 }, -1, 0, { "every number a phone may show is the proven one", 47 } },
    { { "replay", 6 }, 0, 0, { "seen for the first time", 23 } },
};

static void batch_make(struct stand *s, struct record batch[static LIMIT_BATCH])
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
        memcpy(r->key, &s->next, sizeof s->next);
        s->next++;
    }
}

static bool into_journal(struct stand *s, struct recorder *r)
{
    struct record batch[LIMIT_BATCH];
    batch_make(s, batch);
    return recorder_append(r, batch, LIMIT_BATCH) == BF_OK;
}

static bool run_strict(struct stand *s)
{
    return into_journal(s, s->strict);
}

static bool run_relaxed(struct stand *s)
{
    return into_journal(s, s->relaxed);
}

static bool run_sqlite(struct stand *s)
{
    struct record batch[LIMIT_BATCH];
    batch_make(s, batch);
    bool good = db_begin(s->db) == BF_OK;
    chunk_empty(&s->chunk);
    for (size_t i = 0; good && i < LIMIT_BATCH; i++) {
        struct buf entry = BUF_ON(s->entry);
        record_entry_write(&batch[i], &entry);
        good = chunk_add(&s->chunk, buf_span(&entry), record_ms(batch[i].at.utc, batch[i].at.ms)) == BF_OK;
    }
    record_bind(s->insert, &s->chunk);
    good = good && db_step(s->insert) == BF_ENOENT;
    db_reset(s->insert);
    return good && db_commit(s->db) == BF_OK;
}

static const struct path {
    const char *name;
    bool (*run)(struct stand *s);
} paths[] = {
    { "strict", run_strict },
    { "relaxed", run_relaxed },
    { "SQLite in the path", run_sqlite },
};
#define PATHS (sizeof paths / sizeof paths[0])

/* ---- the stand ---- */

static bool recorder_make(const char *dir, const char *name, enum record_durability durability,
                          struct recorder **ret)
{
    char journal[300], *message = NULL;
    snprintf(journal, sizeof journal, "%s/%s", dir, name);
    const struct recorder_options options = { .journal_dir = journal, .durability = durability };
    if (recorder_create(&options, ret, &message) == BF_OK)
        return true;
    fprintf(stderr, "bench_record: %s\n", message ? message : "?");
    free(message);
    return false;
}

static bool db_make(struct stand *s)
{
    char url[300], *message = NULL;
    snprintf(url, sizeof url, "sqlite:%s/path.db", s->dir);
    if (db_open(url, DB_WRITE, &s->db, &message) != BF_OK ||
        db_migrate(s->db, "record", record_migrations, n_record_migrations, &message) != BF_OK) {
        fprintf(stderr, "bench_record: %s\n", message ? message : "?");
        free(message);
        return false;
    }
    return db_prepare(s->db, record_insert, &s->insert) == BF_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static void stand_clear(struct stand *s)
{
    recorder_destroy(s->strict);
    recorder_destroy(s->relaxed);
    db_finalize(s->insert);
    db_close(s->db);
    chunk_clear(&s->chunk);
    nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- measuring ---- */

struct cost {
    double wall[TURNS], cpu[TURNS]; /* microseconds a record */
};

static bool measure(struct stand *s, const struct path *p, double *wall, double *cpu)
{
    const mono_t start = clock_now(&clock_system).mono;
    const int64_t cpu_start = cpu_ns(0);
    for (unsigned i = 0; i < BATCHES; i++)
        if (!p->run(s))
            return false;
    *cpu = (double)(cpu_ns(0) - cpu_start) / 1000 / (BATCHES * LIMIT_BATCH);
    *wall = (double)(clock_now(&clock_system).mono - start) / 1000 / (BATCHES * LIMIT_BATCH);
    return true;
}

static bool measure_all(struct stand *s, struct cost costs[static PATHS])
{
    double unused;
    for (size_t p = 0; p < PATHS; p++) /* warm */
        if (!measure(s, &paths[p], &unused, &unused))
            return false;
    for (unsigned turn = 0; turn < TURNS; turn++)
        for (size_t p = 0; p < PATHS; p++)
            if (!measure(s, &paths[p], &costs[p].wall[turn], &costs[p].cpu[turn]))
                return false;
    return true;
}

int main(void)
{
    static struct stand s;
    static struct cost costs[PATHS];
    const char *tmp = getenv("TMPDIR");
    snprintf(s.dir, sizeof s.dir, "%s/bf-bench-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(s.dir)) {
        perror("bench_record");
        return 1;
    }
    const bool good = recorder_make(s.dir, "strict", RECORD_STRICT, &s.strict) &&
                      recorder_make(s.dir, "relaxed", RECORD_RELAXED, &s.relaxed) && db_make(&s) &&
                      measure_all(&s, costs);
    stand_clear(&s);
    if (!good) {
        fprintf(stderr, "bench_record: could not keep a record\n");
        return 1;
    }
    const double sqlite = median(costs[PATHS - 1].wall, TURNS);
    for (size_t p = 0; p < PATHS; p++) {
        const double wall = median(costs[p].wall, TURNS);
        printf("record, %s, batches of %u: %.2f µs a record (CPU %.2f), %.2f of SQLite in the path\n",
               paths[p].name, LIMIT_BATCH, wall, median(costs[p].cpu, TURNS), wall / sqlite);
    }
    return 0;
}
