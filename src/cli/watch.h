/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide watch`: watch.c (options, the loop, signals), watch_source.c (packets), watch_rights.c (root and its like),
 * watch_seen.c and watch_calls.c (from a request to its verdict), watch_report.c and watch_summary.c (what is told),
 * watch_keep.c (records).
 *
 * One thread does it all. A call that lacks a certificate is put aside, as a copy of its bytes, and asked again when the
 * certificate came or its time is over: neither packets nor other calls wait for it.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdatomic.h>

#include "cli/capture.h"
#include "cli/verify.h"
#include "front/verifier.h"
#include "serve/config.h"

/* ---- packets ---- */

struct watch_source;
struct watch_source_options {
    const char *interface, *file; /* one of them; "-": standard input */
    const char *filter;           /* an expression of pcap-filter(7); NULL: by ports */
    const uint16_t *ports;
    size_t n_ports; /* 0: 5060 on an interface, anything in a file */
};

enum watch_got { WATCH_MORE, WATCH_EMPTY, WATCH_END, WATCH_BROKEN };

/* *ret_message: what is wrong and what to do, to be freed. BF_EDENIED: this process may not capture; BF_EINVAL: no filter. */
enum bf_err watch_source_open(const struct watch_source_options *o, capture_sink *sink, void *arg,
                              struct watch_source **ret, char **ret_message) must_use;
void watch_source_close(struct watch_source *s);
bool watch_source_is_live(const struct watch_source *s); /* an interface */
bool watch_source_is_file(const struct watch_source *s); /* whose packets wait for us */
/* What poll(2) waits on before watch_source_take. */
int watch_source_fd(const struct watch_source *s);
/* One packet; blocks where a pipe has less than one. WATCH_BROKEN: watch_source_why says it. */
enum watch_got watch_source_take(struct watch_source *s);
const char *watch_source_why(const struct watch_source *s);
const struct capture_counts *watch_source_counts(const struct watch_source *s);
/* Packets that the kernel or the card had to drop since the start; 0 for files. */
uint64_t watch_source_lost(struct watch_source *s);

/*
 * What a watcher does not need any more, once the device is open. user: a name; NULL: who called sudo, else nobody.
 * false: said on standard error.
 */
bool watch_drop_capabilities(void);
bool watch_drop_root(const char *user);

/* ---- what was seen before ---- */

/* Hashes of calls, for some time and up to some number: two generations, the older one forgotten as a whole. */
struct watch_seen;
#define WATCH_SEEN      131072u /* of a generation */
#define WATCH_SEEN_TIME 64      /* seconds of a generation: retransmissions end after 32 */
enum bf_err watch_seen_create(struct watch_seen **ret) must_use;
void watch_seen_destroy(struct watch_seen *s);
/* true: it is new, and remembered from now on. now: the clock of the packets. */
bool watch_seen_new(struct watch_seen *s, utc_t now, uint64_t hash);

/* ---- calls ---- */

/* What makes two requests one call, besides being sent again. */
enum watch_same {
    WATCH_SAME_CALL,  /* Call-ID, From tag and tokens: also on another leg, also challenged */
    WATCH_SAME_TOKEN, /* the token alone, where there is one: a leg may have another Call-ID */
    WATCH_SAME_LEG,   /* the addresses as well: every leg is judged */
};

struct watch_calls;
struct watch_heard {
    const struct verdict *verdict;
    const struct call *call;
    const struct sip_message *message;
    const struct capture_request *request;
    struct seat *seat; /* arena and text are free to use */
    struct instant at;
    bool late; /* its certificate did not come in time */
};
struct watch_calls_options {
    struct bf_verifier *verifier;
    const struct config *config; /* peers; NULL: everybody's P-Asserted-Identity counts */
    enum watch_same same;
    unsigned budget_ms;
    void (*heard)(void *arg, const struct watch_heard *heard);
    void (*refused)(void *arg, const struct capture_request *request, const char *what);
    void *arg;
};
#define WATCH_ASIDE 1024u /* calls that may wait for a certificate at a time */

enum bf_err watch_calls_create(const struct watch_calls_options *o, struct watch_calls **ret) must_use;
void watch_calls_take(struct watch_calls *c, const struct capture_request *request);
bool watch_calls_full(const struct watch_calls *c);
size_t watch_calls_aside(const struct watch_calls *c);
int watch_calls_fd(const struct watch_calls *c); /* readable when a certificate came */
/* Asks again what has news, or is out of time; everything that is left when `all`. */
void watch_calls_turn(struct watch_calls *c, bool all);
/* Milliseconds until the first runs out of time; -1: none waits. */
int watch_calls_patience(const struct watch_calls *c);
size_t
watch_calls_repeated(const struct watch_calls *c); /* requests that were one call with an earlier one */
/* After the verifier has ended, for it may still tell of certificates. */
void watch_calls_destroy(struct watch_calls *c);

/* ---- the report ---- */

struct watch_report;
struct watch_report_options {
    const struct config
        *config; /* its policy; NULL, or one that refuses nothing: as if broken and impostor were */
    bool json, quiet, no_color; /* quiet: no line a call */
};
enum bf_err watch_report_create(const struct watch_report_options *o, struct watch_report **ret) must_use;
void watch_report_destroy(struct watch_report *r);
void watch_report_call(struct watch_report *r, const struct watch_heard *heard);
void watch_report_refused(struct watch_report *r, const struct capture_request *request, const char *what);

struct watch_outside {
    const struct capture_counts *packets;
    uint64_t lost;
    size_t repeated, aside, unkept;
    bool last;
};
void watch_report_summary(struct watch_report *r, const struct watch_outside *o);
size_t watch_report_calls(const struct watch_report *r);

/* ---- records ---- */

struct watch_keep;
/*
 * url: sqlite:PATH; the journal is PATH.journal beside it, as the server has it. hep: udp:ADDRESS:PORT or tcp: of a
 * collector. NULL: not there.
 */
enum bf_err watch_keep_open(const char *url, const char *hep, struct watch_keep **ret, char **ret_message)
    must_use;
void watch_keep_close(struct watch_keep *k);
void watch_keep_call(struct watch_keep *k, const struct watch_heard *heard);
size_t watch_keep_failed(const struct watch_keep *k);

#endif
