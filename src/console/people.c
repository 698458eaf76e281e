/* SPDX-License-Identifier: Apache-2.0 */
/* People: the address book over HTTP. */
#include <stdio.h>
#include <stdlib.h>

#include "console/inside.h"
#include "people/expected.h"
#include "people/habit.h"
#include "people/transfer.h"

const char no_store[] = "the store cannot be opened";

/* ---- showing ---- */

static json_t *whole_person(const struct person *p)
{
    char *text = NULL, photo[48];
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    person_json(out, p);
    fclose(out);
    json_t *value = json_of_memory(text, n);
    snprintf(photo, sizeof photo, "people/%lld/photo", (long long)p->id);
    json_object_set_new(value, "photo", p->photo.n ? json_string(photo) : json_null());
    return value;
}

static bool keep_person(void *arg, const struct person *p)
{
    json_array_append_new(arg, whole_person(p));
    return true;
}

static bool keep_short(void *arg, const struct person *p)
{
    *(json_t **)arg = json_pack("{s:I,s:s}", "id", (json_int_t)p->id, "name", p->name);
    return false;
}

json_t *person_of(struct ask *a, int64_t id)
{
    json_t *value = NULL;
    if (!ask_book(a) || book_get(a->book, id, keep_short, &value) != BF_OK)
        return NULL;
    return value;
}

static bool keep_habit(void *arg, const struct habit *h)
{
    json_array_append_new(arg, habit_json(h));
    return true;
}

enum MHD_Result say_masked(struct ask *a, int status, json_t *value)
{
    if (ask_masked(a))
        mask(value);
    return say_json(a, status, value);
}

static void hide_photos(json_t *people)
{
    json_t *person;
    size_t i;
    json_array_foreach(people, i, person) json_object_set_new(person, "photo", json_null());
}

enum MHD_Result people_get(struct ask *a)
{
    json_t *list = json_array();
    if (!ask_book(a) || book_search(a->book, span_of(ask_query(a, "q")), keep_person, list) != BF_OK)
        return json_decref(list), refuse(a, 500, no_store);
    if (ask_masked(a))
        hide_photos(list);
    return say_masked(a, 200, json_pack("{s:o}", "people", list));
}

static enum MHD_Result say_person(struct ask *a, int64_t id)
{
    json_t *list = json_array(), *habits = json_array();
    enum bf_err err = ask_book(a) ? book_get(a->book, id, keep_person, list) : BF_EIO;
    if (!err)
        err = habit_list(a->book, id, keep_habit, habits);
    if (err || !json_array_size(list)) {
        json_decref(list);
        json_decref(habits);
        return refuse_err(a, err ? err : BF_ENOENT, no_store);
    }
    json_t *person = json_incref(json_array_get(list, 0));
    json_decref(list);
    json_object_set_new(person, "habits", habits);
    json_object_set_new(person, "seen", seen_of(a->console->follower, id));
    if (ask_masked(a)) /* a face is as good as a name */
        json_object_set_new(person, "photo", json_null());
    return say_masked(a, 200, person);
}

enum MHD_Result person_get(struct ask *a)
{
    return say_person(a, ask_id(a));
}

/* ---- changing ---- */

static void put_list(const json_t *value, void (*put)(struct making *m, struct span text), struct making *m)
{
    const json_t *item;
    size_t i;
    json_array_foreach(value, i, item) put(m, span_of(json_string_value(item)));
}

static enum bf_err put_parsed(const json_t *value, struct making *m,
                              enum bf_err (*put)(struct making *m, struct span text, struct fault *fault),
                              struct fault *fault)
{
    const json_t *item;
    size_t i;
    json_array_foreach(value, i, item)
    {
        const enum bf_err err = put(m, span_of(json_string_value(item)), fault);
        if (err)
            return err;
    }
    return BF_OK;
}

static void put_texts(const json_t *asked, struct making *m)
{
    const struct {
        const char *name;
        const char **to;
        unsigned has;
    } texts[] = { { "name", &m->p.name, HAS_NAME },
                  { "organisation", &m->p.organisation, HAS_ORGANISATION },
                  { "language", &m->p.language, HAS_LANGUAGE },
                  { "note", &m->p.note, HAS_NOTE } };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (json_is_string(json_object_get(asked, texts[i].name))) {
            *texts[i].to = making_text(m, span_of(json_text(asked, texts[i].name)));
            m->has |= texts[i].has;
        }
}

