/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls we vouch for, and how the token is made.     RFC 8224 section 6.1; ID-101..105, SHK-020..026, DT-001..003
 *
 * A table: numbers, attestation, who may use the row. The first row, in the order of the file, whose numbers hold the
 * caller and whose `for` holds the peer's address signs; no row is weighed against another. What no row covers is not
 * signed (attestation default: none); a row without `for` matches nobody; a call that already carries shaken is not
 * signed again.
 *
 * orig is the caller of the signalling, dest the called number (of the Request-URI; only without one, To's), iat the
 * Date header's time where there is one, else the arrival. origid is a fresh random UUID a call: nobody but us can
 * link two calls of one customer by it.
 *
 * Many at a time: the token's constant parts are encoded when the row is read (token/template.h), a thread keeps the
 * set-up context of each key (struct signing_desk), and what must be kept of a signed call is as little as lets the
 * same header be written again.
 *
 * Thread-safe: a struct signing is not changed after it was made; a new configuration makes a new one.
 */
#ifndef SIGNING_SIGNING_H
#define SIGNING_SIGNING_H

#include "base/cidr.h"
#include "credential/key.h"
#include "sip/number.h"
#include "verdict/call.h"

struct sign_row_options {
    const struct number_range *numbers;
    size_t n_numbers;
    char attest; /* 'A', 'B', 'C' */
    const struct cidr *customers;
    size_t n_customers; /* `for` */
    const char *key_path;
    const char *x5u;
    const char *chain_path; /* PEM of the chain, or NULL: its leaf is checked against the key and the clock */
};

/* A letter of authority: the customer may use numbers that are another's, until it ends. */
struct sign_letter_options {
    const struct number_range *numbers;
    size_t n_numbers;
    const char *file;      /* of numbers/file.h; NULL or "": none */
    utc_t until;           /* the last second it holds */
    const char *reference; /* how people find the paper */
};

/* Somebody whose calls we carry. Any one of from, tls, keys, or, from addresses in `via`, trunk group and header identifies. */
struct sign_customer_options {
    const char *name;
    char attest; /* the highest, 'A' to 'C' */
    char others; /* of numbers that are not its own: 'B', 'C', or 0: they are not signed */
    const struct number_range *numbers;
    size_t n_numbers; /* beside those of the inventory */
    const struct cidr *from, *via;
    size_t n_from, n_via;
    const char *const *tls, *const *keys, *const *trunk_groups; /* tgrp@trunk-context */
    size_t n_tls, n_keys, n_trunk_groups;
    const char *header_name, *header_value; /* NULL or "": none; needs `via` of private addresses only */
    const struct sign_letter_options *letters;
    size_t n_letters;
    const char *key_path, *x5u, *chain_path;
};

struct signing_options {
    const struct sign_row_options *rows;
    size_t n_rows;
    const struct sign_customer_options *customers;
    size_t n_customers;
    const char *const *inventory, *const *ported_out; /* numbers/file.h; columns customer, status, attest */
    size_t n_inventory, n_ported_out;
    const struct dial_plan *plan; /* of the files */
};

struct signing;

/* Loads every key and file. Error: *ret_message, to be freed, names the row, or file, line and column. */
enum bf_err signing_load(const struct signing_options *options, struct signing **ret, char **ret_message)
    must_use;
/* With rows only. */
enum bf_err signing_create(const struct sign_row_options *rows, size_t n, struct signing **ret,
                           char **ret_message) must_use;
void signing_destroy(struct signing *s);
uint64_t signing_numbers(const struct signing *s); /* in the inventory */

/* What decided: "row-3", or the customer's name. Of a signed call's `row`; NULL: there is no such. Lives as long as s. */
const char *signing_name(const struct signing *s, size_t row);

/* ---- certificates: what the control thread looks after ---- */

struct trust;
struct sign_certificate {
    const char *name, *x5u; /* of the row or customer */
    utc_t not_after;        /* of it and those above it; INT64_MAX: no chain was given */
    bool revoked;
};
/* Asks the revocation lists of all trust domains about the chains that are given. Calls may be signed meanwhile. */
void signing_ask_lists(struct signing *s, const struct trust *trust);
/* false: there are no more than i. */
bool signing_certificate(const struct signing *s, size_t i, struct sign_certificate *ret);

enum sign_refusal {
    SIGN_OK,
    SIGN_NO_ROW,  /* no row holds the number */
    SIGN_NOT_FOR, /* rows hold the number, none is for this customer */
    SIGN_NO_CALLER,
    SIGN_NO_CALLED,  /* no telephone number there */
    SIGN_ALREADY,    /* carries shaken */
    SIGN_STALE_DATE, /* the Date header is further than 60 s off (DT-001): 403 */
    SIGN_EMERGENCY,  /* not signed, not delayed */
    SIGN_EXPIRED,    /* the row's certificate is not valid now */
    SIGN_REVOKED,    /* a revocation list of the trust domains names it, or one above it */
    SIGN_PORTED_OUT, /* the number was ported away, and its customer may sign no others */
    SIGN_SUSPENDED,  /* the inventory says that nobody may use it now */
    SIGN_FAILED,     /* inside: the call goes out unsigned, alarm (SEC-066) */
};
const char *sign_refusal_text(enum sign_refusal r); /* words for people */

/* All that makes the Identity header again, byte for byte, without signing twice (SIP-032), by the same struct signing. */
struct signed_call {
    uint16_t row;
    char attest;
    utc_t iat;
    uint8_t origid[16];
    uint8_t signature[64];
};

/* What a thread keeps for signing: contexts of keys, SHA-256, chance in store. BF_ENOMEM, BF_ECRYPTO. */
struct signing_desk;
enum bf_err signing_desk_create(struct signing_desk **ret) must_use;
void signing_desk_destroy(struct signing_desk *desk);
/* Lets go of every key: due when a struct signing is retired, whose keys would live on here. */
void signing_desk_forget(struct signing_desk *desk);

struct sign_job {
    const struct call *call;
    struct signed_call *ret;   /* written on SIGN_OK only */
    enum sign_refusal refusal; /* the outcome */
    /* What may be asked for; all 0 as SIP does. */
    char attest_most; /* 'A', 'B', 'C': not higher than this. Lowers what the table allows, never raises it */
    const uint8_t *origid; /* 16 bytes of a UUID, or NULL: a fresh random one */
    utc_t iat;             /* in place of the Date header's time, and held to the same 60 s */
};

/* Decides and signs all of them. Neither allocates nor locks; one system call in about sixty calls, for their origids. */
void signing_sign_many(const struct signing *s, struct signing_desk *desk, struct sign_job *jobs, size_t n);

/* The Identity value of a decision made before; BF_EFORM when the call cannot carry it. */
enum bf_err signing_identity(const struct signing *s, const struct call *call, const struct signed_call *what,
                             struct buf *out) must_use;

AUTO_DEFINE(struct signing, signing_destroy);
AUTO_DEFINE(struct signing_desk, signing_desk_destroy);

#endif
