/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it a verificationRequest?                               API-002, API-004, API-008 E1..E3, API-009, API-009a, API-009b
 * Which members are mandatory is asked in the order in which the standard lists them: from, to, time, identity.
 */
#include "api/reading.h"

/* API-009a; a heartbeat shows neither. */
static enum api_dialect dialect_of(const struct json_value *o, const struct api_options *options)
{
    static const struct span ours[] = {
        { "identityHeader", 14 }, { "identityHeaders", 15 }, { "ppt", 3 }, { "requestId", 9 }
    };
    struct json_value v;
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        if (json_member_nocase(o, ours[i], &v))
            return API_3GPP;
    return json_member_nocase(o, SPAN("identity"), &v) ? API_ATIS : options->dialect;
}

/* One Identity value: a string with something in it. */
static enum bf_err check_identity(const struct reading *r, const struct json_value *v, struct span name)
{
    if (v->kind != JSON_KIND_STRING)
        return api_wrong(r, name, "not a string");
    return v->text.n > 2 ? BF_OK : api_wrong(r, name, "an empty string");
}

static enum bf_err check_identities(const struct reading *r, const struct json_value *o, struct span name,
                                    size_t *count)
{
    struct json_value v, element;
    enum bf_err err = BF_OK;
    if (!json_member_nocase(o, name, &v))
        return BF_OK;
    if (v.kind != JSON_KIND_ARRAY) {
        ++*count;
        return check_identity(r, &v, name);
    }
    struct json_walk walk = json_begin(&v);
    while (err == BF_OK && json_next(&walk, NULL, &element)) {
        err = check_identity(r, &element, name);
        ++*count;
    }
    return err;
}

static enum bf_err read_tokens(const struct reading *r, const struct json_value *o,
                               const struct api_options *options, const struct api_request *q)
{
    size_t n = 0;
    enum bf_err err = check_identities(r, o, SPAN("identity"), &n);
    if (err == BF_OK)
        err = check_identities(r, o, SPAN("identityHeader"), &n);
    if (err == BF_OK)
        err = check_identities(r, o, SPAN("identityHeaders"), &n);
    if (err == BF_OK && n == 0 && options->heartbeat_refused)
        return api_missing(r, q->dialect == API_3GPP ? SPAN("identityHeader") : SPAN("identity"));
    return err;
}

static enum bf_err read_parties(const struct reading *r, const struct json_value *o)
{
    struct api_party unused;
    struct json_value v;
    enum bf_err err = api_party(r, o, (struct api_name){ SPAN("from"), SPAN("orig") }, &unused);
    if (err == BF_OK)
        err = api_party(r, o, (struct api_name){ SPAN("to"), SPAN("dest") }, &unused);
    if (err == BF_OK && json_member_nocase(o, SPAN("dest"), &v))
        err = api_party(r, o, (struct api_name){ SPAN("dest"), SPAN_NONE }, &unused);
    return err;
}

static enum bf_err read_protected(const struct reading *r, const struct json_value *o, struct api_request *q)
{
    struct json_value v, element;
    q->protected_headers.text = SPAN_NONE;
    if (!json_member_nocase(o, SPAN("protectedHeaders"), &v))
        return BF_OK;
    struct json_walk walk = json_begin(&v);
    if (v.kind != JSON_KIND_ARRAY)
        return api_wrong(r, SPAN("protectedHeaders"), "not an array of header lines");
    while (json_next(&walk, NULL, &element))
        if (element.kind != JSON_KIND_STRING)
            return api_wrong(r, SPAN("protectedHeaders"), "not an array of header lines");
    q->protected_headers = v;
    return BF_OK;
}

/* What an answer gives back, and what names the request: requestId, else callId. */
static enum bf_err read_names(const struct reading *r, const struct json_value *o, struct api_request *q)
{
    enum bf_err err = api_optional_text(r, o, SPAN("requestId"), &q->request_id);
    if (err == BF_OK)
        err = api_optional_text(r, o, SPAN("callId"), &q->call_id);
    if (err == BF_OK)
        err = api_optional_text(r, o, SPAN("displayName"), &q->display_name);
    return err;
}

enum bf_err api_verification_read(struct span body, const struct api_options *options,
                                  const struct dial_plan *plan, struct instant now, struct arena *arena,
                                  struct api_request *ret, struct api_error *error)
{
    const struct reading r = { body, plan, arena, error };
    struct json_value o;
    utc_t time = 0;
    memset(ret, 0, sizeof *ret);
    *error = (struct api_error){ .fault = API_OK };
    ret->dialect = options->dialect;
    enum bf_err err = api_open(&r, SPAN("verificationRequest"), &o);
    if (err != BF_OK)
        return err;
    ret->dialect = dialect_of(&o, options);
    if ((err = read_parties(&r, &o)) != BF_OK ||
        (err = api_time(&r, &o, (struct api_name){ SPAN("time"), SPAN("iat") }, &time)) != BF_OK ||
        (err = read_tokens(&r, &o, options, ret)) != BF_OK || (err = read_protected(&r, &o, ret)) != BF_OK ||
        (err = read_names(&r, &o, ret)) != BF_OK)
        return err;
    ret->is_stale = !api_is_fresh(time, options, now);
    return BF_OK;
}
