/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's callback: the desk is connected to the famous person, at the number of the address book. */
#ifndef CLI_DEMO_BACK_H
#define CLI_DEMO_BACK_H

#include "callback/callback.h"
#include "cli/demo_phones.h"

/*
 * Calls back, waits until the two are connected, hangs up, and prints what both phones saw.
 * call: the record's id of the call that is called back. true: they were connected.
 */
bool demo_back_tell(struct callback *c, struct demo_phones *phones, const char *call, bool colors);

#endif
