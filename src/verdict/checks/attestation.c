/* SPDX-License-Identifier: Apache-2.0 */
/* How far does the signer vouch: for the number (A), its customer (B), its gateway (C)?                      SHK-002, SHK-044 */
#include "verdict/checks/checks.h"

struct ballot check_attestation(const struct hearing *h, struct identity_result *p)
{
    (void)p;
    if (!hearing_winner(h))
        return ballot_abstain("no proof holds");
    if (h->verdict.attest && h->verdict.attest <= h->judge->options.least_attestation)
        return ballot_pass(h->verdict.attest == 'A'   ? "attestation A: the signer vouches for the number"
                           : h->verdict.attest == 'B' ? "attestation B is enough here"
                                                      : "attestation C is enough here");
    return ballot_abstain(h->verdict.attest == 'B'
                              ? "attestation B: the signer vouches for its customer, not for the number"
                              : "attestation C: the signer vouches only for the gateway the call came in by");
}
