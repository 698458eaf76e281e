/* SPDX-License-Identifier: Apache-2.0 */
/* Verdict -> plain words, for people who have never heard of STIR/SHAKEN. */
#include "answer/answer.h"

#include "verdict/check.h"

static const char *const outcome_colors[] = {
    [GENUINE] = "32", [UNPROVEN] = "33", [BROKEN] = "31", [IMPOSTOR] = "1;31"
};
static const char *const vote_colors[] = { [PASS] = "32", [ABSTAIN] = "33", [VETO] = "31" };

static void put_colored(struct buf *b, bool color, const char *sgr, const char *text)
{
    if (color)
        buf_printf(b, "\x1b[%sm%s\x1b[0m", sgr, text);
    else
        buf_text(b, text);
}

static void put_caller(struct buf *b, const struct call *c)
{
    char shown[LIMIT_NUMBER + 2];
    if (c->anonymous)
        buf_text(b, "withheld");
    else if (c->has_caller)
        buf_text(b, number_show(&c->caller, shown));
    else if (c->caller_uri.n)
        buf_printable(b, c->caller_uri);
    else
        buf_text(b, "unknown");
}

static void put_called(struct buf *b, const struct call *c)
{
    char shown[LIMIT_NUMBER + 2];
    if (c->has_called)
        buf_text(b, number_show(&c->called, shown));
    else if (c->called_uri.n)
        buf_printable(b, c->called_uri);
    else
        buf_text(b, "unknown");
}

static void put_route(struct buf *b, const struct call *c)
{
    put_caller(b, c);
    buf_text(b, " -> ");
    put_called(b, c);
}

void answer_line(const struct verdict *v, const struct call *call, bool color, struct buf *out)
{
    put_colored(out, color, outcome_colors[v->outcome], outcome_text(v->outcome));
    buf_text(out, v->lab ? " (lab)  " : "  ");
    put_route(out, call);
    if (v->attest)
        buf_printf(out, "  %c", v->attest);
    buf_text(out, "  ");
    buf_printable(out, span_of(v->why));
}

static void put_fact(struct buf *b, const char *name, struct span value)
{
    if (value.n == 0)
        return;
    buf_printf(b, "  %-12s ", name);
    buf_printable(b, value);
    buf_char(b, '\n');
}

static void put_facts(struct buf *b, const struct verdict *v, const struct call *call)
{
    static const char *const meanings[] = { "A: the signer vouches for the number",
                                            "B: the signer vouches for its customer only",
                                            "C: the signer vouches for its gateway only" };
    put_fact(b, "why", span_of(v->why));
    put_fact(b, "verstat", span_of(verstat_text(v->verstat)));
    if (v->attest)
        put_fact(b, "attestation", span_of(meanings[v->attest - 'A']));
    if (call->claimed_name.n)
        put_fact(b, "says", call->claimed_name);
    if (v->winner >= 0 && v->identities[v->winner].signer) {
        const struct signer *s = v->identities[v->winner].signer;
        put_fact(b, "signer", span_of(s->subject ? s->subject : ""));
    }
    if (v->trust_domain)
        put_fact(b, "trust domain", span_of(v->trust_domain));
    if (v->lab)
        put_fact(b, "lab", SPAN("yes: do not rely on this verdict outside the lab"));
}

void answer_words(const struct verdict *v, const struct call *call, bool color, struct buf *out)
{
    put_colored(out, color, outcome_colors[v->outcome], outcome_text(v->outcome));
    buf_text(out, "  ");
    put_route(out, call);
    buf_char(out, '\n');
    put_facts(out, v, call);
    for (size_t i = 0; i < v->n_casts; i++) {
        const struct cast *c = &v->casts[i];
        if (!c->check)
            continue;
        buf_text(out, "    ");
        put_colored(out, color, vote_colors[c->ballot.vote], vote_text(c->ballot.vote));
        buf_printf(out, "%*s %-14s ", (int)(7 - strlen(vote_text(c->ballot.vote))), "", c->check->name);
        if (c->identity > 0)
            buf_printf(out, "(header %d) ", c->identity + 1);
        buf_printable(out, span_of(c->ballot.why));
        buf_char(out, '\n');
    }
}
