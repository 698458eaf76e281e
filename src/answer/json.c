/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdict -> the object of `verify --json`. Members may be added, never renamed.                      design.md "The command"
 * `orig` and `dest` are what the signalling says; the token's own stand under `claims`.
 */
#include "answer/answer.h"

#include "verdict/check.h"

static void put_text(struct buf *b, const char *text)
{
    if (text)
        buf_json_string(b, span_of(text));
    else
        buf_text(b, "null");
}

static void put_span(struct buf *b, struct span s)
{
    if (s.p)
        buf_json_string(b, s);
    else
        buf_text(b, "null");
}

static void put_letter(struct buf *b, char letter)
{
    if (letter)
        buf_json_string(b, span_make(&letter, 1));
    else
        buf_text(b, "null");
}

/* `{"tn":"…"}`, `{"uri":"…"}` or null. */
static void put_orig(struct buf *b, const struct call *c)
{
    if (!c->has_caller && !c->caller_uri.n) {
        buf_text(b, "null");
        return;
    }
    buf_text(b, c->has_caller ? "{\"tn\":" : "{\"uri\":");
    buf_json_string(b, c->has_caller ? number_span(&c->caller) : c->caller_uri);
    buf_char(b, '}');
}

static void put_dest(struct buf *b, const struct call *c)
{
    const bool is_number = c->has_to || c->has_called;
    if (!is_number && !c->called_uri.n) {
        buf_text(b, "null");
        return;
    }
    buf_text(b, is_number ? "{\"tn\":[" : "{\"uri\":[");
    buf_json_string(b, c->has_to       ? number_span(&c->to)
                       : c->has_called ? number_span(&c->called)
                                       : c->called_uri);
    buf_text(b, "]}");
}

static void put_called(struct buf *b, const struct call *c)
{
    if (c->has_called)
        buf_json_string(b, number_span(&c->called));
    else if (c->called_uri.n)
        buf_json_string(b, c->called_uri);
    else
        buf_text(b, "null");
}

/* The header that tells signer, origid and iat: the proof the verdict rests on, else the first that could be read. */
static const struct identity_result *telling(const struct verdict *v)
{
    if (v->winner >= 0)
        return &v->identities[v->winner];
    for (size_t i = 0; i < v->n_identities; i++)
        if (v->identities[i].is_proof && v->identities[i].token.payload.p)
            return &v->identities[i];
    return NULL;
}

static void put_signer(struct buf *b, const struct identity_result *p)
{
    if (!p || !p->signer || p->signer->fitness == SIGNER_UNPARSED) {
        buf_text(b, "null");
        return;
    }
    buf_text(b, "{\"spc\":");
    put_text(b, p->signer->spc && *p->signer->spc ? p->signer->spc : NULL);
    buf_text(b, ",\"subject\":");
    put_text(b, p->signer->subject);
    buf_text(b, ",\"issuer\":");
    put_text(b, p->signer->issuer);
    buf_text(b, ",\"serial\":");
    put_text(b, p->signer->serial);
    buf_text(b, ",\"x5u\":");
    put_span(b, p->token.x5u);
    buf_char(b, '}');
}

static void put_person(struct buf *b, const struct person *p)
{
    if (!p) {
        buf_text(b, "null");
        return;
    }
    buf_text(b, "{\"id\":");
    buf_decimal(b, p->id);
    buf_text(b, ",\"name\":");
    put_text(b, p->name);
    buf_char(b, '}');
}

/* Which claimed name resembles one that we know, how, and how close. */
static void put_match(struct buf *b, const struct verdict *v)
{
    if (!v->matched_name.n) {
        buf_text(b, "null");
        return;
    }
    buf_text(b, "{\"claimed\":");
    put_span(b, v->matched_name);
    buf_printf(b, ",\"rule\":\"%s\",\"score\":%.3f}", name_rule_text(v->name_match.rule),
               v->name_match.score);
}

/* A payload is shown as it was signed, provided it is JSON at all. */
static void put_claims(struct buf *b, const struct token *t)
{
    struct json_value value;
    if (t->payload.p && json_check(t->payload, &value, NULL) == BF_OK)
        buf_span_put(b, t->payload);
    else
        buf_text(b, "null");
}

