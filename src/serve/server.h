/* SPDX-License-Identifier: Apache-2.0 */
/* struct server, as the files of this room see it. */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <pthread.h>

#include "base/digest.h"
#include "base/epoch.h"
#include "serve/answers.h"
#include "serve/calling_back.h"
#include "serve/counts.h"
#include "serve/hops.h"
#include "serve/parked.h"
#include "serve/snapshot.h"

#define SERVER_WORKERS_MAX 48u

struct worker;
struct acceptor;
struct http;
struct publisher;
struct console;

/* A socket that connections arrive at. */
struct tcp_listener {
    int fd;
    enum listener_role role;
    bool secure; /* TLS */
    struct server_address address;
};

/* Numbers that need an epoch or a clock to be read: written by the control thread once a second. */
struct gauges {
    _Atomic int64_t anchors, domains, lab_domains, anchor_expiry, signer_expiry;
    _Atomic int64_t crl_age;  /* of the oldest CRL; -1: none configured */
    _Atomic bool crl_unknown; /* one is configured, and none is valid */
    _Atomic int64_t iat_median_s;
    _Atomic int64_t sign_expiry, sign_unusable, sign_numbers; /* of our own certificates; in the inventory */
    _Atomic uint64_t clock_alarms, reloads, reload_failures;
    _Atomic bool reload_failed; /* the last one */
    _Atomic bool record_failed; /* the last batch could not be kept */
};

struct server {
    const struct clock_source *clock;
    struct log *log;
    char *config_path;
    bool notify;

    struct es256_pool *pool; /* what the workers' engines share */
    struct epoch *epoch;
    unsigned slot; /* the control thread's, in the epoch */
    _Atomic(struct snapshot *) snapshot;
    uint64_t generation; /* of the snapshot; the control thread's */
    utc_t freshness_max; /* what the replay memory was made for */
    bool lab_urls;       /* x5u.lab at the start */

    struct fetch *fetch;
    struct signers *signers;
    struct replay *replay;
    struct recorder *recorder;          /* NULL: no record is kept */
    struct hep_sender *hep;             /* NULL: nobody collects */
    struct rule_actions *rule_actions;  /* every action that was ever decided, by number */
    _Atomic(struct rules *) desk_rules; /* NULL: none; published by `ruling` */
    struct calling_back calling_back;
    struct ruling *ruling;
    people_place people; /* NULL: nobody is known (yet); published by `knowing` */
    struct knowing *knowing;
    struct hops *hops;
    struct parking parking;

    struct worker **workers;
    size_t n_workers;
    struct tcp_listener *listeners;
    size_t n_listeners;
    struct acceptor *acceptor;
    struct http *http;
    struct publisher *publisher;
    struct console *console; /* the desk; NULL: none */

    struct server_address *addresses;
    size_t n_addresses;

    uint8_t tag_secret[16];
    struct hash_key source_key;
    struct hash_wide call_key;          /* of what makes a call a call: request.c */
    _Atomic uint64_t numbers;           /* of connections and parked calls */
    _Atomic uint64_t connections, held; /* open now; bytes they hold */
    uint64_t max_connections;
    mono_t idle;

    struct counts counts; /* what other threads than workers count */
    struct gauges gauges;

    int control;            /* eventfd of the control thread */
    _Atomic uint64_t turns; /* whose turn it is to get a connection */
    _Atomic bool stop, reload, running, draining, ended;
};

/* The sum over all workers and the server's own. */
uint64_t server_count(const struct server *s, enum count what);

/* A worker for the next connection, one after the other. */
struct worker *server_next_worker(struct server *s);

/* Are its sockets open, is the record kept, are there anchors? *ret_why: words for people, constant. */
bool server_ready(const struct server *s, const char **ret_why);

#endif
