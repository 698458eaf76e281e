/* SPDX-License-Identifier: Apache-2.0 */
/* What leg.c and leg_take.c share. */
#ifndef CALLBACK_LEG_PARTS_H
#define CALLBACK_LEG_PARTS_H

#include "callback/leg.h"

bool leg_ask(struct leg *l, struct leg_asked *a, enum sip_method method, struct span body, mono_t now);
bool leg_again(const struct leg_asked *a, struct sip_message *ret); /* what was asked, read */
void leg_cancel(struct leg *l, mono_t now);

#endif
