/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict, said in the language of whoever asked: SIP, JSON, plain words.    field.md section 4; standards.md F, K.4, K.6
 */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H

#include "rules/rules.h"
#include "signing/signing.h"
#include "sip/reply.h"
#include "verdict/verdict.h"

/* The id of a decision and its record: a ULID (48 bits of milliseconds, 80 random bits), sortable by time. */
struct answer_id {
    uint8_t bytes[16];
};
#define ANSWER_ID 26u /* characters of its text: Crockford base 32 */

struct answer_id answer_id_make(struct instant now);
/* The same from 80 bits of chance that the caller has at hand: no system call. */
struct answer_id answer_id_of(struct instant now, const uint8_t chance[static 10]);
void answer_id_text(const struct answer_id *id, char out[static ANSWER_ID]); /* no NUL */

enum answer_action { ACTION_PASS, ACTION_LABEL, ACTION_REJECT, ACTION_TO };
struct answer_policy {
    enum answer_action action;
    const char *to; /* ACTION_TO: SIP URI */
    /* What only a rule asks for (rules/rules.h). */
    bool mailbox;      /* ACTION_TO: the voicemail of who was called (RFC 4458) */
    const char *alert; /* ACTION_PASS: the Alert-Info; NULL: as it came */
    int code;          /* ACTION_REJECT: its status; 0: as it follows from the verdict */
};
enum verstat_place { VERSTAT_USER, VERSTAT_URI_PARAM, VERSTAT_HEADER_PARAM };

struct answer_options {
    struct answer_policy policy[IMPOSTOR + 1]; /* by outcome */
    const char *redress;                       /* "" or contact URL */
    const char *verdict_header;                /* "X-Bonafide" */
    const char *attest_header;                 /* "P-Attestation-Indicator" */
    enum verstat_place verstat_place;
    bool verstat_keep_on_impostor;
    const char *alert_info[IMPOSTOR + 1]; /* by outcome; "" none */
    /* By outcome: what a phone shows where the policy is to label (answer/label.h); NULL: as usual. */
    const char *display[IMPOSTOR + 1];
    bool refuse_anonymous; /* 433 to callers who withhold their number (RFC 5079) */
    bool block_608;        /* what a block goes out with: 603, or 608 with its card (RFC 8688) */
    const char *block_name, *block_key, *block_x5u; /* what the card is made of; NULL: none */
    const char *block_card; /* value of its Call-Info, made with the snapshot (answer/refuse.h); NULL: none */
    const struct rule_actions
        *rule_actions; /* what decisions name by number, made with the snapshot; NULL: none */
};

#define ANSWER_FAILURES LIMIT_IDENTITIES
#define ANSWER_PERSON   60u /* bytes of a person's name that a decision keeps, cut between characters */
/*
 * What must be kept of a decision so that the identical answer can be written from a retransmission: at most
 * 128 bytes. 
 */
struct decision {
    struct answer_id id;
    uint8_t signing; /* 1: `signed_call` counts, 0: the verdict does */
    uint8_t outcome, verstat, attest,
        winning_case; /* winning_case: enum stir_case for `case=` and the status */
    uint8_t hop;      /* index of the next hop chosen */
    uint8_t masked;   /* caller withheld */
    union {
        struct {
            uint8_t n;
            struct {
                uint8_t identity, stir_case;
            } failed[ANSWER_FAILURES];
            uint16_t
                rule; /* the action of the rule that decided, of answer_options.rule_actions; 0: none did */
            uint8_t person_n;
            char person[ANSWER_PERSON]; /* genuine, and whose number it is by the book; the name itself: a
                                           book that changes meanwhile changes no answer */
        } verify;
        struct {
            uint8_t refusal; /* enum sign_refusal; SIGN_OK: what follows counts */
            struct signed_call what;
        } sign;
    };
};
_Static_assert(sizeof(struct decision) <= 128, "a decision is kept for 32 s, by the hundred thousand");

/* The decision that a verdict amounts to. */
void decision_of_verdict(const struct verdict *v, const struct call *call, const struct answer_id *id,
                         unsigned hop, struct decision *ret);
/* Passed unjudged (overload): 302, No-TN-Validation, case=shed. */
void decision_shed(const struct call *call, const struct answer_id *id, unsigned hop, struct decision *ret);

/*
 * What is done with the call: never more than pass for one that nothing may stand in the way of, that was shed or that we sign.
 * Then the refusal of withheld numbers, then the rule that decided, then the policy of the verdict.
 */
struct answer_policy answer_policy_of(const struct answer_options *options, const struct decision *d,
                                      const struct call *call);

/* Where a call goes on. */
struct answer_hop {
    const char *uri;
    const struct number_format *format; /* how numbers are written there; NULL: as they came */
};

/*
 * The SIP answer: 302 with Contact at next_hop, P-Asserted-Identity with verstat, the verdict header, Reason: STIR
 * per failed header; or what the policy says instead. A function of its arguments alone (SIP-032).
 * hop->uri: a SIP URI such as `sip:127.0.0.1:5080`; the user of the Request-URI is put in front, params kept. Where the hop,
 * or else the peer, wants numbers in a format, Contact and P-Asserted-Identity have them so.
 * signing may be NULL where no listener signs. BF_EFORM: nothing can be answered; BF_ELIMIT: larger than the request + 2 KiB.
 * *ret_status: the status written (may be NULL).
 */
enum bf_err answer_sip(const struct answer_options *options, const struct signing *signing,
                       const struct decision *d, const struct sip_message *request, const struct call *call,
                       const struct sip_source *from, struct span to_tag, const struct answer_hop *hop,
                       struct buf *out, int *ret_status) must_use;

/* The object of `verify --json`, one line, no newline. BF_ELIMIT when out is too small (64 KiB is enough for any call). */
enum bf_err answer_json(const struct verdict *v, const struct call *call, struct buf *out) must_use;

/* Words for people: one line (`genuine  +1… -> +1…  A  …why`), and the whole with every ballot. color: ANSI. */
void answer_line(const struct verdict *v, const struct call *call, bool color, struct buf *out);
void answer_words(const struct verdict *v, const struct call *call, bool color, struct buf *out);

#endif
