/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the table in judge.c, one file each, and the few questions that two of them ask. */
#ifndef VERDICT_CHECKS_CHECKS_H
#define VERDICT_CHECKS_CHECKS_H

#include "verdict/check.h"

#define CHECK(name) struct ballot check_##name(const struct hearing *h, struct identity_result *p)
CHECK(form);
CHECK(parameters);
CHECK(url);
CHECK(fresh);
CHECK(orig);
CHECK(dest);
CHECK(certificate);
CHECK(chain);
CHECK(revocation);
CHECK(domain);
CHECK(number_listed);
CHECK(signature);
CHECK(replay);
CHECK(all_judged);
CHECK(called_number);
CHECK(number_shown);
CHECK(attestation);
CHECK(own_number);
CHECK(carrier);
#undef CHECK

/* The number, or URI, is in the token's dest. */
bool dest_lists(const struct token *t, const struct number *number);
bool dest_lists_uri(const struct token *t, struct span uri);
/* The trust domain may vouch for the caller. */
bool domain_speaks(const struct hearing *h, const struct identity_result *p, size_t domain);
/* called-number and number-shown, asked of one proof. */
bool called_matches(const struct hearing *h, const struct identity_result *p);
bool shown_matches(const struct hearing *h, const struct identity_result *p);
/* The proof that the verdict rests on; NULL: none holds. */
const struct identity_result *hearing_winner(const struct hearing *h);

#endif
