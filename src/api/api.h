/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signing and verification API of the standards, in its two dialects: requests into what they ask, verdicts into
 * answers. Pure functions: no socket, no clock.             ATIS-1000082; TS 24.229 Annex V; standards.md J; field.md section 3
 *
 *     ATIS   {"verificationRequest":{"from":{"tn":"…"},"to":{"tn":["…"]},"time":1443208345,"identity":"…"}}
 *            {"verificationResponse":{"verstat":"TN-Validation-Passed"}}
 *     3GPP   the same with identityHeader, identityHeaders, dest, protectedHeaders, requestId
 *            {"verificationResponse":{"verstatValue":"TN-Validation-Passed","verifyResults":[…]}}
 *
 * The call itself is read by call_of_json (verdict/call.h), as for every other door; what stands here is what the standards
 * ask of a request before that, and how they want to be answered.
 */
#ifndef API_API_H
#define API_API_H

#include "answer/answer.h"
#include "base/random.h"

/* ---- errors: API-006 ---- */

enum api_fault {
    API_OK,
    SVC4000,    /* no body */
    SVC4001,    /* a parameter is missing: its name */
    SVC4002,    /* Accept: what was asked for */
    SVC4003,    /* no such resource */
    SVC4004,    /* Content-Type: what is expected */
    SVC4005,    /* a parameter is wrong: its name, and why */
    SVC4006,    /* the body cannot be read: the byte, and why */
    SVC4007,    /* no Content-Length */
    POL4050,    /* the method */
    POL5000,    /* our own failure */
    API_POLICY, /* ours: refused for a reason that the standards have no row for: why. `status` says which: POL4030, POL4290 … */
    API_FAULTS
};
struct api_error {
    enum api_fault fault;
    int status;               /* of API_POLICY, or where it is not the table's; else 0 */
    struct span variables[2]; /* as many as the text has %n */
};
int api_error_status(const struct api_error *error); /* HTTP */
/* `{"requestError":{"serviceException":{"messageId":"SVC4001","text":"…'%1'","variables":["iat"]}}}` and a newline. */
void api_error_write(const struct api_error *error, struct buf *out);

/* ---- requests ---- */

enum api_dialect { API_ATIS, API_3GPP };

/* What of the configuration matters here: `http.*`. */
struct api_options {
    enum api_dialect dialect; /* of requests that do not show theirs */
    bool reason_camel;        /* ATIS: reasonCode, not reasoncode (API-003) */
    bool heartbeat_refused;   /* a verification without a token: SVC4001, not judged (API-009b) */
    bool verstat_keep_on_impostor;
    utc_t freshness_s;
};

struct api_request {
    enum api_dialect dialect;
    bool names_ppt; /* a signing request that says what it wants; the answer may have both names (API-009b) */
    bool is_stale;  /* its own time is not now: case E3 */
    struct span request_id;              /* requestId, given back; SPAN_NONE */
    struct span call_id;                 /* callId: the client's own name for the call; SPAN_NONE */
    struct span display_name;            /* 3GPP; SPAN_NONE */
    struct json_value protected_headers; /* 3GPP; text.p NULL: none */
    /* of a signing request */
    utc_t iat;
    char attest; /* the highest that may be given; 0: whatever is allowed */
    bool has_origid;
    uint8_t origid[UUID_BYTES];
};

/*
 * Is this a verificationRequest, whole and sound? Spans of *ret point into body and arena.
 * BF_EFORM: *error says why; BF_ENOMEM: error is POL5000.
 */
enum bf_err api_verification_read(struct span body, const struct api_options *options,
                                  const struct dial_plan *plan, struct instant now, struct arena *arena,
                                  struct api_request *ret, struct api_error *error) must_use;

/* Diversion and Resource-Priority among protectedHeaders: into the call, as if they had come with it. call->peer is set. */
void api_protected_headers(const struct api_request *request, const struct call_rules *rules,
                           struct arena *arena, struct call *call);

/* The same for a signingRequest, and the call that is to be signed: orig calls dest. */
enum bf_err api_signing_read(struct span body, const struct api_options *options,
                             const struct call_rules *rules, struct instant now, struct arena *arena,
                             struct api_request *ret, struct call *ret_call, struct api_error *error)
    must_use;

/* ---- answers: one line with its newline; HTTP 200 ---- */

void api_verification_write(const struct api_request *request, const struct api_options *options,
                            const struct verdict *v, struct buf *out);
/* E3: the request is stale; nothing was judged. */
void api_stale_write(const struct api_request *request, const struct api_options *options, struct buf *out);
void api_signing_write(const struct api_request *request, struct span identity, struct buf *out);
/* Why a call is not signed; not for SIGN_OK. */
struct api_error api_signing_refused(enum sign_refusal refusal);

/* The case of API-008 that the header of index i failed by, the first in its order; CASE_NONE. Codes of ATIS differ from SIP's. */
enum stir_case api_case(const struct verdict *v, size_t i);
struct api_case_row {
    int code;
    const char *text; /* as ATIS spells it */
};
struct api_case_row api_case_row(enum stir_case c);

#endif
