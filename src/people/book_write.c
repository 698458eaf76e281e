/* SPDX-License-Identifier: Apache-2.0 */
/* Writing into the address book: what may stand there, adding, changing, removing, merging. */
#include "people/book_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "people/fold.h"

/* ---- what may stand there ---- */

static bool has_control(struct span s, bool lines)
{
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7F)
            return true;
    }
    return false;
}

static enum bf_err text_check(struct book *b, const char *what, const char *text, size_t most, bool lines)
{
    const struct span s = span_of(text);
    if (!text)
        return book_refuse(b, BF_EINVAL, "%s is missing", what);
    if (s.n > most)
        return book_refuse(b, BF_EFORM, "%s is longer than %zu bytes", what, most);
    if (utf8_check(s) < s.n)
        return book_refuse(b, BF_EFORM, "%s is not UTF-8", what);
    if (has_control(s, lines))
        return book_refuse(b, BF_EFORM, "%s has a control character in it", what);
    return BF_OK;
}

static const char *const detail_names[DETAILS] = { "an alias", "a number", "a signer", "a tag" };

size_t detail_count(const struct person *p, enum detail kind)
{
    const size_t counts[DETAILS] = { p->n_aliases, p->n_numbers, p->n_signers, p->n_tags };
    return counts[kind];
}

const char *detail_text(const struct person *p, enum detail kind, size_t at, char out[static DETAIL_TEXT])
{
    switch (kind) {
    case DETAIL_ALIAS: return p->aliases[at];
    case DETAIL_TAG: return p->tags[at];
    case DETAIL_NUMBER: return range_text(&p->numbers[at], out);
    case DETAIL_SIGNER:
        snprintf(out, DETAIL_TEXT, "%s:%s", signer_kind_text(p->signers[at].kind), p->signers[at].value);
        return out;
    case DETAILS: break;
    }
    return "";
}

static enum bf_err detail_check(struct book *b, const struct person *p, enum detail kind)
{
    char room[DETAIL_TEXT];
    struct number_range range;
    enum bf_err err = BF_OK;
    if (detail_count(p, kind) > BOOK_LIST)
        return book_refuse(b, BF_EFORM, "there are more than %u of what is %s", BOOK_LIST,
                           detail_names[kind]);
    for (size_t i = 0; i < detail_count(p, kind) && err == BF_OK; i++) {
        if (kind == DETAIL_SIGNER)
            err = text_check(b, detail_names[kind], p->signers[i].value, BOOK_NAME_BYTES, false);
        if (err != BF_OK)
            return err;
        const char *text = detail_text(p, kind, i, room);
        struct fault fault = { 0, "" };
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): there are as many names as kinds */
        err = text_check(b, detail_names[kind], text, DETAIL_TEXT, false);
        if (err == BF_OK && span_trim(span_of(text)).n == 0)
            err = book_refuse(b, BF_EFORM, "%s is empty", detail_names[kind]);
        if (err == BF_OK && kind == DETAIL_NUMBER && range_of_text(span_of(text), &range, &fault) != BF_OK)
            err = book_refuse(b, BF_EFORM, "the number %s: %s", text, fault.what);
    }
    return err;
}

enum bf_err person_check(struct book *b, const struct person *p)
{
    const struct {
        const char *what, *text;
        size_t most;
        bool lines;
    } texts[] = {
        { "the uid", p->uid, BOOK_NAME_BYTES, false },
        { "the name", p->name, BOOK_NAME_BYTES, false },
        { "the organisation", p->organisation, BOOK_NAME_BYTES, false },
        { "the language", p->language, 64, false },
        { "the note", p->note, BOOK_NOTE_BYTES, true },
        { "the type of the photo", p->photo_type, 128, false },
        { "what the card says besides", p->extra, BOOK_EXTRA_BYTES, true },
    };
    enum bf_err err = BF_OK;
    for (size_t i = 0; i < ARRAY_SIZE(texts) && err == BF_OK; i++)
        err = text_check(b, texts[i].what, texts[i].text, texts[i].most, texts[i].lines);
    if (err == BF_OK && span_trim(span_of(p->name)).n == 0)
        err = book_refuse(b, BF_EFORM, "a person needs a name");
    if (err == BF_OK && p->photo.n > BOOK_PHOTO_BYTES)
        err = book_refuse(b, BF_EFORM, "the photo is larger than %u bytes", BOOK_PHOTO_BYTES);
    if (err == BF_OK && p->least_attestation && !strchr("ABC", p->least_attestation))
        err = book_refuse(b, BF_EFORM, "an attestation is A, B or C");
    for (enum detail kind = 0; kind < DETAILS && err == BF_OK; kind++)
        err = detail_check(b, p, kind);
    return err;
}

