/* SPDX-License-Identifier: Apache-2.0 */
/* Is the header, and the token in it, what RFC 8224 and RFC 8225 say?                 A.1-A.4, ID-001..007, SEC-001..013 */
#include "verdict/checks/checks.h"

static enum stir_case case_of(enum token_flaw flaw)
{
    switch (flaw) {
    case TOKEN_SOUND: return CASE_NONE;
    case TOKEN_FORM: return CASE_FORM;
    case TOKEN_COMPACT: return CASE_E4_COMPACT;
    case TOKEN_HEADER: return CASE_E9_HEADER_MEMBER;
    case TOKEN_ALG: return CASE_E12_ALG;
    case TOKEN_TYP: return CASE_E11_TYP;
    case TOKEN_CRIT: return CASE_FORM;
    case TOKEN_SIGNATURE_LENGTH: return CASE_FORM;
    case TOKEN_CLAIMS: return CASE_E14_CLAIMS;
    case TOKEN_IAT: return CASE_E14_CLAIMS;
    case TOKEN_ATTEST: return CASE_E19_ATTEST;
    }
    return CASE_FORM;
}

static struct ballot malformed(const struct hearing *h, struct identity_result *p, const char *part,
                               const struct bf_fault *fault, enum stir_case failure)
{
    const char *why =
        arena_printf(h->arena, "%s: %s (byte %zu)", part, fault->what ? fault->what : "malformed", fault->at);
    p->failure = failure;
    return ballot_veto(why ? why : "malformed");
}

struct ballot check_form(const struct hearing *h, struct identity_result *p)
{
    if (p->split_err == BF_ENOMEM || p->token_err == BF_ENOMEM)
        return ballot_abstain("there was no memory to read the token");
    if (p->split_err)
        return malformed(h, p, "Identity header", &p->split_fault, CASE_FORM);
    if (p->token_err)
        return malformed(h, p, "token", &p->token_fault,
                         p->flaw == TOKEN_SOUND ? CASE_FORM : case_of(p->flaw));
    return ballot_pass("header and token are well-formed");
}
