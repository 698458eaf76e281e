/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdict -> verificationResponse, in either dialect.                             API-002, API-003, API-008, API-009; SHK-041
 *
 * HTTP is 200 whatever the verdict; verstat speaks of the number, as everywhere. On the ATIS dialect a mismatch, a stale or a
 * malformed token is No-TN-Validation, on the other one what SIP would say.
 */
#include "api/api.h"
#include "token/json.h"

static const char *const pass_or_fail[] = { "fail", "pass" };

static void put_member(struct buf *b, const char *name, struct span text)
{
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, text);
}

/* The wire does not say Passed of an impostor, unless it is told to. */
static enum verstat shown(const struct verdict *v, const struct api_options *o, enum verstat verstat)
{
    const bool hide = v->outcome == IMPOSTOR && !o->verstat_keep_on_impostor && verstat == VERSTAT_PASSED;
    return hide ? VERSTAT_NONE : verstat;
}

/* ---- ATIS ---- */

static void put_reason(struct buf *b, const struct api_options *o, int code, const char *text,
                       const char *why)
{
    const char *const *const names = o->reason_camel
                                         ? (const char *const[]){ "reasonCode", "reasonText", "reasonDesc" }
                                         : (const char *const[]){ "reasoncode", "reasontext", "reasondesc" };
    if (code)
        buf_printf(b, "\"%s\":%d,\"%s\":\"%s\",", names[0], code, names[1], text);
    buf_printf(b, "\"%s\":", names[2]);
    buf_json_string(b, span_of(why));
    buf_char(b, ',');
}

/* Which header failed, and by what: a proof before anything else, the first before others. */
static enum stir_case atis_case(const struct verdict *v)
{
    enum stir_case other = CASE_NONE;
    if (v->winner >= 0)
        return api_case(v, (size_t)v->winner);
    for (size_t i = 0; i < v->n_identities; i++) {
        const enum stir_case c = api_case(v, i);
        if (v->identities[i].is_proof && c != CASE_NONE)
            return c;
        if (other == CASE_NONE && !v->identities[i].is_proof)
            other = c;
    }
    return other;
}

/* The words of the first row that did not pass for that case: what the verdict says unless another header decided it. */
static void write_atis(const struct api_options *o, const struct verdict *v, struct buf *out)
{
    const bool passed = v->verstat == VERSTAT_PASSED;
    const enum stir_case c = passed ? CASE_NONE : atis_case(v);
    const struct api_case_row row = api_case_row(c);
    const enum verstat verstat = passed ? VERSTAT_PASSED : stir_case_row(c)->atis;
    buf_text(out, "{\"verificationResponse\":{");
    if (!passed && v->n_identities)
        put_reason(out, o, row.code, row.text, v->why);
    buf_printf(out, "\"verstat\":\"%s\"}}\n", verstat_text(shown(v, o, verstat)));
}

/* ---- 3GPP ---- */

static struct span ppt_of_result(const struct identity_result *p)
{
    if (p->token.ppt_text.p)
        return p->token.ppt_text;
    return p->parts.ppt.p ? p->parts.ppt : SPAN("");
}

static const char *why_of(const struct verdict *v, size_t i)
{
    for (size_t k = 0; k < v->n_casts; k++)
        if (v->casts[k].check && v->casts[k].identity == (int)i && v->casts[k].ballot.vote != PASS)
            return v->casts[k].ballot.why;
    return v->why;
}

static void put_failed(struct buf *b, const struct verdict *v, size_t i)
{
    const struct identity_result *p = &v->identities[i];
    const struct stir_row *row = stir_case_row(p->failure);
    if (row->code)
        buf_printf(b, ",\"reasonCode\":%d,\"reasonText\":\"%s\"", row->code, row->phrase);
    put_member(b, "reasonDescription", span_of(why_of(v, i)));
    if (p->parts.token.p)
        put_member(b, "passport", p->parts.token);
}

static void put_result(struct buf *b, const struct verdict *v, size_t i)
{
    const struct identity_result *p = &v->identities[i];
    const bool good = p->status == IDENTITY_VALID;
    buf_text(b, "{\"verifyResult\":{\"ppt\":");
    buf_json_string(b, ppt_of_result(p));
    buf_printf(b, ",\"status\":\"%s\"", pass_or_fail[good]);
    if (good) {
        buf_text(b, ",\"validClaims\":");
        buf_span_put(b, p->token.payload);
    } else {
        put_failed(b, v, i);
    }
    buf_text(b, "}}");
}

