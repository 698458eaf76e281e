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
    return ballot_abstain(
        "the proof was made for a call to another number: forwarded without a div token, or copied");
}
