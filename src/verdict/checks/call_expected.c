/* SPDX-License-Identifier: Apache-2.0 */
/* Was this call agreed, now and with this person? And who else says he is somebody who is expected now? */
#include "verdict/checks/checks.h"
#include "verdict/who.h"

/* Somebody claims the name of a person who is expected now. NULL: nobody does, or it may well be the person. */
static const struct person *pretender(const struct hearing *h)
{
    const struct who *w = &h->who;
    const utc_t at = h->call->arrival.utc;
    if (w->expected)
        return w->expected;
    return w->claimed && !w->is_theirs && !w->may_say && people_expected(h->people, w->claimed->id, NULL, at)
               ? w->claimed
               : NULL;
}

static struct ballot owner_expected(const struct hearing *h, const struct person *owner,
                                    const struct expected *e)
{
    if (!h->who.proven)
        return ballot_abstain(
            arena_printf(h->arena, "a call of %s is expected now, and nothing proves that it is this one",
                         who_name(h, owner)));
    if (!expected_fits(e, &h->call->caller))
        return ballot_abstain(
            arena_printf(h->arena, "a call of %s is expected now, from another number", who_name(h, owner)));
    return ballot_pass(arena_printf(h->arena, "%s is expected now%s", who_name(h, owner),
                                    *e->word ? ": ask for the word that was agreed" : ""));
}

struct ballot check_call_expected(const struct hearing *h, struct identity_result *p)
{
    const struct who *w = &h->who;
    const struct number *number = &h->call->caller;
    (void)p;
    if (!h->people)
        return ballot_abstain("no call is expected");
    const struct person *other = pretender(h);
    if (other)
        return ballot_abstain(arena_printf(
            h->arena, "a call of %s is expected now; this caller says so, and the number is not theirs",
            other->name));
    const struct person *owner = w->owner ? w->owner : w->n_owners ? NULL : who_shows(h, &number);
    const struct expected *e =
        owner ? people_expected(h->people, owner->id, number, h->call->arrival.utc) : NULL;
    return e ? owner_expected(h, owner, e) : ballot_abstain("no call of this caller is expected now");
}
