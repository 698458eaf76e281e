/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that fetches, judges and publishes. Everything that is not an atomic pointer is its own, so it needs no
 * lock; it is outside the epoch whenever it retires something, and inside only while it looks at the anchors.
 *
 * Main part: URLs behind which a signature held, under a trusted chain. Probation: all others, a small number of
 * them, so that nobody can push the carriers of real calls out by inventing URLs (SEC-038).
 */
#include "trust/builder.h"

#include <stdlib.h>

#include "trust/cache.h"

#define DAY_S            86400
#define FRESH_MAX_S      (7 * DAY_S) /* whatever a repository says */
#define GIVEN_FRESH_S    3600        /* files of the offline repository are looked at again */
#define UNFIT_FRESH_S    600         /* a chain we do not believe may be mended */
#define UNPARSED_FRESH_S 60          /* negative results are remembered that long (X5U-008) */
#define GRACE_S          3600        /* an old copy serves on while the repository fails (X5U-008) */
#define AGAIN_S          60          /* fetched again because of a failed signature, at most so often a URL */
#define REBUILD_STEP     16u
#define PREFETCH_STEP    8u
#define UPKEEP_MS        1000u

/* ---- judging ---- */

struct brought {
    struct span body;
    utc_t fetched;
    int64_t fresh_s;
    bool given;
};

/* A chain that an administrator put there may be longer than one that a stranger sends, and has an age all the same. */
static enum bf_err build(struct signers *s, struct span x5u, const struct brought *b, struct signer **ret)
{
    epoch_enter(s->epoch, s->slot);
    enum bf_err err = signer_build(atomic_load(&s->trust), x5u, b->body, b->given ? 0 : b->fetched, ret);
    epoch_exit(s->epoch, s->slot);
    if (!err)
        (*ret)->fetched = b->fetched;
    return err;
}

/* X5U-007: never beyond notAfter; a chain that is not believed is asked for again soon. */
static int64_t fresh_for(const struct signer *signer, int64_t fresh_s, utc_t now)
{
    const int64_t left = signer->not_after - now;
    if (signer->fitness == SIGNER_UNPARSED || left <= 0)
        return UNPARSED_FRESH_S;
    if ((signer->fitness == SIGNER_UNFIT || signer->n_paths == 0) && fresh_s > UNFIT_FRESH_S)
        fresh_s = UNFIT_FRESH_S;
    return fresh_s < left ? fresh_s : left;
}

static void write_back(struct signers *s, const struct entry *e, utc_t fetched)
{
    const struct cached c = { e->body, e->body_n, fetched, e->until };
    if (s->cache_dir && !e->given && cache_write(s->cache_dir, e->node.key, &c) != BF_OK)
        log_put(s->log, LOG_WARN, "%s: a certificate could not be kept there", s->cache_dir);
}

static bool keep_body(struct entry *e, struct span body)
{
    char *copy = malloc(body.n + 1);
    if (!copy)
        return false;
    if (body.n)
        memcpy(copy, body.p, body.n);
    free(e->body);
    e->body = copy;
    e->body_n = body.n;
    return true;
}

static void arrive(struct signers *s, struct span x5u, const struct brought *b)
{
    struct signer *signer = NULL;
    enum bf_err err = build(s, x5u, b, &signer);
    const struct entry *before = entry_find(s, x5u);
    const struct instant now = clock_now(s->clock);
    if (err || (signer->fitness == SIGNER_UNPARSED && before && atomic_load(&before->signer))) {
        entry_fail(s, x5u, err ? bf_err_text(err) : signer->why, UNPARSED_FRESH_S);
        signer_destroy(signer);
        return;
    }
    struct entry *e = entry_for(s, x5u);
    if (!e || !keep_body(e, b->body)) {
        signer_destroy(signer);
        return;
    }
    const int64_t fresh_s = fresh_for(signer, b->fresh_s, now.utc);
    signer->fresh_until = now.mono + MONO_S(fresh_s);
    e->until = now.utc + fresh_s;
    e->given = b->given;
    entry_publish(s, e, signer);
    if (e->proven)
        write_back(s, e, signer->fetched);
}

/* The same bytes under other anchors. */
static void rebuild(struct signers *s, struct entry *e)
{
    struct signer *signer = NULL;
    const struct signer *old = atomic_load(&e->signer);
    if (!old)
        return;
    const struct brought b = { .body = span_make(e->body, e->body_n),
                               .fetched = old->fetched,
                               .given = e->given };
    if (build(s, e->node.key, &b, &signer) != BF_OK)
        return;
    signer->fresh_until = old->fresh_until;
    entry_publish(s, e, signer);
}

static bool is_current(struct signers *s, const struct entry *e)
{
    const struct signer *signer = atomic_load(&e->signer);
    epoch_enter(s->epoch, s->slot);
    const uint64_t generation = trust_generation(atomic_load(&s->trust));
    epoch_exit(s->epoch, s->slot);
    return signer && signer->generation == generation;
}

