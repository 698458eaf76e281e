/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number that no numbering plan has is nobody's: whoever shows it made it up, even where a signature vouches for it.
 * Also what the three checks that observe by default have in common.                          ITU-T E.164; TN-008
 */
#include "verdict/checks/checks.h"

struct ballot ballot_by_mode(const struct hearing *h, enum check_mode mode, const struct number *number,
                             const char *why)
{
    char shown[LIMIT_NUMBER + 2];
    const bool enforced = mode == CHECK_ENFORCE;
    const char *text =
        arena_printf(h->arena, "%s%s: %s", enforced ? "" : "would veto: ", number_show(number, shown), why);
    return enforced ? ballot_veto(text ? text : why) : ballot_abstain(text ? text : why);
}

bool ballot_without_look(const struct hearing *h, enum check_mode mode, struct ballot *ret)
{
    if (mode == CHECK_OFF)
        *ret = ballot_pass("this check is switched off");
    else if (h->call->never_block)
        *ret = ballot_abstain("not asked of a call that nothing may stand in the way of");
    return mode == CHECK_OFF || h->call->never_block;
}

const struct number *claimed_next(const struct call *c, size_t *at)
{
    const size_t ahead = c->has_caller ? 1 : 0; /* the caller stands before those that are shown */
    if (ahead && *at == 0) {
        *at = 1;
        return &c->caller;
    }
    while (*at - ahead < c->n_shown) {
        const struct shown_number *s = &c->shown[(*at)++ - ahead];
        if (s->is_number && s->place != PLACE_DISPLAY && !(ahead && number_equal(&s->number, &c->caller)))
            return &s->number;
    }
    return NULL;
}

struct ballot check_number_possible(const struct hearing *h, struct identity_result *p)
{
    const enum check_mode mode = h->judge->options.number_possible;
    const struct number *number;
    struct ballot ballot;
    bool unknown = false;
    size_t n = 0;
    (void)p;
    if (ballot_without_look(h, mode, &ballot))
        return ballot;
    for (size_t at = 0; (number = claimed_next(h->call, &at)); n++) {
        const char *why = number_impossible(number);
        if (why)
            return ballot_by_mode(h, mode, number, why);
        unknown = unknown || !number->global;
    }
    if (n == 0)
        return ballot_pass("no number is shown");
    return unknown ? ballot_abstain("a number without its country code: no numbering plan speaks of it")
                   : ballot_pass("a number that may exist");
}
