/* SPDX-License-Identifier: Apache-2.0 */
/* One VTIMEZONE: its lines become observances, and those the changes of a zone.                    RFC 5545 section 3.6.5 */
#ifndef DIARY_ZONE_RULES_H
#define DIARY_ZONE_RULES_H

#include "base/tz.h"
#include "card/line.h"

struct zone_rules;
enum bf_err zone_rules_create(struct zone_rules **ret) must_use; /* BF_ENOMEM */
void zone_rules_destroy(struct zone_rules *r);

/* A line between BEGIN:VTIMEZONE and its END. After an error nothing more is read of it. BF_EFORM, BF_ELIMIT, BF_ENOMEM. */
enum bf_err zone_rules_line(struct zone_rules *r, const struct card_line *line, struct fault *fault) must_use;
/* END:VTIMEZONE. BF_EFORM: something that a zone needs is missing; or what went wrong before. */
enum bf_err zone_rules_end(struct zone_rules *r, struct fault *fault) must_use;
/* Is this line's END the zone's own? No observance is open. */
bool zone_rules_outside(const struct zone_rules *r);

const char *zone_rules_location(const struct zone_rules *r); /* X-LIC-LOCATION; NULL: there is none */

/* What it is from ZONE_FIRST_YEAR to ZONE_LAST_YEAR. BF_ELIMIT: more changes than a zone has; BF_ENOMEM. */
enum bf_err zone_rules_compile(const struct zone_rules *r, struct tz **ret) must_use;

AUTO_DEFINE(struct zone_rules, zone_rules_destroy);

#endif
