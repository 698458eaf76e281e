/* SPDX-License-Identifier: Apache-2.0 */
/* The whole book in and out, and a person in JSON. */
#include "people/transfer.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "people/book_parts.h"

/* ---- in ---- */

struct import {
    struct book *b;
    struct import_report *report;
    void (*refused)(void *arg, uint64_t line, const char *why);
    void *arg;
};

static void refuse(void *arg, uint64_t line, const char *why)
{
    struct import *const i = arg;
    i->report->refused++;
    if (i->refused)
        i->refused(i->arg, line, why);
}

/* Whether the entry would say anything new: what it is as a card, but for when it was changed. */
static bool is_same(const struct person *a, const struct person *b)
{
    const struct person *const both[2] = { a, b };
    char *text[2] = { NULL, NULL };
    size_t n[2] = { 0, 0 };
    bool written = true;
    for (size_t i = 0; i < 2; i++) {
        struct person p = *both[i];
        FILE *const f = open_memstream(&text[i], &n[i]);
        p.changed = 0;
        if (f) {
            people_csv_row(f, &p, true);
            written &= fclose(f) == 0;
        } else {
            written = false;
        }
    }
    const bool same = written && n[0] == n[1] && memcmp(text[0], text[1], n[0]) == 0;
    free(text[0]);
    free(text[1]);
    return same;
}

/* Who is there already, changed. BF_ENOENT: nobody is. */
static enum bf_err put_over(struct import *i, struct making *m, int64_t id)
{
    const struct person *book;
    enum bf_err err = book_read(i->b, id, m->arena, &book);
    if (err != BF_OK)
        return err;
    if (!making_over(m, book))
        return BF_ENOMEM;
    if (is_same(&m->p, book)) {
        i->report->same++;
        return BF_OK;
    }
    err = book_put(i->b, &m->p);
    i->report->changed += err == BF_OK;
    return err;
}

static enum bf_err known_as(struct import *i, const struct person *p, int64_t *ret_id)
{
    if (*p->uid)
        return book_id_of_uid(i->b, span_of(p->uid), ret_id);
    *ret_id = p->id;
    return p->id ? BF_OK : BF_ENOENT;
}

static enum bf_err take(void *arg, struct making *m, uint64_t line)
{
    struct import *const i = arg;
    int64_t id = 0;
    enum bf_err err = known_as(i, &m->p, &id);
    if (err == BF_OK)
        err = put_over(i, m, id);
    if (err == BF_ENOENT) {
        err = book_add(i->b, &m->p, &id);
        i->report->added += err == BF_OK;
    }
    if (err == BF_EFORM || err == BF_EINVAL) { /* refused before anything was written */
        refuse(i, line, book_error(i->b));
        return BF_OK;
    }
    return err;
}

enum bf_err people_import(struct book *b, enum people_format format, struct span text,
                          void (*refused)(void *arg, uint64_t line, const char *why), void *arg,
                          struct import_report *ret, char **ret_message)
{
    struct import i = { b, ret, refused, arg };
    const struct transfer t = { take, refuse, &i };
    *ret = (struct import_report){ 0 };
    *ret_message = NULL;
    enum bf_err err = book_begin(b);
    if (err != BF_OK)
        return err;
    err = format == PEOPLE_CSV ? people_csv_read(text, &t, ret_message) : vcard_read(text, &t, ret_message);
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    *ret = (struct import_report){ 0 }; /* nothing of it stays */
    return err;
}

/* ---- out ---- */

struct export
{
    FILE *out;
    enum people_format format;
    bool with_extra;
};

static bool needs_extra(void *arg, const struct person *p)
{
    struct export *const e = arg;
    e->with_extra |= p->photo.n || *p->extra;
    return !e->with_extra;
}

static bool write_one(void *arg, const struct person *p)
{
    const struct export *const e = arg;
    if (e->format == PEOPLE_CSV)
        people_csv_row(e->out, p, e->with_extra);
    else
        vcard_write(e->out, p);
    return !ferror(e->out);
}

enum bf_err people_export(struct book *b, enum people_format format, struct span search, FILE *out)
{
    struct export e = { out, format, false };
    enum bf_err err = BF_OK;
    if (format == PEOPLE_CSV) {
        err = book_search(b, search, needs_extra, &e);
        people_csv_head(out, e.with_extra);
    }
    if (err == BF_OK)
        err = book_search(b, search, write_one, &e);
    return err == BF_OK && ferror(out) ? BF_EIO : err;
}

/* ---- JSON ---- */

static void put_string(FILE *out, const char *text)
{
    char room[2048];
    struct span rest = span_of(text);
    fputc('"', out);
    while (rest.n) { /* in pieces: a note is long */
        struct buf b = BUF_ON(room);
        struct span part = utf8_cut(rest, 256);
        if (part.n == 0)
            part = span_first(rest, 256);
        buf_json_string(&b, part);
        fwrite(room + 1, 1, b.n - 2, out); /* 256 bytes take at most 6 each */
        rest = span_from(rest, part.n);
    }
    fputc('"', out);
}

static void put_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\"%s\":", name);
    put_string(out, text);
}

static void put_list(FILE *out, const char *name, const struct person *p, enum detail kind)
{
    char room[DETAIL_TEXT];
    fprintf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < detail_count(p, kind); i++) {
        if (i)
            fputc(',', out);
        put_string(out, detail_text(p, kind, i, room));
    }
    fputc(']', out);
}

void person_json(FILE *out, const struct person *p)
{
    const char least[2] = { p->least_attestation, 0 };
    char changed[21];
    fprintf(out, "{\"id\":%lld", (long long)p->id);
    put_member(out, "uid", p->uid);
    put_member(out, "name", p->name);
    put_list(out, "aliases", p, DETAIL_ALIAS);
    put_member(out, "organisation", p->organisation);
    put_list(out, "numbers", p, DETAIL_NUMBER);
    put_list(out, "signers", p, DETAIL_SIGNER);
    put_member(out, "least_attestation", least);
    fprintf(out, ",\"protected\":%s", p->is_protected ? "true" : "false");
    put_member(out, "require_proof", require_proof_text(p->require_proof));
    put_member(out, "language", p->language);
    put_member(out, "note", p->note);
    put_list(out, "tags", p, DETAIL_TAG);
    fprintf(out, ",\"photo\":%s", p->photo.n ? "true" : "false");
    put_member(out, "changed", utc_text(p->changed, changed));
    fputc('}', out);
}
