/* SPDX-License-Identifier: Apache-2.0 */
/* Was the token made now? iat alone decides, in both directions, at the call's arrival.            RFC 8224 section 6.2 step 4; DT-004..007 */
#include "verdict/checks/checks.h"

struct ballot check_fresh(const struct hearing *h, struct identity_result *p)
{
    const utc_t now = h->call->arrival.utc, iat = p->token.iat, most = h->judge->options.freshness_s;
    /* iat is between 0 and 2^53: neither difference can overflow */
    if (iat - now <= most && now - iat <= most)
        return ballot_pass("the token is fresh");
    p->failure = CASE_E15_STALE;
    const char *why = iat > now
                          ? arena_printf(h->arena, "the token is dated %lld s ahead", (long long)(iat - now))
                          : arena_printf(h->arena, "the token is %lld s old", (long long)(now - iat));
    return ballot_veto(why ? why : "the token is stale");
}
