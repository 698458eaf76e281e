/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a batch is judged by: the configuration and all that is made of it, swapped whole by a reload (base/epoch.h).
 * Immutable once published; readers hold it inside an epoch.
 */
#ifndef SERVE_SNAPSHOT_H
#define SERVE_SNAPSHOT_H

#include "serve/origin.h"
#include "serve/serve.h"
#include "serve/http_keys.h"
#include "signing/signing.h"
#include "verdict/judge.h"

struct snapshot {
    struct config *config;       /* owned */
    struct http_keys *http_keys; /* owned; NULL: anybody may ask over HTTP, as often as they like */
    uint64_t generation;
    struct judge judge;
    struct call_rules rules;
    struct signing *signing;             /* owned; NULL: no row */
    char *block_card;                    /* owned: config->answer.block_card */
    struct dial_plan *peer_plans;        /* owned; one a row of sip.peers */
    struct number_set *do_not_originate; /* owned; NULL: none */
    struct rules *file_rules;            /* owned; NULL: none */
    mono_t budget, overload_age;
    struct tls_context *tls_out; /* owned; of connections to next hops; NULL: none speaks TLS */
    struct tls_context *tls;     /* owned; what TLS listeners show and ask for; NULL: there is none */
};

/* What lives longer than a snapshot. */
struct snapshot_parts {
    uint64_t generation;
    struct signers *signers;
    struct replay *replay;
    utc_t freshness_max;               /* what the replay memory was made for */
    bool lab_urls;                     /* x5u.lab, as signers were made with it */
    struct rule_actions *rule_actions; /* NULL: only to check */
    people_place *people;              /* NULL: nobody is known */
};

/* config is taken over on BF_OK only. *ret_message names the row of `sign` that cannot be loaded. */
enum bf_err snapshot_create(struct config *config, const struct snapshot_parts *parts, struct snapshot **ret,
                            char **ret_message) must_use;
void snapshot_destroy(struct snapshot *s);
void snapshot_release(void *s); /* for epoch_retire */
/* Whom we believe when we connect, and what we show. *ret NULL: nobody is reached over TLS. */
enum bf_err snapshot_tls_out(const struct config *c, struct tls_context **ret, char **ret_message) must_use;

/* May this address send us anything? */
bool snapshot_admits(const struct snapshot *s, const struct sockaddr *addr);
/*
 * The rights of who sent it: the first row of sip.peers that holds its address and, where it asks for one, its TLS name.
 * believe only on TCP of a private link, or on TLS to a peer known by its name.
 */
void snapshot_peer(const struct snapshot *s, const struct origin *origin, struct hash_key key,
                   struct peer *ret);

AUTO_DEFINE(struct snapshot, snapshot_destroy);

#endif
