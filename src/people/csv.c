/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address book as a table, for spreadsheets.                                                          RFC 4180
 *
 *     id,uid,name,aliases,organisation,numbers,signers,least_attestation,protected,require_proof,language,note,tags
 *     1,,Ronald Putnam,R. Putnam;Ron,Zoë & Söhne,+12025550100;+1202555010*,spc:1234,A,yes,,en,,board
 *
 * Columns may stand in any order; only `name` must be there, others that nobody knows are left alone. Within a list, `\;` and
 * `\\` are a semicolon and a backslash. A text that a spreadsheet would take for a formula gets a `'` in front, and loses it when
 * it comes back.
 */
#include "people/transfer.h"

#include <stdlib.h>

#include "numbers/csv.h"

#define ROW_BLOCK    65536u
#define ROW_MOST     (8u << 20)
#define RECORD_BYTES (4u << 20)

enum column {
    COLUMN_ID,
    COLUMN_UID,
    COLUMN_NAME,
    COLUMN_ALIASES,
    COLUMN_ORGANISATION,
    COLUMN_NUMBERS,
    COLUMN_SIGNERS,
    COLUMN_LEAST,
    COLUMN_PROTECTED,
    COLUMN_PROOF,
    COLUMN_LANGUAGE,
    COLUMN_NOTE,
    COLUMN_TAGS,
    COLUMN_PHOTO,
    COLUMN_EXTRA,
    COLUMNS
};

static const struct {
    const char *name;
    unsigned has;
} columns[COLUMNS] = {
    [COLUMN_ID] = { "id", 0 },
    [COLUMN_UID] = { "uid", HAS_UID },
    [COLUMN_NAME] = { "name", HAS_NAME },
    [COLUMN_ALIASES] = { "aliases", HAS_ALIASES },
    [COLUMN_ORGANISATION] = { "organisation", HAS_ORGANISATION },
    [COLUMN_NUMBERS] = { "numbers", HAS_NUMBERS | HAS_RANGES },
    [COLUMN_SIGNERS] = { "signers", HAS_SIGNERS },
    [COLUMN_LEAST] = { "least_attestation", HAS_LEAST },
    [COLUMN_PROTECTED] = { "protected", HAS_PROTECTED },
    [COLUMN_PROOF] = { "require_proof", HAS_PROOF },
    [COLUMN_LANGUAGE] = { "language", HAS_LANGUAGE },
    [COLUMN_NOTE] = { "note", HAS_NOTE },
    [COLUMN_TAGS] = { "tags", HAS_TAGS },
    [COLUMN_PHOTO] = { "photo", HAS_PHOTO },
    [COLUMN_EXTRA] = { "extra", HAS_EXTRA },
};

/* `'` any number of times, then what begins a formula: gets one more `'`, and loses one. */
static bool is_formula(struct span s)
{
    while (s.n && s.p[0] == '\'')
        s = span_from(s, 1);
    return s.n && strchr("=+-@\t\r", s.p[0]);
}

static struct span unguarded(struct span s)
{
    return s.n && s.p[0] == '\'' && is_formula(s) ? span_from(s, 1) : s;
}

/* ---- reading ---- */

struct row {
    struct making m;
    struct span fields[COLUMNS];
    const char *why;
};

/* The next item of a list, in the arena; SPAN_NONE: that was all. */
static struct span item_next(struct making *m, struct span *rest)
{
    const struct span s = *rest;
    size_t at = 0, n = 0;
    char *item = s.n ? arena_take(m->arena, s.n) : NULL;
    m->no_memory |= s.n && !item;
    if (!item)
        return SPAN_NONE;
    for (; at < s.n && s.p[at] != ';'; at++) {
        if (s.p[at] == '\\' && at + 1 < s.n && (s.p[at + 1] == ';' || s.p[at + 1] == '\\'))
            at++;
        item[n++] = s.p[at];
    }
    *rest = span_from(s, at + 1);
    return span_trim(span_make(item, n));
}

static void take_list(struct row *r, enum column column)
{
    struct span rest = unguarded(r->fields[column]), item;
    while ((item = item_next(&r->m, &rest)).p) {
        struct fault fault = { 0, "" };
        enum bf_err err = BF_OK;
        if (column == COLUMN_ALIASES)
            making_alias(&r->m, item);
        else if (column == COLUMN_TAGS)
            making_tag(&r->m, item);
        else if (item.n)
            err = column == COLUMN_NUMBERS ? making_number(&r->m, item, &fault)
                                           : making_signer(&r->m, item, &fault);
        if (err != BF_OK)
            r->why = fault.what;
    }
}

static void take_protected(struct row *r)
{
    static const char *const yes[] = { "yes", "true", "1" }, *const no[] = { "no", "false", "0", "" };
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        if (span_equal_nocase(r->fields[COLUMN_PROTECTED], span_of(yes[i]))) {
            r->m.p.is_protected = true;
            return;
        }
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        if (span_equal_nocase(r->fields[COLUMN_PROTECTED], span_of(no[i])))
            return;
    r->why = "protected is yes or no";
}

