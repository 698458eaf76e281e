/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people name`: does a claimed name resemble one of the book's, how closely, and by which rule. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/people.h"
#include "numbers/csv.h"
#include "people/names.h"

#define LINE_BYTES 4096u

struct wishes {
    struct people_where where;
    const char *book;
    bool json;
};

static const struct option_row rows[] = {
    { "book", "FILE", "people to compare with: CSV with the columns id, name, aliases (separated by ;)",
      OPTION_TEXT, offsetof(struct wishes, book) },
    { "json", NULL, "one JSON object a line", OPTION_FLAG, offsetof(struct wishes, json) },
    PEOPLE_WHERE_ROWS(struct wishes, where),
    { 0 },
};

static const struct command_help help = {
    .name = "people name",
    .example = "  bonafide people name \"Office of R. Putnam\"\n"
               "  bonafide people name --book people.csv --json < names.txt\n",
    .usage = "[OPTION...] [NAME...]",
    .about = "Does a name resemble that of somebody who is protected, whose, how closely, and by which rule? "
             "Without\n"
             "a NAME, names are read from standard input, one a line. With --book, everybody in that file "
             "counts as\n"
             "protected, and the address book is not asked.\n",
    .rows = rows,
    .more = "Exit status: 0, whether names match or not.\n",
};

/* The people of a book; ids and names are copies. */
struct claims_book {
    char **ids;
    struct names_entry *entries;
    size_t n_ids, n_entries, size_ids, size_entries;
};

struct reading {
    struct claims_book *into;
    bool full; /* there was no memory for more */
};

static void claims_book_clear(struct claims_book *b)
{
    for (size_t i = 0; i < b->n_ids; i++)
        free(b->ids[i]);
    for (size_t i = 0; i < b->n_entries; i++)
        free((char *)b->entries[i].name);
    free(b->ids);
    free(b->entries);
}

static bool add_entry(struct claims_book *b, struct span name)
{
    if (name.n == 0)
        return true;
    if (b->n_entries == b->size_entries) {
        size_t size = b->size_entries ? 2 * b->size_entries : 256;
        struct names_entry *more = reallocarray(b->entries, size, sizeof(*more));
        if (!more)
            return false;
        b->entries = more;
        b->size_entries = size;
    }
    char *copy = strndup(name.p, name.n);
    if (copy)
        b->entries[b->n_entries++] = (struct names_entry){ (uint32_t)(b->n_ids - 1), copy };
    return copy != NULL;
}

static bool add_person(struct claims_book *b, struct span id)
{
    if (b->n_ids == b->size_ids) {
        size_t size = b->size_ids ? 2 * b->size_ids : 256;
        char **more = reallocarray(b->ids, size, sizeof(*more));
        if (!more)
            return false;
        b->ids = more;
        b->size_ids = size;
    }
    char *copy = strndup(id.n ? id.p : "", id.n);
    if (copy)
        b->ids[b->n_ids++] = copy;
    return copy != NULL;
}

static struct span trimmed(struct span s)
{
    while (s.n && s.p[0] == ' ')
        s = span_from(s, 1);
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

static bool add_aliases(struct claims_book *b, struct span list)
{
    while (list.n) {
        const char *end = memchr(list.p, ';', list.n);
        size_t n = end ? (size_t)(end - list.p) : list.n;
        if (!add_entry(b, trimmed(span_first(list, n))))
            return false;
        list = span_from(list, end ? n + 1 : n);
    }
    return true;
}

enum { COLUMN_ID, COLUMN_NAME, COLUMN_ALIASES, COLUMNS };

static bool find_columns(const struct csv_record *head, size_t at[static COLUMNS])
{
    static const char *const titles[COLUMNS] = { "id", "name", "aliases" };
    for (size_t c = 0; c < COLUMNS; c++) {
        at[c] = SIZE_MAX;
        for (size_t i = 0; i < head->n; i++)
            if (span_equal_nocase(head->fields[i], span_of(titles[c])))
                at[c] = i;
    }
    return at[COLUMN_NAME] != SIZE_MAX;
}

static struct span field(const struct csv_record *r, size_t at)
{
    return at < r->n ? r->fields[at] : (struct span){ "", 0 };
}

/* The exit status, its sentence said; 0: the book is read. */
static int claims_book_read(const char *path, struct claims_book *ret)
{
    auto_(csv_close) struct csv *csv = NULL;
    struct csv_record r;
    struct fault fault = { 0, "" };
    uint32_t column = 0;
    size_t at[COLUMNS];
    enum bf_err err = csv_open(path, &csv);
    if (err)
        return command_fail(help.name, EXIT_INPUT, "%s cannot be read: %s.", path,
                            err == BF_EIO ? strerror(errno) : bf_err_text(err));
    err = csv_next(csv, &r, &column, &fault);
    if (!err && !find_columns(&r, at))
        return command_fail(help.name, EXIT_INPUT,
                            "%s has no column `name`. Its first line names the columns.", path);
    while (!err && (err = csv_next(csv, &r, &column, &fault)) == BF_OK)
        if (!add_person(ret, field(&r, at[COLUMN_ID])) ||
            !add_entry(ret, trimmed(field(&r, at[COLUMN_NAME]))) ||
            !add_aliases(ret, field(&r, at[COLUMN_ALIASES])))
            return command_fail(help.name, EXIT_FAILURE_OURS, "out of memory.");
    if (err != BF_ENOENT)
        return command_fail(help.name, EXIT_INPUT, "%s:%llu:%u: %s.", path, (unsigned long long)r.line,
                            column, fault.what);
    return 0;
}

/* Those of the address book who are protected, by their numbers there. */
static bool add_protected(void *arg, const struct person *p)
{
    struct reading *r = arg;
    char id[24];
    if (!p->is_protected)
        return true;
    snprintf(id, sizeof id, "%lld", (long long)p->id);
    bool good = add_person(r->into, span_of(id)) && add_entry(r->into, span_of(p->name));
    for (size_t i = 0; good && i < p->n_aliases; i++)
        good = add_entry(r->into, span_of(p->aliases[i]));
    r->full = !good;
    return good;
}

/* The exit status, its sentence said; 0: everybody is read. */
static int store_read(const struct people_where *where, struct claims_book *ret)
{
    auto_(book_close) struct book *book = NULL;
    struct reading reading = { .into = ret };
    const int status = people_open(help.name, where, DB_READ, &book);
    if (status)
        return status;
    const enum bf_err err = book_search(book, SPAN_NONE, add_protected, &reading);
    if (err)
        return people_fail(help.name, book, err);
    return reading.full ? command_fail(help.name, EXIT_FAILURE_OURS, "out of memory.") : 0;
}

static void print_json(struct span claimed, const struct claims_book *b, const struct name_match *m)
{
    char out[8 * LINE_BYTES];
    struct buf w = BUF_ON(out);
    buf_printf(&w, "{\"claimed\":");
    buf_json_string(&w, claimed);
    if (m && b->ids) {
        buf_printf(&w, ",\"match\":true,\"person\":");
        buf_json_string(&w, span_of(b->ids[m->person]));
        buf_printf(&w, ",\"name\":");
        buf_json_string(&w, span_of(b->entries[m->entry].name));
        buf_printf(&w, ",\"score\":%.3f,\"rule\":\"%s\"}\n", m->score, name_rule_text(m->rule));
    } else {
        buf_printf(&w, ",\"match\":false,\"person\":null,\"score\":0,\"rule\":null}\n");
    }
    fwrite(w.p, 1, buf_ok(&w) ? w.n : 0, stdout);
}

static void print_words(struct span claimed, const struct claims_book *b, const struct name_match *m)
{
    if (!m || !b->ids)
        printf("%.*s: resembles nobody who is protected\n", SPAN_FMT(claimed));
    else
        printf("%.*s: the name of %s (%s), %s, %.2f\n", SPAN_FMT(claimed), b->entries[m->entry].name,
               b->ids[m->person], name_rule_sentence(m->rule), m->score);
}

static void answer(const struct wishes *w, const struct claims_book *b, const struct names *n,
                   struct names_reader *r, struct span claimed)
{
    struct name_match m;
    const bool found = names_match(n, r, claimed, &m);
    (w->json ? print_json : print_words)(claimed, b, found ? &m : NULL);
}

static int answer_all(const struct wishes *w, const struct claims_book *b, const struct option_list *claimed)
{
    auto_(names_destroy) struct names *n = NULL;
    auto_(names_reader_destroy) struct names_reader *r = NULL;
    enum bf_err err = names_create(b->entries, b->n_entries, &n);
    if (!err)
        err = names_reader_create(&r);
    if (err)
        return command_fail(help.name, EXIT_FAILURE_OURS, "the names cannot be compared: %s.",
                            bf_err_text(err));
    for (size_t i = 0; i < claimed->n; i++)
        answer(w, b, n, r, span_of(claimed->items[i]));
    char *line = NULL;
    size_t size = 0;
    for (ssize_t got; claimed->n == 0 && (got = getline(&line, &size, stdin)) >= 0;) {
        size_t length = (size_t)got;
        while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        answer(w, b, n, r, span_make(line, length < LINE_BYTES ? length : LINE_BYTES));
    }
    free(line);
    return fflush(stdout) ? EXIT_FAILURE_OURS : EXIT_SUCCESS;
}

int people_name(int argc, char **argv)
{
    struct wishes w = { 0 };
    struct option_list operands;
    struct claims_book book = { 0 };
    int status;
    if (!options_read(&help, argc, argv, &w, &operands, &status))
        return status;
    status = !w.book ? store_read(&w.where, &book)
             : !w.where.store && !w.where.config
                 ? claims_book_read(w.book, &book)
                 : command_fail(help.name, EXIT_USAGE,
                                "--book takes the place of --store and --config: "
                                "leave one of them out.");
    if (!status)
        status = answer_all(&w, &book, &operands);
    claims_book_clear(&book);
    options_clear(&help, &w, &operands);
    return status;
}
