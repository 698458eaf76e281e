/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: bytes in pieces of 64 KiB, each taken from the system and given back by itself, so that what is read
 * away makes room for what is written at the same time.
 */
#ifndef NUMBERS_PIECES_H
#define NUMBERS_PIECES_H

#include "base/fault.h"

#define PIECE_BYTES 65536u

struct pieces {
    uint8_t **all;
    size_t n, size; /* pieces there are, and room for */
    size_t used;    /* bytes of the last one */
};

/* Room for `most` bytes in one piece, to be written at *ret; pieces_took says how many were. BF_ENOMEM, BF_ELIMIT. */
enum bf_err pieces_room(struct pieces *p, size_t most, uint8_t **ret) must_use;
static inline void pieces_took(struct pieces *p, size_t n)
{
    p->used += n;
}
void pieces_release(struct pieces *p, size_t index); /* that one piece is not needed any more */
void pieces_clear(struct pieces *p);

/* Seven bits a byte, the low ones first; at most 10 bytes. */
static inline size_t varint_put(uint8_t *to, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        to[n++] = (uint8_t)(v | 0x80);
    to[n++] = (uint8_t)v;
    return n;
}

static inline uint64_t varint_take(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint64_t v = *p & 0x7F;
    for (unsigned shift = 7; *p++ & 0x80; shift += 7)
        v |= (uint64_t)(*p & 0x7F) << shift;
    *at = p;
    return v;
}

#endif
