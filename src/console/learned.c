/* SPDX-License-Identifier: Apache-2.0 */
/* What was learned about people, who may say whose name, and which calls are expected. */
#include <stdio.h>

#include "console/inside.h"

json_t *habit_json(const struct habit *h)
{
    char since[21], last[21];
    return json_pack("{s:I,s:s%,s:{s:s,s:s,s:s},s:s,s:i,s:i,s:s,s:s}", "id", (json_int_t)h->id, "number",
                     h->number.digits, (size_t)h->number.n, "signer", "spc", h->spc, "issuer", h->issuer,
                     "trust_domain", h->trust_domain, "state", habit_state_text(h->state), "calls",
                     (int)h->calls, "days", (int)h->days, "since", utc_text(h->since, since), "last",
                     utc_text(h->last, last));
}

/* ---- habits, exceptions ---- */

enum MHD_Result habit_post(struct ask *a)
{
    json_t *asked = ask_json(a);
    const json_t *confirm = json_object_get(asked, "confirm");
    const bool said = json_is_boolean(confirm), yes = json_is_true(confirm);
    json_decref(asked);
    if (!said)
        return refuse(a, 400, "confirm it: true or false");
    return done(a, ask_book(a) ? habit_decide(a->book, ask_id(a), yes, a->user) : BF_EIO,
                yes ? "habit confirmed" : "habit refused");
}

static bool keep_exception(void *arg, const struct exception *e)
{
    json_array_append_new(arg,
                          json_pack("{s:I,s:s%,s:s,s:s}", "id", (json_int_t)e->id, "number", e->number.digits,
                                    (size_t)e->number.n, "name", e->name, "by", e->by));
    return true;
}

enum MHD_Result exceptions_get(struct ask *a)
{
    json_t *list = json_array();
    if (!ask_book(a) || exception_list(a->book, keep_exception, list) != BF_OK)
        return json_decref(list), refuse(a, 500, no_store);
    return say_masked(a, 200, json_pack("{s:o}", "exceptions", list));
}

/* One number as people type it; false: it is none, or a range. */
static bool number_of(const char *text, struct number *ret)
{
    struct number_range range;
    struct fault fault;
    char written[RANGE_TEXT];
    if (range_of_text(span_of(text), &range, &fault) != BF_OK)
        return false;
    range_text(&range, written);
    const struct span digits = span_from(span_of(written), 1);
    if (written[0] != '+' || strpbrk(written, "*/") || digits.n > sizeof ret->digits)
        return false;
    *ret = (struct number){ .n = (uint8_t)digits.n, .global = true };
    memcpy(ret->digits, digits.p, digits.n);
    return true;
}

enum MHD_Result exceptions_post(struct ask *a)
{
    struct number number;
    json_t *asked = ask_json(a);
    const bool good = number_of(json_text(asked, "number"), &number) && *json_text(asked, "name");
    const enum bf_err err = !good ? BF_EFORM
                            : ask_book(a)
                                ? exception_add(a->book, &number, span_of(json_text(asked, "name")), a->user)
                                : BF_EIO;
    json_decref(asked);
    return good ? done(a, err, "exception")
                : refuse(a, 400, "an exception is one number with its country code, and a name");
}

enum MHD_Result exceptions_delete(struct ask *a)
{
    return done(a, ask_book(a) ? exception_remove(a->book, ask_id(a)) : BF_EIO, "exception removed");
}

/* ---- expected calls ---- */

static bool keep_short(void *arg, const struct person *p)
{
    *(json_t **)arg = json_pack("{s:I,s:s}", "id", (json_int_t)p->id, "name", p->name);
    return false;
}

json_t *expected_json(struct book *b, const struct expected *e)
{
    char from[21], until[21];
    json_t *person = NULL;
    if (book_get(b, e->person, keep_short, &person) != BF_OK)
        person = NULL;
    return json_pack("{s:I,s:o,s:s,s:s,s:s,s:s%,s:s,s:s,s:s,s:s,s:s}", "id", (json_int_t)e->id, "person",
                     person ? person : json_null(), "from", utc_text(e->from, from), "until",
                     utc_text(e->until, until), "zone", e->zone, "number", e->number.digits,
                     (size_t)e->number.n, "word", e->word, "state", expected_state_text(e->state), "source",
                     e->source, "call", e->call, "by", e->by);
}

struct expected_list {
    struct book *book;
    json_t *list;
};

static bool keep_expected(void *arg, const struct expected *e)
{
    const struct expected_list *l = arg;
    json_array_append_new(l->list, expected_json(l->book, e));
    return true;
}

enum MHD_Result expected_get(struct ask *a)
{
    struct expected_list l = { ask_book(a), json_array() };
    if (!l.book ||
        expected_list(l.book, 0, ask_time(a, "since"), ask_time(a, "until"), keep_expected, &l) != BF_OK)
        return json_decref(l.list), refuse(a, 500, no_store);
    return say_masked(a, 200, json_pack("{s:o}", "expected", l.list));
}

static enum bf_err read_expected(const json_t *asked, struct expected *e, struct fault *fault)
{
    const char *number = json_text(asked, "number");
    e->zone = *json_text(asked, "zone") ? json_text(asked, "zone") : "UTC";
    e->word = json_text(asked, "word");
    e->person = json_integer_value(json_object_get(asked, "person"));
    if (*number && !number_of(number, &e->number))
        return fault_at(fault, BF_EFORM, 0, "a number has its country code: +39…");
    const enum bf_err err = expected_time(span_of(json_text(asked, "from")), e->zone, &e->from, fault);
    return err ? err : expected_time(span_of(json_text(asked, "until")), e->zone, &e->until, fault);
}

enum MHD_Result expected_post(struct ask *a)
{
    struct expected e = { .source = "desk", .call = "", .by = a->user };
    struct fault fault = { 0, NULL };
    json_t *asked = ask_json(a);
    int64_t id = 0;
    enum bf_err err = read_expected(asked, &e, &fault);
    const bool read = err == BF_OK;
    if (read)
        err = ask_book(a) ? expected_add(a->book, &e, &id) : BF_EIO;
    json_decref(asked);
    if (err)
        return refuse_err(a, err,
                          !read && fault.what ? fault.what
                          : a->book           ? book_error(a->book)
                                              : no_store);
    audit(a, "expected", "", "");
    return say_json(a, 201, json_pack("{s:I}", "id", (json_int_t)id));
}

enum MHD_Result expected_delete(struct ask *a)
{
    return done(a, ask_book(a) ? expected_cancel(a->book, ask_id(a), a->user) : BF_EIO,
                "expected call cancelled");
}