/* ---- what a search looks through ---- */

enum bf_err person_folded(const struct person *p, char **ret)
{
    char room[DETAIL_TEXT], *text = NULL;
    size_t n = 0;
    FILE *const f = open_memstream(&text, &n);
    if (!f)
        return BF_ENOMEM;
    fprintf(f, "%s\n", p->name);
    for (enum detail kind = 0; kind < DETAILS; kind++)
        for (size_t i = 0; i < detail_count(p, kind); i++)
            fprintf(f, "%s\n", detail_text(p, kind, i, room));
    fprintf(f, "%s\n%s", p->organisation, p->note);
    const bool failed = ferror(f) != 0;
    const enum bf_err err = fclose(f) != 0 || failed ? BF_ENOMEM : text_fold(span_make(text, n), ret);
    free(text);
    return err;
}

/* ---- rows ---- */

static enum bf_err row_run(struct book *b, struct db_query *q)
{
    const enum bf_err err = db_step(q);
    return err == BF_ENOENT || err == BF_OK ? BF_OK : book_failed(b, err);
}

static enum bf_err run_for(struct book *b, const char *sql, int64_t first, int64_t second)
{
    auto_(db_finalize) struct db_query *q = NULL;
    const enum bf_err err = db_prepare(b->db, sql, &q);
    if (err != BF_OK)
        return book_failed(b, err);
    db_bind_int(q, 1, first);
    if (second)
        db_bind_int(q, 2, second);
    return row_run(b, q);
}

/* id 0: the next one. */
static enum bf_err put_fields(struct book *b, const struct person *p, const char *uid, const char *folded)
{
    auto_(db_finalize) struct db_query *q = NULL;
    const char least[2] = { p->least_attestation, 0 };
    const enum bf_err err = db_prepare(
        b->db,
        "INSERT INTO people (id, uid, name, organisation, least_attestation, protected, require_proof, "
        "language,"
        " note, photo, photo_type, extra, changed, folded)"
        " VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
        " ON CONFLICT (id) DO UPDATE SET uid = ?2, name = ?3, organisation = ?4, least_attestation = ?5,"
        " protected = ?6, require_proof = ?7, language = ?8, note = ?9, photo = ?10, photo_type = ?11,"
        " extra = ?12, changed = ?13, folded = ?14",
        &q);
    if (err != BF_OK)
        return book_failed(b, err);
    db_bind_int(q, 1, p->id);
    db_bind_text(q, 2, span_of(uid));
    db_bind_text(q, 3, span_of(p->name));
    db_bind_text(q, 4, span_of(p->organisation));
    db_bind_text(q, 5, span_of(least));
    db_bind_int(q, 6, p->is_protected);
    db_bind_int(q, 7, p->require_proof);
    db_bind_text(q, 8, span_of(p->language));
    db_bind_text(q, 9, span_of(p->note));
    db_bind_blob(q, 10, p->photo.n ? p->photo : SPAN_NONE);
    db_bind_text(q, 11, span_of(p->photo_type));
    db_bind_text(q, 12, span_of(p->extra));
    db_bind_int(q, 13, clock_now(&clock_system).utc);
    db_bind_text(q, 14, span_of(folded));
    return row_run(b, q);
}

static enum bf_err put_details(struct book *b, const struct person *p, int64_t id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char room[DETAIL_TEXT];
    enum bf_err err = run_for(b, "DELETE FROM people_details WHERE person = ?1", id, 0);
    if (err == BF_OK)
        err = book_failed(b, db_prepare(b->db, "INSERT INTO people_details VALUES (?1, ?2, ?3, ?4)", &q));
    for (enum detail kind = 0; kind < DETAILS; kind++)
        for (size_t i = 0; i < detail_count(p, kind) && err == BF_OK; i++) {
            db_bind_int(q, 1, id);
            db_bind_int(q, 2, kind);
            db_bind_int(q, 3, (int64_t)i);
            db_bind_text(q, 4, span_of(detail_text(p, kind, i, room)));
            err = row_run(b, q);
            db_reset(q);
        }
    return err;
}

