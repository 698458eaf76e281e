/* SPDX-License-Identifier: Apache-2.0 */
/* The readers' side of the index: two look-ups without a lock. Whatever changes it is a letter to the builder. */
#include "trust/builder.h"

#include <stdlib.h>

#include "trust/cache.h"
#include "trust/crl_numbers.h"
#include "trust/domain.h"

#define MAIN_MAX      8192u
#define PROBATION_MAX 256u
#define WANTS_MAX     4096u /* letters that may wait */
#define PROOFS_MAX    1024u

static enum bf_err copy_text(const char *text, char **ret)
{
    *ret = text ? strdup(text) : NULL;
    return text && !*ret ? BF_ENOMEM : BF_OK;
}

static enum bf_err init(struct signers *s, const struct signers_options *o)
{
    s->epoch = o->epoch;
    s->fetch = o->fetch;
    s->clock = o->clock ? o->clock : &clock_system;
    s->log = o->log;
    s->lab = o->lab;
    s->main_max = o->main_max ? o->main_max : MAIN_MAX;
    s->probation_max = o->probation_max ? o->probation_max : PROBATION_MAX;
    s->tally = aligned_alloc(64, sizeof *s->tally);
    if (!s->tally)
        return BF_ENOMEM;
    memset(s->tally, 0, sizeof *s->tally);
    atomic_init(&s->tally->first_expiry, INT64_MAX);
    enum bf_err err = copy_text(o->certs_dir, &s->certs_dir);
    if (!err)
        err = copy_text(o->cache_dir, &s->cache_dir);
    if (!err)
        err = table_init(&s->by_url, s->main_max + s->probation_max);
    if (!err)
        err = table_init(&s->by_header, 2 * s->main_max);
    if (!err)
        err = mailbox_create(&s->box);
    return err;
}

/* Everything but the trust, which the caller still owns when signers_create fails. */
static void clear(struct signers *s)
{
    builder_clear(s);
    mailbox_unref(s->box);
    table_clear(&s->by_header);
    table_clear(&s->by_url);
    free(s->tally);
    free(s->certs_dir);
    free(s->cache_dir);
    pthread_mutex_destroy(&s->retrust_lock);
    free(s);
}

/* Before anybody sees it. A file that cannot be used lets the lists through: it is a second line, and an alarm says so. */
static enum bf_err heed_numbers(const struct signers *s, struct trust *trust)
{
    enum bf_err err = s->cache_dir && trust ? crl_numbers_heed(trust, s->cache_dir, true) : BF_OK;
    if (err == BF_ENOMEM || !err)
        return err;
    log_put(s->log, LOG_ALARM, "%s/crl-numbers: %s: an older CRL would not be noticed after a restart",
            s->cache_dir,
            err == BF_EFORM ? "it was not written by this program, and begins anew" : bf_err_text(err));
    return BF_OK;
}

static enum bf_err start(struct signers *s)
{
    if (s->cache_dir && cache_prepare(s->cache_dir, clock_now(s->clock).utc, s->main_max) != BF_OK) {
        log_put(s->log, LOG_WARN, "%s: certificates are not kept there: it cannot be written", s->cache_dir);
        free(s->cache_dir);
        s->cache_dir = NULL;
    }
    enum bf_err err = heed_numbers(s, atomic_load(&s->trust));
    if (!err)
        err = epoch_join(s->epoch, &s->slot);
    if (err)
        return err;
    if (pthread_create(&s->thread, NULL, builder_run, s) != 0) {
        epoch_leave(s->epoch, s->slot);
        return BF_ENOMEM;
    }
    return BF_OK;
}

enum bf_err signers_create(const struct signers_options *options, struct signers **ret)
{
    struct signers *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    pthread_mutex_init(&s->retrust_lock, NULL);
    atomic_init(&s->trust, options->trust);
    enum bf_err err = init(s, options);
    if (!err)
        err = start(s);
    if (err) {
        clear(s);
        return err;
    }
    *ret = s;
    return BF_OK;
}

void signers_destroy(struct signers *s)
{
    if (!s)
        return;
    mailbox_close(s->box);
    pthread_join(s->thread, NULL);
    epoch_leave(s->epoch, s->slot);
    trust_destroy(atomic_load(&s->trust));
    clear(s);
}

/* ---- look-ups ---- */

const struct trust *signers_trust(const struct signers *s)
{
    return atomic_load_explicit(&s->trust, memory_order_acquire);
}

/* Threads have stacks of their own: where a local variable lies spreads them over the stripes. */
void signers_count_hits(const struct signers *s, size_t n)
{
    char here;
    const size_t stripe = ((uintptr_t)&here >> 16) % TALLY_STRIPES;
    if (n)
        atomic_fetch_add_explicit(&s->tally->hits[stripe].n, n, memory_order_relaxed);
}

static void touch(const struct signers *s, struct entry *e)
{
    const uint64_t tick = atomic_load_explicit(&s->tick, memory_order_relaxed);
    if (atomic_load_explicit(&e->used, memory_order_relaxed) != tick)
        atomic_store_explicit(&e->used, tick, memory_order_relaxed);
}

/* What was judged under other anchors is not there. */
static const struct signer *present(const struct signers *s, const struct trust *trust, struct entry *e)
{
    const struct signer *signer = atomic_load_explicit(&e->signer, memory_order_acquire);
    if (!signer || signer->generation != trust_generation(trust))
        return NULL;
    touch(s, e);
    return signer;
}

