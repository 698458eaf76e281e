/* SPDX-License-Identifier: Apache-2.0 */
/* Does the certificate speak for the caller's number?                             RFC 8226 section 9; CRT-005, ID-408, ID-410 */
#include "verdict/checks/checks.h"

static struct span host_of(struct span uri)
{
    return span_from(uri, span_find(uri, '@') + 1);
}

static struct ballot check_domain_name(const struct hearing *h, struct identity_result *p)
{
    (void)h;
    const struct span host = host_of(p->token.orig.text);
    for (size_t i = 0; i < p->signer->n_san_domains; i++)
        if (host.n && span_equal_nocase(host, span_of(p->signer->san_domains[i]))) {
            p->attest = p->token.attest ? p->token.attest : 'A';
            return ballot_pass("the certificate speaks for the caller's domain");
        }
    p->failure = CASE_AUTHORITY;
    return ballot_veto("the certificate does not speak for the caller's domain");
}

struct ballot check_number_listed(const struct hearing *h, struct identity_result *p)
{
    if (p->token.orig.is_uri)
        return check_domain_name(h, p);
    if (!p->signer->tnauth) {
        p->failure = CASE_CREDENTIAL;
        return ballot_veto("the certificate has no TNAuthList");
    }
    switch (tnauth_covers(p->signer->tnauth, p->token.orig.text)) {
    case TNAUTH_BY_NUMBER:
        p->attest = p->token.attest ? p->token.attest : 'A';
        return ballot_pass("the certificate lists the caller's number");
    case TNAUTH_BY_SPC:
        p->attest = p->token.attest ? p->token.attest : 'C';
        return ballot_pass("the certificate is a carrier's, which may sign any number");
    case TNAUTH_NOT: break;
    }
    p->failure = CASE_AUTHORITY;
    return ballot_veto("the certificate does not list the caller's number");
}
