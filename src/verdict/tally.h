/* SPDX-License-Identifier: Apache-2.0 */
/* How ballots become a verdict.                                                                    design.md "The verdict" */
#ifndef VERDICT_TALLY_H
#define VERDICT_TALLY_H

#include "verdict/check.h"

/* Which proof the verdict rests on, and the attestation: before the call rows are asked. */
void tally_winner(struct hearing *h);
/* Outcome, verstat, status of every header, the case, the sentence: after every row was asked. */
void tally(struct hearing *h);

#endif
