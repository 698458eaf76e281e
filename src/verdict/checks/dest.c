/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was the token made for a call like this one? The number of the Request-URI, or at least To's, is in its dest. To alone
 * proves nothing (called-number asks for the Request-URI); a token with neither belongs to another call.  ID-011, ID-411, SEC-041
 */
#include "verdict/checks/checks.h"

bool dest_lists(const struct token *t, const struct number *number)
{
    for (size_t i = 0; i < t->n_dest; i++)
        if (!t->dest[i].is_uri && number_is(number, t->dest[i].text))
            return true;
    return false;
}

bool dest_lists_uri(const struct token *t, struct span uri)
{
    for (size_t i = 0; i < t->n_dest; i++)
        if (t->dest[i].is_uri && uri.n && span_equal(t->dest[i].text, uri))
            return true;
    return false;
}

struct ballot check_dest(const struct hearing *h, struct identity_result *p)
{
    const struct call *c = h->call;
    if (!c->has_called && !c->called_uri.n)
        return ballot_abstain("the call names nobody who is called");
    if ((c->has_called && dest_lists(&p->token, &c->called)) || dest_lists_uri(&p->token, c->called_uri) ||
        (c->has_to && dest_lists(&p->token, &c->to)))
        return ballot_pass("the token speaks of whom the call names");
    p->failure = CASE_E16_MISMATCH;
    const char *why = p->token.n_dest ? arena_printf(h->arena, "the token was made for a call to %.*s",
                                                     SPAN_FMT(span_first(p->token.dest[0].text, 64)))
                                      : NULL;
    return ballot_veto(why ? why : "the token was made for another call");
}
