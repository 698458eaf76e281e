/* SPDX-License-Identifier: Apache-2.0 */
/* Has the certificate been revoked, and does the list that would say so hold?                              TRU-005, SEC-024 */
#include "verdict/checks/checks.h"

struct ballot check_revocation(const struct hearing *h, struct identity_result *p)
{
    int64_t age;
    if (h->judge->options.no_chain)
        return ballot_pass("not asked: --no-chain");
    if (!p->path)
        return ballot_abstain("no chain to ask about");
    if (p->path->revocation == REVOCATION_REVOKED) {
        p->failure = CASE_REVOKED;
        return ballot_veto("the certificate has been revoked");
    }
    /* The state of the list is asked now: it may have gone stale since the chain was built. */
    switch (trust_domain_crl(h->trust, p->path->domain, h->call->arrival.utc, &age)) {
    case REVOCATION_NOT_ASKED: return ballot_pass("no revocation list is configured");
    case REVOCATION_GOOD:
        return p->path->revocation == REVOCATION_GOOD
                   ? ballot_pass("not on the revocation list")
                   : ballot_abstain("the revocation list says nothing about this certificate");
    case REVOCATION_REVOKED:
    case REVOCATION_UNKNOWN: break;
    }
    return ballot_abstain("no valid revocation list is at hand");
}
