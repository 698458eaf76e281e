/* SPDX-License-Identifier: Apache-2.0 */
/* TNAuthorizationList: which numbers a certificate speaks for.         RFC 8226 section 9; CRT-001..007 */
#ifndef TRUST_TNAUTH_H
#define TRUST_TNAUTH_H

#include "base/fault.h"
#include "base/limits.h"
#include "base/span.h"

enum tnauth_kind { TNAUTH_SPC, TNAUTH_RANGE, TNAUTH_ONE };

struct tnauth_entry {
    enum tnauth_kind kind;
    struct span text; /* the SPC, the number, or the start of the range; spans into the DER */
    uint64_t count;   /* RANGE: numbers covered, from start on, same digit length; else 1 */
};

struct tnauth {
    struct tnauth_entry *entries; /* owned */
    size_t n;
    uint8_t *der; /* owned copy */
    size_t der_n;
};

/* der: the extension's value inside its OCTET STRING. Strict DER (CRT-007). BF_EFORM, BF_ELIMIT, BF_ENOMEM. */
enum bf_err tnauth_read(struct span der, struct tnauth **ret, struct fault *fault) must_use;
void tnauth_destroy(struct tnauth *list);

/* How a number is covered (CRT-005). */
enum tnauth_cover { TNAUTH_NOT, TNAUTH_BY_SPC, TNAUTH_BY_NUMBER };
enum tnauth_cover tnauth_covers(const struct tnauth *list, struct span digits);

/*
 * Does all that the child speaks for lie within the parent (CRT-061)? Each SPC of the child is one of the parent's; its
 * numbers lie in a `one` or within one `range` of the parent, or the parent has an SPC (whose numbers no certificate lists).
 */
bool tnauth_encompasses(const struct tnauth *parent, const struct tnauth *child);

/* The first SPC, or SPAN_NONE. */
struct span tnauth_spc(const struct tnauth *list);

/* DER of a list, for the lab and for CSRs. *ret_n bytes in out, which takes size. BF_ELIMIT, BF_EFORM. */
enum bf_err tnauth_write(const struct tnauth_entry *entries, size_t n, uint8_t *out, size_t size,
                         size_t *ret_n) must_use;

AUTO_DEFINE(struct tnauth, tnauth_destroy);

#endif