static void put_marks(const json_t *asked, struct making *m)
{
    const json_t *flag = json_object_get(asked, "protected"),
                 *least = json_object_get(asked, "least_attestation");
    enum require_proof proof;
    if (json_is_boolean(flag)) {
        m->p.is_protected = json_is_true(flag);
        m->has |= HAS_PROTECTED;
    }
    if (least) {
        const char *c = json_text(asked, "least_attestation");
        m->p.least_attestation = c[0] >= 'A' && c[0] <= 'C' && !c[1] ? c[0] : 0;
        m->has |= HAS_LEAST;
    }
    if (json_is_string(json_object_get(asked, "require_proof")) &&
        require_proof_of_text(span_of(json_text(asked, "require_proof")), &proof)) {
        m->p.require_proof = proof;
        m->has |= HAS_PROOF;
    }
}

static enum bf_err make_person(const json_t *asked, struct making *m, struct fault *fault)
{
    static const struct {
        const char *name;
        unsigned has;
    } lists[] = { { "aliases", HAS_ALIASES },
                  { "tags", HAS_TAGS },
                  { "numbers", HAS_NUMBERS | HAS_RANGES },
                  { "signers", HAS_SIGNERS } };
    put_texts(asked, m);
    put_marks(asked, m);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        m->has |= json_is_array(json_object_get(asked, lists[i].name)) ? lists[i].has : 0;
    put_list(json_object_get(asked, "aliases"), making_alias, m);
    put_list(json_object_get(asked, "tags"), making_tag, m);
    enum bf_err err = put_parsed(json_object_get(asked, "numbers"), m, making_number, fault);
    if (!err)
        err = put_parsed(json_object_get(asked, "signers"), m, making_signer, fault);
    return err ? err : making_end(m);
}

struct change {
    struct ask *ask;
    struct making *m;
    enum bf_err err;
};

static bool change_person(void *arg, const struct person *p)
{
    struct change *c = arg;
    if (!making_over(c->m, p)) {
        c->err = BF_ENOMEM;
        return false;
    }
    c->m->p.id = p->id;
    c->err = book_put(c->ask->book, &c->m->p);
    return false;
}

static enum MHD_Result put_person(struct ask *a, int64_t id)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct making m;
    struct fault fault = { 0, NULL };
    struct change change = { a, &m, BF_OK };
    json_t *asked = ask_json(a);
    enum bf_err err = asked && ask_book(a) ? arena_create(65536, 8u << 20, &arena) : BF_EIO;
    if (!err)
        err = making_begin(&m, arena);
    if (!err)
        err = make_person(asked, &m, &fault);
    json_decref(asked);
    if (err)
        return refuse_err(a, err, fault.what ? fault.what : "the person cannot be read: send JSON");
    err = id ? book_get(a->book, id, change_person, &change) : book_add(a->book, &m.p, &id);
    if (!err)
        err = change.err;
    if (err)
        return refuse_err(a, err, book_error(a->book));
    audit(a, "person", m.p.name, "");
    return say_person(a, id);
}

enum MHD_Result people_post(struct ask *a)
{
    return put_person(a, 0);
}

enum MHD_Result person_put(struct ask *a)
{
    return ask_id(a) ? put_person(a, ask_id(a)) : refuse(a, 404, "there is no such person");
}

enum MHD_Result done(struct ask *a, enum bf_err err, const char *what)
{
    if (err)
        return refuse_err(a, err, a->book ? book_error(a->book) : no_store);
    audit(a, what, a->id, "");
    return say_done(a);
}

enum MHD_Result person_delete(struct ask *a)
{
    return done(a, ask_book(a) ? book_remove(a->book, ask_id(a)) : BF_EIO, "person removed");
}

enum MHD_Result merge_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    const int64_t from = json_integer_value(json_object_get(asked, "from"));
    json_decref(asked);
    if (!from || from == ask_id(a))
        return refuse(a, 400, "say who goes over to this person");
    return done(a, ask_book(a) ? book_merge(a->book, ask_id(a), from) : BF_EIO, "people merged");
}