static void put_identity(struct buf *b, const struct identity_result *p)
{
    static const char *const status[] = {
        [IDENTITY_VALID] = "valid", [IDENTITY_INVALID] = "invalid", [IDENTITY_IGNORED] = "ignored"
    };
    const struct stir_row *row = stir_case_row(p->failure);
    buf_text(b, "{\"ppt\":");
    put_span(b, p->token.ppt_text.p ? p->token.ppt_text : p->parts.ppt);
    buf_printf(b, ",\"status\":\"%s\",\"code\":%d,\"case\":", status[p->status], row->code);
    put_text(b, row->code ? row->name : NULL);
    buf_printf(b, ",\"canonical\":%s,\"claims\":", p->token.canonical ? "true" : "false");
    put_claims(b, &p->token);
    buf_char(b, '}');
}

static void put_ballot(struct buf *b, const struct cast *c)
{
    buf_text(b, "{\"check\":");
    put_text(b, c->check->name);
    buf_text(b, ",\"identity\":");
    if (c->identity >= 0)
        buf_decimal(b, c->identity);
    else
        buf_text(b, "null");
    buf_printf(b, ",\"vote\":\"%s\",\"why\":", vote_text(c->ballot.vote));
    put_text(b, c->ballot.why);
    buf_char(b, '}');
}

static void put_ballots(struct buf *b, const struct verdict *v)
{
    bool first = true;
    buf_text(b, ",\"ballots\":[");
    for (size_t i = 0; i < v->n_casts; i++) {
        if (!v->casts[i].check)
            continue;
        if (!first)
            buf_char(b, ',');
        first = false;
        put_ballot(b, &v->casts[i]);
    }
    buf_char(b, ']');
}

static void put_head(struct buf *b, const struct verdict *v, const struct call *c)
{
    buf_printf(b, "{\"verdict\":\"%s\",\"verstat\":\"%s\",\"attest\":", outcome_text(v->outcome),
               verstat_text(v->verstat));
    put_letter(b, v->attest);
    buf_text(b, ",\"proof\":");
    put_text(b, v->proof);
    buf_printf(b, ",\"lab\":%s,\"trust_domain\":", v->lab ? "true" : "false");
    put_text(b, v->trust_domain);
    buf_text(b, ",\"called\":");
    put_called(b, c);
    buf_text(b, ",\"orig\":");
    put_orig(b, c);
    buf_text(b, ",\"dest\":");
    put_dest(b, c);
}

enum bf_err answer_json(const struct verdict *v, const struct call *call, struct buf *out)
{
    const struct identity_result *p = telling(v);
    put_head(out, v, call);
    buf_text(out, ",\"origid\":");
    put_span(out, p ? p->token.origid : SPAN_NONE);
    buf_text(out, ",\"iat\":");
    if (p && !p->token_err)
        buf_decimal(out, p->token.iat);
    else
        buf_text(out, "null");
    buf_text(out, ",\"signer\":");
    put_signer(out, p);
    buf_text(out, ",\"person\":");
    put_person(out, v->person);
    buf_text(out, ",\"claimed_person\":");
    put_person(out, v->claimed_person);
    buf_text(out, ",\"name\":{\"claimed\":");
    put_span(out, call->claimed_name);
    buf_text(out, ",\"proven\":");
    put_text(out, v->person ? v->person->name : NULL);
    buf_text(out, ",\"match\":");
    put_match(out, v);
    buf_printf(out, "},\"withheld\":%s,\"why\":", call->anonymous ? "true" : "false");
    put_text(out, v->why);
    buf_text(out, ",\"identities\":[");
    for (size_t i = 0; i < v->n_identities; i++) {
        if (i)
            buf_char(out, ',');
        put_identity(out, &v->identities[i]);
    }
    buf_char(out, ']');
    put_ballots(out, v);
    buf_char(out, '}');
    return buf_ok(out) ? BF_OK : BF_ELIMIT;
}
