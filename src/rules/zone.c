/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/zone.h"

#include "base/tz.h"

#define FIRST ((utc_t)946684800)  /* 2000-01-01: records are not older */
#define LAST  ((utc_t)4102444800) /* 2100-01-01 */

enum bf_err zone_read(struct span name, struct zone *ret)
{
    auto_(tz_close) struct tz *tz = NULL;
    const enum bf_err err = tz_open(name, &tz);
    if (err)
        return err == BF_ENOENT ? BF_EFORM : err;
    ret->n = 0;
    for (utc_t at = FIRST; at <= LAST && ret->n < ZONE_CHANGES; at = tz_change(tz, at)) {
        ret->at[ret->n].from = at;
        ret->at[ret->n++].offset = tz_offset(tz, at);
    }
    return BF_OK;
}

/* The last change that is not after it. */
static int32_t offset_of(const struct zone *z, utc_t at)
{
    size_t low = 0, high = z->n;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (z->at[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return z->at[low].offset;
}

struct zone_time zone_time(const struct zone *z, utc_t at)
{
    const local_t local = at + offset_of(z, at);
    const day_t day = local >= 0 ? local / DAY_S : -((DAY_S - 1 - local) / DAY_S);
    return (struct zone_time){ (unsigned)((local - day * DAY_S) / 60), civil_weekday(day) };
}
