/* SPDX-License-Identifier: Apache-2.0 */
/* A trunk that says it checked: only over a link where nobody else can say it.                            design.md "A trunk that says it checked" */
#include "verdict/checks/checks.h"

struct ballot check_carrier(const struct hearing *h, struct identity_result *p)
{
    const struct call *c = h->call;
    (void)p;
    if (c->peer.says != PEER_BELIEVE)
        return ballot_abstain("no carrier is asked for its word");
    if (c->peer.gateway)
        return ballot_abstain("a gateway to the telephone network knows nobody's number");
    if (!c->carrier_passed || c->carrier_attest != 'A')
        return ballot_abstain("your carrier does not say so");
    if (!c->has_caller)
        return ballot_abstain("your carrier names no number");
    if (c->pai_differ || c->shown_too_many)
        return ballot_abstain("your carrier names several numbers");
    for (size_t i = 0; i < c->n_shown; i++)
        if (!c->shown[i].is_number || !number_equal(&c->shown[i].number, &c->caller))
            return ballot_abstain("several numbers are shown");
    return ballot_pass("your carrier says so");
}
