/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide calls`: the record, asked. */
#include "cli/calls.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/verify.h"
#include "serve/config.h"
#include "sip/number.h"

#define FOLLOW_BEFORE 10u /* calls shown before those to come */
#define FOLLOW_MS     300

struct wishes {
    const char *config, *store, *since, *until, *verdict, *from, *to, *call_id, *spc, *origid, *traceback;
    unsigned long limit;
    bool follow, json, csv, unmask;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
static const struct option_row rows[] = {
    ROW("config", "FILE", "the server's configuration, which names the store", OPTION_TEXT, config),
    ROW("store", "URL", "the store itself: sqlite:PATH", OPTION_TEXT, store),
    ROW("since", "TIME", "from then on: 2015-09-25T19:12:25Z, seconds since 1970, or 90s, 30m, 12h, 7d ago",
        OPTION_TEXT, since),
    ROW("until", "TIME", "before then", OPTION_TEXT, until),
    ROW("verdict", "WORD", "genuine, unproven, broken or impostor", OPTION_TEXT, verdict),
    ROW("from", "NUMBER", "the caller: +1 215 555 0121", OPTION_TEXT, from),
    ROW("to", "NUMBER", "the number called", OPTION_TEXT, to),
    ROW("call-id", "TEXT", "the Call-ID of the INVITE", OPTION_TEXT, call_id),
    ROW("spc", "CODE", "the service provider code of the signer", OPTION_TEXT, spc),
    ROW("origid", "UUID", "the origid of the token", OPTION_TEXT, origid),
    ROW("limit", "N", "at most so many, the newest; default 100", OPTION_NUMBER, limit),
    ROW("follow", NULL, "the last ten, then calls as they come, until Ctrl-C", OPTION_FLAG, follow),
    ROW("traceback", "ID|NUMBER", "what an industry traceback asks for, of one call or of all of a number",
        OPTION_TEXT, traceback),
    ROW("unmask", NULL, "with show ID and --traceback: withheld numbers, too", OPTION_FLAG, unmask),
    ROW("json", NULL, "one JSON object a line", OPTION_FLAG, json),
    ROW("csv", NULL, "CSV for a spreadsheet: no cell is a formula, numbers stand without their plus sign",
        OPTION_FLAG, csv),
    { 0 },
};

static const struct command_help help = {
    .name = "calls",
    .example = "bonafide calls --verdict impostor --since 7d\n"
               "        who pretended to be somebody else this week\n"
               "bonafide calls show 01M2CDYH0X9G5ZQ3V7T8R4KJ6W\n"
               "        everything about one call, in words\n",
    .usage = "[OPTION...] [show ID]",
    .about = "Lists the calls that were judged, the newest first.\n",
    .rows = rows,
    .more =
        "Without --store and --config, the store of a server without a configuration file is asked.\n"
        "Time has an index. --verdict, --from, --to, --call-id, --spc and --origid look through the calls\n"
        "between --since and --until, the newest first: in a large record, say --since.\n"
        "The number of a caller who withheld it is shown as \"withheld\".\n",
};

/* ---- what the options ask ---- */

static int wrong(const char *option, const char *value, const char *should)
{
    return command_fail("calls", EXIT_USAGE, "--%s %.64s: write %s.", option, value, should);
}

/* `90s`, `30m`, `12h`, `7d` ago. */
static bool ago_read(const char *text, utc_t *ret)
{
    static const struct {
        char unit;
        utc_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    const struct span s = span_of(text);
    uint64_t n;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (s.n && s.p[s.n - 1] == units[i].unit && span_decimal(span_first(s, s.n - 1), 1000000000, &n)) {
            *ret = clock_now(&clock_system).utc - (utc_t)n * units[i].seconds;
            return true;
        }
    return false;
}

static bool when_read(const char *option, const char *text, utc_t *ret, int *status)
{
    if (!text || ago_read(text, ret) || time_read(text, ret))
        return true;
    *status = wrong(option, text,
                    "2015-09-25T19:12:25Z, seconds since 1970, or 90s, 30m, 12h, 7d for that long ago");
    return false;
}

static bool digits_read(const char *option, const char *text, struct number *number, struct span *ret,
                        int *status)
{
    if (!text)
        return true;
    if (number_of_text(span_of(text), NULL, number, NULL) != BF_OK) {
        *status = wrong(option, text, "a telephone number such as +12155550121");
        return false;
    }
    *ret = number_span(number);
    return true;
}

static bool verdict_read(const char *text, int *ret, int *status)
{
    static const char *const words[] = {
        [GENUINE] = "genuine", [UNPROVEN] = "unproven", [BROKEN] = "broken", [IMPOSTOR] = "impostor"
    };
    for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i], text) == 0)
            *ret = (int)i;
    if (!text || *ret >= 0)
        return true;
    *status = wrong("verdict", text, "genuine, unproven, broken or impostor");
    return false;
}

struct question {
    struct record_filter filter;
    struct number caller, called;
    char *url; /* owned */
};

static bool filter_of(const struct wishes *w, struct question *q, int *status)
{
    struct record_filter *f = &q->filter;
    *f = (struct record_filter){ .outcome = -1,
                                 .limit = w->limit,
                                 .call_id = span_of(w->call_id),
                                 .spc = span_of(w->spc),
                                 .origid = span_of(w->origid) };
    return when_read("since", w->since, &f->since, status) &&
           when_read("until", w->until, &f->until, status) && verdict_read(w->verdict, &f->outcome, status) &&
           digits_read("from", w->from, &q->caller, &f->caller, status) &&
           digits_read("to", w->to, &q->called, &f->called, status);
}

/* The store that is named, or that of the configuration. */
static bool url_of(const struct wishes *w, struct question *q, int *status)
{
    auto_(config_destroy) struct config *config = NULL;
    char *message = NULL;
    const enum bf_err err = w->store ? BF_OK : config_load(w->config, &config, &message);
    if (err != BF_OK) {
        fprintf(stderr, "%s\n", message ? message : bf_err_text(err));
        free(message);
        *status = EXIT_INPUT;
        return false;
    }
    const char *url = w->store ? w->store : config->store.url;
    if (!url || !*url) {
        *status = command_fail("calls", EXIT_INPUT, "store.url is empty: this server keeps a journal only.");
        return false;
    }
    q->url = strdup(url);
    *status = EXIT_FAILURE_OURS;
    return q->url;
}

static bool fits_together(const struct wishes *w, bool is_show, int *status)
{
    const char *what = w->json && w->csv ? "--json and --csv do not go together"
                       : is_show && (w->follow || w->traceback)
                           ? "show ID goes without --follow and --traceback"
                       : w->follow && w->traceback           ? "--follow and --traceback do not go together"
                       : w->csv && (is_show || w->traceback) ? "--csv is for lists"
                       : w->store && w->config               ? "--store and --config do not go together"
                       : w->unmask && !is_show && !w->traceback ? "--unmask goes with show ID and --traceback"
                                                                : NULL;
    if (what)
        *status = command_fail("calls", EXIT_USAGE, "%s. See bonafide calls --help.", what);
    return what == NULL;
}

/* ---- asking ---- */

static bool print_one(void *arg, const struct record *r)
{
    calls_print(arg, r);
    return true;
}

static int say_why(enum bf_err err, char *message)
{
    const char *next = err == BF_ENOENT ? " Start `bonafide serve`, or name another store with --store." : "";
    const int status = command_fail("calls", err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT, "%s.%s",
                                    message ? message : bf_err_text(err), next);
    free(message);
    return status;
}

static int ask(const struct question *q, enum calls_form form, bool unmask, size_t *ret_n)
{
    struct calls_printer p;
    char *message = NULL;
    if (!calls_printer_init(&p, form, unmask)) {
        calls_printer_end(&p);
        return command_fail("calls", EXIT_FAILURE_OURS, "out of memory.");
    }
    const enum bf_err err = record_query(q->url, &q->filter, print_one, &p, &message);
    *ret_n = p.n;
    const bool printed = calls_printer_end(&p);
    if (err != BF_OK)
        return say_why(err, message);
    return printed ? EXIT_SUCCESS
                   : command_fail("calls", EXIT_FAILURE_OURS, "standard output cannot be written.");
}

static int list(const struct question *q, const struct wishes *w)
{
    size_t n = 0;
    const int status = ask(q, w->json ? CALLS_JSON : w->csv ? CALLS_CSV : CALLS_TABLE, false, &n);
    if (status == EXIT_SUCCESS && n == 0 && !w->json && !w->csv)
        fprintf(stderr, "bonafide calls: there are none.\n");
    return status;
}

static int show(struct question *q, const struct wishes *w, const char *id)
{
    size_t n = 0;
    q->filter.id = span_of(id);
    const int status = ask(q, w->json ? CALLS_JSON : CALLS_WORDS, w->unmask, &n);
    return status == EXIT_SUCCESS && n == 0
               ? command_fail("calls", EXIT_INPUT, "there is no call %.64s. `bonafide calls` lists them.", id)
               : status;
}

static bool is_id(const char *text)
{
    return strlen(text) == RECORD_ID && strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == RECORD_ID;
}

/* Of a number: the calls it made, then those it got. */
static int traceback(struct question *q, const struct wishes *w)
{
    const enum calls_form form = w->json ? CALLS_TRACE_JSON : CALLS_TRACE;
    size_t made = 0, got = 0;
    int status = EXIT_USAGE;
    if (is_id(w->traceback)) {
        q->filter.id = span_of(w->traceback);
        status = ask(q, form, w->unmask, &made);
    } else if (digits_read("traceback", w->traceback, &q->caller, &q->filter.caller, &status)) {
        status = ask(q, form, w->unmask, &made);
        q->filter.called = q->filter.caller;
        q->filter.caller = SPAN_NONE;
        if (status == EXIT_SUCCESS && made && !w->json)
            putchar('\n');
        if (status == EXIT_SUCCESS)
            status = ask(q, form, w->unmask, &got);
    }
    return status == EXIT_SUCCESS && made + got == 0
               ? command_fail("calls", EXIT_INPUT, "no call of %.64s is in the record.", w->traceback)
               : status;
}

/* ---- following ---- */

struct follower {
    struct calls_printer printer;
    char last[RECORD_ID + 1]; /* what was looked at so far ends with it; "": nothing was */
    size_t n;                 /* found in this round */
};

static bool print_and_note(void *arg, const struct record *r)
{
    struct follower *f = arg;
    calls_print(&f->printer, r);
    memcpy(f->last, r->id, RECORD_ID);
    f->n++;
    return !f->printer.failed;
}

struct mark {
    char id[RECORD_ID + 1];
    size_t n;
};

static bool note_mark(void *arg, const struct record *r)
{
    struct mark *m = arg;
    memcpy(m->id, r->id, RECORD_ID);
    m->n++;
    return true;
}

/* id: the n-th newest of all calls, whatever a filter shows of them; "" when there are not so many. */
static enum bf_err nth_newest(const char *url, size_t n, char id[static RECORD_ID + 1], char **message)
{
    const struct record_filter all = { .outcome = -1, .limit = n };
    struct mark m = { .n = 0 };
    const enum bf_err err = record_query(url, &all, note_mark, &m, message);
    if (err == BF_OK && m.n == n)
        memcpy(id, m.id, sizeof m.id);
    return err;
}

/* One look. Where nothing matched, the next one begins behind what this one has passed over. */
static enum bf_err look(struct question *q, struct follower *f, char **message)
{
    char end[RECORD_ID + 1] = "";
    enum bf_err err = nth_newest(q->url, 1, end, message);
    if (err != BF_OK)
        return err;
    f->n = 0;
    err = record_query(q->url, &q->filter, print_and_note, f, message);
    if (err == BF_OK && f->n == 0)
        memcpy(f->last, end, sizeof end);
    return err;
}

/* A store that is not there yet, or busy, will be; anything else ends it. */
static bool can_wait(enum bf_err err)
{
    return err == BF_OK || err == BF_ENOENT || err == BF_EAGAIN;
}

/* Sleeps so long, unless Ctrl-C or the like ends it. */
static bool is_told_to_end(const sigset_t *ends, long ms)
{
    return sigtimedwait(ends, NULL, &(struct timespec){ .tv_nsec = ms * 1000000L }) > 0;
}

static int follow(struct question *q, const struct wishes *w)
{
    struct follower f = { .last = "" };
    sigset_t ends;
    char *message = NULL;
    enum bf_err err = BF_ENOMEM;
    if (calls_printer_init(&f.printer, w->json ? CALLS_JSON : w->csv ? CALLS_CSV : CALLS_LINES, false))
        err = nth_newest(q->url, FOLLOW_BEFORE + 1, f.last, &message);
    q->filter.after_id = f.last;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    while (can_wait(err) && !f.printer.failed) {
        free(message);
        message = NULL;
        err = look(q, &f, &message);
        if (fflush(stdout) != 0 || is_told_to_end(&ends, f.n && err == BF_OK ? 0 : FOLLOW_MS))
            break;
    }
    const bool printed = calls_printer_end(&f.printer);
    if (!can_wait(err))
        return say_why(err, message);
    free(message);
    return printed ? EXIT_SUCCESS
                   : command_fail("calls", EXIT_FAILURE_OURS, "standard output cannot be written.");
}

/* ---- the command ---- */

static int run(const struct wishes *w, const struct option_list *operands)
{
    struct question q = { .url = NULL };
    int status = EXIT_USAGE;
    const bool is_show = operands->n == 2 && strcmp(operands->items[0], "show") == 0;
    if (operands->n && !is_show)
        return command_fail("calls", EXIT_USAGE, "there is no operand '%.64s'. Write show ID, or see --help.",
                            operands->items[0]);
    if (!fits_together(w, is_show, &status) || !filter_of(w, &q, &status) || !url_of(w, &q, &status))
        return status;
    status = is_show        ? show(&q, w, operands->items[1])
             : w->traceback ? traceback(&q, w)
             : w->follow    ? follow(&q, w)
                            : list(&q, w);
    free(q.url);
    return status;
}

int command_calls(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status = EXIT_USAGE;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    status = run(&w, &operands);
    options_clear(&help, &w, &operands);
    return status;
}
