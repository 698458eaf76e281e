/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outcome -> words and codes. One row a case; the switches have no default, so that a new value fails to compile.
 *                                                                 standards.md B.8, API-008; decision on SHK-041
 */
#include "verdict/verdict.h"

#define STALE      403, "Stale Date"
#define USE        428, "Use Identity Header"
#define INFO       436, "Bad Identity Info"
#define CREDENTIAL 437, "Unsupported Credential"
#define INVALID    438, "Invalid Identity Header"

static const struct stir_row rows[CASE_COUNT] = {
    [CASE_NONE] = { "none", 0, "", VERSTAT_NONE, VERSTAT_NONE },
    [CASE_E4_COMPACT] = { "E4", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E5_PPT_PARAM] = { "E5", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E6_NO_INFO] = { "E6", INFO, VERSTAT_NONE, VERSTAT_NONE },
    [CASE_E7_INFO_URI] = { "E7", INFO, VERSTAT_NONE, VERSTAT_NONE },
    [CASE_E8_NOT_FETCHED] = { "E8", INFO, VERSTAT_NONE, VERSTAT_NONE },
    [CASE_E9_HEADER_MEMBER] = { "E9", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E10_X5U_INFO] = { "E10", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E11_TYP] = { "E11", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E12_ALG] = { "E12", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E13_PPT] = { "E13", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E14_CLAIMS] = { "E14", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E15_STALE] = { "E15", STALE, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E16_MISMATCH] = { "E16", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_E17_CHAIN] = { "E17", CREDENTIAL, VERSTAT_FAILED, VERSTAT_FAILED },
    [CASE_E18_SIGNATURE] = { "E18", INVALID, VERSTAT_FAILED, VERSTAT_FAILED },
    [CASE_E19_ATTEST] = { "E19", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_FORM] = { "form", INVALID, VERSTAT_FAILED, VERSTAT_NONE },
    [CASE_CREDENTIAL] = { "credential", CREDENTIAL, VERSTAT_FAILED, VERSTAT_FAILED },
    [CASE_AUTHORITY] = { "authority", CREDENTIAL, VERSTAT_FAILED, VERSTAT_FAILED },
    [CASE_REVOKED] = { "revoked", CREDENTIAL, VERSTAT_FAILED, VERSTAT_FAILED },
    [CASE_REPLAY] = { "replay", INVALID, VERSTAT_FAILED, VERSTAT_FAILED },
    [CASE_NO_IDENTITY] = { "no-identity", USE, VERSTAT_NONE, VERSTAT_NONE },
    [CASE_SHED] = { "shed", 0, "", VERSTAT_NONE, VERSTAT_NONE },
};

const struct stir_row *stir_case_row(enum stir_case c)
{
    return &rows[c < CASE_COUNT ? c : CASE_NONE];
}

const char *outcome_text(enum outcome o)
{
    switch (o) {
    case GENUINE: return "genuine";
    case UNPROVEN: return "unproven";
    case BROKEN: return "broken";
    case IMPOSTOR: return "impostor";
    }
    return "unproven";
}

const char *verstat_text(enum verstat v)
{
    switch (v) {
    case VERSTAT_NONE: return "No-TN-Validation";
    case VERSTAT_PASSED: return "TN-Validation-Passed";
    case VERSTAT_FAILED: return "TN-Validation-Failed";
    }
    return "No-TN-Validation";
}

const char *vote_text(enum vote v)
{
    switch (v) {
    case PASS: return "pass";
    case ABSTAIN: return "abstain";
    case VETO: return "veto";
    }
    return "abstain";
}
