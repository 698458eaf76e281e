/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and offsets as calendars write them: `19970610`, `19970610T090000`, `…Z`, `-0500`.   RFC 5545 sections 3.3.4, 3.3.5, 3.3.14 */
#ifndef DIARY_WHEN_H
#define DIARY_WHEN_H

#include "base/civil.h"

enum when_form { WHEN_DATE, WHEN_LOCAL, WHEN_UTC };
struct when {
    local_t t; /* of a date its midnight; of WHEN_UTC the instant */
    enum when_form form;
};

/* false: it is none. A leap second is the second before it; the letters may be small. */
bool when_read(struct span text, struct when *ret);

#define WHEN_TEXT 24u
/* In that form; a date that has a time of day is written as a local time. */
const char *when_text(struct when when, char out[static WHEN_TEXT]);

/* `+0100`, `-050000`, within a day of UTC; seconds east. */
bool when_offset_read(struct span text, int32_t *ret);

#endif