static void take_least(struct row *r)
{
    const struct span s = r->fields[COLUMN_LEAST];
    if (s.n == 1 && memchr("ABC", s.p[0], 3))
        r->m.p.least_attestation = s.p[0];
    else if (s.n)
        r->why = "an attestation is A, B or C";
}

static void take_photo(struct row *r)
{
    const struct span s = r->fields[COLUMN_PHOTO];
    const size_t semicolon = span_find(s, ';'), comma = span_find(s, ',');
    if (s.n == 0)
        return;
    char *bytes = arena_take(r->m.arena, s.n);
    size_t n = 0;
    r->m.no_memory |= !bytes;
    if (!bytes)
        return;
    if (!span_starts(s, SPAN("data:")) || semicolon > comma || comma == s.n ||
        !photo_of_base64(span_from(s, comma + 1), bytes, &n)) {
        r->why = "a photo is written data:image/jpeg;base64,...";
        return;
    }
    r->m.p.photo = span_make(bytes, n);
    r->m.p.photo_type = making_text(&r->m, span_from(span_first(s, semicolon), 5));
}

/* Every byte counts: a note may begin with a blank. */
static const char *text_whole(struct making *m, struct span text)
{
    const struct span copy = arena_copy(m->arena, unguarded(text));
    m->no_memory |= !copy.p;
    return copy.p ? copy.p : "";
}

static void take_fields(struct row *r)
{
    struct person *const p = &r->m.p;
    uint64_t id = 0;
    if (r->fields[COLUMN_ID].n && span_decimal(r->fields[COLUMN_ID], INT64_MAX, &id))
        p->id = (int64_t)id;
    p->uid = making_text(&r->m, unguarded(r->fields[COLUMN_UID]));
    p->name = making_text(&r->m, unguarded(r->fields[COLUMN_NAME]));
    p->organisation = making_text(&r->m, unguarded(r->fields[COLUMN_ORGANISATION]));
    p->language = making_text(&r->m, unguarded(r->fields[COLUMN_LANGUAGE]));
    p->note = text_whole(&r->m, r->fields[COLUMN_NOTE]);
    p->extra = text_whole(&r->m, r->fields[COLUMN_EXTRA]);
    take_list(r, COLUMN_ALIASES);
    take_list(r, COLUMN_NUMBERS);
    take_list(r, COLUMN_SIGNERS);
    take_list(r, COLUMN_TAGS);
    take_protected(r);
    take_least(r);
    take_photo(r);
    if (!require_proof_of_text(r->fields[COLUMN_PROOF], &p->require_proof))
        r->why = "require_proof is usual, required or waived";
    if (!*p->uid)
        r->m.has &= ~(unsigned)HAS_UID;
}

struct table {
    int where[COLUMNS]; /* the field of each; -1: absent */
    size_t wide;
    unsigned has;
};

static bool head_read(struct table *t, const struct csv_record *record)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        t->where[c] = -1;
        for (size_t i = 0; i < record->n && t->where[c] < 0; i++)
            if (span_equal_nocase(record->fields[i], span_of(columns[c].name))) {
                t->where[c] = (int)i;
                t->has |= columns[c].has;
            }
    }
    t->wide = record->n;
    return t->where[COLUMN_NAME] >= 0;
}

static enum bf_err row_read(const struct table *table, const struct csv_record *record, struct arena *arena,
                            const struct transfer *t)
{
    struct row r = { 0 };
    enum bf_err err = making_begin(&r.m, arena);
    if (err != BF_OK)
        return err;
    for (size_t c = 0; c < COLUMNS; c++)
        r.fields[c] = table->where[c] >= 0 && (size_t)table->where[c] < record->n
                          ? record->fields[table->where[c]]
                          : SPAN("");
    r.m.has = table->has;
    if (record->n > table->wide)
        r.why = "the row has more fields than the first line";
    take_fields(&r);
    err = making_end(&r.m);
    if (err != BF_OK)
        r.why = err == BF_ELIMIT ? "a list of more than 256" : "too large a row";
    if (!r.why)
        return t->person(t->arg, &r.m, record->line);
    t->refused(t->arg, record->line, r.why);
    return BF_OK;
}

static enum bf_err told(char **ret_message, enum bf_err err, uint64_t line, uint32_t column, const char *what)
{
    if (asprintf(ret_message, "line %llu, column %u: %s", (unsigned long long)line, column, what) < 0)
        *ret_message = NULL;
    return err;
}

