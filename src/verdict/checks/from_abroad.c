/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number of our country, on a trunk from abroad: who calls from there with it has made it up, unless it is a mobile
 * telephone on a journey, or a signature made for this call vouches for it.
 */
#include "verdict/checks/checks.h"

static bool any_holds(const struct number_range *ranges, size_t n, const struct number *number)
{
    for (size_t i = 0; i < n; i++)
        if (number_range_holds(&ranges[i], number))
            return true;
    return false;
}

static bool is_national(const struct judge_options *o, const struct number *number)
{
    if (o->n_national)
        return any_holds(o->national, o->n_national, number);
    return number->global && country_of_number(number) == o->home;
}

struct ballot check_from_abroad(const struct hearing *h, struct identity_result *p)
{
    const struct judge_options *o = &h->judge->options;
    const struct number *number;
    struct ballot ballot;
    bool roams = false;
    (void)p;
    if (!h->call->peer.international)
        return ballot_pass("does not come from abroad, as far as sip.peers says");
    if (ballot_without_look(h, o->from_abroad, &ballot))
        return ballot;
    if (!o->home && !o->n_national)
        return ballot_abstain("nobody says which numbers are ours: numbers.country");
    for (size_t at = 0; (number = claimed_next(h->call, &at));) {
        if (!is_national(o, number))
            continue;
        roams = any_holds(o->roaming, o->n_roaming, number);
        if (!roams && caller_is_proven(h))
            return ballot_pass("a number of our country, proven, wherever it comes from");
        if (!roams)
            return ballot_by_mode(h, o->from_abroad, number,
                                  "a number of our country, and it calls from abroad");
    }
    return ballot_pass(roams ? "a number of our country that may call from abroad"
                             : "no number of our country");
}
