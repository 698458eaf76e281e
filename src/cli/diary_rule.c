/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary rule` and `bonafide diary zone`: what a rule of repetition gives, and what a time on the wall means. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/diary.h"
#include "cli/options.h"
#include "diary/recur.h"

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
    { "tz", "ZONE", "where the clock hangs: Europe/Rome", OPTION_TEXT, offsetof(struct wishes, tz) },
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

static int zone_open(const char *verb, const char *name, struct tz **ret)
{
    const bool utc = !name || strcmp(name, "Z") == 0;
    const enum bf_err err = tz_open(utc ? SPAN("UTC") : span_of(name), ret);
    if (err == BF_OK)
        return EXIT_SUCCESS;
    if (err == BF_ENOMEM)
        return command_fail(verb, EXIT_FAILURE_OURS, "out of memory.");
    return command_fail(verb, EXIT_INPUT, "there is no time zone \"%.64s\" on this system: %s.", name,
                        bf_err_text(err));
}

static int not_a_time(const char *verb, const char *text)
{
    return command_fail(verb, EXIT_INPUT, "\"%.32s\" is no time. Write 19970610T090000.", text);
}

/* How the beginning of a series is written, so are its times: dates, local times, or UTC. */
enum form { FORM_DATE, FORM_LOCAL, FORM_UTC };

static void print_time(const struct wishes *w, local_t t, enum form form)
{
    char text[DIARY_TIME];
    const char *quote = w->json ? "\"" : "";
    printf("%s%.*s%s%s\n", quote, form == FORM_DATE && t % DAY_S == 0 ? 8 : 15, diary_time_text(t, text),
           form == FORM_UTC ? "Z" : "", quote);
}

static int print_series(const struct wishes *w, enum form form, struct recur_walk *walk)
{
    unsigned long n = 0;
    enum bf_err err = BF_OK;
    local_t t;
    while (n < w->limit && (err = recur_next(walk, &t)) == BF_OK) {
        print_time(w, t, form);
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
    local_t start, from, end = 0;
    bool utc = false, from_utc;
    if (!w->rrule || !w->dtstart)
        return command_fail(rule_help.name, EXIT_USAGE, "--rrule and --dtstart are needed.");
    const int status = zone_open(rule_help.name, w->tz, &zone);
    if (status)
        return status;
    if (!diary_time_read(span_of(w->dtstart), &start, &utc))
        return not_a_time(rule_help.name, w->dtstart);
    from = start;
    if (w->from && !diary_time_read(span_of(w->from), &from, &from_utc))
        return not_a_time(rule_help.name, w->from);
    if (recur_read(span_of(w->rrule), &rule, &fault) != BF_OK)
        return command_fail(rule_help.name, EXIT_INPUT, "the rule, byte %zu: %s.", fault.at + 1, fault.what);
    diary_time_read(SPAN("99991231T235959"), &end, NULL);
    recur_begin(&walk, &rule, start, zone, from > start ? from : start, end + 1);
    return print_series(w, utc ? FORM_UTC : strlen(w->dtstart) == 8 ? FORM_DATE : FORM_LOCAL, &walk);
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
    local_t local;
    if (!w->tz || times->n == 0)
        return command_fail(zone_help.name, EXIT_USAGE, "--tz and a time are needed.");
    const int status = zone_open(zone_help.name, w->tz, &zone);
    for (size_t i = 0; status == EXIT_SUCCESS && i < times->n; i++) {
        bool utc = false;
        if (!diary_time_read(span_of(times->items[i]), &local, &utc))
            return not_a_time(zone_help.name, times->items[i]);
        print_time(w, utc ? local : tz_utc(zone, local, NULL), FORM_UTC);
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
