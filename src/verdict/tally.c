/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ballots of different headers never add up: a proof holds if every needed proof row passes for that same proof.
 *
 *   an impostor veto                                -> impostor
 *   a proof holds, every needed call row passes     -> genuine
 *   a proof holds                                   -> unproven
 *   any broken veto                                 -> broken
 *   else                                            -> unproven
 *
 * A carrier whose word is believed stands in for a proof only where no header was offered that broke.
 */
#include "verdict/tally.h"

#include "verdict/checks/checks.h"
#include "verdict/who.h"

const struct identity_result *hearing_winner(const struct hearing *h)
{
    return h->verdict.winner < 0 ? NULL : &h->verdict.identities[h->verdict.winner];
}

void tally_winner(struct hearing *h)
{
    struct verdict *v = &h->verdict;
    int best_rank = -1;
    v->winner = -1;
    v->attest = 0;
    for (size_t i = 0; i < v->n_identities; i++) {
        const struct identity_result *p = &v->identities[i];
        if (!p->holds)
            continue;
        const int rank = p->called_ok + p->shown_ok;
        if (rank > best_rank) {
            v->winner = (int)i;
            best_rank = rank;
        }
        if (p->attest > v->attest) /* C is larger than A: the lower attestation counts */
            v->attest = p->attest;
    }
}

static const struct cast *find_cast(const struct verdict *v, enum check_scope scope, bool needed,
                                    enum vote vote, int on_veto)
{
    for (size_t i = 0; i < v->n_casts; i++) {
        const struct cast *c = &v->casts[i];
        if (c->check && c->check->scope == scope && c->check->needed >= needed && c->ballot.vote == vote &&
            (on_veto < 0 || c->check->on_veto == (enum outcome)on_veto))
            return c;
    }
    return NULL;
}

static bool anybody_vetoes(const struct verdict *v)
{
    for (size_t i = 0; i < v->n_casts; i++)
        if (v->casts[i].ballot.vote == VETO)
            return true;
    return false;
}

static const struct cast *find_veto(const struct verdict *v, enum outcome on_veto)
{
    const struct cast *c = find_cast(v, SCOPE_PROOF, false, VETO, on_veto);
    return c ? c : find_cast(v, SCOPE_CALL, false, VETO, on_veto);
}

/* The first needed row of the call that did not pass. */
static const struct cast *call_row_open(const struct verdict *v)
{
    for (size_t i = 0; i < v->n_casts; i++) {
        const struct cast *c = &v->casts[i];
        if (c->check && c->check->scope == SCOPE_CALL && c->check->needed && c->ballot.vote != PASS)
            return c;
    }
    return NULL;
}

static const struct cast *cast_of(const struct verdict *v,
                                  struct ballot (*run)(const struct hearing *, struct identity_result *))
{
    for (size_t i = 0; i < v->n_casts; i++)
        if (v->casts[i].check && v->casts[i].check->run == run)
            return &v->casts[i];
    return NULL;
}

static bool passes(const struct cast *c)
{
    return c && c->ballot.vote == PASS;
}

/* Of the needed rows of the call only the habit can be asked of a carrier's word. */
static bool carrier_vouches(const struct verdict *v)
{
    return passes(cast_of(v, check_carrier)) && passes(cast_of(v, check_person_habit));
}

/* Most telling first: 438, 437, 403, 436 (ID-501). */
static int weight(enum stir_case c)
{
    switch (stir_case_row(c)->code) {
    case 438: return 5;
    case 437: return 4;
    case 403: return 3;
    case 436: return 2;
    case 428: return 1;
    default: return 0;
    }
}

/* Every header gets its status; the call gets the case that weighs most where no proof holds for it. */
static void tally_headers(struct verdict *v)
{
    for (size_t i = 0; i < v->n_identities; i++) {
        struct identity_result *p = &v->identities[i];
        if (!p->is_proof) { /* NOLINT(clang-analyzer-core.NullDereference): there are n_identities of them */
            p->status = IDENTITY_IGNORED;
            continue;
        }
        if (p->holds && (!p->called_ok || !p->shown_ok))
            p->failure = CASE_E16_MISMATCH;
        p->status = p->holds && p->failure == CASE_NONE ? IDENTITY_VALID : IDENTITY_INVALID;
        if (weight(p->failure) > weight(v->failure))
            v->failure = p->failure;
    }
    const struct identity_result *winner = v->winner < 0 ? NULL : &v->identities[v->winner];
    if (winner)
        v->failure = winner->failure;
    else if (v->failure == CASE_NONE && !find_cast(v, SCOPE_PROOF, false, PASS, -1) && !v->proof)
        v->failure = CASE_NO_IDENTITY;
}

static enum verstat tally_verstat(const struct verdict *v)
{
    if (v->winner >= 0 && v->failure == CASE_NONE)
        return VERSTAT_PASSED;
    for (size_t i = 0; i < v->n_identities; i++)
        if (stir_case_row(v->identities[i].failure)->sip == VERSTAT_FAILED)
            return VERSTAT_FAILED;
    return v->proof ? VERSTAT_PASSED : VERSTAT_NONE;
}

static const char *why_unproven(const struct verdict *v)
{
    if (v->winner < 0 && passes(cast_of(v, check_carrier)) && !passes(cast_of(v, check_person_habit)))
        return cast_of(v, check_person_habit)->ballot.why;
    const struct cast *c = v->winner >= 0 ? call_row_open(v) : find_cast(v, SCOPE_PROOF, true, ABSTAIN, -1);
    if (c)
        return c->ballot.why;
    if (v->n_identities == 0)
        return "the call carries no Identity header, so nothing vouches for the number";
    return "no Identity header of a kind that proves a number";
}

static void decide(struct hearing *h)
{
    struct verdict *v = &h->verdict;
    const bool veto = anybody_vetoes(v);
    const struct cast *impostor = veto ? find_veto(v, IMPOSTOR) : NULL;
    const struct cast *broken = veto ? find_veto(v, BROKEN) : NULL;
    if (impostor) {
        v->outcome = IMPOSTOR;
        v->why = impostor->ballot.why;
    } else if (v->winner >= 0 && !call_row_open(v)) {
        v->outcome = GENUINE;
        v->why = h->call->anonymous
                     ? "withheld, proven: a trusted signature made for this call vouches for the number"
                     : "a trusted signature made for this call vouches for the number";
    } else if (v->winner >= 0) {
        v->outcome = UNPROVEN;
        v->why = why_unproven(v);
    } else if (broken) {
        v->outcome = BROKEN;
        v->why = broken->ballot.why;
    } else if (carrier_vouches(v) && !h->call->identities_too_many) {
        v->outcome = GENUINE;
        v->proof = "carrier";
        v->attest = h->call->carrier_attest;
        v->why = "your carrier says so";
    } else {
        v->outcome = UNPROVEN;
        v->why = why_unproven(v);
    }
}

void tally(struct hearing *h)
{
    struct verdict *v = &h->verdict;
    const struct identity_result *winner = hearing_winner(h);
    const struct judge_options *o = &h->judge->options;
    if (winner) {
        v->proof = "identity";
        if (winner->path) {
            v->trust_domain = trust_domain_name(h->trust, winner->path->domain);
            v->lab = trust_domain_is_lab(h->trust, winner->path->domain);
        }
    }
    v->lab |= o->no_chain || o->least_attestation > 'B' || h->judge->given;
    decide(h);
    if (h->people)
        who_is_named(h);
    tally_headers(v);
    v->verstat = tally_verstat(v);
}
