/* SPDX-License-Identifier: Apache-2.0 */
/* Who it may be that calls: owners of its number, and whose names it claims.                     design.md "People rows" */
#ifndef VERDICT_WHO_H
#define VERDICT_WHO_H

#include "verdict/judge.h"

#define WHO_OWNERS 16u /* people who share a number: so many are looked at */

/* Fills h->who. There are people, and the proofs are judged. */
void who_calls(struct hearing *h);
/* Fills person, claimed_person and the name that matched: after the outcome is known. */
void who_is_named(struct hearing *h);

/* Whose is it, of the numbers that the call shows and nothing proves; somebody protected first. NULL: nobody's. */
const struct person *who_shows(const struct hearing *h, const struct number **ret_number);
/* The person's name, unless the caller withholds who it is: then words that do not say it. */
const char *who_name(const struct hearing *h, const struct person *person);
/* A call from the protected person's own number must be proven. */
bool who_needs_proof(const struct hearing *h, const struct person *person, const struct number *number);
/* A proof was offered, and it does not hold. */
bool who_broke_a_proof(const struct hearing *h);

#endif
