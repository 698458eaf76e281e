/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was the proof made for a call to the number that is called? That is the Request-URI's; To's only where the Request-URI
 * has none, and only if it is ours. A proof made for To alone is a forwarded call without a div token, or a copied one:
 * it proves nothing about this call.                                              design.md "Called number"; DIV-019
 */
#include "verdict/checks/checks.h"

static bool is_own(const struct judge_options *o, const struct number *number)
{
    for (size_t i = 0; i < o->n_own; i++)
        if (number_range_holds(&o->own[i], number))
            return true;
    return false;
}

bool called_matches(const struct hearing *h, const struct identity_result *p)
{
    const struct call *c = h->call;
    if (c->has_called && c->called_from_to && h->judge->options.n_own &&
        !is_own(&h->judge->options, &c->called))
        return false;
    return (c->has_called && dest_lists(&p->token, &c->called)) || dest_lists_uri(&p->token, c->called_uri);
}

/* `"div":{"tn":"12155550131"}` of a div token that leads to the called number. Nothing about it is verified. RFC 8946 section 3 */
static bool div_names(const struct hearing *h, struct span *ret)
{
    for (size_t i = 0; i < h->verdict.n_identities; i++) {
        const struct token *t = &h->verdict.identities[i].token;
        struct json_value claims, div, tn;
        struct fault unused;
        if (t->ppt == PPT_DIV && t->payload.p && h->call->has_called && dest_lists(t, &h->call->called) &&
            json_check(t->payload, &claims, &unused) == BF_OK && json_member(&claims, SPAN("div"), &div) &&
            json_member(&div, SPAN("tn"), &tn) && !tn.escaped) {
            *ret = json_chars(&tn, NULL);
            if (number_is_canonical(*ret))
                return true;
        }
    }
    return false;
}

/* Who forwarded the call, as far as anybody says so: unproven all the same. */
static const char *why_elsewhere(const struct hearing *h)
{
    const char *why = NULL;
    struct span by;
    if (div_names(h, &by))
        why = arena_printf(
            h->arena,
            "the proof was made for a call to another number: forwarded by +%.*s, as a div token says that "
            "is not followed yet, or copied",
            SPAN_FMT(by));
    else if (h->call->has_forwarder)
        why = arena_printf(h->arena,
                           "the proof was made for a call to another number: forwarded by +%.*s, as its %s "
                           "header says, which "
                           "anybody can write, or copied",
                           SPAN_FMT(number_span(&h->call->forwarder)),
                           h->call->forwarder_from_history ? "History-Info" : "Diversion");
    return why ? why
               : "the proof was made for a call to another number: forwarded without a div token, or copied";
}

struct ballot check_called_number(const struct hearing *h, struct identity_result *p)
{
    (void)p;
    const struct identity_result *winner = hearing_winner(h);
    if (!winner)
        return ballot_abstain("no proof holds");
    if (winner->called_ok)
        return ballot_pass("the proof was made for a call to this number");
    if (h->call->called_from_to)
        return ballot_abstain("only To names the called number, and it is none of ours");
    return ballot_abstain(why_elsewhere(h));
}
