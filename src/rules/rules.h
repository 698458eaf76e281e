/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with a call, by rules: the first that matches counts, and a rule only watches until it is switched on.
 *
 * A rule is written as a struct rule_row: by the configuration (`rules:`), by JSON, by a program. struct rules is made of
 * rows once, checked whole, then immutable and shared by all threads; a match allocates nothing and takes no lock. Rules never
 * make a verdict, and what nothing may stand in the way of (never_block) passes whatever they say (answer/answer.h).
 *
 * JSON is a list of objects, or {"rules": the list}, with the members of a row by these names; `name` and `action` are needed:
 *
 *     [{"name": "after hours", "mode": "observe", "action": "voicemail:sip:vm@192.0.2.7",
 *       "verdict": ["unproven", "broken"], "person": ["Ada Miller"], "tag": ["press"],
 *       "claims": ["*"], "claims_tag": [], "caller": ["+39*"], "called": ["+12025550100/10"],
 *       "domain": ["us"], "attest": ["A", "none"],
 *       "time": "18:00-08:00", "days": ["mon", "tue"], "zone": "Europe/Rome"}]
 *
 * Conditions that are absent or empty hold for every call; all that are there must hold; of a list one is enough.
 *   verdict     genuine, unproven, broken, impostor
 *   person      who it is: a person that the verdict names, because the number is proven to be theirs. By name, uid or #id of
 *               the store; "*": anybody whom we know. tag: of that person
 *   claims      who the caller says he is, or whose number he shows unproven, likewise; claims_tag: of that person
 *   caller      the number, proven or not: with verdict genuine it is proven
 *   domain      the trust domain that vouches for it
 *   attest      A, B, C of the proof; "none": there is none
 *   time        [from, until) of the day in zone; over midnight where it ends before it begins. A day is the day it began on.
 *   zone        IANA name; "" is UTC
 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "base/buf.h"
#include "base/clock.h"
#include "people/person.h"
#include "sip/number.h"
#include "verdict/verdict.h"

#define RULES_MOST   1000u      /* of one list */
#define RULES_VALUES 1000u      /* of one condition */
#define RULES_NAME   64u        /* bytes of a rule's name */
#define RULES_JSON   (4u << 20) /* bytes that any list takes as JSON */
#define RULES_ACTION 1100u      /* bytes of an action */

enum rule_mode { RULE_OBSERVE, RULE_ENFORCE };
const char *rule_mode_text(enum rule_mode mode); /* "observe" */

/* As written. Texts are never NULL, "" is none; lists may be NULL where they are empty. */
struct rule_row {
    const char *name, *action;
    unsigned mode;            /* enum rule_mode */
    const unsigned *verdicts; /* enum outcome */
    size_t n_verdicts;
    const char *const *persons, *const *tags, *const *claims, *const *claims_tags;
    size_t n_persons, n_tags, n_claims, n_claims_tags;
    const struct number_range *callers, *called;
    size_t n_callers, n_called;
    const char *const *domains, *const *attests, *const *days;
    size_t n_domains, n_attests, n_days;
    const char *time, *zone;
};

/* ---- actions ---- */

enum rule_do {
    RULE_PASS,      /* "pass": as it came, whatever the policy of its verdict is */
    RULE_LABEL,     /* "label": display name and Alert-Info of its verdict */
    RULE_TO,        /* "to:sip:200@192.0.2.7": to somebody else, say reception */
    RULE_VOICEMAIL, /* "voicemail:sip:vm@192.0.2.7": the same, and whose box it is (RFC 4458) */
    RULE_REJECT,    /* "reject:486": a code of rule_reason; an enforced one needs `redress` */
    RULE_RING,      /* "ring:<urn:alert:priority:high>": passes, with this Alert-Info */
};
struct rule_action {
    enum rule_do what;
    struct span text, value; /* as written; behind the colon, empty for pass and label */
    int code;                /* of a reject */
};
/* Spans into text. BF_EFORM. */
enum bf_err rule_action_read(struct span text, struct rule_action *ret, struct fault *fault) must_use;
const char *rule_reason(int code); /* the phrase of a code that a rule may reject with; NULL: it may not */

/*
 * Actions by number, for the life of a process: a decision that is kept for retransmissions names its action so, and stays
 * the same whatever becomes of the rules. Numbers are from 1; 0 is none. Thread-safe; look takes no lock.
 */
struct rule_actions;
enum bf_err rule_actions_create(struct rule_actions **ret) must_use;
void rule_actions_destroy(struct rule_actions *a);
/* BF_ELIMIT: more different ones than a process keeps (4,000). BF_ENOMEM. */
enum bf_err rule_actions_number(struct rule_actions *a, const struct rule_action *action, uint16_t *ret)
    must_use;
const struct rule_action *rule_actions_look(const struct rule_actions *a, uint16_t number); /* NULL: none */

/* ---- a list of them ---- */

struct rules;
struct rules_options {
    struct rule_actions *actions; /* NULL: nobody decides by them (a check, a dry run) */
    bool may_reject;              /* there is somewhere to complain: enforced rules may refuse */
};
/*
 * Rows are copied. BF_EFORM: *ret_message says of which rule what is wrong, to be freed; BF_ELIMIT: too many of something;
 * BF_ENOMEM.
 */
enum bf_err rules_create(const struct rule_row *rows, size_t n, const struct rules_options *options,
                         struct rules **ret, char **ret_message) must_use;
enum bf_err rules_of_json(struct span json, const struct rules_options *options, struct rules **ret,
                          char **ret_message) must_use;
void rules_destroy(struct rules *r);
void rules_release(void *r); /* for epoch_retire */

size_t rules_count(const struct rules *r);
const struct rule_row *rules_row(const struct rules *r, size_t i);
const struct rule_action *rules_action(const struct rules *r, size_t i);
uint16_t rules_action_number(const struct rules *r, size_t i); /* 0 without options->actions */
bool rules_need_people(
    const struct rules *r); /* some rule asks for tags, which only the address book knows */

/* The list, as rules_of_json reads it. full: it did not fit. One rule alone, likewise. */
void rules_json(const struct rules *r, struct buf *out);
void rules_json_row(const struct rules *r, size_t i, struct buf *out);

/* ---- a call ---- */

struct rule_facts {
    enum outcome outcome;
    char attest;                           /* 0: none */
    struct span domain;                    /* may be SPAN_NONE */
    const struct number *caller, *called;  /* NULL: none, or none that may be told from others */
    const struct person *person, *claimed; /* NULL: nobody we know */
    utc_t at;
};
struct rule_found {
    int rule, observed; /* the first enforced one that matches, the first observing one before it; -1: none */
};
/* false: none matches. r may be NULL: no rules. */
bool rules_decide(const struct rules *r, const struct rule_facts *facts, struct rule_found *ret);
/* The first that matches, switched on or not; -1: none. */
int rules_match(const struct rules *r, const struct rule_facts *facts);
bool rules_holds(const struct rules *r, size_t i, const struct rule_facts *facts);

AUTO_DEFINE(struct rules, rules_destroy);
AUTO_DEFINE(struct rule_actions, rule_actions_destroy);

#endif
