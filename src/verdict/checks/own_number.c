/* SPDX-License-Identifier: Apache-2.0 */
/* One of our own numbers, calling from outside: proven, or somebody pretends to be us.                     design.md "People rows" */
#include "verdict/checks/checks.h"

static bool is_own(const struct judge_options *o, const struct shown_number *s)
{
    for (size_t i = 0; s->is_number && i < o->n_own; i++)
        if (number_range_holds(&o->own[i], &s->number))
            return true;
    return false;
}

bool caller_is_proven(const struct hearing *h)
{
    const struct identity_result *winner = hearing_winner(h);
    if (winner)
        return winner->called_ok && winner->shown_ok && check_attestation(h, NULL).vote == PASS;
    return check_carrier(h, NULL).vote == PASS;
}

struct ballot check_own_number(const struct hearing *h, struct identity_result *p)
{
    (void)p;
    const struct judge_options *o = &h->judge->options;
    if (o->n_own == 0)
        return ballot_pass("no own numbers are configured");
    for (size_t i = 0; i < h->call->n_shown; i++)
        if (is_own(o, &h->call->shown[i]))
            return caller_is_proven(h) ? ballot_pass("one of our own numbers, proven")
                                       : ballot_veto("one of our own numbers calls from outside, unproven");
    return ballot_pass("none of our own numbers");
}
