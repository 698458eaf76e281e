/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering a challenge: Digest with MD5, SHA-256 or SHA-512/256, qop=auth or none.   RFC 7616, RFC 8760, RFC 3261 section 22
 *
 * Of several challenges the topmost that is understood is answered (RFC 8760 section 2.4). Of passwords nothing goes out
 * but what a digest gives away. Basic is never answered. Internal to the room.
 */
#ifndef CALLBACK_DIGEST_H
#define CALLBACK_DIGEST_H

#include "base/buf.h"
#include "sip/message.h"

#define DIGEST_TEXT 256u /* bytes of a realm, a nonce, an opaque, at most; NUL included */

struct digest_kind; /* an algorithm */

/* One that was made to us, kept so that later requests need not be refused first. */
struct digest_challenge {
    const struct digest_kind *kind; /* NULL: none */
    bool proxy;                     /* 407: Proxy-Authorization */
    bool qop, named;                /* qop=auth; it named its algorithm */
    bool stale;                     /* the nonce was too old, the password right */
    char realm[DIGEST_TEXT], nonce[DIGEST_TEXT], opaque[DIGEST_TEXT];
    uint32_t count; /* requests that used this nonce */
};

/* One header value: `Digest realm="a", nonce="b", qop="auth"`. false: not one that we answer; *ret untouched. */
bool digest_read(struct span value, bool proxy, struct digest_challenge *ret);

/* The topmost challenge of a 401 or 407 that we answer. */
bool digest_of(const struct sip_message *answer, struct digest_challenge *ret);

struct digest_asked {
    const char *user, *password;
    struct span method, uri;
    const char *cnonce; /* random, of hexadecimal digits */
};

/* `Authorization: Digest …` with its CRLF; counts the nonce. BF_ECRYPTO: OpenSSL does not give this algorithm. */
enum bf_err digest_write(struct digest_challenge *challenge, const struct digest_asked *asked,
                         struct buf *out) must_use;

#endif
