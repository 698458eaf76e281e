/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `bonafide diary`: a row each in diary.c. */
#ifndef CLI_DIARY_H
#define CLI_DIARY_H

#include "cli/command.h"

/* Beside those of command.h: 0 found, 1 none. */
#define EXIT_DIARY 3 /* a diary could not be used */
#define EXIT_LIMIT 4 /* something would have gone on beyond a limit; what was printed is not all */

int diary_meet(int argc, char **argv);
int diary_rule(int argc, char **argv);
int diary_zone(int argc, char **argv);
int diary_calendars(int argc, char **argv);
int diary_fetch(int argc, char **argv);

#endif