/* ---- a URL is wanted ---- */

/* Is there an answer already, so that nothing has to be fetched? */
static bool answered(struct signers *s, struct entry *e, bool stale)
{
    const struct instant now = clock_now(s->clock);
    const struct failure *failure = atomic_load(&e->failure);
    const struct signer *signer = atomic_load(&e->signer);
    if (!signer)
        return failure && now.mono < failure->until;
    if (!is_current(s, e))
        rebuild(s, e);
    if (!stale)
        return true;
    if (e->asked && now.mono - e->asked < MONO_S(AGAIN_S))
        return true;
    e->asked = now.mono;
    return false;
}

static bool bring_given(struct signers *s, struct span x5u)
{
    struct cached c;
    if (!s->certs_dir || cache_read_given(s->certs_dir, x5u, &c) != BF_OK)
        return false;
    const struct brought b = { span_make(c.body, c.n), clock_now(s->clock).utc, GIVEN_FRESH_S, true };
    arrive(s, x5u, &b);
    free(c.body);
    return true;
}

static bool bring_cached(struct signers *s, struct span x5u)
{
    struct cached c;
    const utc_t now = clock_now(s->clock).utc;
    if (!s->cache_dir || cache_read(s->cache_dir, x5u, now, &c) != BF_OK)
        return false;
    const struct brought b = { span_make(c.body, c.n), c.fetched, c.until - now, false };
    arrive(s, x5u, &b);
    free(c.body);
    return true;
}

static void on_want(struct signers *s, struct letter *l)
{
    struct entry *e = entry_find(s, l->x5u);
    struct flight *f = flight_find(s, l->x5u);
    if (f) {
        flight_join(s, f, l);
        return;
    }
    if ((e && answered(s, e, l->stale)) || bring_given(s, l->x5u) || (!l->stale && bring_cached(s, l->x5u))) {
        letter_finish(l);
        return;
    }
    if (s->fetch) {
        flight_begin(s, l->x5u, l->source, l);
        return;
    }
    entry_fail(s, l->x5u, "it is not in the offline repository, and nothing is fetched", UNPARSED_FRESH_S);
    letter_finish(l);
}

/* ---- an answer came ---- */

/* X5U-004: the first is what the standard asks for; the others are what repositories say, with a warning. */
static const char *const content_types[] = {
    "application/pem-certificate-chain",
    "application/x-pem-file",
    "application/x-x509-ca-cert",
    "application/x-x509-user-cert",
    "application/pkix-cert",
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-x509-cert",
    "application/pem-certificate",
    "text/plain",
    "",
};

static bool type_is_tolerated(struct signers *s, const struct letter *l)
{
    for (size_t i = 0; i < ARRAY_SIZE(content_types); i++)
        if (span_equal(l->header, span_of(content_types[i]))) {
            if (i > 0)
                log_put(s->log, LOG_WARN,
                        "%.*s: served as \"%s\" rather than application/pem-certificate-chain",
                        SPAN_FMT(l->x5u), content_types[i]);
            return true;
        }
    return false;
}

/* How long a failure is remembered here; the fetcher has a memory of its own. */
static int64_t remembered_s(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_BUSY:
    case FETCH_STOPPED: return 1;
    case FETCH_RECENT: return 10;
    case FETCH_OK:
    case FETCH_REFUSED:
    case FETCH_UNREACHED:
    case FETCH_STATUS:
    case FETCH_TOO_LARGE:
    case FETCH_TIMEOUT: return UNPARSED_FRESH_S;
    }
    return UNPARSED_FRESH_S;
}

static void on_answer(struct signers *s, struct letter *l)
{
    struct flight *f = flight_find(s, l->x5u);
    const int64_t fresh_s = l->max_age_s < DAY_S         ? DAY_S
                            : l->max_age_s > FRESH_MAX_S ? FRESH_MAX_S
                                                         : l->max_age_s;
    const struct brought b = { span_make(l->body, l->body_n), l->fetched, fresh_s, false };
    if (l->outcome == FETCH_BUSY && f && flight_delay(s, f))
        return;
    if (l->outcome != FETCH_OK)
        entry_fail(s, l->x5u, l->why, remembered_s(l->outcome));
    else if (!l->body)
        entry_fail(s, l->x5u, "out of memory", 1);
    else if (!type_is_tolerated(s, l))
        entry_fail(s, l->x5u, "the repository's answer is of a content type no certificate has",
                   UNPARSED_FRESH_S);
    else
        arrive(s, l->x5u, &b);
    if (f)
        flight_land(s, f);
}

/* ---- a signature held ---- */

static void on_proven(struct signers *s, struct letter *l)
{
    struct entry *e = entry_find(s, l->x5u);
    const struct signer *signer = e ? atomic_load(&e->signer) : NULL;
    if (!signer || !is_current(s, e) || signer->n_paths == 0 ||
        memcmp(signer->leaf_id, l->leaf_id, sizeof l->leaf_id) != 0)
        return;
    if (!e->proven) {
        e->proven = true;
        s->n_main++;
        s->main_bytes += e->bytes;
        write_back(s, e, signer->fetched);
    }
    entry_learn(s, e, l->header);
    entry_weigh(s, e);
    entries_make_room(s, e);
    entries_count(s);
}

