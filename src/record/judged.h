/* SPDX-License-Identifier: Apache-2.0 */
/* From a verdict to its record, for everyone who keeps some: the server, and `bonafide watch`. */
#ifndef RECORD_JUDGED_H
#define RECORD_JUDGED_H

#include "base/arena.h"
#include "record/record.h"
#include "verdict/verdict.h"

/* What the signalling says. m: the request; NULL: the call came as JSON. Spans point into both. */
void record_of_call(const struct call *call, const struct sip_message *m, struct record *ret);

/* What was found. Ballots are put into the arena; without memory for them the record goes without. */
void record_of_verdict(const struct verdict *v, const struct call *call, struct arena *arena,
                       struct record *ret);

#endif
