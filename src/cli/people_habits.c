/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people habits|exceptions`: what was learned of numbers, and which number may say whose name. */
#include "people/habit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/people.h"

#define ROW(type, name, argument, help, kind, member)                                                        \
    {                                                                                                        \
        name, argument, help, kind, offsetof(struct type, member)                                            \
    }

struct showing {
    struct book *b;
    struct table *table; /* NULL: JSON */
    size_t n;
};

/* ---- habits ---- */

struct habit_wishes {
    struct people_where where;
    const char *confirm, *refuse;
    bool json;
};
static const struct option_row habit_rows[] = {
    ROW(habit_wishes, "confirm", "ID", "it is right, and counts from now on", OPTION_TEXT, confirm),
    ROW(habit_wishes, "refuse", "ID", "it is wrong, and never counts", OPTION_TEXT, refuse),
    ROW(habit_wishes, "json", NULL, "one JSON object a line", OPTION_FLAG, json),
    PEOPLE_WHERE_ROWS(struct habit_wishes, where),
    { 0 },
};

static const struct command_help habit_help = {
    .name = "people habits",
    .example = "bonafide people habits\nbonafide people habits --confirm 4\n",
    .usage = "[OPTION...]",
    .about = "Who signed the calls of whose number, and for how long. A habit counts once it is confirmed.\n",
    .rows = habit_rows,
};

static void habit_json(const struct habit *h, const char *name, const char *number)
{
    char since[21], last[21];
    json_t *row =
        json_pack("{s:I,s:{s:I,s:s},s:s,s:{s:s,s:s,s:s},s:s,s:I,s:I,s:s,s:s,s:s}", "id", (json_int_t)h->id,
                  "person", "id", (json_int_t)h->person, "name", name, "number", number, "signer", "spc",
                  h->spc, "issuer", h->issuer, "trust_domain", h->trust_domain, "state",
                  habit_state_text(h->state), "calls", (json_int_t)h->calls, "days", (json_int_t)h->days,
                  "since", utc_text(h->since, since), "last", utc_text(h->last, last), "by", h->confirmed_by);
    people_print(row);
}

static void habit_row(struct table *table, const struct habit *h, const char *name, const char *number)
{
    char id[24], calls[12], days[12], since[21], last[21];
    snprintf(id, sizeof id, "%lld", (long long)h->id);
    snprintf(calls, sizeof calls, "%u", h->calls);
    snprintf(days, sizeof days, "%u", h->days);
    const char *cells[] = { id,
                            name,
                            number,
                            *h->spc ? h->spc : h->issuer,
                            h->trust_domain,
                            calls,
                            days,
                            utc_text(h->since, since),
                            utc_text(h->last, last),
                            habit_state_text(h->state) };
    table_row(table, cells, NULL);
}

static bool show_habit(void *arg, const struct habit *h)
{
    struct showing *const s = arg;
    char name[PEOPLE_NAME], number[LIMIT_NUMBER + 2];
    s->n++;
    people_name_of(s->b, h->person, name);
    number_show(&h->number, number);
    if (s->table)
        habit_row(s->table, h, name, number);
    else
        habit_json(h, name, number);
    return !ferror(stdout);
}

static int habits_show(struct book *b, bool json)
{
    static const char *const titles[] = { "ID",    "WHO",  "NUMBER", "SIGNER", "DOMAIN",
                                          "CALLS", "DAYS", "SINCE",  "LAST",   "STATE" };
    struct showing s = { .b = b };
    if (!json && !(s.table = table_create(titles, ARRAY_SIZE(titles))))
        return command_fail(habit_help.name, EXIT_FAILURE_OURS, "out of memory.");
    const enum bf_err err = habit_list(b, 0, show_habit, &s);
    return people_shown(habit_help.name, b, err, s.table, s.n, "nothing was learned yet");
}

static int habits(const struct habit_wishes *w, const struct option_list *operands)
{
    auto_(book_close) struct book *b = NULL;
    const bool decide = w->confirm || w->refuse;
    char by[PEOPLE_BY];
    int64_t id = 0;
    if (operands->n || (w->confirm && w->refuse))
        return command_fail(
            habit_help.name, EXIT_USAGE,
            "it takes no operand, and --confirm or --refuse. See bonafide people habits --help.");
    int status = !decide ? EXIT_SUCCESS
                         : people_id(habit_help.name, w->confirm ? "confirm" : "refuse",
                                     w->confirm ? w->confirm : w->refuse, &id);
    if (status == EXIT_SUCCESS)
        status = people_open(habit_help.name, &w->where, decide ? DB_WRITE : DB_READ, &b);
    if (status != EXIT_SUCCESS || !decide)
        return status == EXIT_SUCCESS ? habits_show(b, w->json) : status;
    const enum bf_err err = habit_decide(b, id, w->confirm != NULL, people_by(by));
    return err == BF_OK ? EXIT_SUCCESS : people_fail(habit_help.name, b, err);
}

int people_habits_verb(int argc, char **argv)
{
    struct habit_wishes w = { 0 };
    struct option_list operands;
    int status;
    if (!options_read(&habit_help, argc, argv, &w, &operands, &status))
        return status;
    status = habits(&w, &operands);
    options_clear(&habit_help, &w, &operands);
    return status;
}

/* ---- exceptions ---- */

struct exception_wishes {
    struct people_where where;
    const char *add, *remove;
    bool json;
};
static const struct option_row exception_rows[] = {
    ROW(exception_wishes, "add", "NUMBER", "this number may say the name that stands behind it", OPTION_TEXT,
        add),
    ROW(exception_wishes, "remove", "ID", "not any more", OPTION_TEXT, remove),
    ROW(exception_wishes, "json", NULL, "one JSON object a line", OPTION_FLAG, json),
    PEOPLE_WHERE_ROWS(struct exception_wishes, where),
    { 0 },
};

static const struct command_help exception_help = {
    .name = "people exceptions",
    .example = "bonafide people exceptions --add +12025550177 \"Ronald Putnam\"\n"
               "        somebody else of that name, who may go by it\n",
    .usage = "[OPTION...] [--add NUMBER NAME | --remove ID]",
    .about = "Which number may say which name, though it resembles that of somebody protected.\n",
    .rows = exception_rows,
};

static bool show_exception(void *arg, const struct exception *e)
{
    struct showing *const s = arg;
    char id[24], number[LIMIT_NUMBER + 2];
    s->n++;
    number_show(&e->number, number);
    snprintf(id, sizeof id, "%lld", (long long)e->id);
    const char *cells[] = { id, number, e->name, e->by };
    if (s->table)
        table_row(s->table, cells, NULL);
    else
        people_print(json_pack("{s:I,s:s,s:s,s:s}", "id", (json_int_t)e->id, "number", number, "name",
                               e->name, "by", e->by));
    return !ferror(stdout);
}

static int exceptions_show(struct book *b, bool json)
{
    static const char *const titles[] = { "ID", "NUMBER", "NAME", "BY" };
    struct showing s = { .b = b };
    if (!json && !(s.table = table_create(titles, ARRAY_SIZE(titles))))
        return command_fail(exception_help.name, EXIT_FAILURE_OURS, "out of memory.");
    const enum bf_err err = exception_list(b, show_exception, &s);
    return people_shown(exception_help.name, b, err, s.table, s.n, "there are no exceptions");
}

static int exceptions(const struct exception_wishes *w, const struct option_list *operands)
{
    auto_(book_close) struct book *b = NULL;
    const char *const verb = exception_help.name;
    struct number number = { .n = 0 };
    char by[PEOPLE_BY];
    int64_t id = 0;
    if ((w->add && w->remove) || operands->n != (w->add ? 1u : 0u))
        return command_fail(
            verb, EXIT_USAGE,
            "--add takes a number and a name, --remove an ID. See bonafide people exceptions --help.");
    int status = w->add      ? people_number(verb, w->add, &number)
                 : w->remove ? people_id(verb, "remove", w->remove, &id)
                             : EXIT_SUCCESS;
    if (status == EXIT_SUCCESS)
        status = people_open(verb, &w->where, w->add || w->remove ? DB_WRITE : DB_READ, &b);
    if (status != EXIT_SUCCESS)
        return status;
    if (!w->add && !w->remove)
        return exceptions_show(b, w->json);
    const enum bf_err err = w->add ? exception_add(b, &number, span_of(operands->items[0]), people_by(by))
                                   : exception_remove(b, id);
    return err == BF_OK ? EXIT_SUCCESS : people_fail(verb, b, err);
}

int people_exceptions(int argc, char **argv)
{
    struct exception_wishes w = { 0 };
    struct option_list operands;
    int status;
    if (!options_read(&exception_help, argc, argv, &w, &operands, &status))
        return status;
    status = exceptions(&w, &operands);
    options_clear(&exception_help, &w, &operands);
    return status;
}
