/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: shortest form, no surrogates, at most U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/span.h"

/* Bytes of the character that s begins with, 1 to 4; 0 when it begins with none. */
size_t utf8_length(struct span s);

/* Offset of the first byte that is no UTF-8, or s.n. */
size_t utf8_check(struct span s);

/* The character that s, not empty, begins with, and its bytes; where there is none: U+FFFD and one byte. */
size_t utf8_decode(struct span s, uint32_t *ret);

/* Writes the character into out[4]; returns its length, 0 for surrogates and values past U+10FFFF. */
size_t utf8_encode(uint32_t code_point, char out[4]);

/* At most n bytes of s, cut between characters. */
struct span utf8_cut(struct span s, size_t n);

#endif
