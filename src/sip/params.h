/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `;name=value`, one at a time. Internal to the room; others ask sip_param (sip/message.h). */
#ifndef SIP_PARAMS_H
#define SIP_PARAMS_H

#include "sip/message.h"

/* What a value says: without its quotes. */
struct span sip_param_value(struct span value);

/* Parameters and nothing else; false: *ret_at is the offset of what is none. */
bool sip_params_check(struct span params, size_t *ret_at);

#endif
