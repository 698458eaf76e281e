/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in force: every option of bonafide.conf(5), read and checked.                  design.md "The server's configuration"
 *
 * One table (options.c) names, types, defaults, bounds, units and help; it makes --help, the sample file and the manual.
 * struct config is a snapshot: immutable, made whole or not at all. Texts are owned by it.
 */
#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include "answer/answer.h"
#include "base/cidr.h"
#include "es256/es256.h"
#include "numbers/plan.h"
#include "record/hep.h"
#include "rules/rules.h"
#include "signing/signing.h"
#include "sip/number.h"
#include "tls/tls.h"
#include "trust/anchors.h"

enum listener_transport { LISTEN_UDP, LISTEN_TCP, LISTEN_TLS };
enum listener_role { ROLE_VERIFY, ROLE_SIGN };
/* Where something listens, if it does. */
struct config_address {
    bool on;
    struct sockaddr_storage addr;
    socklen_t addr_n;
};
struct config_listener {
    enum listener_transport transport;
    enum listener_role role;
    struct sockaddr_storage addr;
    socklen_t addr_n;
    const char *text; /* as written */
};
/* How a peer or a next hop writes numbers. */
struct config_format {
    bool written; /* else as they come */
    struct number_format how;
};
struct config_hop {
    const char *uri;
    struct config_format format;
    bool trusted; /* P-Asserted-Identity may go there despite Privacy: id */
};
struct config_peer {
    struct cidr from;
    const char *tls_name; /* "": any, or none */
    bool pai, priority, private_link;
    enum peer_says says;
    const struct country *country; /* whose dial plan its numbers are read by; NULL: ours */
    struct config_format format;
    bool international, gateway;
};
struct config_sign_row {
    const struct number_range *numbers;
    size_t n_numbers;
    char attest;
    const struct cidr *customers;
    size_t n_customers;
    const char *key, *x5u, *chain;
};
#define CONFIG_TLS_NAMES 64u
struct config_tls_name {
    const char *name, *cert, *key;
};
enum config_overload { OVERLOAD_PASS, OVERLOAD_503 };
enum config_mode { MODE_REDIRECT, MODE_PROXY };

enum config_callback { CALL_BACK_OFF, CALL_BACK_3PCC, CALL_BACK_REFER, CALL_BACK_URL };

struct config_http_key {
    const char *name, *key_file, *sha256; /* one of the two */
    const unsigned *scopes;               /* enum http_scope */
    size_t n_scopes;
    int64_t rate_per_s, burst; /* 0: any; as the rate */
};