/* Tokens of kinds that are not judged have no result: neither pass nor fail would be true. */
static void put_results(struct buf *b, const struct verdict *v)
{
    bool first = true;
    for (size_t i = 0; i < v->n_identities; i++) {
        if (v->identities[i].status == IDENTITY_IGNORED)
            continue;
        buf_text(b, first ? ",\"verifyResults\":[" : ",");
        first = false;
        put_result(b, v, i);
    }
    if (!first)
        buf_char(b, ']');
}

static bool claim_of(const struct identity_result *p, enum ppt ppt, struct span name, struct json_value *ret)
{
    struct json_value claims;
    return p->token.ppt == ppt && p->token.payload.p &&
           json_check(p->token.payload, &claims, NULL) == BF_OK && json_member(&claims, name, ret);
}

/* Who forwarded the call, as a div token says that nobody has verified. */
static void put_diversions(struct buf *b, const struct verdict *v)
{
    struct json_value div;
    bool first = true;
    for (size_t i = 0; i < v->n_identities; i++) {
        if (!claim_of(&v->identities[i], PPT_DIV, SPAN("div"), &div) || div.kind != JSON_KIND_OBJECT)
            continue;
        buf_text(b, first ? ",\"divResult\":[" : ",");
        first = false;
        buf_text(b, "{\"div\":");
        buf_span_put(b, div.text);
        buf_printf(b, ",\"verstatValue\":\"%s\"}", verstat_text(VERSTAT_NONE));
    }
    if (!first)
        buf_char(b, ']');
}

static bool has_priority(const struct verdict *v)
{
    for (size_t i = 0; i < v->n_identities; i++)
        if (v->identities[i].token.ppt == PPT_RPH)
            return true;
    return false;
}

static void end_3gpp(const struct api_request *q, struct buf *out)
{
    if (q->display_name.p)
        put_member(out, "displayName", q->display_name);
    if (q->request_id.p)
        put_member(out, "requestId", q->request_id);
    buf_text(out, "}}\n");
}

static void write_3gpp(const struct api_request *q, const struct api_options *o, const struct verdict *v,
                       struct buf *out)
{
    buf_printf(out, "{\"verificationResponse\":{\"verstatValue\":\"%s\"",
               verstat_text(shown(v, o, v->verstat)));
    put_results(out, v);
    put_diversions(out, v);
    if (has_priority(v))
        buf_text(out, ",\"verstatPriority\":\"No-RPH-Validation\"");
    end_3gpp(q, out);
}

/* ---- both ---- */

void api_verification_write(const struct api_request *request, const struct api_options *options,
                            const struct verdict *v, struct buf *out)
{
    if (request->dialect == API_3GPP)
        write_3gpp(request, options, v, out);
    else
        write_atis(options, v, out);
}

void api_stale_write(const struct api_request *request, const struct api_options *options, struct buf *out)
{
    static const char why[] = "the time of the request is not the present one";
    const struct stir_row *row = stir_case_row(CASE_E15_STALE);
    const char *verstat = verstat_text(VERSTAT_NONE);
    if (request->dialect == API_ATIS) {
        buf_text(out, "{\"verificationResponse\":{");
        put_reason(out, options, row->code, row->phrase, why);
        buf_printf(out, "\"verstat\":\"%s\"}}\n", verstat);
        return;
    }
    buf_printf(out,
               "{\"verificationResponse\":{\"verstatValue\":\"%s\",\"verifyResults\":[{\"verifyResult\":{"
               "\"ppt\":\"shaken\","
               "\"status\":\"fail\",\"reasonCode\":%d,\"reasonText\":\"%s\",\"reasonDescription\":\"%s\"}}]",
               verstat, row->code, row->phrase, why);
    end_3gpp(request, out);
}

/* `identity` of the one dialect and `identityHeader` of the other; both where a client of the first says ppt (API-009b). */
void api_signing_write(const struct api_request *request, struct span identity, struct buf *out)
{
    const bool both = request->dialect == API_3GPP && request->names_ppt && !request->request_id.p;
    buf_text(out, "{\"signingResponse\":{");
    if (request->dialect == API_ATIS || both) {
        buf_text(out, "\"identity\":");
        buf_json_string(out, identity);
    }
    if (both)
        buf_char(out, ',');
    if (request->dialect == API_3GPP) {
        buf_text(out, "\"identityHeader\":");
        buf_json_string(out, identity);
    }
    if (request->request_id.p)
        put_member(out, "requestId", request->request_id);
    buf_text(out, "}}\n");
}
