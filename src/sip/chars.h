/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which byte may stand where: one table for all readers of this room.                RFC 3261 section 25.1
 * Internal to the room. Bytes from 0x80 on are in no class.
 */
#ifndef SIP_CHARS_H
#define SIP_CHARS_H

#include "base/span.h"

enum {
    CHAR_TOKEN = 1 << 0, /* methods, header names, parameter names */
    CHAR_BLANK = 1 << 1, /* SP, HT, and CR and LF, which stand in folds only once a message is read */
    CHAR_DIGIT = 1 << 2,
    CHAR_HOST = 1 << 3, /* of a name or an IPv4 address; '_' is no host name's, and seen everywhere */
    CHAR_USER =
        1
        << 4, /* of a SIP user part or password; '%' begins an escape. '#' should be escaped, phones do not */
    CHAR_URIC = 1 << 5,  /* of any part of a URI but the user */
    CHAR_VALUE = 1 << 6, /* of a parameter's value without quotes: visible, and nothing that ends it */
    CHAR_HEX = 1 << 7,
};

extern const uint8_t sip_chars[256];

static inline bool char_is(char c, unsigned classes)
{
    return (sip_chars[(unsigned char)c] & classes) != 0;
}

/* How many bytes s begins with that are of these classes. */
static inline size_t chars_run(struct span s, unsigned classes)
{
    size_t n = 0;
    while (n < s.n && char_is(s.p[n], classes))
        n++;
    return n;
}

static inline struct span span_skip_blanks(struct span s)
{
    return span_from(s, chars_run(s, CHAR_BLANK));
}

/* The offset of `p` in the text that a fault speaks of. */
static inline size_t span_offset(struct span whole, const char *p)
{
    return p && whole.p ? (size_t)(p - whole.p) : 0;
}

/* 0-15, or -1 when c is no hex digit. */
int char_hex(char c);

/*
 * All bytes of s are of `classes`, and each '%' begins an escape. Returns the offset of the first that
 * breaks this, or s.n.
 */
size_t chars_escaped(struct span s, unsigned classes);

/* Bytes of a quoted string that s begins with, quotes included; 0 when it does not end in s. */
size_t quoted_length(struct span s);

/*
 * A host that s begins with: a name, an IPv4 address, or an IPv6 address in brackets (by its shape, so that the
 * third colon of RFC 5118 section 4.10 passes). 0 when there is none.
 */
size_t host_length(struct span s);

#endif
