/* SPDX-License-Identifier: Apache-2.0 */
/* Is it the number of somebody in the address book, and proven in this call? Then the verdict may name the person. */
#include "verdict/checks/checks.h"
#include "verdict/who.h"

static struct ballot unproven(const struct hearing *h)
{
    const struct number *number = NULL;
    const struct person *shown = who_shows(h, &number);
    if (!shown)
        return ballot_abstain("nobody in the address book has this number");
    if (who_needs_proof(h, shown, number))
        return ballot_veto(arena_printf(h->arena,
                                        "it shows the number of %s, who is worth impersonating: "
                                        "that has to be proven, and is not",
                                        who_name(h, shown)));
    return ballot_abstain(
        arena_printf(h->arena, "it shows the number of %s, and nothing proves it", who_name(h, shown)));
}

struct ballot check_person_known(const struct hearing *h, struct identity_result *p)
{
    const struct who *w = &h->who;
    (void)p;
    if (!h->people)
        return ballot_abstain("there is no address book here");
    if (!w->proven)
        return unproven(h);
    if (w->owner)
        return ballot_pass(arena_printf(h->arena, "the number of %s, proven", who_name(h, w->owner)));
    if (w->n_owners)
        return ballot_abstain(
            arena_printf(h->arena, "%zu people in the address book share this number", w->n_owners));
    return ballot_abstain("nobody in the address book has this number");
}
