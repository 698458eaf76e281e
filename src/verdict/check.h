/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check: one question asked of a call, in a file of its own (checks/<name>.c), a row in the table of judge.c.
 */
#ifndef VERDICT_CHECK_H
#define VERDICT_CHECK_H

#include "verdict/judge.h"
#include "verdict/verdict.h"

enum check_scope { SCOPE_PROOF, SCOPE_CALL };
/* What an answer costs; nothing dearer is asked of a proof once a cheaper row has vetoed. */
enum check_cost { COST_READING, COST_CREDENTIAL, COST_SIGNATURE, COST_MEMORY };

struct check {
    const char *name;
    const char *source; /* RFC section, item, or "local policy" */
    enum check_scope scope;
    enum check_cost cost;
    /* proof is NULL for SCOPE_CALL. A veto sets proof->failure. */
    struct ballot (*run)(const struct hearing *h, struct identity_result *proof);
    bool needed;
    enum outcome on_veto; /* BROKEN or IMPOSTOR */
};

/* Rows about a proof stand first in the table, those about the call behind them. */
#define PROOF_ROWS 13u
#define CALL_ROWS  13u

extern const struct check checks[];
extern const size_t n_checks;

static inline struct ballot ballot_pass(const char *why)
{
    return (struct ballot){ PASS, why };
}
static inline struct ballot ballot_abstain(const char *why)
{
    return (struct ballot){ ABSTAIN, why };
}
static inline struct ballot ballot_veto(const char *why)
{
    return (struct ballot){ VETO, why };
}

#endif
