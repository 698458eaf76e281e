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

#define MATCHES 8u /* people whose names a claim may resemble */

/* Who has the caller's number. */
struct owners {
    const struct person *are[WHO_OWNERS];
    size_t n;
};

static bool is_among(const struct person *p, const struct owners *owners)
{
    for (size_t i = 0; i < owners->n; i++)
        if (owners->are[i] == p)
            return true;
    return false;
}

/* One of the people whose names it resembles has the number. NULL: none. */
static const struct person *owner_of_name(const struct hearing *h, enum people_names of, struct span claimed,
                                          const struct owners *owners)
{
    struct name_match matches[MATCHES];
    if (owners->n == 0)
        return NULL;
    const size_t n =
        people_matches(h->people, of, desk_reader(h->desk, h->people), claimed, matches, MATCHES);
    for (size_t i = 0; i < n; i++) {
        const struct person *p = people_of_match(h->people, &matches[i]);
        if (p && is_among(p, owners))
            return p;
    }
    return NULL;
}

/* Whoever has the number and goes by the name. */
static const struct person *goes_by(const struct hearing *h, struct span claimed, const struct owners *owners)
{
    const struct person *p = owner_of_name(h, PEOPLE_PROTECTED, claimed, owners);
    if (!p)
        p = owner_of_name(h, PEOPLE_OTHERS, claimed, owners);
    for (size_t i = 0; !p && i < owners->n; i++) {
        const struct person *owner = owners->are[i];
        if (owner && span_equal_nocase(span_of(owner->name), claimed))
            p = owner;
    }
    return p;
}

/* A stranger under the name counts for more than whoever may have it; of strangers, the name that is nearest. */
static bool is_worse(const struct who *now, const struct who *before)
{
    const bool allowed = now->is_theirs || now->may_say,
               allowed_before = before->is_theirs || before->may_say;
    if (!before->claimed || allowed != allowed_before)
        return !before->claimed || !allowed;
    return now->match.score > before->match.score;
}

static void hear_claim(struct hearing *h, const struct name_claim *claim, const struct owners *owners)
{
    struct name_match match;
    struct who now = h->who;
    if (people_matches(h->people, PEOPLE_PROTECTED, desk_reader(h->desk, h->people), claim->text, &match,
                       1) == 0)
        return;
    const struct person *owner = goes_by(h, claim->text, owners);
    now.claimed = owner && owner->is_protected ? owner : people_of_match(h->people, &match);
    now.match = match;
    now.name = claim->text;
    now.proven_name = claim->proven;
    now.is_theirs = owner != NULL;
    now.may_say = h->call->has_caller && people_may_say(h->people, &h->call->caller, claim->text);
    if (now.claimed && is_worse(&now, &h->who))
        h->who = now;
}

/* Somebody is expected now, who is not protected, and whoever has another number says he is that person. */
static void hear_awaited(struct hearing *h, struct span claimed, const struct owners *owners)
{
    struct name_match matches[MATCHES];
    const size_t n =
        people_matches(h->people, PEOPLE_AWAITED, desk_reader(h->desk, h->people), claimed, matches, MATCHES);
    for (size_t i = 0; i < n && !h->who.expected; i++) {
        const struct person *p = people_of_match(h->people, &matches[i]);
        if (!p || is_among(p, owners) || !people_expected(h->people, p->id, NULL, h->call->arrival.utc) ||
            goes_by(h, claimed, owners))
            continue;
        h->who.expected = p;
        if (!h->who.claimed) {
            h->who.match = matches[i];
            h->who.name = claimed;
        }
    }
}

/* Of several who share a number, whoever goes by a name that is claimed; a lonely owner in any case. */
static const struct person *owner_among(const struct hearing *h, const struct owners *owners)
{
    const struct person *p = owners->n == 1 ? owners->are[0] : NULL;
    for (size_t i = 0; !p && owners->n && i < h->call->n_claims; i++)
        p = goes_by(h, h->call->claims[i].text, owners);
    return p;
}

void who_calls(struct hearing *h)
{
    struct owners owners = { .n = 0 };
    h->who = (struct who){ .proven = caller_is_proven(h), .name = SPAN_NONE };
    if (h->call->has_caller)
        h->who.n_owners = people_of_number(h->people, &h->call->caller, owners.are, WHO_OWNERS);
    owners.n = h->who.n_owners < WHO_OWNERS ? h->who.n_owners : WHO_OWNERS;
    h->who.owner = owner_among(h, &owners);
    for (size_t i = 0; i < h->call->n_claims; i++) {
        if (people_has_names(h->people, PEOPLE_PROTECTED))
            hear_claim(h, &h->call->claims[i], &owners);
        if (people_has_names(h->people, PEOPLE_AWAITED))
            hear_awaited(h, h->call->claims[i].text, &owners);
    }
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
