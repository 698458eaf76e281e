/* SPDX-License-Identifier: Apache-2.0 */
/* The members that requests of both kinds have.                                           API-001..005, API-009, API-011 */
#include "api/reading.h"
#include "sip/uri.h"

static enum bf_err fail(const struct reading *r, enum api_fault fault, struct span first, const char *second)
{
    *r->error = (struct api_error){ .fault = fault, .variables = { first, span_of(second) } };
    return BF_EFORM;
}

enum bf_err api_missing(const struct reading *r, struct span name)
{
    return fail(r, SVC4001, name, NULL);
}

enum bf_err api_wrong(const struct reading *r, struct span name, const char *why)
{
    return fail(r, SVC4005, name, why);
}

enum bf_err api_no_memory(const struct reading *r)
{
    *r->error = (struct api_error){ .fault = POL5000 };
    return BF_ENOMEM;
}

static enum bf_err broken(const struct reading *r, size_t at, const char *what)
{
    const char *why = arena_printf(r->arena, "byte %zu: %s", at, what);
    return fail(r, SVC4006, span_of(why ? why : what), NULL);
}

enum bf_err api_open(const struct reading *r, struct span wrapper, struct json_value *ret)
{
    struct json_value root;
    struct fault fault = { 0, "no JSON" };
    if (json_check(r->body, &root, &fault) != BF_OK)
        return broken(r, fault.at, fault.what ? fault.what : "no JSON");
    if (root.kind != JSON_KIND_OBJECT)
        return broken(r, (size_t)(root.text.p - r->body.p), "an object belongs here");
    if (!json_member_nocase(&root, wrapper, ret))
        return api_missing(r, wrapper);
    return ret->kind == JSON_KIND_OBJECT ? BF_OK : api_wrong(r, wrapper, "not an object");
}

bool api_find(const struct json_value *object, struct api_name name, struct json_value *ret)
{
    return json_member_nocase(object, name.name, ret) ||
           (name.alias.p && json_member_nocase(object, name.alias, ret));
}

enum bf_err api_text(const struct reading *r, const struct json_value *v, struct span *ret)
{
    char *memory = v->escaped ? arena_take(r->arena, v->text.n) : NULL;
    struct buf scratch = buf_on(memory, memory ? v->text.n : 0);
    *ret = json_chars(v, &scratch);
    return ret->p ? BF_OK : api_no_memory(r);
}

enum bf_err api_optional_text(const struct reading *r, const struct json_value *object, struct span name,
                              struct span *ret)
{
    struct json_value v;
    *ret = SPAN_NONE;
    if (!json_member_nocase(object, name, &v) || v.kind == JSON_KIND_NULL)
        return BF_OK;
    return v.kind == JSON_KIND_STRING ? api_text(r, &v, ret) : api_wrong(r, name, "not a string");
}

enum bf_err api_time(const struct reading *r, const struct json_value *object, struct api_name name,
                     utc_t *ret)
{
    struct json_value v;
    int64_t seconds;
    if (!api_find(object, name, &v))
        return api_missing(r, name.name);
    if (!json_whole(&v, &seconds))
        return api_wrong(r, name.name, "not a whole number of seconds");
    *ret = seconds;
    return BF_OK;
}

/* One number or URI. */
static enum bf_err read_one(const struct reading *r, const struct json_value *v, bool is_uri,
                            struct span name, struct api_party *ret)
{
    struct sip_uri uri;
    struct number number = { .n = 0 };
    struct span text;
    bool is_number = true;
    if (v->kind != JSON_KIND_STRING)
        return api_wrong(r, name,
                         is_uri ? "uri is a string or an array of strings"
                                : "tn is a string or an array of strings");
    const enum bf_err err = api_text(r, v, &text);
    if (err != BF_OK)
        return err;
    if (!is_uri && number_of_text(text, r->plan, &number, NULL) != BF_OK)
        return api_wrong(r, name, "not a telephone number");
    if (is_uri && uri_read(text, &uri, NULL) != BF_OK)
        return api_wrong(r, name, "not a URI");
    if (is_uri)
        is_number = number_of_uri(&uri, r->plan, &number);
    if (ret->n++ == 0) {
        ret->is_number = is_number;
        ret->number = number;
    }
    return BF_OK;
}

static enum bf_err read_list(const struct reading *r, const struct json_value *v, bool is_uri,
                             struct span name, struct api_party *ret)
{
    struct json_value element;
    struct json_walk walk = json_begin(v);
    enum bf_err err = BF_OK;
    if (v->kind != JSON_KIND_ARRAY)
        return read_one(r, v, is_uri, name, ret);
    while (err == BF_OK && json_next(&walk, NULL, &element))
        err = read_one(r, &element, is_uri, name, ret);
    return err == BF_OK && ret->n == 0 ? api_wrong(r, name, "an empty array") : err;
}

enum bf_err api_party(const struct reading *r, const struct json_value *object, struct api_name name,
                      struct api_party *ret)
{
    struct json_value v, list;
    *ret = (struct api_party){ .n = 0 };
    if (!api_find(object, name, &v))
        return api_missing(r, name.name);
    if (v.kind != JSON_KIND_OBJECT)
        return api_wrong(r, name.name, "an object with tn or uri belongs here");
    if (json_member_nocase(&v, SPAN("tn"), &list))
        return read_list(r, &list, false, name.name, ret);
    if (json_member_nocase(&v, SPAN("uri"), &list))
        return read_list(r, &list, true, name.name, ret);
    const char *inside = arena_printf(r->arena, "%.*s.tn", SPAN_FMT(name.name));
    return inside ? api_missing(r, span_of(inside)) : api_no_memory(r);
}

bool api_is_fresh(utc_t time, const struct api_options *options, struct instant now)
{
    /* a time is between 0 and 2^53: neither difference can overflow */
    return time - now.utc <= options->freshness_s && now.utc - time <= options->freshness_s;
}
