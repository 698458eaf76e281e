/* SPDX-License-Identifier: Apache-2.0 */
/* Does a path from the certificate to an anchor hold, when the token was made and now?        RFC 5280 section 6; CRT-042, SEC-016..023 */
#include "verdict/checks/checks.h"

static bool holds_at(const struct signer_path *path, utc_t at)
{
    return path->from <= at && at <= path->to;
}

/* The path that speaks best for this call: not revoked, in a domain that may vouch for the caller. */
static const struct signer_path *best_path(const struct hearing *h, const struct identity_result *p)
{
    const struct signer_path *best = NULL;
    int best_rank = -1;
    for (size_t i = 0; i < p->signer->n_paths; i++) {
        const struct signer_path *path = &p->signer->paths[i];
        if (!holds_at(path, p->token.iat) || !holds_at(path, h->call->arrival.utc))
            continue;
        const int rank = (path->revocation != REVOCATION_UNKNOWN) + 2 * domain_speaks(h, p, path->domain) +
                         4 * (path->revocation == REVOCATION_REVOKED);
        if (rank > best_rank) { /* a path that is revoked anywhere is the one to look at */
            best = path;
            best_rank = rank;
        }
    }
    return best;
}

struct ballot check_chain(const struct hearing *h, struct identity_result *p)
{
    if (h->judge->options.no_chain)
        return ballot_pass("taken as trusted: --no-chain");
    if (!h->trust || trust_domains(h->trust) == 0)
        return ballot_abstain("no trust anchors are configured");
    p->path = best_path(h, p);
    if (p->path)
        return ballot_pass(trust_domain_leads(h->trust, p->path->domain));
    p->failure = CASE_E17_CHAIN;
    if (p->signer->n_paths)
        return ballot_veto("the chain was not valid at the time of the call");
    return ballot_veto(p->signer->path_why ? p->signer->path_why : "the chain leads to no anchor");
}
