/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls go on: `sip.next_hop`, a list probed with OPTIONS. The first that answers is used; when none does, the
 * first; a single one is not asked. A hop is down after HOPS_MISSES probes without an answer, and up again with the first answer.
 */
#ifndef SERVE_HOPS_H
#define SERVE_HOPS_H

#include "base/log.h"

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

/* The thread that probes, and its end. */
enum bf_err hops_start(struct hops *h) must_use;
void hops_stop(struct hops *h);

AUTO_DEFINE(struct hops, hops_destroy);

#endif
