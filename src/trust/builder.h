/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct signers: what readers look up (signers.c) and what the builder thread keeps (builder.c). */
#ifndef TRUST_BUILDER_H
#define TRUST_BUILDER_H

#include <pthread.h>
#include <stdatomic.h>

#include "trust/mailbox.h"
#include "trust/signer.h"
#include "token/token.h"
#include "trust/table.h"

#define ENTRY_HEADERS                                                                                        \
    8u /* header segments learned a URL: one CA's tokens differ by ppt and order of members */

/* A URL. Readers see node, signer, failure and used; the rest is the builder's. */
struct entry {
    struct node node; /* first: what the table holds; the key is x5u */
    _Atomic(struct signer *) signer;
    _Atomic(struct failure *) failure;
    _Atomic uint64_t used; /* tick of the last look-up */
    bool proven;           /* of the main part: a token verified under a trusted chain */
    bool given;            /* from certs_dir */
    uint64_t built_at;     /* tick when the signer was published */
    mono_t asked; /* when it was last fetched because of a failed signature, or ahead of its end; 0: never */
    char *body;   /* the chain as it came, to be built again under other anchors */
    size_t body_n, bytes;
    utc_t until;
    struct header *headers[ENTRY_HEADERS];
    size_t n_headers, next_header;
    size_t at; /* in signers.all */
    char x5u[];
};

struct failure {
    mono_t until;
    char why[160];
};

/* A raw JOSE header segment over which a signature held, and what it says. */
struct header {
    struct node node; /* first */
    struct entry *entry;
    struct arena *arena; /* what `says` points into */
    size_t bytes;
    bool is_read; /* else it is read again each time it comes: only tests have headers that are none */
    struct signer_header says;
    char text[];
};
void header_release(void *header); /* frees it */

/*
 * A URL that is on its way, and who waits for it. The fetcher may be busy for one source and free for another: then it
 * is asked for each who waits in turn, so that nobody's flood delays a URL for others. Held: it was busy for all of
 * them, and is asked again soon.
 */
struct flight {
    struct flight *next;
    struct letter *waiters, **end;
    struct letter *turn; /* whose source is asked for; NULL: the first */
    uint64_t source;
    mono_t since;
    bool held;
    char x5u[];
};

#define TALLY_STRIPES 16u
struct tally {
    struct {
        _Alignas(64) _Atomic uint64_t n;
    } hits[TALLY_STRIPES];
    _Alignas(64) _Atomic uint64_t misses;
    _Atomic uint64_t built, failed, evicted, signers, probation, bytes;
    _Atomic int64_t first_expiry;
};

struct signers {
    struct table by_url, by_header;
    _Atomic(struct trust *) trust;
    _Atomic uint64_t tick;
    struct tally *tally;
    struct mailbox *box;
    struct epoch *epoch;
    unsigned slot; /* the builder's, of the epoch */
    struct fetch *fetch;
    char *certs_dir, *cache_dir;
    const struct clock_source *clock;
    struct log *log;
    size_t main_max, probation_max;
    bool lab;
    pthread_mutex_t retrust_lock;
    pthread_t thread;
    /* the builder's own */
    struct entry **all;
    size_t n_all, room, n_main, main_bytes;
    struct flight *flights;
    size_t n_held;
    mono_t held_at;    /* when the held ones were last tried */
    size_t rebuild_at; /* entries from here on wait to be judged under the present anchors */
    mono_t upkeep_at;
};

/* ---- entries.c ---- */

struct entry *entry_find(struct signers *s, struct span x5u);
struct entry *entry_for(struct signers *s,
                        struct span x5u); /* made where there is none; NULL without memory */
void entry_remove(struct signers *s,
                  struct entry *e); /* readers that hold it keep it until their batch ends */
void entry_release(void *entry);    /* frees it */
void entry_publish(struct signers *s, struct entry *e, struct signer *signer); /* takes signer over */
/* A copy that is there serves on: only who has nothing is told the failure. */
void entry_fail(struct signers *s, struct span x5u, const char *why, int64_t for_s);
void entry_learn(struct signers *s, struct entry *e, struct span header_segment);
void entry_weigh(struct signers *s, struct entry *e); /* after anything it holds has changed */
void entries_make_room(struct signers *s, const struct entry *newest);
void entries_count(struct signers *s);

/* ---- flights.c ---- */

#define HELD_MS 50u /* how often a busy fetcher is asked again */

void letter_finish(struct letter *l); /* who waits is told */
struct flight *flight_find(struct signers *s, struct span x5u);
/* Asks the fetcher. waiter may be NULL (prefetch); it is told in every case. */
void flight_begin(struct signers *s, struct span x5u, uint64_t source, struct letter *waiter);
void flight_join(struct signers *s, struct flight *f, struct letter *l);
/* The fetcher was busy: the next who waits is asked for, or all wait a little. false: they have waited long enough. */
bool flight_delay(struct signers *s, struct flight *f);
void flight_land(struct signers *s, struct flight *f); /* it leaves the list, and all who waited are told */
void flights_launch_held(struct signers *s);

/* ---- builder.c ---- */

void *builder_run(void *signers);      /* the thread; ends when the box is closed */
void builder_clear(struct signers *s); /* after the thread has ended: waiters are told, everything is freed */

#endif
