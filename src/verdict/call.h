/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call, as its signalling describes it: the facts that checks ask about, whatever door it came through.
 *                                                      RFC 8224 section 6.2; standards.md B.2, D.2; design.md "The verdict"
 * Spans point into the message (or JSON) it was read from and into the arena.
 */
#ifndef VERDICT_CALL_H
#define VERDICT_CALL_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "numbers/plan.h"
#include "sip/message.h"
#include "sip/number.h"
#include "token/token.h"

/* Who handed us the call, and what it may say (configuration `sip.peers`). */
enum peer_says { PEER_IGNORE, PEER_SHOW, PEER_BELIEVE };
struct peer {
    struct sockaddr_storage addr; /* ss_family 0: none (files) */
    uint64_t source;              /* what caps are counted by: a hash of the address; 0: ourselves */
    bool pai;                     /* its P-Asserted-Identity counts */
    bool priority;                /* may mark calls as urgent (Priority, Resource-Priority) */
    enum peer_says says;          /* its own verstat: PEER_BELIEVE only on TLS, or TCP on a private link */
    struct span tls_name;         /* the name its verified client certificate was accepted for; empty: none */
    struct span api_key;          /* the name (never the secret) of the API key it came with; empty: none */
    const struct dial_plan *plan; /* how it writes numbers; NULL: as call_rules say */
    const struct number_format *format; /* how it wants them in answers; NULL: as they came */
    bool international;                 /* its calls come from abroad */
    bool gateway; /* to the telephone network: it knows nobody's number, and says nothing that counts */
};

enum number_place { PLACE_FROM, PLACE_PAI, PLACE_RPID, PLACE_DISPLAY };
struct shown_number {
    enum number_place place;
    bool is_number; /* else a URI a phone would show */
    struct number number;
    struct span uri; /* canonical */
};
#define CALL_SHOWN 8u

/* A name that the call claims for its caller, and where it stands. */
enum claim_place {
    CLAIM_FROM,
    CLAIM_PAI,
    CLAIM_RPID,
    CLAIM_CALL_INFO,    /* of a peer that may assert identities */
    CLAIM_ORGANISATION, /* of a jCard */
    CLAIM_RCD           /* rcd.nam of a token */
};
struct name_claim {
    enum claim_place place;
    bool proven; /* by a signature that is good for this call: never of a bare display name */
    struct span text;
};
#define CALL_CLAIMS 8u

struct call {
    const struct sip_message *message; /* the request it was read from, while that is at hand; NULL: none */
    struct instant arrival;            /* what freshness is judged by, also after parking */
    struct peer peer;

    bool has_called; /* a number is called (Request-URI; only without one, To's) */
    bool called_from_to;
    struct number called;
    struct span called_uri; /* canonical URI of the Request-URI when it is no number */
    bool has_to;
    struct number to;
    bool
        has_forwarder; /* the newest Diversion or History-Info entry, as whoever wrote it says: for a sentence, never for a vote */
    bool forwarder_from_history;
    struct number forwarder;

    bool has_caller; /* the number a token's orig must equal: PAI of a peer that may, else From */
    struct number caller;
    struct span caller_uri; /* canonical URI when the caller is no number; may be SPAN_NONE */
    bool caller_from_pai;
    bool pai_differ; /* several P-Asserted-Identity numbers that differ: neither is used */
    bool anonymous;  /* From is withheld (anonymous.invalid, Privacy: id with no number) */
    struct shown_number shown[CALL_SHOWN];
    size_t n_shown;
    bool shown_too_many; /* more than CALL_SHOWN: the rest is not compared, so nothing is proven */
    struct span trunk_group,
        trunk_context;        /* tgrp and trunk-context of the caller's Contact, RFC 4904; empty: none */
    struct span claimed_name; /* display name, as text; SPAN_NONE when there is none */
    struct name_claim claims[CALL_CLAIMS]; /* every name a phone may show, withheld callers' included */
    size_t n_claims;
    bool claims_too_many; /* more than CALL_CLAIMS that differ: the rest is not looked at */

    struct span identities[LIMIT_IDENTITIES]; /* every Identity value, in order */
    size_t n_identities;
    bool
        identities_too_many; /* more than LIMIT_IDENTITIES or LIMIT_IDENTITY_TOTAL: the rest is not looked at */

    bool never_block;            /* emergency, service number, priority: nothing may stand in its way */
    const char *never_block_why; /* NULL, or a few words */
    bool carrier_passed;         /* the peer itself says TN-Validation-Passed */
    char carrier_attest;         /* and this attestation; 0: none */

    bool asked; /* over HTTP: its tokens are remembered apart from those of calls that arrive as SIP */
    struct span call_id, from_tag, from_uri, to_uri, request_uri, branch;
    uint32_t cseq;
    struct span date; /* value of the Date header */
    uint8_t
        same[SHA256_BYTES]; /* digest of Call-ID, From tag, CSeq, Contact, body: one call, forked or not */
};

/* What reading a call depends on: part of the server's configuration. */
struct call_rules {
    const struct dial_plan *plan; /* may be NULL */
    const struct number_range *never_block;
    size_t n_never_block; /* policy.never_block, emergency numbers included */
};

/* From a SIP request. BF_EFORM: From, To or the top Via cannot be read; BF_ENOMEM. */
enum bf_err call_of_sip(const struct sip_message *m, const struct call_rules *rules, const struct peer *peer,
                        struct instant arrival, struct sha256 *sha, struct arena *arena, struct call *ret,
                        struct fault *fault) must_use;

/* `Privacy: id` and its relatives: the number is not to be shown.                                     RFC 3323, RFC 3325 */
bool call_wants_privacy(const struct sip_message *m);

/*
 * From `{"verificationRequest":{"from":{"tn":…},"to":{"tn":[…]},"time":…,"identity":"…"}}`, or its inside, with the
 * aliases of field.md section 3 (orig, dest, iat, identityHeader, identityHeaders). time, when there, is the arrival
 * unless `at` says one (at->utc != 0). `callId` is the client's own name for the call: the same bytes with it are the same
 * call asked about again, without it only for seconds. BF_EFORM, BF_ENOMEM.
 */
enum bf_err call_of_json(struct span json, const struct call_rules *rules, const struct instant *at,
                         struct sha256 *sha, struct arena *arena, struct call *ret, struct fault *fault)
    must_use;

/*
 * What headers beside the tokens say of a call that came without them: Diversion, Priority, Resource-Priority, as if they
 * had come with it. call->peer is set.
 */
void call_of_headers(const struct sip_message *m, const struct call_rules *rules, struct arena *arena,
                     struct call *call);

/* From a bare Identity value and two numbers (`verify --orig --dest`). */
enum bf_err call_of_identity(struct span identity, const struct number *orig, const struct number *dest,
                             struct instant arrival, struct arena *arena, struct call *ret) must_use;

#endif
