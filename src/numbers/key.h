/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: a number as 61 bits, in an order in which numbers that follow each other have keys that do.
 *
 *     digits only:      how many << 50 | their value           +12025550100 -> 11 << 50 | 12025550100
 *     with '#' or '*':  1 << 60 | how many << 54 | to base 12  *67 -> 1 << 60 | 3 << 54 | 11·144 + 6·12 + 7
 */
#ifndef NUMBERS_KEY_H
#define NUMBERS_KEY_H

#include "sip/number.h"

#define KEY_DIGITS 15u

/* false: not 1 to 15 canonical digits. */
bool key_of(const struct number *number, uint64_t *ret);
struct number key_number(uint64_t key);

/* The keys of a range: *ret_n intervals [first, last], at most KEY_INTERVALS of them. false: as number_set_add. */
#define KEY_INTERVALS (2 * KEY_DIGITS)
struct key_interval {
    uint64_t first, last;
};
bool key_intervals(const struct number_range *range, struct key_interval out[static KEY_INTERVALS],
                   size_t *ret_n);

#endif