enum bf_err people_csv_read(struct span text, const struct transfer *t, char **ret_message)
{
    auto_(csv_close) struct csv *csv = NULL;
    auto_(arena_destroy) struct arena *arena = NULL;
    struct csv_record record = { 0 };
    struct table table = { 0 };
    struct fault fault = { 0, "" };
    uint32_t column = 0;
    *ret_message = NULL;
    enum bf_err err = text.n > TRANSFER_BYTES ? BF_ELIMIT : csv_of_wide(text, RECORD_BYTES, &csv);
    if (err == BF_OK)
        err = arena_create(ROW_BLOCK, ROW_MOST, &arena);
    if (err != BF_OK)
        return err;
    err = csv_next(csv, &record, &column, &fault);
    if (err == BF_ENOENT || (err == BF_OK && !head_read(&table, &record)))
        return told(ret_message, BF_EFORM, 1, 1,
                    "the first line names the columns, and one of them is `name`");
    while (err == BF_OK && (err = csv_next(csv, &record, &column, &fault)) == BF_OK) {
        err = row_read(&table, &record, arena, t);
        if (err != BF_OK)
            return err;
    }
    if (err == BF_EFORM || err == BF_ELIMIT)
        return told(ret_message, err, record.line, column, fault.what);
    return err == BF_ENOENT ? BF_OK : err;
}

/* ---- writing ---- */

/* A field, in quotes where it needs them. */
static void put(FILE *out, struct span s, bool guard)
{
    bool quoted = s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ' || s.p[0] == '\t' || s.p[s.n - 1] == '\t');
    for (size_t i = 0; i < s.n; i++)
        quoted |= strchr(",;\"\r\n", s.p[i]) != NULL;
    if (quoted)
        fputc('"', out);
    if (guard && is_formula(s))
        fputc('\'', out);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            fputc('"', out);
        fputc(s.p[i], out);
    }
    if (quoted)
        fputc('"', out);
}

static void item_put(FILE *out, const char *item, size_t at)
{
    if (at)
        fputc(';', out);
    for (; *item; item++) {
        if (*item == ';' || *item == '\\')
            fputc('\\', out);
        fputc(*item, out);
    }
}

static void write_list(FILE *out, const struct person *p, enum column column)
{
    char text[BOOK_NAME_BYTES + 16];
    switch (column) {
    case COLUMN_ALIASES:
        for (size_t i = 0; i < p->n_aliases; i++)
            item_put(out, p->aliases[i], i);
        break;
    case COLUMN_TAGS:
        for (size_t i = 0; i < p->n_tags; i++)
            item_put(out, p->tags[i], i);
        break;
    case COLUMN_NUMBERS:
        for (size_t i = 0; i < p->n_numbers; i++)
            item_put(out, range_text(&p->numbers[i], text), i);
        break;
    default:
        for (size_t i = 0; i < p->n_signers; i++) {
            snprintf(text, sizeof text, "%s:%s", signer_kind_text(p->signers[i].kind), p->signers[i].value);
            item_put(out, text, i);
        }
    }
}

/* Numbers begin with '+' and are nothing else: they get no guard. */
static void put_list(FILE *out, const struct person *p, enum column column)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const f = open_memstream(&text, &n);
    if (!f)
        return;
    write_list(f, p, column);
    if (fclose(f) == 0)
        put(out, span_make(text, n), column != COLUMN_NUMBERS);
    free(text);
}

static void put_photo(FILE *out, const struct person *p)
{
    if (p->photo.n == 0)
        return;
    fprintf(out, "\"data:%s;base64,", *p->photo_type ? p->photo_type : "image/jpeg");
    photo_base64(out, p->photo);
    fputc('"', out);
}

static void put_column(FILE *out, const struct person *p, enum column column)
{
    const char least[2] = { p->least_attestation, 0 };
    switch (column) {
    case COLUMN_ID: fprintf(out, "%lld", (long long)p->id); break;
    case COLUMN_UID: put(out, span_of(p->uid), true); break;
    case COLUMN_NAME: put(out, span_of(p->name), true); break;
    case COLUMN_ORGANISATION: put(out, span_of(p->organisation), true); break;
    case COLUMN_ALIASES:
    case COLUMN_NUMBERS:
    case COLUMN_SIGNERS:
    case COLUMN_TAGS: put_list(out, p, column); break;
    case COLUMN_LEAST: put(out, span_of(least), true); break;
    case COLUMN_PROTECTED: fputs(p->is_protected ? "yes" : "no", out); break;
    case COLUMN_PROOF:
        if (p->require_proof != PROOF_USUAL)
            fputs(require_proof_text(p->require_proof), out);
        break;
    case COLUMN_LANGUAGE: put(out, span_of(p->language), true); break;
    case COLUMN_NOTE: put(out, span_of(p->note), true); break;
    case COLUMN_PHOTO: put_photo(out, p); break;
    case COLUMN_EXTRA: put(out, span_of(p->extra), true); break;
    case COLUMNS: break;
    }
}

void people_csv_head(FILE *out, bool with_extra)
{
    for (enum column c = 0; c < (with_extra ? COLUMNS : COLUMN_PHOTO); c++)
        fprintf(out, "%s%s", c ? "," : "", columns[c].name);
    fputs("\r\n", out);
}

void people_csv_row(FILE *out, const struct person *p, bool with_extra)
{
    for (enum column c = 0; c < (with_extra ? COLUMNS : COLUMN_PHOTO); c++) {
        if (c)
            fputc(',', out);
        put_column(out, p, c);
    }
    fputs("\r\n", out);
}
