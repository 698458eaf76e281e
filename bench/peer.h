/* SPDX-License-Identifier: Apache-2.0 */
/* The server beside which ours is measured: Kamailio with its secsipid module, on the same lab as a stage. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/bench/stage.h"

#define STRANGER_URL "https://stranger.example/"

/* Why there is no peer on this machine, as a sentence; NULL: there is one. */
const char *peer_lacking(void);

/*
 * Another lab, of one carrier, in stranger/ of the first one's directory: its chain lies where the stage's server looks for
 * chains, as if it had been fetched, and nobody trusts its root. To be closed with carriers_close.
 */
bool stranger_open(const struct stage_lab *lab, struct carriers *ret);

struct peer {
    pid_t pid; /* of its first process; the others are children of it */
    struct sockaddr_in at;
};

/*
 * config  bench/peers/kamailio.cfg. Its certificate cache is filled with the chains of the lab's carriers and of the
 *         stranger, its only root is the lab's
 * cpu     where all of its processes run; -1: anywhere
 * true once it answers OPTIONS; false and a sentence on standard error, with what it said.
 */
bool peer_open(const char *config, const struct stage_lab *lab, const struct carriers *stranger, int cpu,
               struct peer *ret);
/* Ends it and waits for it. */
void peer_close(struct peer *p);

/* CPU nanoseconds that a process, all its threads, and its living descendants have used so far. */
int64_t tree_cpu_ns(pid_t pid);

#endif
