/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary`: calendars, and dates that suit both. Here: the table of verbs, and how times are written. */
#include "cli/diary.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command verbs[] = {
    { "rule", "the times that a rule of repetition gives", diary_rule },
    { "zone", "which instant a time on the wall means somewhere", diary_zone },
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

/* ---- times in the basic form of ISO 8601, as calendars have them ---- */

static bool digits_read(struct span s, size_t at, size_t n, unsigned *ret)
{
    uint64_t value;
    if (at + n > s.n || !span_decimal(span_first(span_from(s, at), n), 9999, &value))
        return false;
    *ret = (unsigned)value;
    return true;
}

bool diary_time_read(struct span text, local_t *ret, bool *ret_utc)
{
    unsigned year, month, day, hour = 0, minute = 0, second = 0;
    const bool utc = ret_utc && text.n == 16 && text.p[15] == 'Z';
    if (!digits_read(text, 0, 4, &year) || !digits_read(text, 4, 2, &month) ||
        !digits_read(text, 6, 2, &day) || !civil_is_date((int32_t)year, month, day))
        return false;
    if (text.n != 8 && (!(text.n == 15 || utc) || text.p[8] != 'T' || !digits_read(text, 9, 2, &hour) ||
                        !digits_read(text, 11, 2, &minute) || !digits_read(text, 13, 2, &second)))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (second == 60) /* a leap second is the second before it */
        second = 59;
    const struct civil c = { (int32_t)year, (uint8_t)month,  (uint8_t)day,
                             (uint8_t)hour, (uint8_t)minute, (uint8_t)second };
    *ret = civil_seconds(&c);
    if (ret_utc)
        *ret_utc = utc;
    return true;
}

const char *diary_time_text(local_t t, char out[static DIARY_TIME])
{
    const struct civil c = civil_of(t);
    snprintf(out, DIARY_TIME, "%04d%02u%02uT%02u%02u%02u", (int)c.year, (unsigned)c.month, (unsigned)c.day,
             (unsigned)c.hour, (unsigned)c.minute, (unsigned)c.second);
    return out;
}
