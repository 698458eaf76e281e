/* SPDX-License-Identifier: Apache-2.0 */
/* May the certificate's address be asked at all?                                              X5U-001, X5U-002, SEC-030 */
#include "fetch/fetch.h"
#include "verdict/checks/checks.h"

struct ballot check_url(const struct hearing *h, struct identity_result *p)
{
    struct bf_fault fault = { 0, NULL };
    if (h->judge->given)
        return ballot_pass("the certificate was given by hand");
    if (p->header && p->header->url_allowed)
        return ballot_pass("the certificate's address is one that may be asked");
    if (p->token.x5u.n > LIMIT_X5U ||
        fetch_url_allowed(p->token.x5u, h->judge->options.lab_urls, &fault) != BF_OK) {
        p->failure = CASE_E7_INFO_URI;
        return ballot_abstain(fault.what ? fault.what : "the certificate's address is too long");
    }
    return ballot_pass("the certificate's address is one that may be asked");
}