/* ---- upkeep ---- */

/* In the main part, and looked up since it was last built. */
static bool is_in_use(const struct entry *e)
{
    return e->proven && atomic_load_explicit(&e->used, memory_order_relaxed) > e->built_at;
}

static bool is_past(const struct entry *e, struct instant now)
{
    const struct signer *signer = atomic_load(&e->signer);
    const struct failure *failure = atomic_load(&e->failure);
    if (!signer)
        return !failure || now.mono >= failure->until;
    if (now.mono < signer->fresh_until)
        return false;
    return !is_in_use(e) || now.utc > signer->not_after || now.mono >= signer->fresh_until + MONO_S(GRACE_S);
}

/* The last tenth of its time, five minutes to an hour, is for fetching the next copy. */
static bool is_due(const struct entry *e, struct instant now)
{
    const struct signer *signer = atomic_load(&e->signer);
    if (!signer || e->given || !is_in_use(e) || (e->asked && now.mono - e->asked < MONO_S(AGAIN_S)))
        return false;
    int64_t ahead_s = (e->until - signer->fetched) / 10;
    ahead_s = ahead_s < 300 ? 300 : ahead_s > 3600 ? 3600 : ahead_s;
    return now.mono >= signer->fresh_until - MONO_S(ahead_s);
}

static void prefetch(struct signers *s, struct entry *e, struct instant now)
{
    e->asked = now.mono;
    if (!flight_find(s, e->node.key))
        flight_begin(s, e->node.key, 0, NULL);
}

static void upkeep(struct signers *s)
{
    const struct instant now = clock_now(s->clock);
    utc_t first = INT64_MAX;
    unsigned flights = 0;
    if (now.mono - s->upkeep_at < MONO_MS(UPKEEP_MS))
        return;
    s->upkeep_at = now.mono;
    /* So that a look-up from now on shows that an entry is in use, even when nothing is published any more. */
    atomic_fetch_add_explicit(&s->tick, 1, memory_order_relaxed);
    for (size_t i = s->n_all; i-- > 0;) {
        struct entry *e = s->all[i];
        if (is_past(e, now)) {
            entry_remove(s, e); /* the last one takes its place, and was looked at already */
            continue;
        }
        if (s->fetch && flights < PREFETCH_STEP && is_due(e, now)) {
            prefetch(s, e, now);
            flights++;
        }
        const struct signer *signer = atomic_load(&e->signer);
        if (e->proven && signer && signer->not_after < first)
            first = signer->not_after;
    }
    atomic_store(&s->tally->first_expiry, first);
    epoch_collect(s->epoch);
}

/* A few at a time, so that calls that wait come first. */
static void rebuild_some(struct signers *s)
{
    for (unsigned i = 0; i < REBUILD_STEP && s->rebuild_at > 0; i++) {
        s->rebuild_at--;
        if (s->rebuild_at < s->n_all && !is_current(s, s->all[s->rebuild_at]))
            rebuild(s, s->all[s->rebuild_at]);
    }
}

/* ---- the thread ---- */

static void read_letter(struct signers *s, struct letter *l)
{
    switch (l->kind) {
    case LETTER_WANT: on_want(s, l); return; /* keeps it, or ends it */
    case LETTER_FETCHED: on_answer(s, l); break;
    case LETTER_PROVEN: on_proven(s, l); break;
    case LETTER_REBUILD: s->rebuild_at = s->n_all; break;
    }
    letter_destroy(l);
}

static void read_all(struct signers *s, struct letter *all)
{
    for (struct letter *l = all, *next; l; l = next) {
        next = l->next;
        read_letter(s, l);
    }
}

void *builder_run(void *arg)
{
    struct signers *s = arg;
    bool closed = false;
    while (!closed) {
        read_all(s, mailbox_take(s->box, s->rebuild_at ? 0 : s->n_held ? HELD_MS : UPKEEP_MS, &closed));
        rebuild_some(s);
        flights_launch_held(s);
        upkeep(s);
    }
    return NULL;
}

void builder_clear(struct signers *s)
{
    bool closed;
    struct letter *l = s->box ? mailbox_take(s->box, 0, &closed) : NULL;
    for (struct letter *next; l; l = next) {
        next = l->next;
        if (l->kind == LETTER_WANT)
            letter_finish(l);
        else
            letter_destroy(l);
    }
    while (s->flights)
        flight_land(s, s->flights);
    for (size_t i = 0; i < s->n_all; i++) {
        for (size_t k = 0; k < s->all[i]->n_headers; k++)
            header_release(s->all[i]->headers[k]);
        entry_release(s->all[i]);
    }
    free(s->all);
}
