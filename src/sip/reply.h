/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing answers.                                                        RFC 3261 section 8.2.6; SIP-030..035
 *
 * What comes from the request (Via, From, To, Call-ID, CSeq) is copied byte by byte; what we add goes
 * through reply_header, which refuses control bytes (SEC-048).
 */
#ifndef SIP_REPLY_H
#define SIP_REPLY_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "sip/message.h"

/* Where a request came from. */
struct sip_source {
    const struct sockaddr *addr;
    bool reliable; /* TCP, TLS */
};

/*
 * Status line, all Via (the top one with received/rport per RFC 3261 section 18.2.1 and RFC 3581), From, To (with
 * `;tag=` to_tag unless it has one, or to_tag is empty), Call-ID, CSeq. BF_EFORM when the request lacks one
 * of them: then nothing can be answered.
 */
enum bf_err reply_begin(struct buf *out, const struct sip_message *request, const struct sip_source *from,
                        int status, const char *reason, struct span to_tag) must_use;

/* The first part of it alone: all Via header fields of the request, as an answer and a request that goes on have them. */
enum bf_err reply_vias(struct buf *out, const struct sip_message *request, const struct sip_source *from)
    must_use;

/*
 * `Name: `, then the caller writes the value, then reply_header_end with what the first gave: it refuses the value as
 * reply_header does. *ret of the begin: where the value starts in out.
 */
size_t reply_header_begin(struct buf *out, const char *name);
void reply_header_end(struct buf *out, size_t value_at);

/* `Name: value CRLF`. Any byte below 0x20 or 0x7F in value, or an empty name: out->full is set, nothing can be sent. */
void reply_header(struct buf *out, const char *name, struct span value);

/* `Content-Length: n`, blank line, body. */
void reply_end(struct buf *out, struct span body);

/* Tag for the To of all answers to this request: a keyed hash of Call-ID, From tag, CSeq and top branch (SIP-031). */
#define REPLY_TAG 16u
void reply_tag(const uint8_t secret[static 16], const struct sip_message *request,
               char out[static REPLY_TAG]);

/*
 * Where an answer to this request goes over UDP (SIP-023): the source, at its own port if it asked for rport, else
 * at that of its Via. maddr only if it is a multicast group: any other would let a sender aim our answers at
 * somebody else. false: not answerable.
 */
bool reply_target(const struct sip_message *request, const struct sip_source *from,
                  struct sockaddr_storage *ret, socklen_t *ret_n);

/* The standard reason phrase of a status, "" when there is none. */
const char *sip_reason(int status);

#endif
