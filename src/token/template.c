/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64url turns three bytes into four characters, so whatever ends on a multiple of three bytes can be encoded ahead:
 *
 *     {"attest":"A","dest":{"tn":[" 12155550131"]},"iat":1443208345,"orig":{"tn":"12155550121"},"origid":"…"}
 *     27 bytes, always the same   and what comes behind them is encoded for each call
 */
#include "token/template.h"

#include <stdlib.h>

#include "token/parts.h"

#define AHEAD 27u /* bytes of the payload that are encoded with the header */

struct token_template {
    enum ppt ppt;
    char attest;
    struct span x5u;         /* behind text */
    size_t header_n, head_n; /* of text: up to and with the dot; with what the usual payload begins with */
    char text[];
};

/* `{"attest":"A","dest":{"tn":["`: as the canonical writer has it, with the number it would go on with cut off. */
static void put_beginning(struct buf *json, char attest)
{
    buf_text(json, "{\"attest\":\"");
    buf_char(json, attest);
    buf_text(json, "\",\"dest\":{\"tn\":[\"");
}

static struct token_template *make(enum ppt ppt, struct span x5u, char attest, const struct buf *header)
{
    const size_t header_n = BASE64URL_TEXT(header->n) + 1, head_n = header_n + BASE64URL_TEXT(AHEAD);
    struct token_template *t = calloc(1, sizeof *t + head_n + x5u.n);
    char room[64];
    struct buf begun = BUF_ON(room);
    if (!t)
        return NULL;
    struct buf text = buf_on(t->text, head_n);
    token_segment_put(&text, header);
    buf_char(&text, '.');
    put_beginning(&begun, attest);
    begun.n = AHEAD;
    token_segment_put(&text, &begun);
    memcpy(t->text + head_n, x5u.p, x5u.n);
    t->x5u = span_make(t->text + head_n, x5u.n);
    t->ppt = ppt;
    t->attest = attest;
    t->header_n = header_n;
    t->head_n = head_n;
    return t;
}

enum bf_err token_template_create(enum ppt ppt, struct span x5u, char attest, struct token_template **ret,
                                  struct fault *fault)
{
    char room[TOKEN_JSON_MOST];
    struct buf json = BUF_ON(room);
    if (x5u.n > LIMIT_X5U)
        return fault_at(fault, BF_ELIMIT, 0, "more than a token can hold");
    const char *wrong = token_header_wrong(ppt, x5u);
    if (!wrong && ppt == PPT_SHAKEN && (attest < 'A' || attest > 'C'))
        wrong = "attest is none of A, B, C";
    if (wrong)
        return fault_at(fault, BF_EFORM, 0, wrong);
    token_header_put(&json, ppt, x5u);
    if (!buf_ok(&json))
        return fault_at(fault, BF_ELIMIT, 0, "the token is too long");
    struct token_template *t = make(ppt, x5u, attest, &json);
    if (!t)
        return BF_ENOMEM;
    *ret = t;
    return BF_OK;
}

void token_template_destroy(struct token_template *t)
{
    free(t);
}

/* From one number to another, nothing else to be said: nothing in it needs escaping, and its length has a ceiling. */
static bool is_usual(const struct token_claims *c)
{
    return c->ppt == PPT_SHAKEN && c->n_dest == 1 && !c->dest[0].is_uri && !c->orig.is_uri && c->n_mky == 0;
}

/* The usual payload from its 28th byte on; as long as its numbers, its time and 115 bytes more. */
static void put_usual_rest(struct buf *json, const struct token_claims *c)
{
    buf_span_put(json, SPAN("[\""));
    buf_span_put(json, c->dest[0].text);
    buf_span_put(json, SPAN("\"]},\"iat\":"));
    buf_decimal(json, c->iat);
    buf_span_put(json, SPAN(",\"orig\":{\"tn\":\""));
    buf_span_put(json, c->orig.text);
    buf_span_put(json, SPAN("\"},\"origid\":\""));
    buf_span_put(json, c->origid);
    buf_span_put(json, SPAN("\"}"));
}

static void put_token(const struct token_template *t, const struct token_claims *claims, struct buf *out)
{
    if (is_usual(claims)) {
        char room[256];
        struct buf json = BUF_ON(room);
        put_usual_rest(&json, claims);
        buf_bytes(out, t->text, t->head_n);
        token_segment_put(out, &json);
    } else {
        char room[TOKEN_JSON_MOST];
        struct buf json = BUF_ON(room);
        token_payload_put(&json, claims);
        buf_bytes(out, t->text, t->header_n);
        token_segment_put(out, &json);
    }
}

enum bf_err token_template_write(const struct token_template *t, const struct token_claims *claims,
                                 struct buf *out, struct fault *fault)
{
    if (claims->ppt != t->ppt || (t->ppt == PPT_SHAKEN && claims->attest != t->attest) ||
        !span_equal(claims->x5u, t->x5u))
        return BF_EINVAL;
    if (!token_fits(claims))
        return fault_at(fault, BF_ELIMIT, 0, "more than a token can hold");
    const char *wrong = token_payload_wrong(claims);
    if (wrong)
        return fault_at(fault, BF_EFORM, 0, wrong);
    put_token(t, claims, out);
    return out->full ? fault_at(fault, BF_ELIMIT, 0, "the token is too long") : BF_OK;
}
