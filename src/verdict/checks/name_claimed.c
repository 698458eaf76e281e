/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the call claim a name that is worth protecting?
 *   from a number that is not theirs, or with a proof that does not hold   veto, saying whose name, which rule, how close
 *   from their own number, unproven                                      abstain; veto where that has to be proven
 *   proven in this call to be theirs                                     pass
 * A number that may say the name, by the table of exceptions, is treated as somebody else's who goes by it.
 */
#include "verdict/checks/checks.h"
#include "verdict/who.h"

/* "Ana Petrov" resembles a name of Anna Petrova (with a few letters changed, 0.93) */
static const char *says(const struct hearing *h)
{
    const struct who *w = &h->who;
    return arena_printf(h->arena, "\"%.*s\" is the name of %s (%s, %.2f)", SPAN_FMT(span_first(w->name, 128)),
                        w->claimed->name, name_rule_sentence(w->match.rule), w->match.score);
}

static struct ballot stranger(const struct hearing *h)
{
    const char *how = !h->call->has_caller ? "and no number of theirs is shown"
                      : h->who.proven      ? "and the number, though proven, is not theirs"
                                           : "and the number is not theirs";
    return ballot_veto(arena_printf(h->arena, "%s, %s", says(h), how));
}

static struct ballot own_number(const struct hearing *h)
{
    const struct who *w = &h->who;
    const bool own = person_has(w->claimed, &h->call->caller);
    if (!own) /* somebody else's of that name */
        return w->proven ? ballot_pass(
                               arena_printf(h->arena, "%s: whoever has this number goes by it, too", says(h)))
                         : ballot_abstain(arena_printf(
                               h->arena, "%s: whoever has this number goes by it, too, and nothing proves it",
                               says(h)));
    if (who_broke_a_proof(h) && !hearing_winner(h))
        return ballot_veto(
            arena_printf(h->arena, "%s, from a number of theirs, with a proof that does not hold", says(h)));
    if (w->proven)
        return ballot_pass(arena_printf(h->arena, "%s, proven to be theirs", says(h)));
    if (who_needs_proof(h, w->claimed, &h->call->caller))
        return ballot_veto(arena_printf(
            h->arena, "says he is %s, from a number of theirs: that has to be proven, and is not",
            w->claimed->name));
    return ballot_abstain(
        arena_printf(h->arena, "says he is %s, from a number of theirs, not proven", w->claimed->name));
}

struct ballot check_name_claimed(const struct hearing *h, struct identity_result *p)
{
    const struct who *w = &h->who;
    (void)p;
    if (!h->people)
        return ballot_pass("there is no address book here, so no name is protected");
    if (!people_has_names(h->people, PEOPLE_PROTECTED))
        return ballot_pass("nobody in the address book is protected");
    if (h->call->n_claims == 0)
        return ballot_pass("no name is claimed");
    if (!w->claimed)
        return h->call->claims_too_many
                   ? ballot_abstain("more names are claimed than are looked at")
                   : ballot_pass("no name that is claimed resembles one that is protected");
    if (w->may_say)
        return w->proven
                   ? ballot_pass(arena_printf(h->arena, "%s, and this number may say so", says(h)))
                   : ballot_abstain(arena_printf(
                         h->arena, "%s, and this number may say so, but nothing proves the number", says(h)));
    return w->is_theirs ? own_number(h) : stranger(h);
}
