/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Millions of telephone numbers, each with a small value: an inventory, a do-not-originate list.          TN-001, ID-101
 *
 * Made once, then immutable and shared by all threads. Ten million single numbers take 30 to 90 MB, by how far they lie
 * apart, and not much more while they are being sorted, so that two of them fit where a reload needs two. A look-up
 * halves an index, then reads at most 32 entries.
 *
 * A number is its digits: 0123 is not 123, and '#' and '*' are digits like others. Numbers are as they come from the
 * canonicalizer (sip/number.h); nothing is normalized in here.
 */
#ifndef NUMBERS_SET_H
#define NUMBERS_SET_H

#include "sip/number.h"

struct number_set;
struct number_set_maker;

/* Numbers that were added more than once. Only the first NUMBER_CLASHES are told one by one. */
#define NUMBER_CLASHES 8u
struct number_clash {
    struct number at;   /* the first number of those in both */
    uint32_t values[2]; /* differ: nobody can say which one counts */
};
struct number_set_report {
    uint64_t numbers; /* in the set; a prefix counts all that can begin with it */
    uint64_t
        repeats; /* entries whose numbers (some or all) stood there before, with the same value: harmless */
    uint64_t clashes; /* the same with another value */
    struct number_clash clash[NUMBER_CLASHES], repeat[NUMBER_CLASHES];
};

enum bf_err number_set_begin(struct number_set_maker **ret) must_use; /* BF_ENOMEM */

/*
 * In any order; sorted is fastest. A range of one, of many (of one length), or a prefix (count 0).
 * BF_EINVAL: no number of 1 to 15 digits, or so many do not follow it; BF_ENOMEM.
 */
enum bf_err number_set_add(struct number_set_maker *maker, const struct number_range *range, uint32_t value)
    must_use;

/*
 * The maker is used up in any case. *report is written in any case.
 * BF_EFORM: there are clashes, and no set; BF_ENOMEM.
 */
enum bf_err number_set_end(struct number_set_maker *maker, struct number_set **ret,
                           struct number_set_report *report) must_use;
void number_set_maker_destroy(struct number_set_maker *maker); /* of one that is not ended */

void number_set_destroy(struct number_set *set);

/* true and *ret_value (may be NULL) when the number is in it. set may be NULL: the empty one. Allocates nothing. */
bool number_set_find(const struct number_set *set, const struct number *number, uint32_t *ret_value);

size_t number_set_bytes(const struct number_set *set); /* memory it holds */

AUTO_DEFINE(struct number_set, number_set_destroy);
AUTO_DEFINE(struct number_set_maker, number_set_maker_destroy);

#endif
