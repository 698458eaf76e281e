/* SPDX-License-Identifier: Apache-2.0 */
/* Is every number that a phone may show the proven one?                                      design.md "Number shown"; SEC-045 */
#include "verdict/checks/checks.h"

#define NATIONAL_DIGITS 7u /* so many last digits of a number, shown as a display name, stand for it */

static bool is_same_line(const struct judge_options *o, const struct number *a, struct span proven)
{
    for (size_t i = 0; i + 1 < o->n_same_line; i += 2)
        for (size_t k = 0; k < 2; k++) {
            struct number other = { .n = 0 };
            if (proven.n > sizeof other.digits)
                return false;
            memcpy(other.digits, proven.p, proven.n);
            other.n = (uint8_t)proven.n;
            if (number_range_holds(&o->same_line[i + k], a) &&
                number_range_holds(&o->same_line[i + 1 - k], &other))
                return true;
        }
    return false;
}

static bool is_tail_of(const struct number *tail, struct span whole)
{
    return tail->n >= NATIONAL_DIGITS && tail->n <= whole.n &&
           memcmp(whole.p + whole.n - tail->n, tail->digits, tail->n) == 0;
}

static bool shows_proven(const struct judge_options *o, const struct shown_number *s,
                         const struct party *proven)
{
    if (!s->is_number)
        return proven->is_uri && s->uri.n && span_equal(s->uri, proven->text);
    if (proven->is_uri)
        return false;
    if (number_is(&s->number, proven->text) || is_same_line(o, &s->number, proven->text))
        return true;
    return s->place == PLACE_DISPLAY && is_tail_of(&s->number, proven->text);
}

/* The first shown number that is not the proven one; NULL: none. */
static const struct shown_number *stranger(const struct hearing *h, const struct identity_result *p)
{
    for (size_t i = 0; i < h->call->n_shown; i++)
        if (!shows_proven(&h->judge->options, &h->call->shown[i], &p->token.orig))
            return &h->call->shown[i];
    return NULL;
}

bool shown_matches(const struct hearing *h, const struct identity_result *p)
{
    return !h->call->shown_too_many && !h->call->pai_differ && !stranger(h, p);
}

struct ballot check_number_shown(const struct hearing *h, struct identity_result *p)
{
    static const char *const places[] = {
        [PLACE_FROM] = "From",
        [PLACE_PAI] = "P-Asserted-Identity",
        [PLACE_RPID] = "Remote-Party-ID",
        [PLACE_DISPLAY] = "the display name",
    };
    (void)p;
    const struct identity_result *winner = hearing_winner(h);
    if (!winner)
        return ballot_abstain("no proof holds");
    if (winner->shown_ok)
        return ballot_pass(h->call->anonymous ? "withheld, proven" : "the number shown is the proven one");
    if (h->call->pai_differ)
        return ballot_abstain("P-Asserted-Identity names two different numbers");
    const struct shown_number *s = stranger(h, winner);
    const char *why =
        s ? arena_printf(h->arena, "%s shows something else than the proven number", places[s->place]) : NULL;
    return ballot_abstain(why ? why : "more numbers are shown than can be compared");
}
