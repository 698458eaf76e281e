/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of ASCII bytes, and how far a text stays inside or outside of it: 32 bytes at a time where the CPU can (AVX2),
 * one at a time elsewhere, with the same answers. For runs that are long; a byte or two are cheaper by hand.
 */
#ifndef BASE_BYTE_SET_H
#define BASE_BYTE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bit h of rows[l] is the byte h * 16 + l: a row is a low half, as one reads down a column of an ASCII table. Bytes from
 * 0x80 on are in no set.    `A`, 0x41, is bit 4 of rows[1].
 */
struct byte_set {
    uint8_t rows[16];
};

static inline bool byte_set_has(const struct byte_set *s, char c)
{
    const unsigned char byte = (unsigned char)c;
    return byte < 0x80 && (s->rows[byte & 15] >> (byte >> 4) & 1);
}

/* How many of the first bytes are in the set, one behind the other. p may be NULL when n is 0. */
size_t byte_set_run(const struct byte_set *s, const char *p, size_t n);
/* How many of the first bytes are not. */
size_t byte_set_gap(const struct byte_set *s, const char *p, size_t n);

#endif
