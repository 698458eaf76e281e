/* SPDX-License-Identifier: Apache-2.0 */
/* VTIMEZONE: whatever is read gives a zone in which each instant's local time means that instant, or the one an hour before it. */
#include <stdlib.h>

#include "diary/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A local time comes twice where the clock goes back: then it is the first of the two. */
static void zone_check(const struct tz *zone)
{
    for (utc_t t = -2208988800; t < 7289654400; t += 86400 * 91 + 1800) {
        enum tz_sort sort;
        const utc_t is = tz_utc(zone, tz_local(zone, t), &sort);
        if (sort == TZ_SKIPPED || is > t || (sort == TZ_ONCE && is != t) ||
            tz_local(zone, is) != tz_local(zone, t))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_(card_reader_destroy) struct card_reader *r = NULL;
    auto_(zones_destroy) struct zones *z = NULL;
    struct card_line line;
    struct fault fault = { 0 };
    const struct tz *zone;
    enum zone_source source;
    enum bf_err err;
    if (zones_create(&z) != BF_OK || card_reader_create(span_make(data, size), &r) != BF_OK)
        return 0;
    while ((err = card_next(r, &line, &fault)) != BF_ENOENT) {
        if (err)
            zones_spoil(z);
        else if (zones_line(z, &line, &fault) != BF_OK && !fault.what)
            abort();
    }
    if (zones_find(z, SPAN("X"), &zone, &source) == BF_OK)
        zone_check(zone);
    return 0;
}
