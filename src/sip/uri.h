/* SPDX-License-Identifier: Apache-2.0 */
/* sip:, sips: and tel: URIs, and others as opaque text.   RFC 3261 section 19.1, RFC 3966; standards.md B.4 */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

enum uri_scheme { URI_SIP, URI_SIPS, URI_TEL, URI_URN, URI_OTHER };

struct sip_uri {
    enum uri_scheme scheme;
    struct span text; /* the whole URI */
    struct span user; /* SIP: before '@', password cut off, parameters inside included; tel: the number */
    struct span password;
    struct span host;    /* SIP only; IPv6 in its brackets */
    uint16_t port;       /* 0: absent */
    struct span params;  /* SIP: after host/port; tel: after the number; leading ';' included */
    struct span headers; /* after '?' */
    struct span opaque;  /* what follows the scheme and its colon */
};

/* Spans into `text`. BF_EFORM; BF_ELIMIT beyond LIMIT_URI. One pass, allocates nothing. */
enum bf_err uri_read(struct span text, struct sip_uri *ret, struct fault *fault) must_use;

/*
 * The canonical form that tokens carry: scheme, user and host, nothing else.        URI-001..003
 * `sip:Alice:secret@EXAMPLE.com:5060;transport=tcp?X=y` -> `sip:alice@example.com`
 * BF_EUNSUP: no user part (not signable); BF_ELIMIT: out is full. Other schemes are copied as they are.
 */
enum bf_err uri_canonical(const struct sip_uri *uri, struct buf *out) must_use;

/* `urn:service:sos.fire`, `urn:service:counseling`: RFC 5031. */
bool uri_is_service(const struct sip_uri *uri);

#endif
