/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it a signingRequest, and which call is to be signed?                                          API-001, API-005, API-009
 *
 * What it asks for can only take away from what the row of `sign` allows: a lower attestation, never a higher one.
 */
#include "api/reading.h"

/* API-009a: by the setting, unless it shows that it is the other one. */
static enum bf_err read_kind(const struct reading *r, const struct json_value *o, struct api_request *q)
{
    struct span ppt;
    enum bf_err err = api_optional_text(r, o, SPAN("requestId"), &q->request_id);
    if (err == BF_OK)
        err = api_optional_text(r, o, SPAN("ppt"), &ppt);
    if (err != BF_OK)
        return err;
    q->names_ppt = ppt.p != NULL;
    if (q->names_ppt || q->request_id.p)
        q->dialect = API_3GPP;
    if (!ppt.p || ppt.n == 0 || span_equal(ppt, SPAN("shaken")))
        return BF_OK;
    const bool known = span_equal(ppt, SPAN("div")) || span_equal(ppt, SPAN("rph"));
    return api_wrong(r, SPAN("ppt"),
                     known ? "tokens of this kind are not signed here: only shaken is"
                           : "only shaken is signed here");
}

/* Mandatory in the dialect of ATIS; in the other one the row of `sign` decides where it is missing. */
static enum bf_err read_attest(const struct reading *r, const struct json_value *o, struct api_request *q)
{
    struct json_value v;
    struct span text;
    if (!json_member_nocase(o, SPAN("attest"), &v))
        return q->dialect == API_ATIS ? api_missing(r, SPAN("attest")) : BF_OK;
    enum bf_err err = api_optional_text(r, o, SPAN("attest"), &text);
    if (err == BF_OK && (text.n != 1 || text.p[0] < 'A' || text.p[0] > 'C'))
        err = api_wrong(r, SPAN("attest"), "none of A, B, C");
    if (err == BF_OK)
        q->attest = text.p[0];
    return err;
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 8-4-4-4-12, in either case. */
static bool uuid_of(struct span text, uint8_t out[static UUID_BYTES])
{
    size_t digits = 0;
    memset(out, 0, UUID_BYTES);
    if (text.n != UUID_TEXT)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const int value = hex_of(text.p[i]);
        if (dash != (text.p[i] == '-') || (!dash && value < 0))
            return false;
        if (dash)
            continue;
        out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | value);
        digits++;
    }
    return true;
}

static enum bf_err read_origid(const struct reading *r, const struct json_value *o, struct api_request *q)
{
    struct json_value v;
    struct span text;
    if (!json_member_nocase(o, SPAN("origid"), &v))
        return q->dialect == API_ATIS ? api_missing(r, SPAN("origid")) : BF_OK;
    enum bf_err err = api_optional_text(r, o, SPAN("origid"), &text);
    if (err == BF_OK && !uuid_of(text, q->origid))
        err = api_wrong(r, SPAN("origid"), "not a UUID");
    q->has_origid = err == BF_OK;
    return err;
}

static enum bf_err read_number(const struct reading *r, const struct json_value *o, struct api_name name,
                               struct number *ret)
{
    struct api_party p;
    const enum bf_err err = api_party(r, o, name, &p);
    if (err != BF_OK)
        return err;
    if (p.n > 1)
        return api_wrong(r, name.name, "one telephone number is signed at a time");
    if (!p.is_number || !number_is_canonical(number_span(&p.number)))
        return api_wrong(r, name.name, "only telephone numbers are signed");
    *ret = p.number;
    return BF_OK;
}

static bool is_never_blocked(const struct call_rules *rules, const struct number *number)
{
    for (size_t i = 0; i < rules->n_never_block; i++)
        if (number_range_holds(&rules->never_block[i], number))
            return true;
    return false;
}

static void make_call(const struct call_rules *rules, struct instant now, struct call *c)
{
    c->arrival = now;
    c->asked = true;
    c->has_caller = c->has_called = c->has_to = true;
    c->to = c->called;
    c->shown[0] = (struct shown_number){ .place = PLACE_FROM, .is_number = true, .number = c->caller };
    c->n_shown = 1;
    c->never_block = is_never_blocked(rules, &c->caller) || is_never_blocked(rules, &c->called);
    c->never_block_why = c->never_block ? "this number is never blocked" : NULL;
}

enum bf_err api_signing_read(struct span body, const struct api_options *options,
                             const struct call_rules *rules, struct instant now, struct arena *arena,
                             struct api_request *ret, struct call *ret_call, struct api_error *error)
{
    const struct reading r = { body, rules->plan, arena, error };
    struct json_value o;
    memset(ret, 0, sizeof *ret);
    memset(ret_call, 0, sizeof *ret_call);
    *error = (struct api_error){ .fault = API_OK };
    ret->dialect = options->dialect;
    enum bf_err err = api_open(&r, SPAN("signingRequest"), &o);
    if (err != BF_OK)
        return err;
    if ((err = read_kind(&r, &o, ret)) != BF_OK || (err = read_attest(&r, &o, ret)) != BF_OK ||
        (err = read_number(&r, &o, (struct api_name){ SPAN("dest"), SPAN("to") }, &ret_call->called)) !=
            BF_OK ||
        (err = api_time(&r, &o, (struct api_name){ SPAN("iat"), SPAN("time") }, &ret->iat)) != BF_OK ||
        (err = read_number(&r, &o, (struct api_name){ SPAN("orig"), SPAN("from") }, &ret_call->caller)) !=
            BF_OK ||
        (err = read_origid(&r, &o, ret)) != BF_OK)
        return err;
    if (!api_is_fresh(ret->iat, options, now))
        return api_wrong(&r, SPAN("iat"), "not the present time");
    make_call(rules, now, ret_call);
    return BF_OK;
}

static struct api_error policy(enum sign_refusal refusal)
{
    return (struct api_error){ .fault = API_POLICY,
                               .status = 403,
                               .variables = { span_of(sign_refusal_text(refusal)) } };
}

static struct api_error wrong(struct span name, enum sign_refusal refusal)
{
    return (struct api_error){ .fault = SVC4005, .variables = { name, span_of(sign_refusal_text(refusal)) } };
}

struct api_error api_signing_refused(enum sign_refusal refusal)
{
    switch (refusal) {
    case SIGN_NO_CALLER: return wrong(SPAN("orig"), refusal);
    case SIGN_NO_CALLED: return wrong(SPAN("dest"), refusal);
    case SIGN_STALE_DATE: return wrong(SPAN("iat"), refusal);
    case SIGN_NO_ROW:
    case SIGN_NOT_FOR:
    case SIGN_ALREADY:
    case SIGN_PORTED_OUT:
    case SIGN_SUSPENDED:
    case SIGN_EMERGENCY: return policy(refusal);
    case SIGN_OK:
    case SIGN_EXPIRED:
    case SIGN_REVOKED:
    case SIGN_FAILED: break;
    }
    return (struct api_error){ .fault = POL5000 };
}
