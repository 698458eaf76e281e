/* SPDX-License-Identifier: Apache-2.0 */
/* Was every Identity header looked at? A header that was not could have spoken against the call.                     SEC-011 */
#include "verdict/checks/checks.h"

struct ballot check_all_judged(const struct hearing *h, struct identity_result *p)
{
    (void)p;
    if (h->call->identities_too_many)
        return ballot_abstain("more Identity headers than are looked at: the rest was not judged");
    return ballot_pass(h->call->n_identities ? "every Identity header was judged"
                                             : "there is no Identity header");
}
