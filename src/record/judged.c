/* SPDX-License-Identifier: Apache-2.0 */
/* A record's members, filled from the call and from its verdict. */
#include "record/judged.h"

#include "verdict/check.h"

static void set_signer(const struct verdict *v, struct record *ret)
{
    if (v->winner < 0)
        return;
    const struct identity_result *id = &v->identities[v->winner];
    ret->origid = id->token.origid;
    ret->x5u = id->token.x5u;
    ret->iat = id->token.iat;
    if (id->signer) {
        ret->spc = span_of(id->signer->spc);
        ret->serial = span_of(id->signer->serial);
        ret->subject = span_of(id->signer->subject);
        if (v->person || ret->spc.n == 0)
            ret->issuer = span_of(id->signer->issuer);
    }
}

static void set_replays(const struct verdict *v, const struct call *call, struct record *ret)
{
    for (size_t i = 0; i < v->n_identities && i < ARRAY_SIZE(ret->replays); i++)
        if (v->identities[i].entered) {
            struct replay_sighting *s = &ret->replays[ret->n_replays++];
            memcpy(s->key, v->identities[i].replay_key, sizeof s->key);
            memcpy(s->same, call->same, sizeof s->same);
            s->source = call->peer.source;
        }
}

/* What a pass has to say follows from its check. */
static struct record_ballot ballot_of(const struct cast *c)
{
    return (struct record_ballot){ .check = span_of(c->check->name),
                                   .identity = c->identity,
                                   .vote = (uint8_t)c->ballot.vote,
                                   .why = c->ballot.vote == PASS ? SPAN_NONE : span_of(c->ballot.why) };
}

/* Without memory for them the record goes without its ballots: the verdict counts more. */
static void set_ballots(const struct verdict *v, struct arena *arena, struct record *ret)
{
    struct record_ballot *ballots = arena_take(arena, v->n_casts * sizeof *ballots + 1);
    if (!ballots)
        return;
    for (size_t i = 0; i < v->n_casts; i++)
        ballots[i] = ballot_of(&v->casts[i]);
    ret->ballots = ballots;
    ret->n_ballots = v->n_casts;
}

void record_of_verdict(const struct verdict *v, const struct call *call, struct arena *arena,
                       struct record *ret)
{
    ret->kind = RECORD_VERIFIED;
    ret->outcome = (uint8_t)v->outcome;
    ret->verstat = (uint8_t)v->verstat;
    ret->attest = v->attest;
    ret->lab = v->lab;
    ret->proof = span_of(v->proof);
    ret->trust_domain = span_of(v->trust_domain);
    ret->failure = v->failure ? span_of(stir_case_row(v->failure)->name) : SPAN_NONE;
    ret->why = span_of(v->why);
    if (v->person) {
        ret->person_id = v->person->id;
        ret->person = span_of(v->person->name);
    }
    if (v->claimed_person) {
        ret->claimed_person_id = v->claimed_person->id;
        ret->claimed_person = span_of(v->claimed_person->name);
    }
    set_signer(v, ret);
    set_replays(v, call, ret);
    set_ballots(v, arena, ret);
}

void record_of_call(const struct call *call, const struct sip_message *m, struct record *ret)
{
    ret->caller = call->has_caller ? number_span(&call->caller) : SPAN_NONE;
    ret->called = call->has_called ? number_span(&call->called) : SPAN_NONE;
    ret->claimed_name = call->claimed_name;
    ret->masked = call->anonymous;
    ret->diverted = call->has_forwarder;
    ret->call_id = call->call_id;
    ret->request_uri = m ? m->uri : call->request_uri;
    ret->from = m ? message_header(m, SIP_H_FROM) : call->from_uri;
    ret->pai = m ? message_header(m, SIP_H_P_ASSERTED_IDENTITY) : SPAN_NONE;
    ret->to = m ? message_header(m, SIP_H_TO) : call->to_uri;
}
