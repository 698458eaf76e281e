/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict kept.                                                                    design.md "Records"
 *
 * The recorder appends each batch to a journal and calls fdatasync; then its answers leave. An indexer copies the journal
 * into SQLite (store/db.h) in order, its position in the same transaction, idempotent by time and key.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/span.h"
#include "verdict/replay.h"

#define RECORD_KEY 16u
#define RECORD_ID  26u

enum record_kind { RECORD_VERIFIED, RECORD_SIGNED, RECORD_SHED, RECORD_CANCELLED };

struct record_ballot {
    struct span check;
    int identity;
    uint8_t vote;    /* enum vote */
    struct span why; /* of a pass: not kept */
};

/* Everything is a span into memory of the caller; records read back point into memory of the reader. */
struct record {
    char id[RECORD_ID];
    uint8_t key[RECORD_KEY]; /* digest of top Via, Call-ID, From tag, CSeq, and the message */
    enum record_kind kind;
    struct instant at;                        /* arrival; mono is not kept */
    struct span node, source_peer, transport; /* "udp" */
    struct span call_id, from, pai, to, request_uri, claimed_name;
    struct span caller, called; /* canonical digits; may be empty */
    bool masked;                /* caller withheld: lists and logs show "withheld" */
    uint8_t outcome, verstat;   /* enum outcome, enum verstat */
    char attest;                /* 0: none */
    bool lab;
    struct span proof, trust_domain, failure; /* "identity"; "us"; "E16" */
    struct span why;
    struct span origid, x5u, spc, serial, subject;
    int64_t iat;    /* 0: none */
    int32_t status; /* of the answer: 302 */
    int32_t latency_us;
    struct span answer;  /* the answer as sent (its status line and our headers), by setting */
    struct span message; /* raw request, by setting */
    /* Who it is, by the address book as it was then; claimed: whose name it says. 0 and absent: nobody known. */
    int64_t person_id, claimed_person_id;
    struct span person, claimed_person;
    struct span
        issuer; /* of the signer's certificate, where that tells it or somebody we know called; else absent */
    bool diverted; /* the signalling says that somebody sent the call on */
    /* The rule that decided what is done; of one that only observes what it would have done. Absent: none matched. */
    struct span rule, rule_action;
    bool rule_observed;
    const struct record_ballot *ballots;
    size_t n_ballots;
    struct replay_sighting
        replays[LIMIT_IDENTITIES]; /* of each token entered; `at` is not kept: record_replays says it */
    size_t n_replays;
};

/* ---- writing ---- */

struct recorder;

enum record_durability { RECORD_STRICT, RECORD_RELAXED };
struct recorder_options {
    const char *journal_dir; /* made with mode 0700; files 0600 */
    const char *db_url;      /* `sqlite:path`; NULL: no index */
    enum record_durability durability;
    unsigned keep_days;  /* 0: for ever */
    uint64_t keep_bytes; /* of journal and database together; 0: no limit */
    struct log *log;
};

/* Repairs a torn tail of the journal, starts the indexer. *ret_message: a sentence, to be freed. */
enum bf_err recorder_create(const struct recorder_options *options, struct recorder **ret, char **ret_message)
    must_use;
void recorder_destroy(struct recorder *r); /* the index catches up first, at most 5 s */

/*
 * A thread's own way to hand its batches over, and to hear of them in their order. Belongs to one thread; ends with the
 * recorder. wake: (NULL: never) called from another thread when there is news that record_queue_wake asked for.
 */
struct record_queue;
#define RECORD_AHEAD 4u /* batches of a queue that may be under way */

enum bf_err recorder_queue(struct recorder *r, void (*wake)(void *arg), void *arg, struct record_queue **ret)
    must_use;

/*
 * Hands a batch over; the records are copied. With RECORD_RELAXED it is written when this returns; with RECORD_STRICT it
 * is under way. Batches of several threads share a write and an fdatasync. Takes no lock; allocates nothing when warm.
 * BF_EAGAIN: RECORD_AHEAD are under way; BF_ENOMEM, and nothing was handed over.
 */
