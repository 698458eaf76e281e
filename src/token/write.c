/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signing input of a new token: members in code-point order, no blanks, nothing escaped that need not be.
 *                                                            RFC 8225 section 9; PP-007, PP-014, PP-020..027
 */
#include <stdlib.h>

#include "base/base64url.h"
#include "base/random.h"
#include "sip/number.h"
#include "token/parts.h"

/* A comma unless it is the first member, then the name and its colon. */
static void put_name(struct buf *out, const char *name)
{
    if (out->n && out->p[out->n - 1] != '{')
        buf_char(out, ',');
    buf_char(out, '"');
    buf_text(out, name);
    buf_text(out, "\":");
}

static void put_string(struct buf *out, const char *name, struct span value)
{
    put_name(out, name);
    buf_json_string(out, value);
}

void token_header_put(struct buf *json, enum ppt ppt, struct span x5u)
{
    buf_char(json, '{');
    put_string(json, "alg", SPAN("ES256"));
    if (ppt != PPT_NONE)
        put_string(json, "ppt", span_of(ppt_text(ppt)));
    put_string(json, "typ", SPAN("passport"));
    put_string(json, "x5u", x5u);
    buf_char(json, '}');
}

static int compare_text(struct span a, struct span b)
{
    const int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_kind_and_text(const void *a, const void *b)
{
    const struct party *x = a, *y = b;
    return x->is_uri != y->is_uri ? x->is_uri - y->is_uri : compare_text(x->text, y->text);
}

static void put_dest(struct buf *out, const struct token_claims *c)
{
    struct party sorted[LIMIT_DEST];
    memcpy(sorted, c->dest, c->n_dest * sizeof sorted[0]);
    qsort(sorted, c->n_dest, sizeof sorted[0], by_kind_and_text);
    put_name(out, "dest");
    buf_char(out, '{');
    for (size_t i = 0; i < c->n_dest; i++) {
        const bool first = i == 0 || sorted[i].is_uri != sorted[i - 1].is_uri;
        if (first && i)
            buf_char(out, ']');
        if (first)
            put_name(out, sorted[i].is_uri ? "uri" : "tn");
        buf_char(out, first ? '[' : ',');
        buf_json_string(out, sorted[i].text);
    }
    buf_text(out, "]}");
}

/* Order of the concatenation alg, dig, as RFC 8225 section 5.2.2 has it. */
static int by_alg_and_dig(const void *a, const void *b)
{
    const struct token_fingerprint *x = a, *y = b;
    const int order = compare_text(x->alg, y->alg);
    return order ? order : compare_text(x->dig, y->dig);
}

static void put_mky(struct buf *out, const struct token_claims *c)
{
    struct token_fingerprint sorted[TOKEN_FINGERPRINTS];
    memcpy(sorted, c->mky, c->n_mky * sizeof sorted[0]);
    qsort(sorted, c->n_mky, sizeof sorted[0], by_alg_and_dig);
    put_name(out, "mky");
    for (size_t i = 0; i < c->n_mky; i++) {
        buf_text(out, i ? ",{" : "[{");
        put_string(out, "alg", sorted[i].alg);
        put_string(out, "dig", sorted[i].dig);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void token_payload_put(struct buf *json, const struct token_claims *c)
{
    buf_char(json, '{');
    if (c->ppt == PPT_SHAKEN)
        put_string(json, "attest", span_make(&c->attest, 1));
    put_dest(json, c);
    put_name(json, "iat");
    buf_decimal(json, c->iat);
    if (c->n_mky)
        put_mky(json, c);
    put_name(json, "orig");
    buf_char(json, '{');
    put_string(json, c->orig.is_uri ? "uri" : "tn", c->orig.text);
    buf_char(json, '}');
    if (c->ppt == PPT_SHAKEN)
        put_string(json, "origid", c->origid);
    buf_char(json, '}');
}

static bool party_is_sound(const struct party *p)
{
    return p->is_uri ? token_uri_is_sound(p->text) : number_is_canonical(p->text);
}

/* The one form an origid is written in: token_is_uuid, lower case. No branch in the loop: it runs for every call. */
static bool is_lower_uuid(struct span text)
{
    static const char form[UUID_TEXT + 1] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    bool good = text.n == UUID_TEXT;
    for (size_t i = 0; i < UUID_TEXT && i < text.n; i++) {
        const char c = text.p[i];
        const bool digit = ((c >= '0') & (c <= '9')) | ((c >= 'a') & (c <= 'f'));
        good &= (form[i] == '-') ? c == '-' : digit;
    }
    return good;
}

static const char *wrong_in_shaken(const struct token_claims *c)
{
    if (c->orig.is_uri)
        return "orig of a shaken token must be a number";
    if (c->attest < 'A' || c->attest > 'C')
        return "attest is none of A, B, C";
    return is_lower_uuid(c->origid) ? NULL : "origid is no UUID in lower case";
}

const char *token_header_wrong(enum ppt ppt, struct span x5u)
{
    if (ppt != PPT_NONE && ppt != PPT_SHAKEN)
        return "only baseline and shaken tokens are written";
    return token_uri_is_sound(x5u) ? NULL : "x5u is no URI";
}

const char *token_payload_wrong(const struct token_claims *c)
{
    if (!party_is_sound(&c->orig))
        return c->orig.is_uri ? "orig is no URI" : "orig is no canonical telephone number";
    if (c->n_dest == 0)
        return "dest is empty";
    for (size_t i = 0; i < c->n_dest; i++)
        if (!party_is_sound(&c->dest[i]))
            return "dest holds what is neither a canonical telephone number nor a URI";
    if (c->iat < 0 || c->iat > INT64_C(1) << 53)
        return "iat is no time that a token can tell";
    return c->ppt == PPT_SHAKEN ? wrong_in_shaken(c) : NULL;
}

bool token_fits(const struct token_claims *c)
{
    return c->n_dest <= LIMIT_DEST && c->n_mky <= TOKEN_FINGERPRINTS && c->x5u.n <= LIMIT_X5U;
}

void token_segment_put(struct buf *out, const struct buf *json)
{
    const size_t n = BASE64URL_TEXT(json->n);
    if (json->full || out->full || n > out->size - out->n) {
        out->full = true;
        return;
    }
    out->n += base64url_encode((const uint8_t *)json->p, json->n, out->p + out->n);
}

enum bf_err token_write(const struct token_claims *claims, struct buf *out, struct fault *fault)
{
    char room[TOKEN_JSON_MOST];
    struct buf json = BUF_ON(room);
    if (!token_fits(claims))
        return fault_at(fault, BF_ELIMIT, 0, "more than a token can hold");
    const char *wrong = token_header_wrong(claims->ppt, claims->x5u);
    if (!wrong)
        wrong = token_payload_wrong(claims);
    if (wrong)
        return fault_at(fault, BF_EFORM, 0, wrong);
    token_header_put(&json, claims->ppt, claims->x5u);
    token_segment_put(out, &json);
    buf_char(out, '.');
    json = BUF_ON(room);
    token_payload_put(&json, claims);
    token_segment_put(out, &json);
    return out->full ? fault_at(fault, BF_ELIMIT, 0, "the token is too long") : BF_OK;
}
