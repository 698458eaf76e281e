/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what token.c, jose.c, claims.c and write.c share. */
#ifndef TOKEN_PARTS_H
#define TOKEN_PARTS_H

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
enum bf_err jose_read(const struct reading *r, const struct json_value *header) must_use;

/* Payload: the claims that the token's ppt asks for, and those that stand there in a known shape. */
enum bf_err claims_read(const struct reading *r, const struct json_value *payload) must_use;

/* A scheme, a colon, something behind it, and nothing but the characters of RFC 3986. */
bool token_uri_is_sound(struct span uri);

/* 8-4-4-4-12 hexadecimal digits, either case. */
bool token_is_uuid(struct span text);

#endif
