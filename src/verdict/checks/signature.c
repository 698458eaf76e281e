/* SPDX-License-Identifier: Apache-2.0 */
/* Does the signature hold over the bytes received?                                                            PP-026, PP-030..034 */
#include "verdict/checks/checks.h"

struct ballot check_signature(const struct hearing *h, struct identity_result *p)
{
    (void)h;
    switch (p->signature) {
    case BF_OK: return ballot_pass("the signature holds");
    case BF_EFORM:
        p->failure = CASE_E18_SIGNATURE;
        return ballot_veto("the signature does not hold: the token was changed, or made with another key");
    default: return ballot_abstain("the signature could not be checked");
    }
}