/* ---- photos ---- */

struct photo {
    struct ask *ask;
    enum MHD_Result result;
    const char *type;
    enum bf_err err;
};

static bool is_picture(const char *type)
{
    return type && (strcmp(type, "image/jpeg") == 0 || strcmp(type, "image/png") == 0 ||
                    strcmp(type, "image/webp") == 0);
}

static bool show_photo(void *arg, const struct person *p)
{
    struct photo *photo = arg;
    photo->result = p->photo.n && is_picture(p->photo_type)
                        ? say(photo->ask, 200, p->photo_type, p->photo, NULL, NULL)
                        : refuse(photo->ask, 404, "there is no photo");
    return false;
}

enum MHD_Result photo_get(struct ask *a)
{
    struct photo photo = { .ask = a };
    if (ask_masked(a))
        return refuse(a, 403, "this user sees no photos");
    const enum bf_err err = ask_book(a) ? book_get(a->book, ask_id(a), show_photo, &photo) : BF_EIO;
    return err ? refuse_err(a, err, no_store) : photo.result;
}

static bool set_photo(void *arg, const struct person *p)
{
    struct photo *photo = arg;
    struct person fresh = *p;
    fresh.photo = photo->type ? span_make(photo->ask->body, photo->ask->n) : SPAN_NONE;
    fresh.photo_type = photo->type ? photo->type : "";
    photo->err = book_put(photo->ask->book, &fresh);
    return false;
}

static enum MHD_Result change_photo(struct ask *a, const char *type)
{
    struct photo photo = { .ask = a, .type = type };
    const enum bf_err err = ask_book(a) ? book_get(a->book, ask_id(a), set_photo, &photo) : BF_EIO;
    return done(a, err ? err : photo.err, "photo");
}

enum MHD_Result photo_put(struct ask *a)
{
    const char *type = ask_header(a, "Content-Type");
    if (!is_picture(type) || a->n == 0)
        return refuse(a, 415, "a photo is a JPEG, PNG or WebP");
    return change_photo(a, type);
}

enum MHD_Result photo_delete(struct ask *a)
{
    return change_photo(a, NULL);
}

/* ---- files ---- */

enum MHD_Result import_post(struct ask *a)
{
    const char *type = ask_header(a, "Content-Type");
    const bool csv = type && strncmp(type, "text/csv", 8) == 0;
    struct import_report report = { 0 };
    char *message = NULL;
    const enum bf_err err =
        ask_book(a) ? people_import(a->book, csv ? PEOPLE_CSV : PEOPLE_VCARD,
                                    span_make(a->body ? a->body : "", a->n), NULL, NULL, &report, &message)
                    : BF_EIO;
    enum MHD_Result result;
    if (err)
        result = refuse_err(a, err, message ? message : "the file cannot be read");
    else {
        audit(a, "import", csv ? "csv" : "vcard", "");
        result = say_json(a, 200,
                          json_pack("{s:i,s:i,s:i,s:i}", "added", (int)report.added, "changed",
                                    (int)report.changed, "same", (int)report.same, "refused",
                                    (int)report.refused));
    }
    free(message);
    return result;
}

static enum MHD_Result export(struct ask *a, enum people_format format) {
    char *text = NULL; size_t n = 0; FILE *out = ask_masked(a) ? NULL : open_memstream(&text, &n);
    if (!out) return refuse(a, 403, "numbers are masked for this user");
    const enum bf_err err = ask_book(a) ? people_export(a->book, format, SPAN(""), out) : BF_EIO;
    fclose(out);
    const bool csv = format == PEOPLE_CSV;
    const enum MHD_Result result = err ? refuse_err(a, err, no_store)
                                       : say(a, 200,
                                             csv ? "text/csv; charset=utf-8" : "text/vcard; charset=utf-8",
                                             span_make(text, n), "Content-Disposition",
                                             csv ? "attachment; filename=\"people.csv\""
                                                 : "attachment; filename=\"people.vcf\"");
    free(text);
    return result;
}

enum MHD_Result export_vcf(struct ask *a)
{
    return export(a, PEOPLE_VCARD);
}

enum MHD_Result export_csv(struct ask *a)
{
    return export(a, PEOPLE_CSV);
}
