/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers whose owners say that they never place calls: a bank's hotline, a ministry's switchboard. */
#include "verdict/checks/checks.h"

struct ballot check_do_not_originate(const struct hearing *h, struct identity_result *p)
{
    const struct judge_options *o = &h->judge->options;
    const struct number *number;
    struct ballot ballot;
    (void)p;
    if (!o->do_not_originate)
        return ballot_pass("no list of numbers that never call is configured");
    if (ballot_without_look(h, o->do_not_originate_mode, &ballot))
        return ballot;
    for (size_t at = 0; (number = claimed_next(h->call, &at));)
        if (number_set_find(o->do_not_originate, number, NULL))
            return ballot_by_mode(h, o->do_not_originate_mode, number, "this number never places calls");
    return ballot_pass("none of the numbers that never call");
}
