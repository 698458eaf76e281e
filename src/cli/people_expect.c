/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people expect|expected`: calls that were agreed. */
#include "people/expected.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/people.h"

/* ---- expect ---- */

struct expecting {
    struct people_where where;
    const char *from, *until, *zone, *number, *word;
};

#define ROW(type, name, argument, help, kind, member)                                                        \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct type, member)                                            \
    }
static const struct option_row expect_rows[] = {
    ROW(expecting, "from", "TIME",
        "when the window opens: \"2026-11-24 15:00\", or with an offset: ...T15:00+01:00", OPTION_TEXT, from),
    ROW(expecting, "until", "TIME", "when it closes", OPTION_TEXT, until),
    ROW(expecting, "zone", "ZONE", "of times without an offset: Europe/Rome; default UTC", OPTION_TEXT, zone),
    ROW(expecting, "number", "NUMBER", "the number that will call; default any of theirs", OPTION_TEXT,
        number),
    ROW(expecting, "word", "WORD", "a word that will be said", OPTION_TEXT, word),
    PEOPLE_WHERE_ROWS(struct expecting, where),
    { 0 },
};

static const struct command_help expect_help = {
    .name = "people expect",
    .example = "bonafide people expect putnam --from \"2026-11-24 15:00\" --until \"2026-11-24 15:30\" "
               "--zone Europe/Rome\n",
    .usage = "[OPTION...] --from TIME --until TIME ID|TEXT",
    .about = "This person will call within this window. Prints the number of the agreement.\n",
    .rows = expect_rows,
};

static int take_time(const char *option, const char *text, const char *zone, utc_t *ret)
{
    struct fault fault = { 0, "" };
    if (expected_time(span_of(text), zone, ret, &fault) == BF_OK)
        return EXIT_SUCCESS;
    return command_fail(expect_help.name, EXIT_USAGE, "--%s %.64s: %s.", option, text, fault.what);
}

static int take_window(const struct expecting *w, struct expected *e)
{
    if (!w->from || !w->until)
        return command_fail(expect_help.name, EXIT_USAGE,
                            "--from TIME and --until TIME are due. See bonafide people expect --help.");
    e->zone = w->zone && *w->zone ? w->zone : "UTC";
    e->word = w->word ? w->word : "";
    const int status = take_time("from", w->from, e->zone, &e->from);
    return status == EXIT_SUCCESS ? take_time("until", w->until, e->zone, &e->until) : status;
}

static int expect(const struct expecting *w, const char *who)
{
    auto_(book_close) struct book *b = NULL;
    char by[PEOPLE_BY];
    struct expected e = { .source = "command", .call = "", .by = people_by(by) };
    int64_t id = 0;
    int status = take_window(w, &e);
    if (status == EXIT_SUCCESS && w->number && *w->number)
        status = people_number(expect_help.name, w->number, &e.number);
    if (status == EXIT_SUCCESS)
        status = people_open(expect_help.name, &w->where, DB_WRITE, &b);
    if (status == EXIT_SUCCESS)
        status = people_find(expect_help.name, b, who, &e.person);
    if (status != EXIT_SUCCESS)
        return status;
    const enum bf_err err = expected_add(b, &e, &id);
    if (err != BF_OK)
        return people_fail(expect_help.name, b, err);
    printf("%lld\n", (long long)id);
    return EXIT_SUCCESS;
}

int people_expect(int argc, char **argv)
{
    struct expecting w = { 0 };
    struct option_list operands;
    int status;
    if (!options_read(&expect_help, argc, argv, &w, &operands, &status))
        return status;
    status = operands.n == 1 ? expect(&w, operands.items[0])
                             : command_fail(expect_help.name, EXIT_USAGE,
                                            "one entry is due. See bonafide people expect --help.");
    options_clear(&expect_help, &w, &operands);
    return status;
}

/* ---- expected ---- */

struct listing {
    struct people_where where;
    bool json, all;
    const char *cancel;
};
static const struct option_row expected_rows[] = {
    ROW(listing, "all", NULL, "also those that were met, missed or cancelled", OPTION_FLAG, all),
    ROW(listing, "cancel", "ID", "this one is not awaited any more", OPTION_TEXT, cancel),
    ROW(listing, "json", NULL, "one JSON object a line", OPTION_FLAG, json),
    PEOPLE_WHERE_ROWS(struct listing, where),
    { 0 },
};

static const struct command_help expected_help = {
    .name = "people expected",
    .example = "bonafide people expected\nbonafide people expected --cancel 3\n",
    .usage = "[OPTION...]",
    .about = "The calls that are awaited, by time.\n",
    .rows = expected_rows,
};

struct showing {
    struct book *b;
    struct table *table; /* NULL: JSON */
    size_t n;
    bool all;
};

static void show_json(const struct expected *e, const char *name, const char *number)
{
    char from[21], until[21];
    json_t *row =
        json_pack("{s:I,s:{s:I,s:s},s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "id", (json_int_t)e->id, "person",
                  "id", (json_int_t)e->person, "name", name, "from", utc_text(e->from, from), "until",
                  utc_text(e->until, until), "zone", e->zone, "number", number, "word", e->word, "state",
                  expected_state_text(e->state), "source", e->source, "call", e->call, "by", e->by);
    people_print(row);
}

static bool show_one(void *arg, const struct expected *e)
{
    struct showing *const s = arg;
    char name[PEOPLE_NAME], number[LIMIT_NUMBER + 2] = "", id[24], from[21], until[21];
    if (e->state != EXPECTED_OPEN && !s->all)
        return true;
    s->n++;
    people_name_of(s->b, e->person, name);
    if (e->number.n)
        number_show(&e->number, number);
    if (!s->table) {
        show_json(e, name, number);
        return !ferror(stdout);
    }
    snprintf(id, sizeof id, "%lld", (long long)e->id);
    const char *cells[] = { id,
                            name,
                            utc_text(e->from, from),
                            utc_text(e->until, until),
                            *number ? number : "any of theirs",
                            e->word,
                            expected_state_text(e->state),
                            e->by };
    table_row(s->table, cells, NULL);
    return true;
}

static int show(struct book *b, const struct listing *w)
{
    static const char *const titles[] = { "ID", "WHO", "FROM", "UNTIL", "NUMBER", "WORD", "STATE", "BY" };
    struct showing s = { .b = b, .all = w->all };
    if (!w->json && !(s.table = table_create(titles, ARRAY_SIZE(titles))))
        return command_fail(expected_help.name, EXIT_FAILURE_OURS, "out of memory.");
    const enum bf_err err = expected_list(b, 0, 0, 0, show_one, &s);
    return people_shown(expected_help.name, b, err, s.table, s.n, "no call is awaited");
}

static int act(const struct listing *w)
{
    auto_(book_close) struct book *b = NULL;
    char by[PEOPLE_BY];
    int64_t id = 0;
    int status = w->cancel ? people_id(expected_help.name, "cancel", w->cancel, &id) : EXIT_SUCCESS;
    if (status == EXIT_SUCCESS)
        status = people_open(expected_help.name, &w->where, w->cancel ? DB_WRITE : DB_READ, &b);
    if (status != EXIT_SUCCESS || !w->cancel)
        return status == EXIT_SUCCESS ? show(b, w) : status;
    const enum bf_err err = expected_cancel(b, id, people_by(by));
    return err == BF_OK ? EXIT_SUCCESS : people_fail(expected_help.name, b, err);
}

int people_expected_calls(int argc, char **argv)
{
    struct listing w = { 0 };
    struct option_list operands;
    int status;
    if (!options_read(&expected_help, argc, argv, &w, &operands, &status))
        return status;
    status = operands.n == 0 ? act(&w)
                             : command_fail(expected_help.name, EXIT_USAGE,
                                            "it takes no operand. See bonafide people expected --help.");
    options_clear(&expected_help, &w, &operands);
    return status;
}
