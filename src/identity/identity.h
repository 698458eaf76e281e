/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Identity header value: a token and its parameters.                     RFC 8224 section 4; ID-001..007
 *
 *     <token>;info=<https://…>;alg=ES256;ppt="shaken"
 *
 * Does not look into the token, does not compare anything: that is token/ and verdict/.
 */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

struct identity {
    struct span token; /* A-Z a-z 0-9 - _ . only */
    struct span info;  /* the URI inside <>; SPAN_NONE when absent */
    struct span alg;   /* quotes removed; SPAN_NONE when absent */
    struct span ppt;   /* likewise */
};

/*
 * value  the bytes after the colon, at most LIMIT_IDENTITY_VALUE; folds count as white space, which may stand
 *        around ';' and '=' but not inside the token (ID-007)
 * BF_EFORM bad grammar (a comma list, a doubled info/alg/ppt, '+' '/' '=' in the token, no ';' ...), BF_ELIMIT too long;
 * a missing info is not an error here: ret->info.p == NULL. On error *ret is untouched.
 * Allocates nothing, one pass.
 */
enum bf_err identity_read(struct span value, struct identity *ret, struct fault *fault) must_use;

/* ID-004: `<token>;info=<x5u>;alg=ES256;ppt="shaken"`; no ppt parameter when ppt is empty. */
void identity_write(struct buf *out, struct span token, struct span x5u, struct span ppt);

#endif
