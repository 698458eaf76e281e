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
CHECK(number_possible);
CHECK(do_not_originate);
CHECK(from_abroad);
CHECK(person_known);
CHECK(person_habit);
CHECK(name_claimed);
CHECK(call_expected);
#undef CHECK

/* A veto as its mode has it: to observe is to abstain, saying what would have been done. `why` begins with the number. */
struct ballot ballot_by_mode(const struct hearing *h, enum check_mode mode, const struct number *number,
                             const char *why);
/* Said where it does not look, without a look: switched off, or a call that nothing may stand in the way of. false: look. */
bool ballot_without_look(const struct hearing *h, enum check_mode mode, struct ballot *ret);
/* The next number that the call is said to come from; *at begins with 0. Display names are not. NULL: no more. */
const struct number *claimed_next(const struct call *c, size_t *at);
/* By a proof made for this very call that is good enough, or by a carrier that is believed. */
bool caller_is_proven(const struct hearing *h);

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
