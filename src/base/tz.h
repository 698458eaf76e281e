/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones of the system: what a clock on the wall shows there, and which instant a time on it means.
 *                                                                        RFC 8536 (TZif); RFC 5545 section 3.3.5
 * A zone is read once from its file, then immutable: all threads may ask it.
 */
#ifndef BASE_TZ_H
#define BASE_TZ_H

#include "base/civil.h"

struct tz;

#define TZ_NAME  64u          /* bytes of a name */
#define TZ_BYTES (256u << 10) /* of a file */

/*
 * By its IANA name, "Europe/Rome"; "" and "UTC" need no file. Searched in $TZDIR, else /usr/share/zoneinfo.
 * BF_EFORM: no name of a zone, or a file that is none; BF_ENOENT: there is no such zone on this system; BF_EIO; BF_ENOMEM.
 */
enum bf_err tz_open(struct span name, struct tz **ret) must_use;
/* The bytes of a file. BF_EFORM: the fault says where; BF_ELIMIT; BF_ENOMEM. */
enum bf_err tz_of_file(struct span bytes, struct tz **ret, struct fault *fault) must_use;
/* Only a rule, as the TZ variable has it: `CET-1CEST,M3.5.0,M10.5.0/3`. Errors as above. */
enum bf_err tz_of_rule(struct span text, struct tz **ret, struct fault *fault) must_use;
/*
 * Changes that somebody else knows, ascending; `first` held before them, and the last holds for ever. BF_EFORM: not ascending, or an
 * offset that no clock has; BF_ENOMEM.
 */
struct tz_period {
    utc_t from;
    int32_t offset; /* seconds east of UTC */
};
enum bf_err tz_of_periods(int32_t first, const struct tz_period *periods, size_t n, struct tz **ret) must_use;
void tz_close(struct tz *z);

/* Seconds east of UTC at an instant. */
int32_t tz_offset(const struct tz *z, utc_t at);
/* The first instant behind `at` from which another offset holds; INT64_MAX: none. */
utc_t tz_change(const struct tz *z, utc_t at);

static inline local_t tz_local(const struct tz *z, utc_t at)
{
    return at + tz_offset(z, at);
}

/*
 * Which instant a time on the wall means. One that comes twice is the first; one that the clock skips is read with the offset
 * that held before the gap, so it lies behind it.                                                   RFC 5545 section 3.3.5
 */
enum tz_sort { TZ_ONCE, TZ_TWICE, TZ_SKIPPED };
utc_t tz_utc(const struct tz *z, local_t local, enum tz_sort *ret_sort); /* ret_sort may be NULL */

AUTO_DEFINE(struct tz, tz_close);

#endif
