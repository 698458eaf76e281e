/* SPDX-License-Identifier: Apache-2.0 */
/* May this trust domain vouch for this caller?                                                            TRU-006, INT-006 */
#include "verdict/checks/checks.h"

/* What counts is the number the token speaks of. */
bool domain_speaks(const struct hearing *h, const struct identity_result *p, size_t domain)
{
    struct number number = { .n = 0 };
    const struct party *orig = &p->token.orig;
    if (orig->is_uri || orig->text.n > sizeof number.digits)
        return orig->is_uri;
    memcpy(number.digits, orig->text.p, orig->text.n);
    number.n = (uint8_t)orig->text.n;
    return trust_domain_speaks_for(h->trust, domain, &number);
}

struct ballot check_domain(const struct hearing *h, struct identity_result *p)
{
    if (h->judge->options.no_chain)
        return ballot_pass("not asked: --no-chain");
    if (!p->path)
        return ballot_abstain("no chain to ask about");
    if (domain_speaks(h, p, p->path->domain))
        return ballot_pass("the trust domain may vouch for this number");
    return ballot_abstain(arena_printf(h->arena, "trust domain %s does not vouch for this number",
                                       trust_domain_name(h->trust, p->path->domain)));
}
