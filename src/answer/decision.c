/* SPDX-License-Identifier: Apache-2.0 */
#include "answer/answer.h"

static struct decision decision_begin(const struct call *call, const struct answer_id *id, unsigned hop)
{
    struct decision d;
    memset(&d, 0, sizeof d);
    d.id = *id;
    d.hop = (uint8_t)hop;
    d.masked = call->anonymous;
    d.outcome = UNPROVEN;
    d.verstat = VERSTAT_NONE;
    return d;
}

void decision_of_verdict(const struct verdict *v, const struct call *call, const struct answer_id *id,
                         unsigned hop, struct decision *ret)
{
    *ret = decision_begin(call, id, hop);
    ret->outcome = (uint8_t)v->outcome;
    ret->verstat = (uint8_t)v->verstat;
    ret->attest = (uint8_t)v->attest;
    ret->winning_case = (uint8_t)v->failure;
    for (size_t i = 0; i < v->n_identities && ret->verify.n < ANSWER_FAILURES; i++) {
        const struct identity_result *p = &v->identities[i];
        if (p->status != IDENTITY_INVALID || stir_case_row(p->failure)->code == 0)
            continue;
        ret->verify.failed[ret->verify.n].identity = (uint8_t)i;
        ret->verify.failed[ret->verify.n].stir_case = (uint8_t)p->failure;
        ret->verify.n++;
    }
}

void decision_shed(const struct call *call, const struct answer_id *id, unsigned hop, struct decision *ret)
{
    *ret = decision_begin(call, id, hop);
    ret->winning_case = CASE_SHED;
}
