/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header fields that say what was found: the same for an answer (answer_sip) and for a request that goes on (room proxy).
 *                                                                            SIP-060..066, RSN-001..009, SEC-048
 */
#ifndef ANSWER_LINES_H
#define ANSWER_LINES_H

#include "answer/answer.h"

/* Writes `number` (canonical digits) as somebody wants it in the user part of a URI. */
typedef void number_writer(const void *arg, const struct number *number, struct buf *out);

struct lines {
    const struct answer_options *options;
    const struct signing *signing; /* may be NULL where nothing is signed */
    const struct decision *d;
    const struct sip_message *request;
    const struct call *call;
    number_writer *number; /* NULL: `+12155550121` */
    const void *number_arg;
    struct buf *out;
};

const char *lines_verdict_name(const struct answer_options *options); /* may be NULL */
const char *lines_attest_name(const struct answer_options *options);

/* What the wire says of the number. */
enum verstat lines_verstat(const struct lines *w);
void lines_verstat_param(struct buf *out, enum verstat verstat); /* `;verstat=…` */

/* The number as it stands in a URI. */
void lines_number(const struct lines *w, const struct number *number, struct buf *out);

/* `"✔ +12155550121 says: Lab" `, where the policy is to label; what a policy's text says of this call. */
/* Whose number it is, where it was proven and the book says so. */
struct span lines_person(const struct decision *d);
bool lines_labels(const struct lines *w);
void lines_label(const struct lines *w, struct buf *out);

/* P-Asserted-Identity of the caller's number, under this name where the policy is not to label; SPAN_NONE: none. */
void lines_asserted(const struct lines *w, struct span name);
void lines_privacy(const struct lines *w);     /* Privacy: id, if the number is withheld */
void lines_attestation(const struct lines *w); /* P-Attestation-Indicator */
void lines_alert_info(const struct lines *w);
void lines_verdict(const struct lines *w);     /* X-Bonafide */
void lines_identity(const struct lines *w);    /* Identity, where it was signed */
void lines_origination(const struct lines *w); /* P-Origination-ID, likewise */

/*
 * RFC 9410: one Reason for every header that failed. trusted: with its token in compact form, by the signature alone, so that
 * it cannot be used again (SEC-062); strangers are told the cause only (RSN-007).
 */
void lines_reasons(const struct decision *d, const struct call *call, bool trusted, struct buf *out);

/* The last of a token's three parts, or SPAN_NONE. */
struct span lines_signature(struct span token);

#endif
