/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ordinary phone shows: a verdict in the display name, by a text of the configuration.     design.md "What a phone may tick"
 *
 *     ✔ %n[ says: %c]        ✔ +12155550121 says: Lab
 *     ✔ [%p (%n)|%n]         ✔ Ronald Putnam (+12155550121)
 *     ✘ not [%c|who it says] ✘ not Lab
 *
 * %n the caller's number, %p whose number it is by the book, where it was proven, %c the name that is claimed, %a the attestation; %% %[ %] %| are themselves. What stands in [ ] is left
 * out when a code in it is empty, and what stands behind | in there is written instead.
 */
#ifndef ANSWER_LABEL_H
#define ANSWER_LABEL_H

#include "base/buf.h"
#include "verdict/verdict.h"

#define LABEL_BYTES 160u /* of a display name that we write, cut between characters */

/*
 * Is it a text that can be shown? A tick belongs to GENUINE alone, right in front of what is proven: %n, or %p in brackets that say
 * something else (or nothing) where nobody is known; words must stand between that and a claimed name. BF_EFORM: unknown codes and brackets that do not fit.
 */
enum bf_err label_check(struct span text, enum outcome outcome, struct fault *fault) must_use;

/* The texts that are in force where none is configured. */
const char *label_usual(enum outcome outcome);

struct label_facts {
    struct span number; /* as it is shown; empty: there is none */
    struct span person; /* by the book; empty: nobody is known */
    struct span name;   /* as it was claimed; cleaned here */
    char attest;        /* 0: none */
};
/* At most LABEL_BYTES. text has passed label_check. */
void label_write(struct span text, const struct label_facts *facts, struct buf *out);

/*
 * A name somebody else wrote, without what would let it pass for ours: marks that look like a tick or a seal, control
 * bytes, and characters that are not seen or turn the direction of writing. Of one that says "verstat" nothing is left. Bytes that are no UTF-8 become '?'.
 */
void label_clean(struct span name, struct buf *out);
/* label_clean would change nothing. */
bool label_is_clean(struct span name);

/* `"…" `, quotes and backslashes escaped, no control bytes. */
void label_quoted(struct span text, struct buf *out);

#endif
