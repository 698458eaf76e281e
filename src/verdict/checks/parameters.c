/* SPDX-License-Identifier: Apache-2.0 */
/* Do the parameters of the header say what the token says?                                      RFC 8224 section 4.1; ID-003, ID-006 */
#include "verdict/checks/checks.h"

struct ballot check_parameters(const struct hearing *h, struct identity_result *p)
{
    (void)h;
    if (!p->parts.info.p) {
        p->failure = CASE_E6_NO_INFO;
        return ballot_abstain("the header has no info parameter");
    }
    if (!span_equal(p->parts.info, p->token.x5u)) {
        p->failure = CASE_E10_X5U_INFO;
        return ballot_veto("info and x5u name different certificates");
    }
    if (p->parts.alg.p && !span_equal(p->parts.alg, SPAN("ES256"))) {
        p->failure = CASE_E12_ALG;
        return ballot_veto("the alg parameter is not the token's");
    }
    if ((p->parts.ppt.p != NULL) != (p->token.ppt_text.p != NULL) ||
        (p->parts.ppt.p && !span_equal(p->parts.ppt, p->token.ppt_text))) {
        p->failure = CASE_E5_PPT_PARAM;
        return ballot_veto("the ppt parameter is not the token's");
    }
    return ballot_pass("info, alg and ppt say what the token says");
}
