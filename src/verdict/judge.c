/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages, each over the whole batch: read the headers and ask the cheap rows; find the certificates; ask what they
 * answer; check all signatures at once; look into the memory; ask the rows of the call; count. A hearing that lacks
 * something leaves at the stage that misses it, and starts from the beginning when it comes back: nothing is kept in between.
 */
#include "verdict/judge.h"

#include <stdlib.h>

#include "identity/identity.h"
#include "verdict/checks/checks.h"
#include "verdict/tally.h"
#include "verdict/who.h"

#define STALE_COPY_S 60 /* an older copy of a certificate may have been replaced since */

struct desk {
    struct es256 *engine;
    struct sha256 *sha;
    struct es256_job jobs[LIMIT_BATCH * LIMIT_IDENTITIES];
    struct identity_result *of_job[LIMIT_BATCH * LIMIT_IDENTITIES];
    size_t n_jobs;
    struct people_reader *reader; /* NULL until somebody is known whose name is protected */
    size_t n_hits;                /* short ways of this batch that led to a signer */
};

enum bf_err desk_create(struct es256_pool *pool, struct desk **ret)
{
    struct desk *d = calloc(1, sizeof *d);
    if (!d)
        return BF_ENOMEM;
    enum bf_err err = es256_create(pool, &d->engine);
    if (!err)
        err = sha256_create(&d->sha);
    if (err) {
        desk_destroy(d);
        return err;
    }
    *ret = d;
    return BF_OK;
}

void desk_destroy(struct desk *d)
{
    if (!d)
        return;
    es256_destroy(d->engine);
    sha256_destroy(d->sha);
    people_reader_destroy(d->reader);
    free(d);
}

struct sha256 *desk_sha256(struct desk *d)
{
    return d->sha;
}

const char *desk_engine(const struct desk *d)
{
    return es256_name(d->engine);
}

struct people_reader *desk_reader(struct desk *d, const struct people *people)
{
    if (!d->reader && people_reader_create(people, &d->reader) != BF_OK)
        return NULL;
    return d->reader;
}

/* ---- ballots: a slot for every proof and row, in the order of the table whichever stage asks ---- */

static const char *not_asked(struct hearing *h, const struct check *blocked_by)
{
    return arena_printf(h->arena, "not asked, %s failed", blocked_by->name);
}

static void ask(struct hearing *h, const struct check *check, struct identity_result *p, int identity,
                struct cast *slot)
{
    const bool skip = p && p->blocked_by && check->cost > COST_READING;
    struct ballot b = skip ? ballot_abstain(not_asked(h, p->blocked_by)) : check->run(h, p);
    if (!b.why)
        b.why = "";
    *slot = (struct cast){ check, identity, b };
    if (!p || skip || !check->needed || b.vote == PASS)
        return;
    p->holds = false;
    /* Reading that fails makes everything dearer pointless; of the dearer rows only a veto, or a missing certificate. */
    if (!p->blocked_by && (check->cost == COST_READING || b.vote == VETO || check->run == check_certificate))
        p->blocked_by = check;
}

static void ask_rows(struct hearing *h, enum check_cost cost, struct identity_result *p, int identity,
                     struct cast *slots)
{
    for (size_t row = 0; row < PROOF_ROWS; row++) {
        const struct check *check = &checks[row];
        if (check->cost != cost)
            continue;
        /* a token that could not be read has nothing to compare */
        if (p->blocked_by && p->blocked_by->run == check_form && check->run != check_form)
            slots[row] = (struct cast){ check, identity, ballot_abstain("not asked, form failed") };
        else
            ask(h, check, p, identity, &slots[row]);
    }
}

static void ask_proofs(struct hearing *h, enum check_cost cost)
{
    struct cast *slots = h->verdict.casts;
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        struct identity_result *p = &h->verdict.identities[i];
        if (!p->is_proof)
            continue;
        ask_rows(h, cost, p, (int)i, slots);
        slots += PROOF_ROWS;
    }
}

static void ask_call(struct hearing *h)
{
    struct cast *slots = h->verdict.casts + h->verdict.n_casts - CALL_ROWS;
    for (size_t row = 0; row < CALL_ROWS; row++)
        ask(h, &checks[PROOF_ROWS + row], NULL, -1, &slots[row]);
}

/* ---- reading ---- */

/* Shaken and baseline are proofs; other kinds are recognized and left alone. An unreadable one counts as what it says it is. */
static bool counts_as_proof(const struct identity_result *p)
{
    if (p->token.header.p && p->flaw != TOKEN_HEADER)
        return p->token.ppt == PPT_SHAKEN || p->token.ppt == PPT_NONE;
    const enum ppt said = p->split_err ? PPT_NONE : ppt_of(p->parts.ppt);
    return said == PPT_SHAKEN || said == PPT_NONE;
}

