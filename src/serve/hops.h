/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls go on: `sip.next_hop`, a list probed with OPTIONS. The first that answers is used; when none does, the
 * first; a single one is not asked. A hop is down after HOPS_MISSES probes without an answer, and up again with the first answer.
 */
#ifndef SERVE_HOPS_H
#define SERVE_HOPS_H

#include <sys/socket.h>

#include "base/log.h"
#include "tls/tls.h"

#define HOPS_MAX    16u
#define HOPS_MISSES 2u

struct hops;

enum bf_err hops_create(struct log *log, struct hops **ret) must_use;
void hops_destroy(struct hops *h);

/* The list of a (new) configuration, copied; every hop counts as up. probe_s 0: they are never probed. BF_ENOMEM. */
enum bf_err hops_set(struct hops *h, const char *const *uris, size_t n, int64_t probe_s) must_use;

/* The index to use now. Never waits. */
unsigned hops_choose(const struct hops *h);

/* What a probe found: for the thread, and for tests. */
void hops_heard(struct hops *h, unsigned index, bool answered);
bool hops_up(const struct hops *h, unsigned index);
unsigned hops_count(const struct hops *h);

/* How probes over TLS know a hop; taken over. NULL: there is no such hop. */
void hops_trust(struct hops *h, struct tls_context *context);

/* Where a hop is, for a proxy. A name is looked up by the thread, and again every HOPS_LOOK_UP. */
#define HOPS_LOOK_UP 30 /* seconds */
enum hop_transport { HOP_UDP, HOP_TCP, HOP_TLS };
struct hop_target {
    bool known;
    enum hop_transport transport;
    struct sockaddr_storage addr;
    socklen_t n;
    char name[TLS_NAME + 1]; /* TLS: whom it must prove to be, the host of its URI */
};
/* Moves when one of them did: a worker has a copy. */
uint64_t hops_version(const struct hops *h);
size_t hops_targets(struct hops *h, struct hop_target out[HOPS_MAX]);
/* Before hops_set: names are looked up though nobody probes. */
void hops_look_up(struct hops *h);

/* The thread that probes, and its end. */
enum bf_err hops_start(struct hops *h) must_use;
void hops_stop(struct hops *h);

AUTO_DEFINE(struct hops, hops_destroy);

#endif
