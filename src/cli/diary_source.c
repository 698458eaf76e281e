/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide diary calendars` and `diary fetch`: what a CalDAV server has, and a diary as it comes from wherever it is. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cli/diary.h"
#include "cli/options.h"
#include "diary/caldav.h"
#include "diary/source.h"
#include "fetch/password.h"

#define TIMEOUT_MOST 3600ul

struct wishes {
    const char *user, *password_file, *ca;
    unsigned long timeout;
    bool json;
};

#define ROW(name, argument, help, kind, member)                                                              \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct wishes, member)                                          \
    }
#define WHO_ROWS                                                                                             \
    ROW("user", "NAME", "who asks", OPTION_TEXT, user),                                                      \
        ROW("password-file", "FILE",                                                                         \
            "a file whose first line is the password, and that nobody else may read", OPTION_TEXT,           \
            password_file),                                                                                  \
        ROW("ca", "FILE", "the certificates that issue the server's, PEM; default the system's",             \
            OPTION_TEXT, ca),                                                                                \
        ROW("timeout", "SECONDS", "for each answer; default 20", OPTION_NUMBER, timeout)

static const struct option_row calendar_rows[] = {
    WHO_ROWS,
    ROW("json", NULL, "one JSON object a line", OPTION_FLAG, json),
    { 0 },
};
static const struct option_row fetch_rows[] = { WHO_ROWS, { 0 } };

static const struct command_help calendars_help = {
    .name = "diary calendars",
    .example = "bonafide diary calendars https://dav.example.org/ --user ada --password-file secret\n"
               "        which calendars are there\n",
    .usage = "URL [OPTION...]",
    .about = "Lists the calendars of a CalDAV server that hold events.\n",
    .rows = calendar_rows,
    .more = "URL is that of a server, a principal or a calendar. https; http on this machine alone.\n",
};
static const struct command_help fetch_help = {
    .name = "diary fetch",
    .example = "bonafide diary fetch https://dav.example.org/ada/office/ --user ada --password-file secret "
               ">office.ics\n"
               "        a CalDAV calendar as a file\n",
    .usage = "SOURCE [OPTION...]",
    .about = "Prints the calendar texts of a diary, one behind the other: all of them, or none and exit "
             "status 3.\n",
    .rows = fetch_rows,
    .more = "SOURCE is a file, a folder of .ics files, `-`, an https or webcal URL of an .ics file, or, "
            "ending in `/` or\n"
            "written caldav+https://, a CalDAV calendar, or a server, of which all calendars are read.\n",
};

static int fail(const char *verb, enum bf_err err, const char *why)
{
    const int status = err == BF_ENOMEM ? EXIT_FAILURE_OURS : err == BF_ELIMIT ? EXIT_LIMIT : EXIT_DIARY;
    return command_fail(verb, status, "%s.", why && *why ? why : bf_err_text(err));
}

/* ---- calendars ---- */

static void print_json(const struct caldav_calendar *c, bool scheduling)
{
    char memory[8 * (CALDAV_URL + CALDAV_NAME)];
    struct buf b = BUF_ON(memory);
    buf_text(&b, "{\"url\":");
    buf_json_string(&b, span_of(c->url));
    buf_text(&b, ",\"name\":");
    buf_json_string(&b, span_of(c->name));
    printf("%.*s,\"free_busy\":%s,\"scheduling\":%s}\n", (int)b.n, b.p, c->free_busy ? "true" : "false",
           scheduling ? "true" : "false");
}

static void print_all(const struct caldav_calendar *calendars, size_t n)
{
    static const char *const titles[] = { "name", "URL" };
    struct table *t = table_create(titles, ARRAY_SIZE(titles));
    for (size_t i = 0; i < n; i++) {
        const char *const cells[] = { calendars[i].name, calendars[i].url };
        table_row(t, cells, NULL);
    }
    table_print(t, command_colors());
    table_destroy(t);
}

static int calendars_run(const struct wishes *w, const char *url, const char *password)
{
    auto_(caldav_destroy) struct caldav *c = NULL;
    const struct span prefix = SPAN("caldav+");
    const struct caldav_options options = { .url = span_starts_nocase(span_of(url), prefix) ? url + prefix.n
                                                                                            : url,
                                            .user = w->user,
                                            .password = password,
                                            .ca_file = w->ca,
                                            .total_ms = (unsigned)w->timeout * 1000 };
    const struct caldav_calendar *calendars = NULL;
    size_t n = 0;
    enum bf_err err = caldav_create(&options, &c);
    if (!err)
        err = caldav_discover(c, &calendars, &n);
    if (err)
        return fail("diary calendars", err, c ? caldav_why(c) : NULL);
    for (size_t i = 0; w->json && i < n; i++)
        print_json(&calendars[i], *caldav_outbox(c) != '\0');
    if (!w->json)
        print_all(calendars, n);
    return EXIT_SUCCESS;
}

/* ---- fetch ---- */

static enum bf_err print_text(void *arg, const struct source_text *t)
{
    (void)arg;
    fwrite(t->text.p, 1, t->text.n, stdout);
    if (t->text.n && t->text.p[t->text.n - 1] != '\n')
        fputs("\r\n", stdout);
    return ferror(stdout) ? BF_EIO : BF_OK;
}

static int fetch_run(const struct wishes *w, const char *where, const char *password)
{
    const struct source_options options = { .user = w->user,
                                            .password = password,
                                            .ca_file = w->ca,
                                            .total_ms = (unsigned)w->timeout * 1000,
                                            .input = stdin };
    char *message = NULL;
    const enum bf_err err = source_read(where, &options, print_text, NULL, &message);
    const int status = err ? fail("diary fetch", err, message) : EXIT_SUCCESS;
    free(message);
    return status;
}

/* ---- both ---- */

static int run(const struct command_help *help, int argc, char **argv,
               int (*verb)(const struct wishes *w, const char *where, const char *password))
{
    auto_(password_forget) char *password = NULL;
    struct wishes w = { .user = NULL };
    struct option_list operands;
    const char *why = NULL;
    int status;
    if (!options_read(help, argc, argv, &w, &operands, &status))
        return status;
    if (operands.n != 1)
        status =
            command_fail(help->name, EXIT_USAGE, "one place is wanted. See bonafide %s --help.", help->name);
    else if (w.timeout > TIMEOUT_MOST)
        status = command_fail(help->name, EXIT_USAGE, "--timeout is at most %lu.", TIMEOUT_MOST);
    else if (w.password_file && password_read(w.password_file, &password, &why))
        status = command_fail(help->name, EXIT_INPUT, "%s: %s.", w.password_file, why);
    else
        status = verb(&w, operands.items[0], password);
    options_clear(help, &w, &operands);
    return status;
}

int diary_calendars(int argc, char **argv)
{
    return run(&calendars_help, argc, argv, calendars_run);
}

int diary_fetch(int argc, char **argv)
{
    return run(&fetch_help, argc, argv, fetch_run);
}
