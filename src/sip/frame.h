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
 * from  how far an earlier call had looked (0 at first; it writes back how far it looked), so that a slow
 *       sender costs linear time in all.
 */
enum frame_kind frame_next(struct span held, size_t *from, size_t *ret_n, struct fault *fault);

#endif
