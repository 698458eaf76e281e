/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people list|search|show`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/people.h"
#include "people/transfer.h"

struct wishes {
    struct people_where where;
    bool json;
};
static const struct option_row rows[] = {
    { "json", NULL, "one JSON object a line", OPTION_FLAG, offsetof(struct wishes, json) },
    PEOPLE_WHERE_ROWS(struct wishes, where),
    { 0 },
};

static const struct command_help list_help = {
    .name = "people list",
    .example = "bonafide people list\n",
    .usage = "[OPTION...]",
    .about = "Everybody in the book, by name.\n",
    .rows = rows,
};
static const struct command_help search_help = {
    .name = "people search",
    .example = "bonafide people search putnam\nbonafide people search +1 202\n",
    .usage = "[OPTION...] TEXT...",
    .about =
        "Whoever has all the words in names, numbers, organisation, signers, tags or note; letter case and\n"
        "accents do not count.\n",
    .rows = rows,
};
static const struct command_help show_help = {
    .name = "people show",
    .example = "bonafide people show 7\n",
    .usage = "[OPTION...] ID|TEXT",
    .about = "All that is known of somebody.\n",
    .rows = rows,
};

/* ---- a table ---- */

struct listing {
    struct table *table;
    size_t n;
    bool json;
};

#define CELL 256u

static void join(char out[static CELL], const struct person *p, bool tags)
{
    struct buf b = buf_on(out, CELL);
    char number[RANGE_TEXT];
    const size_t n = tags ? p->n_tags : p->n_numbers;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_text(&b, ", ");
        buf_text(&b, tags ? p->tags[i] : range_text(&p->numbers[i], number));
        if (!buf_ok(&b) || b.n >= CELL)
            break;
        out[b.n] = '\0';
    }
    out[CELL - 1] = '\0';
}

static bool list_one(void *arg, const struct person *p)
{
    struct listing *const l = arg;
    char id[24], numbers[CELL], tags[CELL];
    l->n++;
    if (l->json) {
        person_json(stdout, p);
        putchar('\n');
        return !ferror(stdout);
    }
    snprintf(id, sizeof id, "%lld", (long long)p->id);
    join(numbers, p, false);
    join(tags, p, true);
    const char *cells[] = { id, p->name, p->organisation, numbers, p->is_protected ? "yes" : "", tags };
    table_row(l->table, cells, NULL);
    return true;
}

static int list(struct book *b, struct span text, bool json, const char *verb)
{
    static const char *const titles[] = { "ID", "NAME", "ORGANISATION", "NUMBERS", "PROTECTED", "TAGS" };
    struct listing l = { .json = json };
    if (!json && !(l.table = table_create(titles, ARRAY_SIZE(titles))))
        return command_fail(verb, EXIT_FAILURE_OURS, "out of memory.");
    const enum bf_err err = book_search(b, text, list_one, &l);
    if (!json && err == BF_OK && l.n)
        table_print(l.table, command_colors());
    table_destroy(l.table);
    if (err != BF_OK)
        return people_fail(verb, b, err);
    if (l.n == 0 && !json)
        fprintf(stderr, "bonafide %s: there is nobody.\n", verb);
    return fflush(stdout) == 0 ? EXIT_SUCCESS
                               : command_fail(verb, EXIT_FAILURE_OURS, "standard output cannot be written.");
}

/* ---- one person ---- */

static void line(const char *title, const char *text)
{
    if (!*text)
        return;
    printf("%-18s", title);
    for (const char *p = text; *p; p++)
        *p == '\n' ? printf("\n%-18s", "") : putchar(*p);
    putchar('\n');
}

static bool show_one(void *arg, const struct person *p)
{
    const bool *const json = arg;
    char text[BOOK_NAME_BYTES + 32], least[2] = { p->least_attestation, 0 };
    if (*json) {
        person_json(stdout, p);
        putchar('\n');
        return true;
    }
    printf("%-18s%lld\n", "id", (long long)p->id);
    line("name", p->name);
    for (size_t i = 0; i < p->n_aliases; i++)
        line(i ? "" : "also", p->aliases[i]);
    line("organisation", p->organisation);
    for (size_t i = 0; i < p->n_numbers; i++)
        line(i ? "" : "numbers", range_text(&p->numbers[i], text));
    for (size_t i = 0; i < p->n_signers; i++) {
        snprintf(text, sizeof text, "%s:%s", signer_kind_text(p->signers[i].kind), p->signers[i].value);
        line(i ? "" : "signed by", text);
    }
    line("least attestation", least);
    line("protected", p->is_protected ? "yes: nobody else may go by this name" : "no");
    line("proof", require_proof_text(p->require_proof));
    line("language", p->language);
    for (size_t i = 0; i < p->n_tags; i++)
        line(i ? "" : "tags", p->tags[i]);
    line("note", p->note);
    if (p->photo.n)
        printf("%-18s%s, %zu bytes\n", "photo", p->photo_type, p->photo.n);
    line("besides", p->extra);
    line("changed", utc_text(p->changed, text));
    line("uid", p->uid);
    return true;
}

static int show(struct book *b, const char *who, bool json)
{
    int64_t id = 0;
    const int status = people_find(show_help.name, b, who, &id);
    if (status != EXIT_SUCCESS)
        return status;
    const enum bf_err err = book_get(b, id, show_one, &json);
    return err == BF_OK ? EXIT_SUCCESS : people_fail(show_help.name, b, err);
}

/* ---- verbs ---- */

/* The operands as one text, blanks between: `search +1 202`. */
static char *joined(const struct option_list *operands)
{
    size_t n = 1;
    for (size_t i = 0; i < operands->n; i++)
        n += strlen(operands->items[i]) + 1;
    char *const text = calloc(1, n);
    struct buf out = buf_on(text, text ? n : 0);
    for (size_t i = 0; text && i < operands->n; i++) {
        if (i)
            buf_char(&out, ' ');
        buf_text(&out, operands->items[i]);
    }
    return text;
}

static int act(const struct command_help *help, const struct wishes *w, const struct option_list *operands)
{
    auto_(book_close) struct book *b = NULL;
    const bool fits = help == &list_help   ? operands->n == 0
                      : help == &show_help ? operands->n == 1
                                           : operands->n > 0;
    if (!fits)
        return command_fail(help->name, EXIT_USAGE, "%s. See bonafide %s --help.",
                            help == &list_help   ? "it takes no operand: `bonafide people search` does"
                            : help == &show_help ? "one entry is due"
                                                 : "a text is due",
                            help->name);
    int status = people_open(help->name, &w->where, DB_READ, &b);
    if (status != EXIT_SUCCESS)
        return status;
    if (help == &show_help)
        return show(b, operands->items[0], w->json);
    char *const text = joined(operands);
    status = text ? list(b, span_of(text), w->json, help->name)
                  : command_fail(help->name, EXIT_FAILURE_OURS, "out of memory.");
    free(text);
    return status;
}

static int run(const struct command_help *help, int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    int status;
    if (options_read(help, argc, argv, &w, &operands, &status)) {
        status = act(help, &w, &operands);
        options_clear(help, &w, &operands);
    }
    return status;
}

int people_list(int argc, char **argv)
{
    return run(&list_help, argc, argv);
}

int people_search(int argc, char **argv)
{
    return run(&search_help, argc, argv);
}

int people_show(int argc, char **argv)
{
    return run(&show_help, argc, argv);
}
