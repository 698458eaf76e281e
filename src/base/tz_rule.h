/* SPDX-License-Identifier: Apache-2.0 */
/* The rule that holds for ever behind the last change of a zone: a POSIX TZ string.          RFC 8536 section 3.3; POSIX.1-2017 8.3 */
#ifndef BASE_TZ_RULE_H
#define BASE_TZ_RULE_H

#include "base/civil.h"

enum tz_day_kind { TZ_JULIAN, TZ_OF_YEAR, TZ_OF_MONTH };
struct tz_day {
    enum tz_day_kind kind;
    uint16_t day;        /* J1 to J365, 29 February never counted; 0 to 365; or a weekday, 0: Sunday */
    uint8_t month, week; /* M: week 5 is the last */
    int32_t time;        /* seconds past midnight on the wall; -167 to 167 hours */
};
struct tz_rule {
    bool is_set, has_summer;
    int32_t usual, summer;    /* seconds east of UTC */
    struct tz_day begin, end; /* of summer time */
};

/* BF_EFORM. */
enum bf_err tz_rule_read(struct span text, struct tz_rule *ret, struct fault *fault) must_use;

int32_t tz_rule_offset(const struct tz_rule *r, utc_t at);
utc_t tz_rule_change(const struct tz_rule *r, utc_t at); /* the first behind it; INT64_MAX: none */

#endif
