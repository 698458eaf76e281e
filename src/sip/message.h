/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SIP message, read where it lies.                RFC 3261 sections 7, 20, 25; standards.md K.1, SEC-008
 *
 * Nothing is copied: every span points into the bytes given, folds (CRLF + SP/HT) included, and the
 * room's own functions treat a fold as the one blank it means. The reader checks the start line, the
 * shape of every header field, the singletons that must not repeat (From, To, Call-ID, CSeq,
 * Max-Forwards, Date, Content-Length, Content-Type ...), the limits of SIP-008, and Content-Length against what is
 * there. It does not decide what a missing header means to a call: message_missing says which is missing.
 */
#ifndef SIP_MESSAGE_H
#define SIP_MESSAGE_H

#include "base/fault.h"
#include "base/limits.h"
#include "base/span.h"

enum sip_method {
    SIP_INVITE,
    SIP_ACK,
    SIP_BYE,
    SIP_CANCEL,
    SIP_OPTIONS,
    SIP_REGISTER,
    SIP_PRACK,
    SIP_SUBSCRIBE,
    SIP_NOTIFY,
    SIP_PUBLISH,
    SIP_INFO,
    SIP_REFER,
    SIP_MESSAGE,
    SIP_UPDATE,
    SIP_METHOD_OTHER,
};

/* One Via value.                                                                  SIP-009, RFC 3581 */
struct sip_via {
    struct span transport; /* "UDP" */
    struct span host;      /* IPv6 in its brackets */
    uint16_t port;         /* 0: absent */
    struct span branch;    /* empty when absent */
    struct span received, maddr;
    bool rport;           /* present without a value, or with one */
    uint16_t rport_value; /* 0: without */
    struct span params;
};

/* The header fields that somebody here asks for; all others are SIP_H_OTHER, in their place. */
enum sip_header_id {
    SIP_H_OTHER,
    SIP_H_VIA,
    SIP_H_FROM,
    SIP_H_TO,
    SIP_H_CALL_ID,
    SIP_H_CSEQ,
    SIP_H_MAX_FORWARDS,
    SIP_H_CONTACT,
    SIP_H_ROUTE,
    SIP_H_RECORD_ROUTE,
    SIP_H_CONTENT_LENGTH,
    SIP_H_CONTENT_TYPE,
    SIP_H_DATE,
    SIP_H_IDENTITY,
    SIP_H_P_ASSERTED_IDENTITY,
    SIP_H_P_PREFERRED_IDENTITY,
    SIP_H_REMOTE_PARTY_ID,
    SIP_H_PRIVACY,
    SIP_H_DIVERSION,
    SIP_H_HISTORY_INFO,
    SIP_H_CALL_INFO,
    SIP_H_REASON,
    SIP_H_PRIORITY,
    SIP_H_RESOURCE_PRIORITY,
    SIP_H_REQUIRE,
    SIP_H_PROXY_REQUIRE,
    SIP_H_SUPPORTED,
    SIP_H_EXPIRES,
    SIP_H_RETRY_AFTER,
    SIP_H_TIMESTAMP,
    SIP_H_ALLOW,
    SIP_H_USER_AGENT,
    SIP_H_SERVER,
    SIP_H_ATTESTATION_INFO,
    SIP_H_P_ATTESTATION_INDICATOR,
    SIP_H_ORIGINATION_ID,
    SIP_H_P_ORIGINATION_ID,
    SIP_H_ALERT_INFO,
    SIP_H_WARNING,
    SIP_H_X_BONAFIDE,
    SIP_H_COUNT
};

struct sip_header {
    enum sip_header_id id;
    struct span name;  /* as written */
    struct span value; /* trimmed; may hold folds */
    struct span line;  /* name to the last byte before its CRLF: what an answer copies */
};

