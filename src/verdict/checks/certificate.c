/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a certificate, and may a certificate of its kind sign?                     ID-404, CRT-040, CRT-062, SEC-014, SEC-015, SEC-019 */
#include "verdict/checks/checks.h"

struct ballot check_certificate(const struct hearing *h, struct identity_result *p)
{
    (void)h;
    if (p->credential != CREDENTIAL_FOUND) {
        p->failure = CASE_E8_NOT_FETCHED;
        return ballot_abstain(p->credential_why ? p->credential_why : "the certificate could not be had");
    }
    switch (p->signer->fitness) {
    case SIGNER_FIT: return ballot_pass("the certificate is of a kind that may sign");
    case SIGNER_UNPARSED: p->failure = CASE_E8_NOT_FETCHED; return ballot_abstain(p->signer->why);
    case SIGNER_UNFIT: p->failure = CASE_CREDENTIAL; return ballot_veto(p->signer->why);
    }
    return ballot_abstain("the certificate could not be judged");
}
