/* SPDX-License-Identifier: Apache-2.0 */
/* Header names, compact names and methods. Internal to the room.             RFC 3261 section 7.3.3; SIP-003, SIP-004 */
#ifndef SIP_NAMES_H
#define SIP_NAMES_H

#include "sip/message.h"

/* Any case, compact form understood. SIP_H_OTHER when nobody here asks for it. */
enum sip_header_id sip_header_of(struct span name);

/* The full name of a compact one (`v`), or SPAN_NONE. */
struct span sip_compact(struct span name);

/* "Via"; "" for SIP_H_OTHER. */
struct span sip_header_name(enum sip_header_id id);

/* It may stand in a message once. */
bool sip_header_is_single(enum sip_header_id id);

#endif
