/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `bonafide diary`: a row each in diary.c. */
#ifndef CLI_DIARY_H
#define CLI_DIARY_H

#include "base/civil.h"
#include "cli/command.h"

/* Beside those of command.h: 0 found, 1 none. */
#define EXIT_DIARY 3 /* a diary could not be used */
#define EXIT_LIMIT 4 /* something would have gone on beyond a limit; what was printed is not all */

int diary_rule(int argc, char **argv);
int diary_zone(int argc, char **argv);

/* `19970610T090000`, `19970610` (midnight), `19970610T090000Z` (ret_utc may be NULL: then it is none). */
bool diary_time_read(struct span text, local_t *ret, bool *ret_utc);

#define DIARY_TIME 24u
/* `19970610T090000`; years before 0 or behind 9999 cannot be. */
const char *diary_time_text(local_t t, char out[static DIARY_TIME]);

#endif
