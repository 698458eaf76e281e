/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way out: guarded HTTP GET.            X5U-001..010, SEC-030..039; design.md "A call never waits"
 *
 * One thread drives libcurl's multi interface (CURLOPT_QUICK_EXIT). https only, no redirects, no cookies, no
 * decompression, no proxy unless asked for; bytes and time are capped; every address is checked when the socket is
 * opened (SEC-031), so that a name that changes its mind gains nothing. One flight per URL: later callers
 * join it. At most `per_host` flights a host and `per_source` a source. Failures are remembered for a while. Where DNS is
 * silent, a resolver's thread may outlive its flight: 256 of them at most, a quarter of that for one source, whose
 * flights to hosts that answered before go on.
 * It does not look into what it brings, and caches no body (fetch/cache.h does).
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/span.h"

struct fetch;

struct fetch_options {
    bool lab;            /* also http, any port, loopback and private addresses */
    unsigned connect_ms; /* 0: 2000 */
    unsigned total_ms;   /* 0: 4000; DNS, TLS and body included */
    size_t max_bytes;    /* 0: LIMIT_CHAIN_BYTES */
    unsigned per_host;   /* 0: 4 flights at a time */
    unsigned per_source; /* 0: 16 flights at a time for one source */
    unsigned flights;    /* 0: 256 in all */
    unsigned negative_s; /* 0: 60 */
    const char
        *proxy; /* NULL: none, whatever the environment says; else it is the proxy that keeps SEC-031 */
    const char *ca_file; /* web trust store for TLS of repositories; NULL: the system's */
    const char *
        resolve; /* NULL, or for tests `host:port:address[,…]`, several with blanks between (CURLOPT_RESOLVE) */
    const char *dns_servers;          /* NULL: the system's (tests; where libcurl can) */
    const struct clock_source *clock; /* NULL: clock_system */
    struct log *log;
};

enum fetch_outcome {
    FETCH_OK,        /* 200 and the whole body */
    FETCH_REFUSED,   /* a rule of ours: scheme, port, address, URL; never sent */
    FETCH_BUSY,      /* a cap of ours was reached; try again later */
    FETCH_UNREACHED, /* DNS, connect, TLS */
    FETCH_STATUS,    /* not 200 (redirects included) */
    FETCH_TOO_LARGE,
    FETCH_TIMEOUT,
    FETCH_RECENT,  /* failed less than negative_s ago: not asked again */
    FETCH_STOPPED, /* fetch_destroy */
};

struct fetch_answer {
    enum fetch_outcome outcome;
    int status;       /* HTTP, 0 if none came */
    const char *why;  /* a sentence without its full stop, constant or owned by the answer; never NULL */
    struct span body; /* FETCH_OK only */
    struct span content_type; /* lower case, parameters cut off; may be empty */
    int64_t max_age_s;        /* Cache-Control / Expires; -1: says nothing; 0: no-store, no-cache */
    utc_t at;                 /* when the answer came */
};

/* Called once, on the fetch thread; the answer lives until it returns. Must not block. */
typedef void fetch_done(void *arg, struct span url, const struct fetch_answer *answer);

enum bf_err fetch_create(const struct fetch_options *options, struct fetch **ret)
    must_use; /* BF_ENOMEM, BF_EIO, BF_ECRYPTO */
void fetch_destroy(
    struct fetch *f); /* open flights end with FETCH_STOPPED; returns within connect_ms at most */

/*
 * Never blocks, from any thread. source: whoever caused it (a hash of the peer's address; 0: ourselves, uncapped).
 * BF_OK: done will be called (also for refusals). BF_ENOMEM: it will not.
 */
enum bf_err fetch_get(struct fetch *f, struct span url, uint64_t source, fetch_done *done, void *arg)
    must_use;

/* The URL rules alone (X5U-001, X5U-002, SEC-030). BF_OK, or BF_EDENIED with the reason in fault. lab as above. */
enum bf_err fetch_url_allowed(struct span url, bool lab, struct fault *fault) must_use;

/* The address rules alone (SEC-031): true if a socket may be opened to it. addr: sockaddr_in or sockaddr_in6. */
struct sockaddr;
bool fetch_address_allowed(const struct sockaddr *addr, bool lab);

struct fetch_counts {
    uint64_t started, joined, ok, refused, failed, recent, bytes;
    uint64_t in_flight;
};
struct fetch_counts fetch_counts(const struct fetch *f);

AUTO_DEFINE(struct fetch, fetch_destroy);

#endif
