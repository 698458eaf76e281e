/* SPDX-License-Identifier: Apache-2.0 */
/* Does the token speak of the caller that the signalling names?                             RFC 8224 section 6.2 step 5; ID-403, ID-406, SEC-041 */
#include "verdict/checks/checks.h"

static bool is_party(const struct party *party, const struct shown_number *shown)
{
    return shown->is_number ? !party->is_uri && number_is(&shown->number, party->text)
                            : party->is_uri && shown->uri.n && span_equal(party->text, shown->uri);
}

struct ballot check_orig(const struct hearing *h, struct identity_result *p)
{
    const struct call *c = h->call;
    const struct shown_number caller = { PLACE_FROM, c->has_caller, c->caller, c->caller_uri };
    if (!c->has_caller && !c->caller_uri.n)
        return ballot_abstain(c->anonymous ? "the number is withheld, and no trusted peer names it"
                                           : "the call names no caller");
    if (is_party(&p->token.orig, &caller))
        return ballot_pass("the token speaks of this caller");
    for (size_t i = 0; i < c->n_shown; i++)
        if (c->shown[i].place == PLACE_FROM && is_party(&p->token.orig, &c->shown[i]))
            return ballot_pass("the token speaks of the caller in From");
    p->failure = CASE_E16_MISMATCH;
    const char *why = arena_printf(h->arena, "the token speaks of caller %.*s",
                                   SPAN_FMT(span_first(p->token.orig.text, 64)));
    return ballot_veto(why ? why : "the token speaks of another caller");
}
