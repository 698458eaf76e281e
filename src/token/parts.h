/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what token.c, jose.c, claims.c and write.c share. */
#ifndef TOKEN_PARTS_H
#define TOKEN_PARTS_H

#include "base/base64url.h"
#include "base/buf.h"
#include "token/token.h"

/* What one reader found. */
struct finding {
    enum bf_err err;
    enum token_flaw flaw;
    struct fault fault;
    enum token_place place;
};

/* One part of a token on its way through a reader. */
struct reading {
    struct arena *arena;
    struct token *token;
    struct span part;       /* the text that offsets are counted in, */
    enum token_place place; /* and which it is */
    struct finding *found;
};

static inline enum bf_err token_found(const struct reading *r, enum bf_err err, enum token_flaw flaw,
                                      size_t at, const char *what)
{
    *r->found = (struct finding){ err, flaw, { at, what }, r->place };
    return err;
}

/* BF_EFORM with its flaw; where: the value that is wrong, or NULL when it is missing. */
static inline enum bf_err token_flawed(const struct reading *r, enum token_flaw flaw,
                                       const struct json_value *where, const char *what)
{
    return token_found(r, BF_EFORM, flaw, where ? (size_t)(where->text.p - r->part.p) : 0, what);
}

/* The characters of a string, decoded into the arena when it has escapes. BF_EFORM: it is none, and `what` is found. */
enum bf_err token_string(const struct reading *r, const struct json_value *v, enum token_flaw flaw,
                         const char *what, struct span *ret) must_use;

/* Header: alg, typ, crit, x5u, ppt. Fills r->token's ppt, ppt_text and x5u. */
enum bf_err jose_read(const struct reading *r, const struct json_members *header) must_use;

/* Payload: the claims that the token's ppt asks for, and those that stand there in a known shape. */
enum bf_err claims_read(const struct reading *r, const struct json_members *payload) must_use;

/* ---- writing: write.c, template.c ---- */

/* Why a header with these, a payload with these claims would be none; NULL: it would be sound. */
const char *token_header_wrong(enum ppt ppt, struct span x5u);
const char *token_payload_wrong(const struct token_claims *claims);
bool token_fits(const struct token_claims *claims); /* no list longer than its ceiling */

/* Canonical JSON of them, and its segment. */
void token_header_put(struct buf *json, enum ppt ppt, struct span x5u);
void token_payload_put(struct buf *json, const struct token_claims *claims);
void token_segment_put(struct buf *out, const struct buf *json);
#define TOKEN_JSON_MOST BASE64URL_BYTES(LIMIT_IDENTITY_VALUE) /* more would not go into one Identity value */

/* A scheme, a colon, something behind it, and nothing but the characters of RFC 3986. */
bool token_uri_is_sound(struct span uri);

/* 8-4-4-4-12 hexadecimal digits, either case. */
bool token_is_uuid(struct span text);

#endif
