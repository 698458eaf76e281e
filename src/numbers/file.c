/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "numbers/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "numbers/csv.h"
#include "store/db.h"

#define SQLITE     "sqlite:"
#define OWN        2u /* number, count */
#define ALL        (OWN + NUMBER_COLUMNS)
#define ABSENT     UINT32_MAX
#define COUNT_MOST UINT64_C(1000000000000000) /* numbers of 15 digits */

static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...) printf_(3, 4);
static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(ret_message, format, args) < 0)
        *ret_message = NULL;
    va_end(args);
    return err;
}

/* ---- a row ---- */

enum bf_err number_row_range(struct span number, struct span count, const struct dial_plan *plan,
                             struct number_range *ret, struct fault *fault)
{
    struct number_range r = { .count = 1 };
    const size_t slash = span_find(number, '/');
    struct span start = span_first(number, slash);
    const bool prefix = start.n > 1 && start.p[0] == '+' && start.p[start.n - 1] == '*' && slash == number.n;
    if (prefix)
        start.n--;
    if (slash < number.n && count.n)
        return fault_at(fault, BF_EFORM, slash,
                        "a count stands behind the number and in its own column: keep one");
    const enum bf_err err = number_of_text(start, plan, &r.start, fault);
    if (err != BF_OK)
        return err;
    const struct span written = slash < number.n ? span_from(number, slash + 1) : count;
    if ((slash < number.n || count.n) && (!span_decimal(written, COUNT_MOST, &r.count) || r.count == 0))
        return fault_at(fault, BF_EFORM, slash < number.n ? slash + 1 : 0, "how many numbers is not a count");
    if (prefix)
        r.count = 0;
    *ret = r;
    return BF_OK;
}

struct walk {
    const struct number_files *files;
    const char *file;
    number_row_see *see;
    void *arg;
    uint32_t where[ALL]; /* the field of each column; ABSENT */
    char **message;
};

static const char *column_name(const struct walk *w, size_t column)
{
    static const char *const own[OWN] = { "number", "count" };
    return column < OWN ? own[column] : w->files->columns[column - OWN];
}

/* `file:line:column: …`; column 0: none is known. */
static enum bf_err fault_in(const struct walk *w, uint64_t line, uint32_t column, const char *what)
{
    if (column)
        return told(BF_EFORM, w->message, "%s:%llu:%u: %s", w->file, (unsigned long long)line, column, what);
    return told(BF_EFORM, w->message, "%s:%llu: %s", w->file, (unsigned long long)line, what);
}

/* fields: of all columns, SPAN_NONE where absent; columns: where each begins, or NULL. */
static enum bf_err see_row(const struct walk *w, const struct span *fields, const uint32_t *columns,
                           uint64_t line)
{
    struct number_row row = { .number = fields[0], .more = fields + OWN, .file = w->file, .line = line };
    struct fault fault = { 0, "" };
    char *why = NULL, *whole = NULL;
    enum bf_err err = number_row_range(fields[0], fields[1], w->files->plan, &row.range, &fault);
    if (err != BF_OK) {
        if (asprintf(
                &whole, "\"%.*s\": %s; write a number like +12025550100, or +12025550100/100 for a hundred",
                (int)(fields[0].n < 40 ? fields[0].n : 40), fields[0].p ? fields[0].p : "", fault.what) < 0)
            return BF_ENOMEM;
        err = fault_in(w, line, columns ? columns[0] + (uint32_t)fault.at : 0, whole);
        free(whole);
        return err;
    }
    err = w->see(w->arg, &row, &why);
    if (err != BF_OK && err != BF_ENOMEM)
        (void)fault_in(w, line, 0, why ? why : bf_err_text(err));
    free(why);
    return err;
}

static void name_column(struct walk *w, struct span name, uint32_t at)
{
    for (size_t i = 0; i < OWN + w->files->n_columns; i++)
        if (span_equal_nocase(name, span_of(column_name(w, i))) && w->where[i] == ABSENT)
            w->where[i] = at;
}

/* ---- CSV ---- */

static enum bf_err csv_header(struct walk *w, const struct csv_record *record)
{
    for (size_t i = 0; i < record->n; i++)
        name_column(w, record->fields[i], (uint32_t)i);
    if (w->where[0] == ABSENT)
        return fault_in(w, record->line, 1,
                        "no column is called \"number\": begin the file with a header row like "
                        "number,count,customer,status");
    return BF_OK;
}

static enum bf_err csv_row(const struct walk *w, const struct csv_record *record, size_t wide)
{
    struct span fields[ALL];
    uint32_t columns[ALL];
    if (record->n != wide) {
        char what[96];
        snprintf(what, sizeof what, "the row has %zu fields and the header %zu: fill it up with empty ones",
                 record->n, wide);
        return fault_in(w, record->line, 1, what);
    }
    for (size_t i = 0; i < ALL; i++) {
        const uint32_t at = i < OWN + w->files->n_columns ? w->where[i] : ABSENT;
        fields[i] = at == ABSENT ? SPAN_NONE : record->fields[at];
        columns[i] = at == ABSENT ? 0 : record->columns[at];
    }
    return see_row(w, fields, columns, record->line);
}

