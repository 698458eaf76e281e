/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where does the first message of a stream end?         RFC 3261 section 18.3, RFC 5626 section 3.5.1; SIP-021
 * For TCP connections and captures put together: call it with all bytes held so far.
 */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "base/fault.h"
#include "base/span.h"

enum frame_kind {
    FRAME_MORE,    /* incomplete: read on */
    FRAME_MESSAGE, /* *ret_n bytes are one message */
    FRAME_PING,    /* *ret_n bytes of a keepalive (double CRLF): answer CRLF, drop them */
    FRAME_BLANK,   /* *ret_n bytes of stray CRLF to drop */
    FRAME_BROKEN,  /* no Content-Length, two that differ, too long: answer 400 if you can, close */
};

/*
 * from   what an earlier call has seen, so that a slow sender costs linear time in all: 0 at first, then to be handed
 *        back untouched as long as FRAME_MORE comes; it is 0 again after anything else
 * ret_n  FRAME_MORE: 0. FRAME_BROKEN: the header as far as it is there, for the 400
 */
enum frame_kind frame_next(struct span held, size_t *from, size_t *ret_n, struct fault *fault);

#endif
