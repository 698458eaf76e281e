/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the call a fax? Machines neither wait nor read what a screen shows.                       RFC 6913; ITU-T T.38
 */
#ifndef SIP_FAX_H
#define SIP_FAX_H

#include "sip/message.h"

enum fax {
    FAX_NO,
    FAX_SAID, /* a medium is an image, or the caller prefers sip.fax; people may be called all the same */
    FAX_ONLY, /* every medium of its SDP is an image: nobody can be spoken to */
};

/* Reads the body and two headers: not for the hot path. A multipart body is never FAX_ONLY. */
enum fax message_fax(const struct sip_message *m);

#endif
