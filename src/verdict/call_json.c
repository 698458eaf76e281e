/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verificationRequest -> the facts of a call.            ATIS-1000082, TS 24.229 Annex V; API-002, API-004, API-009
 *
 *     {"verificationRequest":{"from":{"tn":"12155551212"},"to":{"tn":["12355551212"]},"time":1443208345,"identity":"…"}}
 *
 * `dest` of the 3GPP form is the Request-URI and outweighs `to`; in the older form `orig` and `dest` stand for from and to.
 * Names of members are taken in any letter case, for clients spell them as they like.
 */
#include "verdict/call.h"

#include "sip/uri.h"
#include "token/json.h"
#include "verdict/shown.h"

#define SAME_CALL MONO_S(8) /* as long as a token that comes again is in doubt, not refused */

struct reading {
    const struct call_rules *rules;
    struct arena *arena;
    struct span json;
    struct fault *fault;
};

static size_t offset(const struct reading *r, const struct json_value *v)
{
    return (size_t)(v->text.p - r->json.p);
}

/* The string, decoded into the arena where it has escapes. */
static struct span text_of(const struct reading *r, const struct json_value *v)
{
    char *memory = v->escaped ? arena_take(r->arena, v->text.n) : NULL;
    struct buf scratch = buf_on(memory, memory ? v->text.n : 0);
    return json_chars(v, &scratch);
}

/* A number or URI given as a string, or as an array with one at least: the first counts. */
static bool first_string(const struct json_value *v, struct json_value *ret)
{
    struct json_value name;
    if (v->kind == JSON_KIND_STRING) {
        *ret = *v;
        return true;
    }
    if (v->kind != JSON_KIND_ARRAY)
        return false;
    struct json_walk walk = json_begin(v);
    return json_next(&walk, &name, ret) && ret->kind == JSON_KIND_STRING;
}

struct json_party {
    bool is_number;
    struct number number;
    struct span uri;
};

static enum bf_err read_uri_party(const struct reading *r, const struct json_value *v, struct json_party *ret)
{
    char memory[LIMIT_URI];
    struct buf b = BUF_ON(memory);
    struct sip_uri uri;
    const struct span text = text_of(r, v);
    if (uri_read(text, &uri, NULL) != BF_OK)
        return fault_at(r->fault, BF_EFORM, offset(r, v), "not a URI");
    ret->is_number = number_of_uri(&uri, r->rules->plan, &ret->number);
    if (!ret->is_number && uri_canonical(&uri, &b) == BF_OK && buf_ok(&b))
        ret->uri = arena_copy(r->arena, buf_span(&b));
    return BF_OK;
}

/* `{"tn":"…"}`, `{"tn":["…"]}`, `{"uri":…}`. */
static enum bf_err read_party(const struct reading *r, const struct json_value *v, struct json_party *ret)
{
    struct json_value member, text;
    *ret = (struct json_party){ .uri = SPAN_NONE };
    if (v->kind != JSON_KIND_OBJECT)
        return fault_at(r->fault, BF_EFORM, offset(r, v), "an object with tn or uri belongs here");
    if (json_member_nocase(v, SPAN("tn"), &member)) {
        if (!first_string(&member, &text))
            return fault_at(r->fault, BF_EFORM, offset(r, &member), "tn is a string or an array of strings");
        ret->is_number = true;
        if (number_of_text(text_of(r, &text), r->rules->plan, &ret->number, NULL) != BF_OK)
            return fault_at(r->fault, BF_EFORM, offset(r, &text), "not a telephone number");
        number_assume_global(&ret->number); /* a tn begins with its country code */
        return BF_OK;
    }
    if (json_member_nocase(v, SPAN("uri"), &member)) {
        if (!first_string(&member, &text))
            return fault_at(r->fault, BF_EFORM, offset(r, &member), "uri is a string or an array of strings");
        return read_uri_party(r, &text, ret);
    }
    return fault_at(r->fault, BF_EFORM, offset(r, v), "tn or uri is missing");
}

static bool either(const struct json_value *o, struct span name, struct span alias, struct json_value *ret)
{
    return json_member_nocase(o, name, ret) || json_member_nocase(o, alias, ret);
}

static enum bf_err read_caller(const struct reading *r, const struct json_value *o, struct call *c)
{
    struct json_value v;
    struct json_party p;
    if (!either(o, SPAN("from"), SPAN("orig"), &v))
        return fault_at(r->fault, BF_EFORM, offset(r, o), "from is missing");
    const enum bf_err err = read_party(r, &v, &p);
    if (err)
        return err;
    c->has_caller = p.is_number;
    c->caller = p.number;
    c->caller_uri = p.uri;
    c->shown[0] = (struct shown_number){ PLACE_FROM, p.is_number, p.number, p.uri };
    c->n_shown = 1;
    return BF_OK;
}