static bool has_short_way(const struct hearing *h, const struct identity_result *p)
{
    return h->judge->signers && !h->judge->given && !p->split_err;
}

/* The header's value, and the first step of the short way to its signer: by the header segment as it came. p is all zeroes. */
static void split_identity(struct hearing *h, struct span value, struct identity_result *p)
{
    p->signature = BF_EAGAIN;
    p->split_err = identity_read(value, &p->parts, &p->split_fault);
    const struct span token = p->parts.token;
    if (has_short_way(h, p))
        signers_look_begin(h->judge->signers, span_first(token, span_find(token, '.')), &p->look);
}

/*
 * Of a header that is known nothing is read again: it was found sound, and a signature of this signer held over it.
 */
static void read_identity(struct hearing *h, struct identity_result *p)
{
    p->short_way = h->judge->given;
    if (has_short_way(h, p)) {
        p->short_way = signers_look_end(h->judge->signers, h->trust, &p->look, &p->header);
        h->desk->n_hits += p->short_way != NULL;
    }
    if (!p->split_err)
        p->token_err = token_read_known(p->parts.token, p->header ? &p->header->read : NULL, h->arena,
                                        &p->token, &p->flaw, &p->token_fault);
    p->is_proof = counts_as_proof(p);
    p->holds = p->is_proof;
    p->attest = p->token.attest;
}

/* The next step of all short ways of the batch. */
static void step_looks(struct hearing *const *hearings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct hearing *h = hearings[i];
        for (size_t k = 0; k < h->verdict.n_identities; k++)
            if (has_short_way(h, &h->verdict.identities[k]))
                signers_look_step(h->judge->signers, &h->verdict.identities[k].look);
    }
}

static void begin(struct hearing *h)
{
    struct verdict *v = &h->verdict;
    *v =
        (struct verdict){ .outcome = UNPROVEN, .winner = -1, .why = "there was no memory to judge the call" };
    h->state = HEARING_JUDGED;
    h->n_wants = 0;
    v->identities = arena_take(h->arena, h->call->n_identities * sizeof *v->identities + 1);
    if (!v->identities)
        return;
    v->n_identities = h->call->n_identities;
    for (size_t i = 0; i < v->n_identities; i++)
        split_identity(h, h->call->identities[i], &v->identities[i]);
}

static bool read_tokens(struct hearing *h)
{
    struct verdict *v = &h->verdict;
    size_t proofs = 0;
    if (!v->identities)
        return false;
    for (size_t i = 0; i < v->n_identities; i++) {
        read_identity(h, &v->identities[i]);
        proofs += v->identities[i].is_proof;
    }
    const size_t slots = proofs * PROOF_ROWS + CALL_ROWS;
    v->casts = arena_take(h->arena, slots * sizeof *v->casts);
    if (!v->casts) {
        v->n_identities = 0;
        return false;
    }
    v->n_casts = slots;
    return true;
}

/* ---- certificates ---- */

static void want(struct hearing *h, struct span x5u, bool stale)
{
    h->state = HEARING_WAITING;
    for (size_t i = 0; i < h->n_wants; i++)
        if (span_equal(h->wants[i].x5u, x5u))
            return;
    h->wants[h->n_wants++] = (struct want){ x5u, stale };
}

static void find_signer(struct hearing *h, struct identity_result *p)
{
    const struct judge *j = h->judge;
    if (p->short_way) {
        p->signer = p->short_way;
        p->credential = CREDENTIAL_FOUND;
        return;
    }
    p->credential = CREDENTIAL_FAILED;
    p->credential_why = "no certificate was given";
    if (!j->signers)
        return;
    switch (signers_find(j->signers, h->trust, p->token.x5u, &p->signer, &p->credential_why)) {
    case SIGNER_FOUND: p->credential = CREDENTIAL_FOUND; return;
    case SIGNER_FAILED: return;
    case SIGNER_MISSING:
        p->credential = CREDENTIAL_LATE;
        p->credential_why = "the certificate did not come in time";
        if (!h->last)
            want(h, p->token.x5u, false);
        return;
    }
}

static void find_signers(struct hearing *h)
{
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        struct identity_result *p = &h->verdict.identities[i];
        if (p->is_proof && !p->blocked_by)
            find_signer(h, p);
    }
}

/* ---- signatures ---- */

static void flush_jobs(struct desk *d)
{
    es256_verify_many(d->engine, d->jobs, d->n_jobs);
    for (size_t i = 0; i < d->n_jobs; i++)
        d->of_job[i]->signature = d->jobs[i].result;
    d->n_jobs = 0;
}

