/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone may show of a call, listed for the check number-shown.                         design.md "Number shown" */
#ifndef VERDICT_SHOWN_H
#define VERDICT_SHOWN_H

#include "verdict/call.h"

/* One more; past CALL_SHOWN the call says so. */
void shown_add(struct call *c, const struct shown_number *shown);
/* A name that is claimed; one that is there already, or is empty, is passed over. The text lives as long as the call. */
void claim_add(struct call *c, enum claim_place place, struct span text);

/*
 * `"+1 202 555 0100" <sip:…>`, `"Desk (202) 555-0100" <sip:…>`: a phone shows the text, so a number in it is a number
 * that is shown, digits of other scripts included. One that cannot be read is shown all the same, and equals nothing.
 */
void shown_display(struct call *c, struct span display, const struct dial_plan *plan);

#endif
