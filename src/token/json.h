/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as PASSporTs carry it, read over the received bytes.                  RFC 8259; PP-024, SEC-005..007, SEC-010
 *
 * A walker, not a tree: it steps through members and elements, and hands out spans. Refused, with the byte:
 * duplicate member names (compared after unescaping, at every depth), depth past LIMIT_JSON_DEPTH, bytes
 * that are no UTF-8, lone surrogates, U+0000, a BOM, control characters, numbers that are not JSON, bytes after the value.
 * Allocates nothing.
 *
 * The names leave room for jansson's (json_string, JSON_OBJECT ...), which other rooms use away from the hot path.
 */
#ifndef TOKEN_JSON_H
#define TOKEN_JSON_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/span.h"

enum json_kind {
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_STRING,
    JSON_KIND_NUMBER,
    JSON_KIND_TRUE,
    JSON_KIND_FALSE,
    JSON_KIND_NULL
};

struct json_value {
    enum json_kind kind;
    struct span text; /* as it stands: quotes, braces included */
    bool escaped;     /* a string with a backslash in it */
};

/* A walk over the members of an object or the elements of an array that json_check accepted. */
struct json_walk {
    struct span rest;
    bool object;
};

/* Checks the whole text and gives the value. Everything below needs a text that passed. */
enum bf_err json_check(struct span text, struct json_value *ret, struct fault *fault) must_use;
/* The same, and in the same pass whether the whole text is canonical (json_is_canonical). */
enum bf_err json_check_form(struct span text, struct json_value *ret, bool *ret_canonical,
                            struct fault *fault) must_use;

/* The members of an object, as the check came by them: for who asks for several, so that nothing is walked twice. */
struct json_members {
    size_t n;
    struct json_entry {
        struct json_value name, value;
    } at[LIMIT_JSON_MEMBERS];
};
/* The same, and the members of the value, in their order; of a value that is no object there are none. */
enum bf_err json_check_members(struct span text, struct json_value *ret, struct json_members *ret_members,
                               bool *ret_canonical, struct fault *fault) must_use;
/* Member by (unescaped) name; NULL when there is none. */
const struct json_value *json_members_find(const struct json_members *members, struct span name);

struct json_walk json_begin(const struct json_value *object_or_array);
bool json_next(struct json_walk *walk, struct json_value *ret_name, struct json_value *ret_value);

/* Member by (unescaped) name; false when there is none. */
bool json_member(const struct json_value *object, struct span name, struct json_value *ret);
/* The same for names that clients spell as they like: the exact one, else the only one that differs in letter case alone. */
bool json_member_nocase(const struct json_value *object, struct span name, struct json_value *ret);

/* The (unescaped) string is `plain`. v must be a string. */
bool json_escaped_is(const struct json_value *v, struct span plain);
static inline bool json_string_is(const struct json_value *v, struct span plain)
{
    if (v->escaped)
        return json_escaped_is(v, plain);
    return v->text.n == plain.n + 2 && memcmp(v->text.p + 1, plain.p, plain.n) == 0;
}

/*
 * The string's characters. Without escapes a span into the text; else decoded into `scratch`, which
 * must have room for text.n bytes. SPAN_NONE when scratch is full or it is no string.
 */
struct span json_chars(const struct json_value *v, struct buf *scratch);

/* A number written with digits only, no sign, fraction, exponent or leading zero, at most 2^53 (PP-010, PP-011). */
bool json_whole(const struct json_value *v, int64_t *ret);

/* true: serialized as A.3 asks: no blanks, members sorted by code point, minimal escapes, at all depths. */
bool json_is_canonical(const struct json_value *v);

#endif
