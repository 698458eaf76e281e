/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that follow from an INVITE and its answer: ACK, CANCEL, BYE.  RFC 3261 sections 17.1.1.3, 9.1, 12.2.1.1. */
#ifndef SIP_FOLLOW_H
#define SIP_FOLLOW_H

#include "base/buf.h"
#include "sip/message.h"

/*
 * ACK of a final answer that is no 2xx (SIP_ACK), or SIP_CANCEL (answer is NULL then): the same hop, the same branch.
 * BF_EFORM when a header is missing; BF_ELIMIT when out is full.
 */
enum bf_err follow_hop(struct buf *out, const struct sip_message *request, const struct sip_message *answer,
                       enum sip_method method) must_use;

/* Inside the dialog that a 2xx set up: its SIP_ACK, or SIP_BYE, to the Contact and by the route it names. */
enum bf_err follow_dialog(struct buf *out, const struct sip_message *request,
                          const struct sip_message *answer, enum sip_method method, struct span branch)
    must_use;

#endif
