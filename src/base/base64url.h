/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64url without padding, strict.             RFC 4648 section 5, RFC 7515 section 2, PP-034, SEC-009
 *
 * The decoder refuses '=', '+', '/', white space, a length of 1 modulo 4, and unused bits that are not
 * zero: one value has exactly one text, so no two tokens that differ in bytes decode alike.
 */
#ifndef BASE_BASE64URL_H
#define BASE_BASE64URL_H

#include "base/fault.h"
#include "base/span.h"

#define BASE64URL_TEXT(bytes)  (((bytes)*4 + 2) / 3) /* characters that `bytes` bytes take */
#define BASE64URL_BYTES(chars) ((chars) / 4 * 3 + ((chars) % 4 ? (chars) % 4 - 1 : 0))

/*
 * out takes size bytes; *ret_n is what was written. out may hold garbage after an error.
 * BF_EFORM (fault: the offending character), BF_ELIMIT when out is too small.
 */
enum bf_err base64url_decode(struct span text, uint8_t *out, size_t size, size_t *ret_n, struct fault *fault)
    must_use;

/* out takes BASE64URL_TEXT(n) characters, no NUL; returns that number. */
size_t base64url_encode(const uint8_t *bytes, size_t n, char *out);

#endif