static void add_job(struct desk *d, struct identity_result *p)
{
    struct es256_job *job = &d->jobs[d->n_jobs];
    p->signature = BF_ECRYPTO;
    if (sha256_one(d->sha, p->token.signed_part, p->digest) != BF_OK)
        return;
    memcpy(job->digest, p->digest, sizeof job->digest);
    job->key = p->signer->key;
    memcpy(job->signature, p->token.signature, sizeof job->signature);
    d->of_job[d->n_jobs++] = p;
    p->signature_asked = true;
    if (d->n_jobs == ARRAY_SIZE(d->jobs))
        flush_jobs(d);
}

static void add_jobs(struct desk *d, struct hearing *h)
{
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        struct identity_result *p = &h->verdict.identities[i];
        if (p->is_proof && !p->blocked_by)
            add_job(d, p);
    }
}

/*
 * A repository may have replaced the certificate under the same URL: a signature that fails on a copy fetched before
 * the token was made, and older than a minute, is judged again on a fresh one.
 */
static void doubt_stale_copies(struct hearing *h)
{
    if (h->last || h->asked_again || h->judge->given || !h->judge->signers)
        return;
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        const struct identity_result *p = &h->verdict.identities[i];
        if (p->signature_asked && p->signature == BF_EFORM && p->signer->fetched &&
            p->signer->fetched < p->token.iat && h->call->arrival.utc - p->signer->fetched > STALE_COPY_S)
            want(h, p->token.x5u, true);
    }
}

/*
 * SHA-256(signer key || digest of the signing input || r || called number): the digest is there already, and stands for what it
 * is of. The twin (r, n-s) gives the same key (SEC-042). All but the last are of one length each.
 * A switch may ask about a call over HTTP that then arrives here as SIP: the complement is the same token in the other memory.
 */
static bool replay_key(const struct hearing *h, struct identity_result *p)
{
    const struct span called = h->call->has_called ? number_span(&h->call->called) : h->call->called_uri;
    const struct span parts[] = { span_make(p->signer->key_id, sizeof p->signer->key_id),
                                  span_make(p->digest, sizeof p->digest), span_make(p->token.signature, 32),
                                  called };
    if (sha256_many(h->desk->sha, parts, ARRAY_SIZE(parts), p->replay_key) != BF_OK)
        return false;
    for (size_t i = 0; h->call->asked && i < sizeof p->replay_key; i++)
        p->replay_key[i] = (uint8_t)~p->replay_key[i];
    return true;
}

static void after_signatures(struct hearing *h)
{
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        struct identity_result *p = &h->verdict.identities[i];
        if (!p->signature_asked || p->signature != BF_OK)
            continue;
        const bool keyed = replay_key(h, p);
        if (keyed && h->judge->replay)
            replay_prefetch(h->judge->replay,
                            p->replay_key); /* needed when the others of the batch have theirs */
        if (!keyed)
            p->signature = BF_ECRYPTO;
        else if (p->path && !p->short_way)
            signers_proven(h->judge->signers, p->signer, p->token.header_segment);
        p->called_ok = called_matches(h, p);
        p->shown_ok = shown_matches(h, p);
    }
}

static void finish(struct hearing *h)
{
    ask_proofs(h, COST_SIGNATURE);
    ask_proofs(h, COST_MEMORY);
    tally_winner(h);
    if (h->people)
        who_calls(h);
    ask_call(h);
    tally(h);
}

void judge_many(const struct judge *judge, struct desk *desk, struct hearing *const *hearings, size_t n)
{
    const struct trust *trust = judge->signers ? signers_trust(judge->signers) : NULL;
    const struct people *people =
        judge->people ? atomic_load_explicit(judge->people, memory_order_acquire) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct hearing *h = hearings[i];
        h->judge = judge;
        h->desk = desk;
        h->trust = trust;
        h->people = people;
        begin(h);
    }
    for (unsigned step = 0; step < SIGNER_STEPS; step++)
        step_looks(hearings, n);
    for (size_t i = 0; i < n; i++) {
        struct hearing *h = hearings[i];
        if (!read_tokens(h))
            continue;
        ask_proofs(h, COST_READING);
        find_signers(h);
        if (h->state == HEARING_WAITING)
            continue;
        ask_proofs(h, COST_CREDENTIAL);
        add_jobs(desk, h);
    }
    flush_jobs(desk);
    if (judge->signers)
        signers_count_hits(judge->signers, desk->n_hits);
    desk->n_hits = 0;
    for (size_t i = 0; i < n; i++) {
        struct hearing *h = hearings[i];
        if (h->state == HEARING_WAITING || !h->verdict.casts)
            continue;
        doubt_stale_copies(h);
        if (h->state == HEARING_JUDGED)
            after_signatures(h);
    }
    for (size_t i = 0; i < n; i++)
        if (hearings[i]->state == HEARING_JUDGED && hearings[i]->verdict.casts)
            finish(hearings[i]);
}
