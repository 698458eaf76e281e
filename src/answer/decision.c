/* SPDX-License-Identifier: Apache-2.0 */
#include "answer/answer.h"
#include "answer/label.h"
#include "base/utf8.h"

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

/* Of a caller who withholds the number, the name is withheld too. */
static void keep_person(const struct verdict *v, struct decision *d)
{
    char memory[3 * ANSWER_PERSON];
    struct buf clean = BUF_ON(memory);
    if (!v->person || v->outcome != GENUINE || d->masked)
        return;
    label_clean(utf8_cut(span_of(v->person->name), ANSWER_PERSON), &clean);
    const struct span name = span_trim(utf8_cut(buf_span(&clean), ANSWER_PERSON));
    if (!buf_ok(&clean))
        return;
    memcpy(d->verify.person, name.p, name.n);
    d->verify.person_n = (uint8_t)name.n;
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
    keep_person(v, ret);
}

void decision_shed(const struct call *call, const struct answer_id *id, unsigned hop, struct decision *ret)
{
    *ret = decision_begin(call, id, hop);
    ret->winning_case = CASE_SHED;
}
