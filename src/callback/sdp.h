/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little that a controller between two phones does to their session descriptions.     RFC 8866, RFC 3264, RFC 3725
 * To each phone we are one session: its `o=` line is ours, with a version that grows; the rest is the other phone's.
 * Internal to the room.
 */
#ifndef CALLBACK_SDP_H
#define CALLBACK_SDP_H

#include "base/buf.h"

/* What one side has seen of us. */
struct sdp_session {
    uint64_t id, version;
    const char *host; /* of ours: `192.0.2.1`, `[2001:db8::1]` */
};

/* One audio stream, silent, nowhere: for the desk, until the person has answered. */
void sdp_hold(struct sdp_session *s, struct buf *out);

/* The other side's description as ours. false: it is none (no v=, o= or m=), or holds bytes that no line may. */
bool sdp_forward(struct sdp_session *s, struct span body, struct buf *out) must_use;

/* The answer to an offer that takes none of its streams. */
bool sdp_refuse(struct sdp_session *s, struct span offer, struct buf *out) must_use;

#endif
