/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the outside in: three parts, base64url, JSON, and only then what the JSON says. So a token whose claims are
 * wrong still has its signature and signed bytes filled, and `inspect` can say of both what is true.
 *
 *     eyJhbGciOiJFUzI1NiIs… . eyJhdHRlc3QiOiJBIiwi… . PwimjV0wnsRsOCmt…   (86 characters)
 */
#include "base/base64url.h"
#include "token/parts.h"

struct segments {
    struct span header, payload, signature;
};

static enum bf_err form(const struct reading *r, size_t at, const char *what)
{
    return token_found(r, BF_EFORM, TOKEN_FORM, at, what);
}

enum bf_err token_string(const struct reading *r, const struct json_value *v, enum token_flaw flaw,
                         const char *what, struct span *ret)
{
    if (v->kind != JSON_KIND_STRING)
        return token_flawed(r, flaw, v, what);
    void *room = v->escaped ? arena_take(r->arena, v->text.n) : NULL;
    struct buf scratch = buf_on(room, room ? v->text.n : 0);
    const struct span text = json_chars(v, &scratch);
    if (!text.p)
        return token_found(r, BF_ENOMEM, TOKEN_SOUND, 0, "no memory for the token");
    *ret = text;
    return BF_OK;
}

/* Exactly two dots. Header and payload both empty are the compact form; one of them empty is nothing (PP-035, PP-036). */
static enum bf_err split(const struct reading *r, struct span text, struct segments *ret)
{
    const size_t first = span_find(text, '.');
    if (text.n && text.p[0] == '{')
        return form(r, 0, "the JSON form of signatures is not used for calls");
    if (first == text.n)
        return form(r, text.n, "a token has three parts: here is one");
    const struct span rest = span_from(text, first + 1);
    const size_t second = span_find(rest, '.');
    if (second == rest.n)
        return form(r, text.n, "a token has three parts: here are two");
    ret->header = span_first(text, first);
    ret->payload = span_first(rest, second);
    ret->signature = span_from(rest, second + 1);
    const size_t third = span_find(ret->signature, '.');
    if (third < ret->signature.n)
        return form(r, first + second + 2 + third, "a token has three parts: here are more");
    if ((ret->header.n == 0) != (ret->payload.n == 0))
        return form(r, ret->header.n ? first + 1 : 0, "one part is empty");
    return BF_OK;
}

/* base64url and JSON of a part. *ret_text is its text, in the arena, also when it is no JSON. */
static enum bf_err read_part(struct reading *r, struct span segment, enum token_place place,
                             struct span *ret_text, struct json_members *ret, bool *ret_canonical)
{
    const size_t size = BASE64URL_BYTES(segment.n);
    uint8_t *bytes = arena_take(r->arena, size + 1);
    struct json_value value;
    struct fault fault = { 0, NULL };
    size_t n = 0;
    r->place = TOKEN_IN_TEXT;
    if (!bytes)
        return token_found(r, BF_ENOMEM, TOKEN_SOUND, 0, "no memory for the token");
    enum bf_err err = base64url_decode(segment, bytes, size, &n, &fault);
    if (err != BF_OK)
        return token_found(r, err, TOKEN_FORM, (size_t)(segment.p - r->token->text.p) + fault.at, fault.what);
    *ret_text = r->part = span_make(bytes, n);
    r->place = place;
    err = json_check_members(*ret_text, &value, ret, ret_canonical, &fault);
    if (err != BF_OK)
        return token_found(r, err, TOKEN_FORM, fault.at, fault.what);
    return value.kind == JSON_KIND_OBJECT ? BF_OK : form(r, 0, "header and payload must be JSON objects");
}

static enum bf_err read_signature(struct reading *r, struct span segment)
{
    static const char length[] = "the signature is not 64 bytes long";
    uint8_t bytes[96]; /* so that a DER signature is told apart from garbage */
    struct fault fault = { 0, NULL };
    size_t n = 0;
    const size_t start = (size_t)(segment.p - r->token->text.p);
    r->place = TOKEN_IN_TEXT;
    if (BASE64URL_BYTES(segment.n) > sizeof bytes)
        return token_found(r, BF_EFORM, TOKEN_SIGNATURE_LENGTH, start, length);
    const enum bf_err err = base64url_decode(segment, bytes, sizeof bytes, &n, &fault);
    if (err != BF_OK)
        return token_found(r, err, TOKEN_FORM, start + fault.at, fault.what);
    if (n != sizeof r->token->signature)
        return token_found(r, BF_EFORM, TOKEN_SIGNATURE_LENGTH, start, length);
    memcpy(r->token->signature, bytes, n);
    return BF_OK;
}