static enum bf_err read_csv(struct walk *w)
{
    auto_(csv_close) struct csv *csv = NULL;
    struct csv_record record = { 0 };
    struct fault fault = { 0, "" };
    uint32_t column = 0;
    size_t wide = 0;
    enum bf_err err = csv_open(w->file, &csv);
    while (err == BF_OK && (err = csv_next(csv, &record, &column, &fault)) == BF_OK) {
        err = wide ? csv_row(w, &record, wide) : csv_header(w, &record);
        if (err != BF_OK)
            return err;
        wide = wide ? wide : record.n;
    }
    if (err == BF_EIO)
        return told(err, w->message, "%s: %s", w->file, strerror(errno));
    if (err == BF_EFORM || err == BF_ELIMIT)
        return fault_in(w, record.line, column, fault.what);
    if (err == BF_ENOENT && wide == 0)
        return fault_in(w, 1, 1,
                        "the file is empty: begin it with a header row like number,count,customer,status");
    return err == BF_ENOENT ? BF_OK : err;
}

/* ---- SQLite ---- */

/* The columns that the table has, by their places in the SELECT. */
static enum bf_err db_header(struct walk *w, struct db *db)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, "SELECT name FROM pragma_table_info('numbers')", &q);
    while (err == BF_OK && (err = db_step(q)) == BF_OK)
        name_column(w, db_text(q, 0), 0);
    if (err == BF_ENOENT && w->where[0] == ABSENT)
        return told(BF_EFORM, w->message, "%s: it has no table \"numbers\" with a column \"number\"",
                    w->file);
    return err == BF_ENOENT ? BF_OK : told(err, w->message, "%s: %s", w->file, db_error(db));
}

static enum bf_err db_select(const struct walk *w, struct db *db, struct db_query **ret)
{
    char room[512];
    struct buf sql = BUF_ON(room);
    buf_text(&sql, "SELECT rowid");
    for (size_t i = 0; i < OWN + w->files->n_columns; i++)
        buf_printf(&sql, w->where[i] == ABSENT ? ", NULL" : ", CAST(\"%s\" AS TEXT)", column_name(w, i));
    buf_text(&sql, " FROM numbers");
    buf_char(&sql, '\0');
    if (!buf_ok(&sql))
        return BF_ELIMIT;
    return db_prepare(db, room, ret);
}

static enum bf_err read_db(struct walk *w)
{
    auto_(db_close) struct db *db = NULL;
    auto_(db_finalize) struct db_query *q = NULL;
    char *why = NULL;
    enum bf_err err = db_open(w->file, DB_READ, &db, &why);
    if (err != BF_OK) {
        (void)told(err, w->message, "%s: %s", w->file, why ? why : bf_err_text(err));
        free(why);
        return err;
    }
    err = db_header(w, db);
    if (err != BF_OK)
        return err;
    err = db_select(w, db, &q);
    while (err == BF_OK && (err = db_step(q)) == BF_OK) {
        struct span fields[ALL] = { { 0 } };
        for (size_t i = 0; i < OWN + w->files->n_columns; i++)
            fields[i] = w->where[i] == ABSENT ? SPAN_NONE : span_trim(db_text(q, (int)i + 1));
        err = see_row(w, fields, NULL, (uint64_t)db_int(q, 0));
        if (err != BF_OK)
            return err;
    }
    return err == BF_ENOENT ? BF_OK : told(err, w->message, "%s: %s", w->file, db_error(db));
}

enum bf_err number_files_read(const struct number_files *files, number_row_see *see, void *arg,
                              char **ret_message)
{
    enum bf_err err = files->n_columns <= NUMBER_COLUMNS ? BF_OK : BF_EINVAL;
    *ret_message = NULL;
    for (size_t i = 0; i < files->n_paths && err == BF_OK; i++) {
        struct walk w = {
            .files = files, .file = files->paths[i], .see = see, .arg = arg, .message = ret_message
        };
        for (size_t k = 0; k < ALL; k++)
            w.where[k] = ABSENT;
        err = span_starts(span_of(w.file), SPAN(SQLITE)) ? read_db(&w) : read_csv(&w);
    }
    return err;
}

/* ---- just numbers ---- */

static enum bf_err add_plain(void *arg, const struct number_row *row, char **ret_message)
{
    const enum bf_err err = number_set_add(arg, &row->range, 0);
    return err == BF_EINVAL ? told(BF_EFORM, ret_message, "so many numbers do not follow this one") : err;
}

enum bf_err number_set_load(const char *const *paths, size_t n, const struct dial_plan *plan,
                            struct number_set **ret, struct number_set_report *report, char **ret_message)
{
    const struct number_files files = { .paths = paths, .n_paths = n, .plan = plan };
    auto_(number_set_maker_destroy) struct number_set_maker *maker = NULL;
    struct number_set_report mine;
    *ret_message = NULL;
    enum bf_err err = number_set_begin(&maker);
    if (err == BF_OK)
        err = number_files_read(&files, add_plain, maker, ret_message);
    if (err != BF_OK)
        return err;
    err = number_set_end(maker, ret, report ? report : &mine);
    maker = NULL;
    return err;
}
