/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a pool, as its engines and its thread see it. */
#ifndef ES256_POOL_H
#define ES256_POOL_H

#include <pthread.h>
#include <semaphore.h>

#include "base/epoch.h"
#include "es256/door.h"
#include "es256/openssl.h"
#include "es256/tables.h"

#define POOL_REQUESTS 256u /* keys that may wait for a table */
#define POOL_AUDITS   256u /* signatures that may wait for OpenSSL */

enum audit_state { AUDIT_FREE, AUDIT_WRITTEN_TO, AUDIT_READY };
struct audit {
    _Alignas(64) _Atomic int state;
    struct es256_key *key; /* a reference */
    uint8_t digest[SHA256_BYTES], signature[64];
};

struct es256_pool {
    /* engines read */
    const struct lanes_door *door; /* NULL: OpenSSL alone */
    const char *why;
    unsigned busy; /* signatures that hold before a key gets a table */
    struct epoch *epoch;
    _Atomic(const void *) generator; /* NULL: not built yet */
    _Atomic bool fallen;             /* an audit found a disagreement */
    _Atomic bool tabled;             /* tables may be built at all */
    _Atomic unsigned audit;
    _Atomic uint64_t second; /* of the monotonic clock; moved by the thread */
    /* engines write, seldom */
    _Alignas(64) _Atomic bool wants_generator;
    _Atomic uint64_t unaudited;
    _Atomic(struct es256_key *) requests[POOL_REQUESTS]; /* a reference each */
    struct audit audits[POOL_AUDITS];
    sem_t bell;
    /* the thread's */
    struct log *log;
    const struct clock_source *clock;
    pthread_t thread;
    struct tables tables;
    struct contexts *again;
    void *generator_room; /* where the generator's table is, or will be */
    bool generator_failed;
    _Atomic size_t most_bytes;
    _Atomic bool stop;
    _Atomic uint64_t n_tables, bytes, built, evicted, refused, audited, disagreements;
    /* es256_pool_settle */
    pthread_mutex_t lock;
    pthread_cond_t settled;
    uint64_t asked, done;
};

/* es256_pool_create with something else than the lanes of this CPU. */
enum bf_err pool_create(const struct es256_pool_options *options, const struct lanes_door *door,
                        struct es256_pool **ret) must_use;

/*
 * From engines: never wait; what finds no room is dropped. true: there is something to do, and the thread is to be
 * woken, once a batch at most, for that is a system call.
 */
bool pool_ask_generator(struct es256_pool *pool);
bool pool_ask_table(struct es256_pool *pool, const struct es256_key *key);
bool pool_ask_audit(struct es256_pool *pool, unsigned at, const struct es256_job *job);
void pool_wake(struct es256_pool *pool);

#endif