enum bf_err record_queue_put(struct record_queue *q, const struct record *records, size_t n) must_use;
/*
 * News of the oldest batch that it was not told for. BF_OK: kept, with RECORD_STRICT on disk; BF_EIO: (disk full …)
 * nothing of it counts as kept; BF_EAGAIN: it is under way; BF_ENOENT: there is none.
 */
enum bf_err record_queue_news(struct record_queue *q) must_use;
enum bf_err record_queue_wait(struct record_queue *q) must_use; /* the same, and never BF_EAGAIN */
/* Calls wake once there is news. false: there is some already, or nothing is under way. */
bool record_queue_wake(struct record_queue *q) must_use;

/* A batch in one go, from any thread that has no queue of its own, and not from a hot path. */
enum bf_err recorder_append(struct recorder *r, const struct record *records, size_t n) must_use;

/* Waits until everything appended so far is in the index, or timeout. */
enum bf_err recorder_flush(struct recorder *r, unsigned timeout_ms) must_use;

/* Somebody who is to be forgotten. */
struct record_erasing {
    int64_t person;             /* of the address book; 0: by names and numbers alone */
    const struct span *names;   /* letter case aside; those of one or two bytes are not looked for */
    const struct span *numbers; /* canonical digits */
    size_t n_names, n_numbers;
};
/*
 * Calls of that person, of one who claimed to be it, and from those numbers keep verdict, time and certificate, and lose caller,
 * names, message and answer. Whatever else of any record names them goes, too: reasons are replaced by a sentence that says so.
 * What was appended when this begins is done when it returns, in journal and index; not for a thread that has calls waiting.
 * *ret_records: how many of the index changed. BF_ETIME: the index does not catch up; BF_EIO …: again is safe.
 */
enum bf_err recorder_erase(struct recorder *r, const struct record_erasing *who, uint64_t *ret_records,
                           char **ret_message) must_use;

struct recorder_counts {
    uint64_t appended, failed, bytes, lag_records, lag_bytes;
    int64_t lag_ms;
};
struct recorder_counts recorder_counts(const struct recorder *r);

/* ---- reading ---- */

/* Replay sightings of records younger than `since`: what a fresh start must know. Reads the journal itself. */
typedef void record_seen(void *arg, const struct replay_sighting *sighting, utc_t at);
enum bf_err record_replays(const char *journal_dir, utc_t since, record_seen *seen, void *arg) must_use;

/*
 * Time has an index; everything else is looked for in the window of time, newest first, some million records a second. An
 * id tells its own time.
 */
struct record_filter {
    utc_t since, until;                                   /* 0: open */
    int outcome;                                          /* -1: any */
    struct span caller, called, call_id, id, origid, spc; /* empty: any; digits match whole numbers */
    size_t limit;                                         /* 0: 100 */
    const char *after_id; /* what came in after it, in that order (follow); "": all so; NULL: newest first */
};
/* keep: false stops. The record lives during the call. */
typedef bool record_found(void *arg, const struct record *record);
/* db_url as above; opened read-only. *ret_message: to be freed. */
enum bf_err record_query(const char *db_url, const struct record_filter *filter, record_found *found,
                         void *arg, char **ret_message) must_use;

/* ---- showing; masked records show "withheld", or null, for the caller's number and for what repeats it ---- */

#define RECORD_SHOWN (4u << 20) /* bytes that any record takes in any form */

/* One object, one line, no newline. BF_ELIMIT when out is too small. */
enum bf_err record_json(const struct record *r, struct buf *out) must_use;
/*
 * One CSV line (RFC 4180); a cell that a spreadsheet would take for a formula gets a leading apostrophe. Numbers stand as
 * digits without a plus sign.
 */
void record_csv_header(struct buf *out);
void record_csv(const struct record *r, struct buf *out);

/* The words for its numbers: constant texts. */
const char *record_kind_text(const struct record *r);
const char *record_verdict_text(const struct record *r); /* of a call that was not judged: its kind */
const char *record_verstat_text(const struct record *r);
const char *record_vote_text(const struct record_ballot *b);
#define RECORD_TIME 25u /* 2026-01-02T03:04:05.678Z and NUL */
void record_time(const struct record *r, char out[static RECORD_TIME]);

AUTO_DEFINE(struct recorder, recorder_destroy);

#endif
