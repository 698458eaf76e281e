/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/zone.h"

#include <unicode/ucal.h>

#define NAME_MOST 63u
#define FIRST     946684800.0  /* 2000-01-01: records are not older */
#define LAST      4102444800.0 /* 2100-01-01 */

/* An IANA name is ASCII; ICU takes anything for GMT, so it is asked whether it knows the name. */
static enum bf_err name_read(struct span name, UChar out[static NAME_MOST + 1])
{
    UChar canonical[NAME_MOST + 1];
    UErrorCode code = U_ZERO_ERROR;
    UBool known = false;
    if (name.n == 0)
        name = SPAN("UTC");
    if (name.n > NAME_MOST)
        return BF_EFORM;
    for (size_t i = 0; i < name.n; i++) {
        if ((unsigned char)name.p[i] <= 0x20 || (unsigned char)name.p[i] >= 0x7F)
            return BF_EFORM;
        out[i] = (UChar)name.p[i];
    }
    out[name.n] = 0;
    ucal_getCanonicalTimeZoneID(out, (int32_t)name.n, canonical, NAME_MOST, &known, &code);
    return U_FAILURE(code) || !known ? BF_EFORM : BF_OK;
}

static int32_t offset_at(UCalendar *c, double utc, UErrorCode *code)
{
    ucal_setMillis(c, utc * 1000, code);
    return (ucal_get(c, UCAL_ZONE_OFFSET, code) + ucal_get(c, UCAL_DST_OFFSET, code)) / 1000;
}

static enum bf_err changes_read(UCalendar *c, struct zone *z)
{
    UErrorCode code = U_ZERO_ERROR;
    double at = FIRST;
    z->n = 1;
    z->at[0].from = (utc_t)FIRST;
    z->at[0].offset = offset_at(c, FIRST, &code);
    while (U_SUCCESS(code) && z->n < ZONE_CHANGES) {
        UDate next = 0;
        ucal_setMillis(c, at * 1000, &code);
        if (!ucal_getTimeZoneTransitionDate(c, UCAL_TZ_TRANSITION_NEXT, &next, &code) || next / 1000 > LAST)
            break;
        at = next / 1000;
        z->at[z->n].from = (utc_t)at;
        z->at[z->n++].offset = offset_at(c, at, &code);
    }
    return U_FAILURE(code) ? BF_EUNSUP : BF_OK;
}

enum bf_err zone_read(struct span name, struct zone *ret)
{
    UChar text[NAME_MOST + 1];
    UErrorCode code = U_ZERO_ERROR;
    const enum bf_err err = name_read(name, text);
    if (err)
        return err;
    UCalendar *c = ucal_open(text, -1, "en", UCAL_GREGORIAN, &code);
    if (U_FAILURE(code))
        return BF_EUNSUP;
    const enum bf_err read = changes_read(c, ret);
    ucal_close(c);
    return read;
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
    const utc_t day_s = 86400, local = at + offset_of(z, at);
    const utc_t day = local >= 0 ? local / day_s : -((day_s - 1 - local) / day_s);
    const utc_t weekday = ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    return (struct zone_time){ (unsigned)((local - day * day_s) / 60), (unsigned)weekday };
}