/* In the order in which people are told: of several things that are wrong, the first. */
enum { FOUND_SPLIT, FOUND_HEADER, FOUND_JOSE, FOUND_PAYLOAD, FOUND_SIGNATURE, FOUND_CLAIMS, FOUND_COUNT };

/* The header, where nobody knows it. */
static enum bf_err read_header(struct reading *r, struct span segment, struct finding *found)
{
    struct token *const t = r->token;
    struct json_members header;
    r->found = &found[FOUND_HEADER];
    const enum bf_err err = read_part(r, segment, TOKEN_IN_HEADER, &t->header, &header, &t->canonical);
    if (err != BF_OK)
        return err;
    r->found = &found[FOUND_JOSE];
    return jose_read(r, &header);
}

static void take_header(struct token *t, const struct token_header *known)
{
    t->header = known->json;
    t->ppt = known->ppt;
    t->ppt_text = known->ppt_text;
    t->x5u = known->x5u;
    t->canonical = known->canonical;
}

static enum bf_err read_full(struct reading *r, const struct segments *s, const struct token_header *known,
                             struct finding *found)
{
    struct token *const t = r->token;
    struct json_members payload;
    bool canonical = false;
    enum bf_err err = BF_OK;
    if (known)
        take_header(t, known);
    else
        err = read_header(r, s->header, found);
    r->found = &found[FOUND_SIGNATURE];
    const enum bf_err signature = read_signature(r, s->signature);
    r->found = &found[FOUND_PAYLOAD];
    const enum bf_err part = read_part(r, s->payload, TOKEN_IN_PAYLOAD, &t->payload, &payload, &canonical);
    t->canonical = part == BF_OK && canonical && t->canonical;
    if (part != BF_OK)
        return part;
    r->found = &found[FOUND_CLAIMS];
    const enum bf_err claims = claims_read(r, &payload);
    return err ? err : signature ? signature : claims;
}

static enum bf_err read_compact(struct reading *r, const struct segments *s, struct finding *found)
{
    r->found = &found[FOUND_SIGNATURE];
    const enum bf_err err = read_signature(r, s->signature);
    if (err != BF_OK)
        return err;
    return token_found(r, BF_EFORM, TOKEN_COMPACT, 0, "the compact form, which is not read here");
}

enum bf_err token_read_known(struct span text, const struct token_header *known, struct arena *arena,
                             struct token *ret, enum token_flaw *flaw, struct fault *fault)
{
    struct finding found[FOUND_COUNT] = { 0 };
    struct reading r = { arena, ret, text, TOKEN_IN_TEXT, &found[FOUND_SPLIT] };
    struct segments s;

    *ret = (struct token){ .text = text };
    *flaw = TOKEN_SOUND;
    enum bf_err err = BF_OK;
    if (text.n > LIMIT_IDENTITY_VALUE)
        err = token_found(&r, BF_ELIMIT, TOKEN_FORM, LIMIT_IDENTITY_VALUE, "the token is too long");
    else
        err = split(&r, text, &s);
    if (err == BF_OK) {
        ret->header_segment = s.header;
        ret->signed_part = span_first(text, s.header.n + 1 + s.payload.n);
        err = s.header.n ? read_full(&r, &s, known, found) : read_compact(&r, &s, found);
    }
    for (size_t i = 0; err != BF_OK && i < FOUND_COUNT; i++)
        if (found[i].err != BF_OK) {
            *flaw = found[i].flaw;
            ret->fault_place = found[i].place;
            return fault_at(fault, found[i].err, found[i].fault.at, found[i].fault.what);
        }
    return BF_OK;
}

enum bf_err token_read(struct span text, struct arena *arena, struct token *ret, enum token_flaw *flaw,
                       struct fault *fault)
{
    return token_read_known(text, NULL, arena, ret, flaw, fault);
}

enum bf_err token_header_read(struct span segment, struct arena *arena, struct token_header *ret)
{
    struct finding found[FOUND_COUNT] = { 0 };
    struct token t = { .text = segment };
    struct reading r = { arena, &t, segment, TOKEN_IN_TEXT, &found[FOUND_HEADER] };
    const enum bf_err err = read_header(&r, segment, found);
    if (err != BF_OK)
        return err == BF_ENOMEM ? err : BF_EFORM;
    *ret = (struct token_header){ t.header, t.ppt_text, t.x5u, t.ppt, t.canonical };
    return BF_OK;
}