static enum bf_err read_called(const struct reading *r, const struct json_value *o, struct call *c)
{
    struct json_value to, dest;
    struct json_party p;
    enum bf_err err;
    const bool has_to = json_member_nocase(o, SPAN("to"), &to);
    const bool has_dest = json_member_nocase(o, SPAN("dest"), &dest);
    if (!has_to && !has_dest)
        return fault_at(r->fault, BF_EFORM, offset(r, o), "to is missing");
    if ((err = read_party(r, has_to ? &to : &dest, &p)) != BF_OK)
        return err;
    c->has_to = p.is_number;
    c->to = p.number;
    if (has_dest && (err = read_party(r, &dest, &p)) != BF_OK)
        return err;
    c->has_called = p.is_number;
    c->called = p.number;
    c->called_uri = p.uri;
    for (size_t i = 0; i < r->rules->n_never_block; i++)
        if ((c->has_called && number_range_holds(&r->rules->never_block[i], &c->called)) ||
            (c->has_caller && number_range_holds(&r->rules->never_block[i], &c->caller))) {
            c->never_block = true;
            c->never_block_why = "this number is never blocked";
        }
    return BF_OK;
}

static enum bf_err identity_add(const struct reading *r, const struct json_value *v, struct call *c)
{
    if (v->kind != JSON_KIND_STRING)
        return fault_at(r->fault, BF_EFORM, offset(r, v), "an Identity value is a string");
    if (c->n_identities == LIMIT_IDENTITIES) {
        c->identities_too_many = true;
        return BF_OK;
    }
    const struct span text = text_of(r, v);
    if (!text.p)
        return BF_ENOMEM;
    if (text.n)
        c->identities[c->n_identities++] = text;
    return BF_OK;
}

static enum bf_err read_identities(const struct reading *r, const struct json_value *o, struct call *c)
{
    static const struct span names[] = { { "identity", 8 },
                                         { "identityHeader", 14 },
                                         { "identityHeaders", 15 } };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct json_value v, name, element;
        enum bf_err err = BF_OK;
        if (!json_member_nocase(o, names[i], &v))
            continue;
        if (v.kind != JSON_KIND_ARRAY) {
            err = identity_add(r, &v, c);
        } else {
            struct json_walk walk = json_begin(&v);
            while (!err && json_next(&walk, &name, &element))
                err = identity_add(r, &element, c);
        }
        if (err)
            return err;
    }
    return BF_OK;
}

static enum bf_err read_time(const struct reading *r, const struct json_value *o, const struct instant *at,
                             struct call *c)
{
    struct json_value v;
    int64_t seconds;
    const bool given = either(o, SPAN("time"), SPAN("iat"), &v);
    if (given && !json_whole(&v, &seconds))
        return fault_at(r->fault, BF_EFORM, offset(r, &v), "time is a whole number of seconds");
    if (at)
        c->arrival = *at;
    if (given && !c->arrival.utc)
        c->arrival.utc = seconds;
    return BF_OK;
}

static void read_name(const struct reading *r, const struct json_value *o, struct call *c)
{
    struct json_value v;
    if (json_member_nocase(o, SPAN("displayName"), &v) && v.kind == JSON_KIND_STRING)
        c->claimed_name = span_first(text_of(r, &v), LIMIT_DISPLAY_NAME);
    shown_display(c, c->claimed_name, r->rules->plan);
    claim_add(c, CLAIM_FROM, c->claimed_name);
}

/*
 * The same bytes are the same call, asked about again, if they carry its callId. Without one a replayed call reads like the
 * first: then only what comes within seconds is somebody asking again.
 */
static enum bf_err digest_same(const struct reading *r, const struct json_value *o, struct sha256 *sha,
                               struct call *c)
{
    struct json_value v;
    const bool named = json_member_nocase(o, SPAN("callId"), &v) && v.kind == JSON_KIND_STRING && v.text.n;
    const int64_t moment = named ? 0 : c->arrival.mono / SAME_CALL;
    const struct span parts[] = { span_make(&moment, sizeof moment), r->json };
    if (named)
        c->call_id = text_of(r, &v);
    return sha256_many(sha, parts, ARRAY_SIZE(parts), c->same);
}

enum bf_err call_of_json(struct span json, const struct call_rules *rules, const struct instant *at,
                         struct sha256 *sha, struct arena *arena, struct call *ret, struct fault *fault)
{
    const struct reading r = { rules, arena, json, fault };
    struct json_value root, request;
    enum bf_err err = json_check(json, &root, fault);
    if (err)
        return err;
    if (root.kind != JSON_KIND_OBJECT)
        return fault_at(fault, BF_EFORM, 0, "an object with verificationRequest belongs here");
    if (!json_member_nocase(&root, SPAN("verificationRequest"), &request))
        request = root;
    if (request.kind != JSON_KIND_OBJECT)
        return fault_at(fault, BF_EFORM, offset(&r, &request), "verificationRequest is an object");
    memset(ret, 0, sizeof *ret);
    if ((err = read_caller(&r, &request, ret)) || (err = read_called(&r, &request, ret)) ||
        (err = read_time(&r, &request, at, ret)) || (err = read_identities(&r, &request, ret)))
        return err;
    read_name(&r, &request, ret);
    return digest_same(&r, &request, sha, ret);
}