enum signer_found signers_find(const struct signers *s, const struct trust *trust, struct span x5u,
                               const struct signer **ret, const char **ret_why)
{
    struct entry *e = (struct entry *)table_find(&s->by_url, x5u);
    const struct signer *signer = e ? present(s, trust, e) : NULL;
    if (signer) {
        signers_count_hits(s, 1);
        *ret = signer;
        return SIGNER_FOUND;
    }
    const struct failure *failure = e ? atomic_load_explicit(&e->failure, memory_order_acquire) : NULL;
    if (failure) {
        *ret_why = failure->why;
        return SIGNER_FAILED;
    }
    atomic_fetch_add_explicit(&s->tally->misses, 1, memory_order_relaxed);
    return SIGNER_MISSING;
}

#define HEADER_AHEAD (sizeof(struct header) + 192) /* a header segment is of 150 to 250 characters */

void signers_look_begin(const struct signers *s, struct span header_segment, struct signer_look *ret)
{
    *ret =
        (struct signer_look){ .segment = header_segment, .hash = table_hash(&s->by_header, header_segment) };
}

/* Bucket -> header -> entry -> signer: each is read by the step after the one that asked for it. */
void signers_look_step(const struct signers *s, struct signer_look *look)
{
    const struct header *h = look->at;
    const struct signer *signer;
    switch (look->steps++) {
    case 0: table_ahead(&s->by_header, look->hash, HEADER_AHEAD); return;
    case 1:
        look->at = h = (const struct header *)table_find_hashed(&s->by_header, look->hash, look->segment);
        if (h)
            memory_ahead(h->entry, offsetof(struct entry, body));
        return;
    default:
        signer = h ? atomic_load_explicit(&h->entry->signer, memory_order_acquire) : NULL;
        if (signer)
            memory_ahead(signer, sizeof *signer);
    }
}

const struct signer *signers_look_end(const struct signers *s, const struct trust *trust,
                                      const struct signer_look *look, const struct signer_header **ret_header)
{
    const struct header *h = look->at;
    const struct signer *signer = h ? present(s, trust, h->entry) : NULL;
    *ret_header = signer && h->is_read ? &h->says : NULL;
    if (signer) {
        memory_ahead(signer->tnauth, 64);
        memory_ahead(signer->key, 64);
    }
    return signer;
}

const struct signer *signers_find_header(const struct signers *s, const struct trust *trust,
                                         struct span header_segment, const struct signer_header **ret_header)
{
    struct signer_look look;
    signers_look_begin(s, header_segment, &look);
    while (look.steps < SIGNER_STEPS)
        signers_look_step(s, &look);
    const struct signer *signer = signers_look_end(s, trust, &look, ret_header);
    signers_count_hits(s, signer != NULL);
    return signer;
}

/* ---- letters ---- */

void signers_proven(struct signers *s, const struct signer *signer, struct span header_segment)
{
    const struct node *known = table_find(&s->by_header, header_segment);
    if (known || signer->fitness != SIGNER_FIT || signer->n_paths == 0 ||
        header_segment.n > LIMIT_IDENTITY_VALUE)
        return;
    struct letter *l = letter_create(LETTER_PROVEN, span_of(signer->x5u), header_segment);
    if (!l)
        return;
    memcpy(l->leaf_id, signer->leaf_id, sizeof l->leaf_id);
    mailbox_try(s->box, l, PROOFS_MAX);
}

enum bf_err signers_want(struct signers *s, struct span x5u, uint64_t source, bool stale, signers_done *done,
                         void *arg)
{
    if (x5u.n == 0 || x5u.n > LIMIT_X5U)
        return BF_ELIMIT;
    struct letter *l = letter_create(LETTER_WANT, x5u, SPAN_NONE);
    if (!l)
        return BF_ENOMEM;
    l->source = source;
    l->stale = stale;
    l->done = done;
    l->arg = arg;
    return mailbox_post(s->box, l, WANTS_MAX);
}

static void release_trust(void *trust)
{
    trust_destroy(trust);
}

void signers_retrust(struct signers *s, struct trust *trust)
{
    pthread_mutex_lock(&s->retrust_lock);
    struct trust *old = atomic_load(&s->trust);
    trust_succeed(trust, old);
    (void)heed_numbers(s, trust); /* without memory: what was in use stays the measure */
    atomic_store(&s->trust, trust);
    pthread_mutex_unlock(&s->retrust_lock);
    epoch_retire(s->epoch, release_trust, old);
    struct letter *l = letter_create(LETTER_REBUILD, SPAN_NONE, SPAN_NONE);
    if (l) /* else each is built again when somebody asks for it */
        mailbox_post(s->box, l, 0);
}

struct signers_counts signers_counts(const struct signers *s)
{
    const struct tally *t = s->tally;
    struct signers_counts c = { .signers = t->signers,
                                .probation = t->probation,
                                .bytes = t->bytes,
                                .misses = t->misses,
                                .built = t->built,
                                .failed = t->failed,
                                .evicted = t->evicted,
                                .first_expiry = t->first_expiry };
    for (size_t i = 0; i < TALLY_STRIPES; i++)
        c.hits += t->hits[i].n;
    return c;
}
