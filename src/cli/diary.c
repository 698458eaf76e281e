/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary`: calendars, and dates that suit both. Here: the table of verbs. */
#include "cli/diary.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command verbs[] = {
    { "meet", "dates that suit all, and what stands in the way", diary_meet },
    { "rule", "the times that a rule of repetition gives", diary_rule },
    { "zone", "which instant a time on the wall means somewhere", diary_zone },
    { "calendars", "which calendars a CalDAV server has", diary_calendars },
    { "fetch", "a diary from wherever it is, as ICS", diary_fetch },
    { NULL, NULL, NULL },
};

static void print_help(FILE *out)
{
    fputs("bonafide diary rule --rrule \"FREQ=MONTHLY;BYDAY=-1FR\" --dtstart 20261127\n"
          "        the last Friday of every month\n"
          "bonafide diary zone --tz Europe/Rome 20261225T200000\n"
          "        when that is in UTC\n"
          "\n"
          "usage: bonafide diary VERB [OPTION...]\n"
          "       bonafide diary VERB --help\n"
          "\n"
          "Calendars as they are read here.\n"
          "\n",
          out);
    for (const struct command *v = verbs; v->name; v++)
        fprintf(out, "  %-12s%s\n", v->name, v->help);
    fputs("  --help      this text; of a verb, its options\n", out);
}

int command_diary(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    for (const struct command *v = verbs; v->name; v++)
        if (strcmp(v->name, argv[1]) == 0)
            return v->run(argc - 1, argv + 1);
    return command_fail("diary", EXIT_USAGE, "there is no verb '%.32s'. See bonafide diary --help.", argv[1]);
}
