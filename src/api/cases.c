/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases of API-008. Every row is asked of a token, and the last veto stands in its result; ATIS wants the first hit in
 * its own order, and codes of its own for some of them.
 */
#include "api/api.h"
#include "verdict/check.h"

#define INFO       436, "Bad identity Info"
#define CREDENTIAL 437, "Unsupported credential"

struct api_case_row api_case_row(enum stir_case c)
{
    const struct stir_row *row = stir_case_row(c);
    switch (c) {
    case CASE_E6_NO_INFO:
    case CASE_E7_INFO_URI:
    case CASE_E8_NOT_FETCHED:
    case CASE_E9_HEADER_MEMBER:
    case CASE_E10_X5U_INFO: return (struct api_case_row){ INFO };
    case CASE_E11_TYP:
    case CASE_E12_ALG:
    case CASE_E17_CHAIN:
    case CASE_CREDENTIAL:
    case CASE_AUTHORITY:
    case CASE_REVOKED: return (struct api_case_row){ CREDENTIAL };
    case CASE_NONE:
    case CASE_E4_COMPACT:
    case CASE_E5_PPT_PARAM:
    case CASE_E13_PPT:
    case CASE_E14_CLAIMS:
    case CASE_E15_STALE:
    case CASE_E16_MISMATCH:
    case CASE_E18_SIGNATURE:
    case CASE_E19_ATTEST:
    case CASE_FORM:
    case CASE_REPLAY:
    case CASE_NO_IDENTITY:
    case CASE_SHED:
    case CASE_COUNT: break;
    }
    return (struct api_case_row){ row->code, row->phrase };
}

/* The parameters of the header, in the order of the cases: ppt before info, info before x5u, x5u before alg. */
static enum stir_case case_of_parameters(const struct identity_result *p)
{
    if ((p->parts.ppt.p != NULL) != (p->token.ppt_text.p != NULL) ||
        (p->parts.ppt.p && !span_equal(p->parts.ppt, p->token.ppt_text)))
        return CASE_E5_PPT_PARAM;
    if (!p->parts.info.p)
        return CASE_E6_NO_INFO;
    return span_equal(p->parts.info, p->token.x5u) ? CASE_E12_ALG : CASE_E10_X5U_INFO;
}

/* Rows that are asked of every token that can be read, though another of them has vetoed already. */
static enum stir_case case_of_row(const struct cast *c, const struct identity_result *p)
{
    const struct span name = span_of(c->check->name);
    if (span_equal(name, SPAN("parameters")))
        return case_of_parameters(p);
    if (span_equal(name, SPAN("url")))
        return CASE_E7_INFO_URI;
    if (span_equal(name, SPAN("fresh")))
        return CASE_E15_STALE;
    return CASE_E16_MISMATCH; /* orig, dest */
}

/* A header that is no proof: of another kind than shaken. */
static enum stir_case case_of_kind(const struct identity_result *p)
{
    if (p->split_err || p->token_err)
        return CASE_FORM;
    return span_equal(p->parts.ppt, SPAN("shaken")) ? CASE_E13_PPT : CASE_E5_PPT_PARAM;
}

enum stir_case api_case(const struct verdict *v, size_t i)
{
    const struct identity_result *p = &v->identities[i];
    enum stir_case first = p->failure;
    if (!p->is_proof)
        return case_of_kind(p);
    if (p->failure == CASE_NONE || p->token_err || p->split_err)
        return p->failure;
    for (size_t k = 0; k < v->n_casts; k++) {
        const struct cast *c = &v->casts[k];
        if (!c->check || c->identity != (int)i || c->check->cost != COST_READING || c->ballot.vote == PASS)
            continue;
        /* an abstention without a case (nobody is called, nobody calls) is no failure of the token's */
        const bool fails = c->ballot.vote == VETO ||
                           span_equal(span_of(c->check->name), SPAN("parameters")) ||
                           span_equal(span_of(c->check->name), SPAN("url"));
        const enum stir_case here = fails ? case_of_row(c, p) : first;
        if (here < first)
            first = here;
    }
    return first;
}
