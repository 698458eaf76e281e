/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request that goes on, and the response that comes back: what is taken out at the trust boundary, what is put in,
 * what is written anew.             RFC 3261 sections 16.6, 16.7; RFC 3325; RFC 9410; SIP-050..068, SEC-045..048, CI-004
 *
 * Functions of their arguments alone, so that a retransmission goes out with the same bytes. Nothing is kept or allocated.
 * Identity header fields are never touched, nor is the body, nor are tags.
 */
#ifndef PROXY_FORWARD_H
#define PROXY_FORWARD_H

#include "answer/lines.h"

/* What routing decided. Spans are values, without the header's name and without line ends. */
struct forward_route {
    struct span uri;          /* the Request-URI that goes out; SPAN_NONE: as it came */
    struct span via;          /* the value of our Via; SPAN_NONE: none (watching, tests) */
    struct span record_route; /* a value to put on top; SPAN_NONE: none */
    unsigned own_routes;   /* that many topmost Route values go: ours, and one that became the Request-URI */
    struct span add_route; /* a value on top of the Route that is left; SPAN_NONE: none */
    struct span
        last_route; /* a value at its end: the Request-URI for a strict router (16.6 item 6); SPAN_NONE: none */
};

/* What we trust of whom (sip.peers and the configuration). */
struct forward_boundary {
    bool from_trusted; /* the peer's P-Asserted-Identity, Remote-Party-ID, Alert-Info, Call-Info count */
    bool
        from_believed; /* and what it says it has verified: Call-Info of rich call data (peers.says: believe) */
    bool to_trusted;   /* the next hop is inside our trust domain: PAI may go there despite Privacy: id */
    const struct answer_options
        *names; /* whose header names are stripped when they come in; NULL: the usual ones */
};

/* What was decided about the call; NULL for requests in a dialog and for those that are not judged. */
struct forward_edit {
    const struct answer_options *options;
    const struct signing *signing; /* may be NULL where nothing is signed */
    const struct decision *decision;
    const struct call *call;
    number_writer
        *number; /* how the next hop wants its numbers; NULL: as they came, and what is added with '+' */
    const void *number_arg;
};

/*
 * Max-Forwards is decremented, 70 is added where there is none; the caller has checked for 0. Via of the request gets
 * received and rport as an answer's would. Content-Length is written anew and true.
 * What says that somebody verified the call (verstat, the verdict header, attestation) is stripped, whoever sent it.
 * BF_EFORM: the request lacks what must be there, Max-Forwards is 0, or what would go out had control bytes; BF_ELIMIT: out is full.
 */
enum bf_err forward_request(const struct sip_message *request, const struct sip_source *from,
                            const struct forward_route *route, const struct forward_boundary *boundary,
                            const struct forward_edit *edit, struct buf *out) must_use;

/* What a transaction keeps of its request for the responses that come back. All of it may be empty. */
struct forward_back {
    struct span from; /* the From header field as the caller wrote it, without its line end: it is put back */
    struct span
        reasons; /* whole lines, from forward_reasons: put in; leave it out of a response in a dialog */
    struct span
        signature; /* of the token we put into the request: Reason values that carry it are taken out (RSN-006) */
    bool
        outside; /* the caller is a stranger: whom he reached is not asserted to him against their wish (RFC 3325) */
};

/*
 * Without our Via (the topmost). back may be NULL. reasons are not put into a 100. *ret_own (may be NULL): a Reason value with a
 * token of ours was taken out, which is worth an alarm. BF_EFORM: no Via, it is not a response; BF_ELIMIT: out is full.
 */
enum bf_err forward_response(const struct sip_message *response, const struct forward_back *back,
                             struct buf *out, bool *ret_own) must_use;

/*
 * `Reason: STIR;cause=…` for every Identity header field that failed, whole lines, for the responses of a call that went
 * on (RSN-003): keep them with the transaction. trusted: the peer may see which one, by its signature (RSN-007).
 */
static inline void forward_reasons(const struct decision *decision, const struct call *call, bool trusted,
                                   struct buf *out)
{
    lines_reasons(decision, call, trusted, out);
}

/* The signature segment of an Identity value or token that we made: what forward_back.signature holds. */
struct span forward_signature(struct span identity);

#endif
