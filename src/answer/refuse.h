/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a call is refused, with which status, and where the caller learns to complain.
 *                      RFC 8224 section 6.2.2, RFC 5079, RFC 8197, RFC 8688; standards.md B.8; ATIS-1000099 ("603+")
 */
#ifndef ANSWER_REFUSE_H
#define ANSWER_REFUSE_H

#include "answer/answer.h"
#include "credential/key.h"

/* Who says no. 607 Unwanted is what a person says of a call (RFC 8197): no policy comes to it. */
enum refuse_decider { DECIDED_BY_POLICY, DECIDED_BY_PERSON };

struct refusal {
    int status;         /* 0: the call is not refused */
    const char *reason; /* its phrase */
    bool blocked;       /* 603 and 608: the caller is told where to complain */
};

/* Never a refusal for a call that nothing may stand in the way of, that was shed, or that we sign. */
struct refusal refusal_of(const struct answer_options *options, const struct decision *d,
                          const struct call *call, enum refuse_decider by);

/* The header fields of a block: Reason of 603+, Call-Info of 608. */
void refusal_lines(const struct answer_options *options, const struct refusal *refusal, struct buf *out);

/*
 * The value of a 608's Call-Info: `<data:application/jose,JWS>;purpose=jwscard`. The JWS is ES256 over a jCard with the name and
 * the contact (an https, mailto, tel or sip URL), x5u says where the certificate is. BF_ECRYPTO; BF_ELIMIT: out is full.
 */
#define REFUSAL_CARD 2048u /* bytes that are enough */
struct refusal_card {
    struct key *key;
    const char *x5u, *name, *contact;
    utc_t iat;
};
enum bf_err refusal_card_write(const struct refusal_card *card, struct buf *out) must_use;

#endif
