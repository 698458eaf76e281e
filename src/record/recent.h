/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the newest records, so that a call is one row even when it is decided anew: an INVITE that is repeated (for 32 s
 * at most, RFC 3261 section 17.1.1.2) while the server starts again arrives at another time under the same key. A bounded
 * table that forgets the older of two that want one place.
 */
#ifndef RECORD_RECENT_H
#define RECORD_RECENT_H

#include "record/record.h"

#define RECENT_S 64        /* of time that a table that begins anew should know */
#define RECENT_N (1 << 16) /* places; 1 MiB, of which only what is used is taken */

struct recent;

enum bf_err recent_create(struct recent **ret) must_use;
void recent_destroy(struct recent *r);
/* Enters the key. false: it is there already; of a key of zeros it never is. */
bool recent_enter(struct recent *r, const uint8_t key[static RECORD_KEY]);

AUTO_DEFINE(struct recent, recent_destroy);

#endif