/* Nobody else has that uid. */
static enum bf_err uid_free(struct book *b, const char *uid, int64_t id)
{
    int64_t other = 0;
    const enum bf_err err = book_id_of_uid(b, span_of(uid), &other);
    if (err == BF_OK && other != id)
        return book_refuse(b, BF_EINVAL, "person %lld has the uid %s", (long long)other, uid);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err put_all(struct book *b, const struct person *p, int64_t *ret_id)
{
    char uid[16 + UUID_TEXT] = "urn:uuid:", *folded = NULL;
    int64_t id = 0;
    random_uuid(uid + strlen(uid));
    const char *own = *p->uid ? p->uid : uid;
    enum bf_err err = uid_free(b, own, p->id);
    if (err == BF_OK && (err = person_folded(p, &folded)) != BF_OK)
        return book_refuse(b, err, "%s", bf_err_text(err));
    if (err == BF_OK)
        err = put_fields(b, p, own, folded);
    free(folded);
    if (err == BF_OK)
        err = book_id_of_uid(b, span_of(own), &id);
    if (err == BF_OK)
        err = put_details(b, p, id);
    if (err == BF_OK)
        err = book_touched(b);
    if (err == BF_OK && ret_id)
        *ret_id = id;
    return err;
}

/* ---- changes ---- */

static enum bf_err change_end(struct book *b, enum bf_err err)
{
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

static enum bf_err there_is(struct book *b, int64_t id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(b->db, "SELECT 1 FROM people WHERE id = ?1", &q);
    if (err != BF_OK)
        return book_failed(b, err);
    db_bind_int(q, 1, id);
    err = db_step(q);
    return err == BF_ENOENT ? book_refuse(b, err, "there is no person %lld", (long long)id)
                            : book_failed(b, err);
}

/*
 * What can be refused is refused before anything is written, so that a refusal within many changes cancels none of the
 * others: an import goes on.
 */
enum bf_err book_add_as(struct book *b, const struct person *p, int64_t *ret_id)
{
    enum bf_err err = person_check(b, p);
    if (err == BF_OK && *p->uid)
        err = uid_free(b, p->uid, 0);
    if (err == BF_OK && p->id && (err = there_is(b, p->id)) == BF_OK)
        err = book_refuse(b, BF_EINVAL, "there is a person %lld already", (long long)p->id);
    if (err == BF_OK || (err == BF_ENOENT && p->id))
        err = book_begin(b);
    return err == BF_OK ? change_end(b, put_all(b, p, ret_id)) : err;
}

enum bf_err book_add(struct book *b, const struct person *p, int64_t *ret_id)
{
    struct person fresh = *p;
    fresh.id = 0;
    return book_add_as(b, &fresh, ret_id);
}

/* N of a card says the name in parts, and is out of date with another name. */
static enum bf_err without_parts(struct book *b, const struct person *p, char **ret_extra)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(b->db, "SELECT name, extra FROM people WHERE id = ?1", &q);
    if (err == BF_OK) {
        db_bind_int(q, 1, p->id);
        err = db_step(q);
    }
    if (err != BF_OK)
        return book_failed(b, err);
    if (span_equal(db_text(q, 0), span_of(p->name)) || !span_equal(db_text(q, 1), span_of(p->extra)))
        return BF_OK; /* the same name; or whoever gave another gave other lines with it */
    char *out = *ret_extra = malloc(strlen(p->extra) + 1);
    if (!out)
        return book_failed(b, BF_ENOMEM);
    for (const char *line = p->extra; *line;) {
        const size_t n = strcspn(line, "\n"), whole = n + (line[n] == '\n');
        if (toupper((unsigned char)line[0]) != 'N' || (line[1] != ':' && line[1] != ';')) {
            memcpy(out, line, whole);
            out += whole;
        }
        line += whole;
    }
    *out = '\0';
    return BF_OK;
}

enum bf_err book_put(struct book *b, const struct person *p)
{
    enum bf_err err = person_check(b, p);
    if (err == BF_OK)
        err = there_is(b, p->id);
    if (err == BF_OK && *p->uid)
        err = uid_free(b, p->uid, p->id);
    struct person next = *p;
    char *extra = NULL;
    if (err == BF_OK)
        err = without_parts(b, p, &extra);
    if (extra)
        next.extra = extra;
    if (err == BF_OK && (err = book_begin(b)) == BF_OK)
        err = change_end(b, put_all(b, &next, NULL));
    free(extra);
    return err;
}

enum bf_err book_remove(struct book *b, int64_t id)
{
    enum bf_err err = there_is(b, id);
    if (err == BF_OK)
        err = book_begin(b);
    if (err != BF_OK)
        return err;
    err = run_for(b, "DELETE FROM people WHERE id = ?1", id, 0); /* what hangs on it goes with it */
    return change_end(b, err == BF_OK ? book_touched(b) : err);
}