struct sip_message {
    struct span bytes; /* start line to the end of the body */
    bool is_request;
    enum sip_method method; /* of the request line, or of CSeq in a response */
    struct span method_name;
    struct span uri; /* Request-URI; requests only */
    int status;      /* 100-699; responses only */
    struct span reason;
    struct sip_header headers[LIMIT_SIP_HEADERS];
    size_t n_headers;
    struct span body;
    uint32_t cseq;             /* valid when a CSeq header is there */
    size_t first[SIP_H_COUNT]; /* index + 1 of the first header of that id; 0: none */
    /* Of requests, read ahead for whoever answers them: */
    bool has_top_via; /* there is one, and it can be read */
    struct sip_via top_via;
    struct span top_via_text,
        via_rest; /* the topmost value, and what its header field joins to it with commas */
    bool from_tagged, to_tagged, to_readable;
    struct span from_tag, to_tag;
};

enum sip_reading {
    SIP_DATAGRAM = 0,    /* UDP: excess after Content-Length is dropped, none means all (SIP-020) */
    SIP_STREAM = 1 << 0, /* TCP: Content-Length required; the bytes are exactly one message (sip/frame.h) */
    SIP_BARE_LF =
        1 << 1, /* files: lines may end with a bare LF, the last empty line may be missing, and of the body
                             what documents and editors lose: all of it, or a few bytes a line */
};

/*
 * BF_OK: *ret is filled. BF_EFORM / BF_ELIMIT: fault says where and why; ret->n_headers and what was read before
 * are valid, so that a 400 can be sent where Via, From, To, Call-ID and CSeq are there (sip/reply.h). Flaws of
 * values and repeated singletons are reported only once all header fields are read.
 * One pass, allocates nothing, any bytes.
 */
enum bf_err message_read(struct span bytes, unsigned reading, struct sip_message *ret, struct fault *fault)
    must_use;

/* The value of the first header of that id, or SPAN_NONE. */
struct span message_header(const struct sip_message *m, enum sip_header_id id);

/*
 * Walks all headers of one id: `for (size_t at = 0; (h = message_next(m, SIP_H_VIA, &at));)`.
 * *at is the index to look from, and is moved behind the one returned.
 */
const struct sip_header *message_next(const struct sip_message *m, enum sip_header_id id, size_t *at);

/* The first header with that name, whatever its id, compact names understood; NULL if none. */
const struct sip_header *message_named(const struct sip_message *m, struct span name);

/* The name of the first mandatory header that a request lacks (SIP-005; Max-Forwards excused), or NULL. */
const char *message_missing(const struct sip_message *m);

enum sip_method sip_method_of(struct span name);
const char *sip_method_text(enum sip_method method); /* "INVITE"; "" for SIP_METHOD_OTHER */

/*
 * One value of a comma-joined header. *rest is moved behind it; commas inside quotes, <> and comments do not count.
 * false when nothing is left.    `"A, B" <sip:a@b>, <tel:+1>` -> two values
 */
bool sip_list_next(struct span *rest, struct span *ret_value);

/* name-addr or addr-spec with its header parameters.                             RFC 3261 section 20.10, SIP-006 */
struct sip_address {
    struct span display; /* without quotes, escapes kept; SPAN_NONE when absent */
    bool display_quoted;
    struct span uri;    /* without <> */
    struct span params; /* `;tag=x;y`, leading semicolon included; may be empty */
};
enum bf_err sip_address_read(struct span value, struct sip_address *ret, struct fault *fault) must_use;

/* `;name=value` among params, quotes removed from the value; *ret_value is empty for a bare `;name`. */
bool sip_param(struct span params, struct span name, struct span *ret_value);

/* The next `;name` or `;name=value`; quotes stay. false: nothing left, or what comes is no parameter. */
bool sip_param_next(struct span *rest, struct span *ret_name, struct span *ret_value);

/* The display name as people read it: quoted-pairs resolved, at most size bytes, cut between characters. Length written. */
size_t sip_display_text(const struct sip_address *a, char *out, size_t size);

enum bf_err sip_via_read(struct span value, struct sip_via *ret, struct fault *fault) must_use;

/* The topmost Via of the message, the first of those its first header field joins with commas. BF_ENOENT: it has none. */
enum bf_err message_top_via(const struct sip_message *m, struct sip_via *ret, struct fault *fault) must_use;

#endif
