/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary rule` and `bonafide diary zone`: what a rule of repetition gives, and what a time on the wall means. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/diary.h"
#include "cli/options.h"
#include "diary/recur.h"
#include "diary/when.h"
#include "diary/zone.h"

struct wishes {
    const char *rrule, *dtstart, *tz, *from;
    unsigned long limit;
    bool json;
};

static const struct option_row rule_rows[] = {
    { "rrule", "RULE", "the rule, as RFC 5545 writes it: FREQ=WEEKLY;BYDAY=MO,FR;COUNT=10", OPTION_TEXT,
      offsetof(struct wishes, rrule) },
    { "dtstart", "TIME", "when the series begins there: 19970610T090000, or a date: 19970610", OPTION_TEXT,
      offsetof(struct wishes, dtstart) },
    { "tz", "ZONE", "where the clock hangs: Europe/Rome; only UNTIL in UTC depends on it", OPTION_TEXT,
      offsetof(struct wishes, tz) },
    { "from", "TIME", "only times from this one on", OPTION_TEXT, offsetof(struct wishes, from) },
    { "limit", "N", "at most so many times", OPTION_NUMBER, offsetof(struct wishes, limit) },
    { "json", NULL, "a JSON string a line", OPTION_FLAG, offsetof(struct wishes, json) },
    { 0 },
};
static const struct command_help rule_help = {
    .name = "diary rule",
    .example = "  bonafide diary rule --rrule \"FREQ=MONTHLY;BYDAY=-1FR\" --dtstart 20261127\n",
    .usage = "--rrule RULE --dtstart TIME [OPTION...]",
    .about = "Prints when each instance begins, as a clock there shows it, in the form of --dtstart. The "
             "first time of a series is printed\n"
             "only when the rule gives it.\n",
    .rows = rule_rows,
    .more = "Exit status: 0 there are some, 1 there is none, 4 the rule goes on beyond what is looked at.\n",
};

static const struct option_row zone_rows[] = {
    { "tz", "ZONE", "where the clock hangs: Europe/Rome, W. Europe Standard Time", OPTION_TEXT,
      offsetof(struct wishes, tz) },
    { "json", NULL, "a JSON string a line", OPTION_FLAG, offsetof(struct wishes, json) },
    { 0 },
};
static const struct command_help zone_help = {
    .name = "diary zone",
    .example = "  bonafide diary zone --tz Europe/Rome 20261225T200000\n",
    .usage = "--tz ZONE TIME...",
    .about = "Prints which instant, in UTC, a time on the wall means there. One that comes twice is the "
             "first; one\n"
             "that the clock skips is read with the offset that held before (RFC 5545 section 3.3.5).\n",
    .rows = zone_rows,
};

static int zone_of(const char *verb, const char *name, struct tz **ret)
{
    enum zone_source source;
    const enum bf_err err = zone_open(name ? span_of(name) : SPAN("UTC"), ret, &source);
    if (err == BF_OK)
        return EXIT_SUCCESS;
    if (err == BF_ENOENT)
        return command_fail(verb, EXIT_INPUT, "nobody here knows a time zone \"%.64s\". Write Europe/Rome.",
                            name);
    return command_fail(verb, EXIT_FAILURE_OURS, "the time zone \"%.64s\": %s.", name ? name : "UTC",
                        bf_err_text(err));
}

static int not_a_time(const char *verb, const char *text)
{
    return command_fail(verb, EXIT_INPUT, "\"%.32s\" is no time. Write 19970610T090000.", text);
}

static void print_time(const struct wishes *w, struct when when)
{
    char text[WHEN_TEXT];
    const char *quote = w->json ? "\"" : "";
    printf("%s%s%s\n", quote, when_text(when, text), quote);
}

/* How the beginning of a series is written, so are its times. */
static int print_series(const struct wishes *w, enum when_form form, struct recur_walk *walk)
{
    unsigned long n = 0;
    enum bf_err err = BF_OK;
    local_t t;
    while (n < w->limit && (err = recur_next(walk, &t)) == BF_OK) {
        print_time(w, (struct when){ t, form });
        n++;
    }
    if (err == BF_ELIMIT)
        return command_fail(rule_help.name, EXIT_LIMIT,
                            "the rule goes on beyond what is looked at. --limit and --from narrow it.");
    return n ? EXIT_SUCCESS : 1;
}

static int rule_answer(const struct wishes *w)
{
    auto_(tz_close) struct tz *zone = NULL;
    struct recur rule;
    struct recur_walk walk;
    struct fault fault = { 0 };
    struct when start, from;
    if (!w->rrule || !w->dtstart)
        return command_fail(rule_help.name, EXIT_USAGE, "--rrule and --dtstart are needed.");
    const int status = zone_of(rule_help.name, w->tz, &zone);
    if (status)
        return status;
    if (!when_read(span_of(w->dtstart), &start))
        return not_a_time(rule_help.name, w->dtstart);
    from = start;
    if (w->from && !when_read(span_of(w->from), &from))
        return not_a_time(rule_help.name, w->from);
    if (recur_read(span_of(w->rrule), &rule, &fault) != BF_OK)
        return command_fail(rule_help.name, EXIT_INPUT, "the rule, byte %zu: %s.", fault.at + 1, fault.what);
    const local_t end = civil_day(RECUR_YEAR, 12, 31) * DAY_S + DAY_S;
    recur_begin(&walk, &rule, start.t, zone, from.t > start.t ? from.t : start.t, end);
    return print_series(w, start.form, &walk);
}

int diary_rule(int argc, char **argv)
{
    struct wishes w = { .limit = ULONG_MAX };
    struct option_list operands = { 0 };
    int status = EXIT_SUCCESS;
    if (options_read(&rule_help, argc, argv, &w, &operands, &status))
        status = operands.n ? command_fail(rule_help.name, EXIT_USAGE, "\"%.64s\" belongs to no option.",
                                           operands.items[0])
                            : rule_answer(&w);
    options_clear(&rule_help, &w, &operands);
    return status;
}

static int zone_answer(const struct wishes *w, const struct option_list *times)
{
    auto_(tz_close) struct tz *zone = NULL;
    if (!w->tz || times->n == 0)
        return command_fail(zone_help.name, EXIT_USAGE, "--tz and a time are needed.");
    const int status = zone_of(zone_help.name, w->tz, &zone);
    for (size_t i = 0; status == EXIT_SUCCESS && i < times->n; i++) {
        struct when when;
        if (!when_read(span_of(times->items[i]), &when))
            return not_a_time(zone_help.name, times->items[i]);
        if (when.form != WHEN_UTC)
            when = (struct when){ tz_utc(zone, when.t, NULL), WHEN_UTC };
        print_time(w, when);
    }
    return status;
}

int diary_zone(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list times = { 0 };
    int status = EXIT_SUCCESS;
    if (options_read(&zone_help, argc, argv, &w, &times, &status))
        status = zone_answer(&w, &times);
    options_clear(&zone_help, &w, &times);
    return status;
}