struct config {
    struct {
        const struct config_listener *listen;
        size_t n_listen;
        const struct cidr *clients;
        size_t n_clients;
        const struct config_peer *peers;
        size_t n_peers;
        const struct config_hop *hops;
        const char *const *next_hop; /* the URIs of them */
        size_t n_next_hop;           /* SIP URIs */
        int64_t next_hop_probe_s;    /* OPTIONS every so many seconds; 0: never */
        int64_t workers;             /* 0: one a core */
        enum config_overload overload;
        int64_t overload_ms; /* age of the oldest datagram past which calls are shed */
        int64_t gather_us;   /* how long a batch may wait for more, at most */
        enum config_mode mode;
        bool record_route;           /* a proxy's */
        int64_t next_hop_timeout_ms; /* without a word from it */
        int64_t proxy_mb;
        int64_t parked, parked_mb, answers_mb;
        int64_t connections; /* TCP, at most */
        int64_t idle_s;      /* TCP connection without a byte */
        bool server_header;
        struct {
            const char *cert, *key, *client_ca;
            enum tls_client client;
            const struct config_tls_name *names;
            size_t n_names;
            const char *ca; /* whom we believe when we connect; "": the system's */
        } tls;
    } sip;
    struct {
        const struct trust_domain_options *domains;
        size_t n_domains;
        bool allow_lab;
    } trust;
    struct {
        bool lab;
        int64_t budget_ms;
        const char *proxy, *ca_file, *cache_dir, *certs_dir;
        int64_t cache_entries;
    } x5u;
    struct {
        const struct number_range *own;
        size_t n_own;
        const char *country;        /* as written */
        const struct country *home; /* NULL: none, or only its code is known */
        const struct number_range *national;
        size_t n_national; /* 0: home's */
        struct dial_plan plan;
    } numbers;
    int64_t freshness_s;
    char least_attestation;
    struct answer_options answer; /* policy, redress, verstat.*, headers */
    struct {
        const struct number_range *never_block; /* with the emergency numbers, unless they were refused */
        size_t n_never_block;
        bool never_block_defaults;
        const struct number_range *same_line;
        size_t n_same_line;           /* pairs: 2i and 2i+1 are one line */
        const char *do_not_originate; /* NULL: none */
        const struct number_range *roaming;
        size_t n_roaming;
    } policy;
    struct {
        enum check_mode number_possible, do_not_originate, from_abroad;
    } checks;
    struct {
        enum require_proof require_proof;
    } people;
    const struct rule_row *rules; /* those of the desk stand behind them */
    size_t n_rules;
    int64_t replay_entries;
    struct {
        enum es256_choice engine;
        int64_t tables_mb;
        int64_t busy;
        unsigned audit; /* one of so many; 0: none */
    } es256;
    const struct config_sign_row *sign;
    size_t n_sign;
    struct {
        const char *const *inventory, *const *ported_out;
        size_t n_inventory, n_ported_out;
        struct {
            const char *key, *x5u, *chain;
        } certificate; /* of customers without one of their own */
    } signing;
    const struct sign_customer_options *customers; /* others: 'n' is none */
    size_t n_customers;
    struct {
        bool on;
        struct sockaddr_storage addr;
        socklen_t addr_n;
        const struct config_http_key *keys;
        size_t n_keys;
        int64_t rate_per_s; /* of an address without a key; 0: any */
        int64_t connections_per_address;
        bool open, client_optional;
        const char *tls_cert, *tls_key, *tls_client_ca;
        bool sign, dialect_3gpp, reason_camel, heartbeat_refused; /* /stir/v1/ */
    } http;
    struct {
        bool on;
        struct sockaddr_storage addr;
        socklen_t addr_n;
        const char *assets, *tls_cert, *tls_key;
        bool mask;
    } desk;
    struct {
        bool on;
        struct sockaddr_storage addr;
        socklen_t addr_n;
        const char *certificates; /* directory of PEM chains to publish */
    } public_;
    struct {
        const char *url, *journal;
        enum record_durability durability;
        int64_t keep_days, keep_mb;
        bool refuse_on_failure, keep_messages;
    } store;
    struct {
        struct config_listener to; /* addr_n 0: none */
        int64_t id;
        const char *password;
        enum hep_messages messages;
    } hep;
    struct {
        enum config_callback mode;
        const char *from, *user, *password_file, *url;
        int64_t ring_s, limit_s;
    } callback;
    struct {
        const char *level; /* alarm, warning, info, debug */
        bool json, verdicts;
    } log;
    const char *node; /* host name unless set */
    void *memory;     /* owner of all of the above */
};

/*
 * Paths that a file names are relative to it; paths of defaults (the record, the cache) lie in the state directory:
 * $STATE_DIRECTORY, $XDG_STATE_HOME/bonafide, or ~/.local/state/bonafide.
 * path NULL: the defaults. *ret_message on error: `file:line:column: what is wrong and what to write`, several lines
 * when several things are wrong; to be freed. BF_EFORM, BF_ELIMIT, BF_EIO, BF_ENOMEM.
 */
enum bf_err config_load(const char *path, struct config **ret, char **ret_message) must_use;
enum bf_err config_parse(struct span yaml, const char *name, struct config **ret, char **ret_message)
    must_use;
void config_destroy(struct config *c);

/* Names of options marked `restart` whose values differ, joined by ", "; to be freed; NULL: none. */
char *config_needs_restart(const struct config *old, const struct config *fresh);

/* What is in force and where it came from (`default`, or `file:line`), a line each; to be freed. */
char *config_show(const struct config *c, bool json);

/* Generated from the table: a sample file with every option and its help; the section of bonafide.conf(5) in mdoc. */
char *config_sample(void);
char *config_manual(void);

AUTO_DEFINE(struct config, config_destroy);

#endif
