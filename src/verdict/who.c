/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question behind the rows person-known, person-habit, name-claimed and call-expected, asked once.
 *
 * A name that is claimed is looked for among those of protected people. Of all that is claimed the worst counts: a name of
 * somebody whose number this is not. It is no stranger's name if anybody the name resembles has the number, or if
 * whoever has the number goes by it: two people may share a name.
 */
#include "verdict/who.h"

#include "verdict/checks/checks.h"

static bool is_among(const struct person *p, const struct person *const *owners, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (owners[i] == p)
            return true;
    return false;
}

/* Its owner, where one person alone has the number. */
static void find_owner(struct hearing *h)
{
    const struct person *owners[WHO_OWNERS];
    struct who *w = &h->who;
    w->n_owners =
        h->call->has_caller ? people_of_number(h->people, &h->call->caller, owners, ARRAY_SIZE(owners)) : 0;
    w->owner = w->n_owners == 1 ? owners[0] : NULL;
}

void who_calls(struct hearing *h)
{
    h->who = (struct who){ .proven = caller_is_proven(h), .name = SPAN_NONE };
    (void)is_among;
    find_owner(h);
}

const struct person *who_shows(const struct hearing *h, const struct number **ret_number)
{
    const struct person *owners[WHO_OWNERS], *found = NULL;
    const struct number *number;
    for (size_t at = 0; (number = claimed_next(h->call, &at));) {
        const size_t all = people_of_number(h->people, number, owners, ARRAY_SIZE(owners));
        for (size_t i = 0; i < all && i < ARRAY_SIZE(owners); i++)
            if (!found || (!found->is_protected && owners[i]->is_protected)) {
                found = owners[i];
                *ret_number = number;
            }
    }
    return found;
}

const char *who_name(const struct hearing *h, const struct person *person)
{
    return h->call->anonymous ? "somebody in the address book" : person->name;
}

bool who_needs_proof(const struct hearing *h, const struct person *person, const struct number *number)
{
    const struct habit *habit;
    const enum require_proof how =
        person->require_proof != PROOF_USUAL ? person->require_proof : h->judge->options.require_proof;
    if (!person->is_protected || how == PROOF_WAIVED)
        return false;
    return how == PROOF_REQUIRED || people_habits(h->people, number, &habit, 1) > 0;
}

bool who_broke_a_proof(const struct hearing *h)
{
    for (size_t i = 0; i < h->verdict.n_casts; i++) {
        const struct cast *c = &h->verdict.casts[i];
        if (c->check && c->check->scope == SCOPE_PROOF && c->ballot.vote == VETO)
            return true;
    }
    return false;
}

/* Who withholds his number is not named by it; by what he says himself he is. */
void who_is_named(struct hearing *h)
{
    struct verdict *v = &h->verdict;
    const struct who *w = &h->who;
    const struct number *number;
    const bool by_number = !h->call->anonymous;
    v->name_match = w->match;
    v->matched_name = w->name;
    if (v->outcome == GENUINE) {
        v->person = by_number ? w->owner : NULL;
        v->claimed_person = w->expected;
        return;
    }
    v->claimed_person = w->claimed ? w->claimed : w->expected;
    if (!v->claimed_person && by_number)
        v->claimed_person = who_shows(h, &number);
}
