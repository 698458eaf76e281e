/* SPDX-License-Identifier: Apache-2.0 */
/* A caller that is not ours: SIPp places the calls one by one at a fixed rate. */
#ifndef BENCH_SIPP_H
#define BENCH_SIPP_H

#include <netinet/in.h>
#include <stdbool.h>

#include "cli/bench/made.h"

/* Whether there is SIPp on this machine. */
bool sipp_there(void);

/*
 * Places calls with the callers and tokens of `calls` by a scenario (bench/peers/call.xml), `rate` a second, each with
 * its ACK. dir: for its files. true when each was answered as the scenario wants it; false, and a sentence on
 * standard error.
 */
bool sipp_run(const char *dir, const char *scenario, const struct sockaddr_in *to,
              const struct made_calls *calls, unsigned rate);

#endif
