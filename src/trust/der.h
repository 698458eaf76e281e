/* SPDX-License-Identifier: Apache-2.0 */
/* Strict DER, one value at a time: definite, minimal lengths; one-byte tags. */
#ifndef TRUST_DER_H
#define TRUST_DER_H

#include "base/fault.h"
#include "base/span.h"

#define DER_INTEGER    0x02u
#define DER_IA5STRING  0x16u
#define DER_SEQUENCE   0x30u
#define DER_CONTEXT(n) (0xA0u | (n)) /* constructed, context-specific */

/* What is left to read of a value, and where in the whole it stands. */
struct der {
    struct span rest;
    size_t at;
};

struct der_value {
    uint8_t tag;
    size_t at;          /* of the tag, in the whole */
    struct der content; /* to read on inside */
};

static inline struct der der_of(struct span whole)
{
    return (struct der){ .rest = whole, .at = 0 };
}

/* Takes the next value. BF_EFORM: none left, cut short, a length that is not minimal, a tag of several bytes. */
enum bf_err der_next(struct der *d, struct der_value *ret, struct fault *fault) must_use;

/* The next value, which must carry this tag. */
enum bf_err der_expect(struct der *d, uint8_t tag, struct der_value *ret, struct fault *fault) must_use;

/* Nothing is left. */
enum bf_err der_end(const struct der *d, struct fault *fault) must_use;

/* A non-negative INTEGER of at most eight bytes. BF_EFORM: negative, longer, or not minimal. */
enum bf_err der_unsigned(const struct der_value *value, uint64_t *ret, struct fault *fault) must_use;

/* Bytes that tag and length take in front of n bytes of content; n < 65536. */
size_t der_head_size(size_t n);
/* Writes them; returns how many. */
size_t der_head_write(uint8_t *out, uint8_t tag, size_t n);

#endif
